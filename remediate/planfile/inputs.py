"""What a plan rests on: files by their hash, and which of them changed since."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from hashlib import file_digest, pbkdf2_hmac, sha256
from pathlib import Path

from remediate.errors import UserError
from remediate.language.files import LOOKUP, Files, Read
from remediate.model import Source
from remediate.planfile.model import InputFile

PACKAGE = "package"
SLOWLY = 600_000
"""Rounds of the hash of what a lookup read: a fifth of a second."""


def fingerprint(kind: str, path: Path, folder: Path) -> InputFile:
    """``path`` as it is now; ``folder`` is the project's."""
    try:
        with path.open("rb") as file:
            digest = file_digest(file, "sha256").hexdigest()
            size = file.tell()
    except OSError as error:
        raise UserError(f"cannot be read: {error.strerror}", source=Source(str(path))) from None
    return InputFile(kind=kind, path=shown(path, folder), sha256=digest, size=size)  # type: ignore[arg-type]


def collected(files: Iterable[tuple[str, Path]], folder: Path) -> tuple[InputFile, ...]:
    """The fingerprints of ``(kind, path)``, each file once under the first kind it is named with."""
    kinds: dict[Path, str] = {}
    for kind, path in files:
        kinds.setdefault(path.resolve(), kind)
    return tuple(fingerprint(kind, path, folder) for path, kind in sorted(kinds.items()))


def of_read(read: Iterable[Read], folder: Path) -> tuple[InputFile, ...]:
    """The fingerprints of what was read, as it was when it was read."""
    found = {name: _of(one.what, name, one.data) for one in read for name in (shown(one.path, folder),)}
    return tuple(found[name] for name in sorted(found))


def never(file: InputFile) -> bool:
    """No input may be another one."""
    del file
    return False


def shown(path: Path, folder: Path) -> str:
    """``path`` as a plan names it: relative to the project's folder where it lies below it."""
    whole = path.resolve()
    return str(whole.relative_to(folder.resolve())) if whole.is_relative_to(folder.resolve()) else str(whole)


def changed(
    planned: Sequence[InputFile], now: Sequence[InputFile], folder: Path, files: Files | None = None
) -> list[str]:
    """Sentences about what is not as it was: altered, gone, or new among the inputs.

    Packages are looked at by path; with ``files`` also what was read only while the plan was made.
    """
    current = {file.path: file for file in now}
    before = {file.path for file in planned}
    found: list[str] = []
    for file in planned:
        is_now = current.get(file.path) or _again(file, folder, files)
        if is_now is None:
            found.append(f"the {file.kind} file {file.path} is gone")
        elif is_now.sha256 != file.sha256:
            found.append(f"the {file.kind} file {file.path} is another one now")
    found += [f"the {file.kind} file {file.path} is new" for file in now if file.path not in before]
    return found


def _again(file: InputFile, folder: Path, files: Files | None) -> InputFile | None:
    path = folder / file.path
    if file.kind == PACKAGE:
        return fingerprint(file.kind, path, folder) if path.is_file() else None
    if files is None or not files.is_file(path):
        return None
    try:
        data = files.read(path, file.kind)
    except OSError as error:
        raise UserError(f"cannot be read: {error.strerror}", source=Source(str(path))) from None
    return _of(file.kind, file.path, data)


def _of(kind: str, name: str, data: bytes) -> InputFile:
    """What a lookup reads may be a password and nothing else: its hash is one that takes long to guess from, and size
    is not told."""
    if kind == LOOKUP:
        slow = pbkdf2_hmac("sha256", data, f"{LOOKUP} {name}".encode(), SLOWLY).hex()
        return InputFile(kind="lookup", path=name, sha256=slow, size=0)
    return InputFile(kind=kind, path=name, sha256=sha256(data).hexdigest(), size=len(data))  # type: ignore[arg-type]
