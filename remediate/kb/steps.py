"""One step of a route as plain data: everything the modules need to stage, install, wait for and verify a package."""

from __future__ import annotations

from collections.abc import Sequence

from remediate.kb.advisory import Advisory, Package
from remediate.kb.paths import Leg
from remediate.kb.supplied import Supplied
from remediate.model import Json


def data(
    advisory: Advisory, leg: Leg, given: Supplied | None, *, after: Sequence[str] = (), adopts: str = ""
) -> dict[str, Json]:
    """The step for ``leg``.

    ``after``: packages of the steps before it; with any, it is ``chained``: it starts from what they provide, not from
    what was seen. ``adopts``: name of a job that is installing it already. ``starts_from`` and ``provides`` are
    versions of ``key_file``.
    """
    package = leg.package
    requires = package.requires
    return {
        "package": package.id,
        "kb": package.kb,
        "title": package.title,
        "kind": package.kind,
        "repairs": leg.repairs,
        "chained": bool(after),
        "after": list(after),
        "adopts": adopts,
        "key_file": advisory.key_file,
        "starts_from": {"at_least": str(requires.at_least), "below": str(requires.below) if requires.below else ""},
        "provides": str(package.provides),
        "files": _files(package),
        "file": given.file if given else "",
        "on_host": given.on_host if given else "",
        "sha256": given.sha256.strip().lower() if given else "",
        "version": given.version if given else "",
        "size": given.size if given else 0,
        "identified_by": given.identified_by if given else "",
        "language": (given.language if given else "") or package.language,
        "command": (given.command if given else "") or package.command,
        "registry_keys": list(advisory.registry_keys(package)),
        "uninstall_folders": list(advisory.uninstall_folders(package)),
        "logs": list(advisory.logs(package)),
        "exit_codes": {str(code): meaning for code, meaning in advisory.exit_codes.items()},
        "seconds": package.seconds,
        "limit_seconds": package.limit_seconds,
        "restart": package.restart,
        "reversible": package.reversible,
        "services": [s.name for s in advisory.services],
        "installers": list(advisory.installers),
        "free_bytes": package.free_bytes,
        "cautions": list(package.cautions),
    }


def _files(package: Package) -> list[Json]:
    return [
        {"name": f.name, "version": str(f.version), "size": f.size, "date": f"{f.date:%Y-%m-%dT%H:%MZ}"}
        for f in package.files
    ]
