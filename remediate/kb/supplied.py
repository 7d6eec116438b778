"""The packages an operator has, and every mistake in what is said of them that can be seen without a host."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, fields
from difflib import get_close_matches
from pathlib import Path
from typing import Any, ClassVar

from remediate.errors import Blocked, UserError
from remediate.kb import languages, packagefile, source
from remediate.kb.advisory import Advisory, Package
from remediate.kb.builds import parse
from remediate.kb.judge import Fit, judge, placed
from remediate.kb.packagefile import Expected, PackageFile
from remediate.model import Finding, Foreseen, Known

ARGUMENT = "packages"
WORDS = ("file", "on_host", "sha256", "size", "version", "language", "identified_by")
"""What package_staged takes of them."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Supplied:
    """A package the operator has, as in ``packages: {<package id>: {file:, sha256:}}``."""

    __pydantic_config__: ClassVar[dict[str, str]] = {"extra": "forbid"}

    file: str = ""
    """Path on this machine, or UNC path the host copies from."""
    on_host: str = ""
    """Path on the host, used where it lies."""
    sha256: str = ""
    version: str = ""
    """Version inside the file, when known."""
    size: int = 0
    language: str = ""
    command: str = ""
    identified_by: str = ""
    """How the operator knows a file whose inside says too little; needs ``sha256``."""


def foreseen(advisory: Advisory, known: Known) -> Foreseen:
    """Everything to be said of the argument ``packages`` before any host is met."""
    given = known.values.get(ARGUMENT)
    if given is None or (ARGUMENT,) in known.later:
        return Foreseen()
    if not isinstance(given, Mapping):
        text = f"packages must be a mapping of package ids, not {_kind(given)}"
        return Foreseen(findings=(_of((), text, "write packages: {PACKAGE ID: {file: PATH, sha256: HASH}}"),))
    found: list[Finding] = []
    files: dict[str, str] = {}
    for name, entry in given.items():
        found += _entry(advisory, str(name), entry, known, files)
    return Foreseen(findings=tuple(found), files=files)


def command_fault(command: str) -> tuple[str, str]:
    """What is wrong with a command line, and what to do; two empty texts when nothing is."""
    if re.search(r"(?i)\s[/-](n|nobackup)(\s|$)", command):
        return f"{command!r} would install without a backup", "leave out /n: it takes the way back"
    if "{package}" not in command:
        return f"{command!r} does not start the package", "write {package} where its path belongs, in quotes"
    return "", ""


def _of(place: tuple[str, ...], message: str, hint: str = "", **more: Any) -> Finding:
    return Finding(place=(ARGUMENT, *place), message=message, hint=hint, **more)


def _entry(advisory: Advisory, name: str, entry: object, known: Known, files: dict[str, str]) -> Iterator[Finding]:
    package = advisory.package(name)
    if package is None:
        ids = [p.id for p in advisory.packages]
        near = get_close_matches(name, ids, 1, 0.5)
        hint = f"did you mean {near[0]!r}?" if near else "it knows " + ", ".join(ids)
        yield _of((name,), f"packages: {advisory.kb} knows no package {name!r}", hint, of_key=True)
        return
    if not isinstance(entry, Mapping):
        yield _of(
            (name,), f"packages: {name} must be a mapping, not {_kind(entry)}", "write {file: PATH, sha256: HASH}"
        )
        return
    shape = list(_shape(name, entry))
    yield from shape
    sound = {key: value for key, value in entry.items() if (ARGUMENT, name, key) not in [f.place for f in shape]}
    if sound and known.settled(ARGUMENT, name):
        yield from _content(advisory, package, Supplied(**sound), files)


def _shape(name: str, entry: Mapping[Any, object]) -> Iterator[Finding]:
    """Keys and kinds of values."""
    keys = {f.name: f.default for f in fields(Supplied)}
    for key, value in entry.items():
        if key not in keys:
            near = get_close_matches(str(key), keys, 1)
            hint = f"did you mean {near[0]!r}?" if near else "known here: " + ", ".join(keys)
            yield _of((name, str(key)), f"packages: {name}: there is no {str(key)!r}", hint, of_key=True)
        elif isinstance(value, bool) or not isinstance(value, type(keys[key])):
            wanted = "a whole number" if key == "size" else "text"
            hint = "" if key == "size" else "put it in quotes"
            yield _of((name, key), f"packages: {name}: {key} must be {wanted}, not {_kind(value)}", hint)


def _content(advisory: Advisory, package: Package, given: Supplied, files: dict[str, str]) -> Iterator[Finding]:
    own = list(_words(advisory, package, given))
    yield from own
    if not own and given.file and not source.is_unc(given.file):
        yield from _local(advisory, package, given, files)


def _words(advisory: Advisory, package: Package, given: Supplied) -> Iterator[Finding]:
    """What is wrong with the words themselves, whatever the file is."""

    def wrong(key: str, text: str, hint: str) -> Finding:
        place = (package.id, key) if key else (package.id,)
        return _of(place, f"packages: {package.id}: {text}", hint, of_key=not key)

    if trouble := _place(given):
        yield wrong(*trouble)
    if given.sha256.strip() and not re.fullmatch(r"[0-9a-fA-F]{64}", given.sha256.strip()):
        text = f"sha256 {given.sha256!r:.80} is not 64 hexadecimal digits"
        yield wrong("sha256", text, "sha256sum FILE prints it")
    if given.language and languages.name(given.language) not in languages.NAMES:
        near = get_close_matches(given.language.upper(), sorted(languages.NAMES), 1)
        hint = f"did you mean {near[0]}?" if near else "three letters: " + ", ".join(sorted(languages.NAMES))
        yield wrong("language", f"there is no language {given.language!r:.40}", hint)
    if given.version and (text_hint := _version(advisory, package, given.version)):
        yield wrong("version", *text_hint)
    if given.command and any(fault := command_fault(given.command)):
        yield wrong("command", *fault)
    if given.identified_by and not given.sha256.strip():
        yield wrong("identified_by", "identified_by vouches for one file, and sha256 does not say which", _HASH)


_HASH = "add sha256: ...; `sha256sum FILE` prints it"


def _place(given: Supplied) -> tuple[str, str, str] | None:
    if given.file and given.on_host:
        return "on_host", "both file and on_host say where it is", "leave one of them out"
    if not given.file and not given.on_host:
        return "", "neither file nor on_host says where it is", "add file: PATH"
    if given.on_host and not source.is_on_host(given.on_host):
        hint = "write it as D:\\kb\\package.exe; a share goes into file: \\\\server\\share\\package.exe"
        return "on_host", f"on_host {given.on_host!r:.120} is no full path of a Windows host", hint
    if not given.sha256.strip() and (given.on_host or source.is_unc(given.file)):
        where = "on_host" if given.on_host else "file"
        return where, "sha256 is missing; by nothing else is a package known that is not read here", _HASH
    return None


def _version(advisory: Advisory, package: Package, text: str) -> tuple[str, str] | None:
    try:
        build = parse(text)
    except UserError as error:
        return f"version: {error.message}", error.hint
    told = placed(advisory, package, build)
    return (
        (told.text, "correct the version, or put it under the package it belongs to") if told.fit is Fit.NEVER else None
    )


def expected(advisory: Advisory, package: Package, given: Supplied) -> Expected:
    """What is expected of the file of ``given``."""
    return Expected(
        advisory=advisory,
        package=package,
        sha256=given.sha256,
        size=given.size,
        version=given.version,
        language=given.language,
        identified_by=given.identified_by,
    )


def _local(advisory: Advisory, package: Package, given: Supplied, files: dict[str, str]) -> Iterator[Finding]:
    """The file itself, read once a run."""
    path, wanted = Path(given.file), expected(advisory, package, given)
    try:
        found = packagefile.look(path)
    except Blocked as error:
        kind = "mistake" if path.exists() else "absent"
        yield _of((package.id, "file"), f"packages: {package.id}: {error.reason}", error.remedy, kind=kind)
        return
    files[given.file] = found.sha256
    verdict = judge(advisory, package, found.inside, given.language)
    for key, trouble in packagefile.troubles(found, verdict, wanted):
        yield _of((package.id, key), f"packages: {package.id}: {trouble.reason}", trouble.remedy)
    if not given.sha256.strip():
        yield _unrecorded(package, found)


def _unrecorded(package: Package, found: PackageFile) -> Finding:
    return _of(
        (package.id,),
        f"packages: {package.id} has no sha256: nothing shows that {found.path} is the file you were given",
        f"compare it with its source, then record sha256: {found.sha256}",
        kind="warning",
        of_key=True,
    )


def _kind(value: object) -> str:
    names = {bool: "yes or no", int: "a number", float: "a number", str: "text", list: "a list", type(None): "nothing"}
    if isinstance(value, Mapping):
        return "a mapping"
    return names.get(type(value), type(value).__name__)
