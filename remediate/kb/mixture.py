"""Files that do not belong together: a package that replaced some of its files and left others as they were."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from remediate.kb import facts, probe
from remediate.kb.advisory import Advisory
from remediate.kb.builds import Build
from remediate.kb.facts import FileSeen
from remediate.kb.levels import levels
from remediate.model import State


def mixed(advisory: Advisory, state: State, jobs: Sequence[State]) -> tuple[str, ...]:
    """``("store.exe 6.5.7232.35", "mdbmsg.dll 6.5.7226.0")``; () where they agree, or are as before all the jobs.

    What the jobs found they need not answer for: it ran so before.
    """
    files = facts.read(state, advisory.key_file).files
    names = dict.fromkeys([*_of_two_builds(advisory, files), *(n for job in jobs for n in _half(advisory, files, job))])
    if all(_as_before(name, files, jobs) for name in names):
        return ()
    return tuple(f"{name} {files[name].version}" for name in names)


def _of_two_builds(advisory: Advisory, files: Mapping[str, FileSeen]) -> list[str]:
    """Revisions may differ, builds (the first three parts) may not [inferred]."""
    names = dict.fromkeys(n.lower() for n in (advisory.key_file, *advisory.same_level))
    found = {name: version.parts[:3] for name in names if (version := _version(files, name))}
    return list(found) if len(set(found.values())) > 1 else []


def _half(advisory: Advisory, files: Mapping[str, FileSeen], job: State) -> list[str]:
    """The files of a job's package, when some of them are at its level and others are not."""
    package = advisory.package(str(probe.part(job, "record").get("package")))
    if package is None:
        return []
    found = [level for level in levels(advisory, package, files) if level.found is not None]
    return [level.name for level in found] if len({level.reached for level in found}) > 1 else []


def _as_before(name: str, files: Mapping[str, FileSeen], jobs: Sequence[State]) -> bool:
    """Whether the first job that tells of the file found it as it is now. One that none tells of was in no package."""
    told = [probe.entries(probe.part(job, "record"), "files") for job in jobs]
    versions = [str(row.get("version")) for rows in told for row in rows if str(row.get("name")).lower() == name]
    known = bool(jobs) and all(told)
    return known and (not versions or versions[0] == str(_version(files, name)))


def _version(files: Mapping[str, FileSeen], name: str) -> Build | None:
    seen = files.get(name)
    return seen.version if seen else None
