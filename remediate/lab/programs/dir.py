"""dir: names only with /b, else the listing people know; the attributes of /a."""

from __future__ import annotations

import re

from remediate.lab import paths
from remediate.lab.errors import LabError
from remediate.lab.files import FOLDER, HIDDEN, READ_ONLY, SYSTEM, FileEntry
from remediate.lab.programs.call import Call

_ATTRIBUTES = {"d": FOLDER, "h": HIDDEN, "s": SYSTEM, "r": READ_ONLY, "a": 32}


def dir_(call: Call) -> int:
    """``dir [/b] [/a[:]attributes] [/o...] [path]``; /s and others are not modelled."""
    names = [word.replace('"', "") for word in call.words if not word.startswith("/")]
    switches = [s for word in call.words if word.startswith("/") for s in re.findall(r"/[^/]+", word.lower())]
    unknown = [s for s in switches if not re.fullmatch(r"/b|/a:?[-dhsra]*|/on|/o|/-c|/l", s)]
    if unknown or len(names) > 1:
        return call.refuse(f"dir {' '.join(unknown) or 'of several paths'}")
    folder, pattern = _where(call, names[0] if names else "")
    files = call.machine.files
    if not files.is_folder(folder):
        raise LabError(3)
    wanted = paths.wildcard(pattern)
    kept = _filter(next((s[2:].lstrip(":") for s in switches if s.startswith("/a")), None))
    found = [n for n in files.listing(folder) if wanted.fullmatch(paths.fold(n))]
    found = [n for n in found if kept(files.stat(paths.join(folder, n)).attributes)]
    if "/b" in switches:
        for name in found:
            call.out(name)
    else:
        _listing(call, folder, found)
    if not found and ("/b" in switches or pattern not in ("*", "*.*")):
        call.err("File Not Found")
        return 1
    return 0


def _where(call: Call, name: str) -> tuple[str, str]:
    path = name.replace("/", "\\")
    head, _, last = path.rpartition("\\")
    if "*" not in last and "?" not in last:
        full = call.path(path or ".")
        if call.machine.files.is_folder(full):
            return full, "*"
        return paths.parent(full) or full, paths.base(full) or "*"
    return call.path(head + "\\" if head or path.startswith("\\") else "."), last


class _filter:  # noqa: N801 - a predicate with a memory
    """Without /a hidden and system files are left out; ``-`` turns the next letter round."""

    def __init__(self, letters: str | None) -> None:
        self._rules: list[tuple[int, bool]] = []
        if letters is None:
            self._rules = [(HIDDEN, False), (SYSTEM, False)]
        for sign, letter in re.findall(r"(-?)([dhsra])", letters or ""):
            self._rules.append((_ATTRIBUTES[letter], not sign))

    def __call__(self, attributes: int) -> bool:
        return all(bool(attributes & bit) == wanted for bit, wanted in self._rules)


def _listing(call: Call, folder: str, names: list[str]) -> None:
    files = call.machine.files
    call.out(f" Volume in drive {folder[0]} has no label.")
    call.out(" Volume Serial Number is 1C2D-0A3B")
    call.out()
    call.out(f" Directory of {files.real_path(folder)}")
    call.out()
    entries = [files.stat(paths.join(folder, name)) for name in names]
    for name, entry in zip(names, entries, strict=True):
        call.out(_line(call, name, entry))
    count = sum(not entry.folder for entry in entries)
    total = sum(entry.size for entry in entries)
    call.out(f"{count:16,} File(s) {total:14,} bytes")
    call.out(f"{len(entries) - count:16,} Dir(s) {files.free_bytes(folder):15,} bytes free")


def _line(call: Call, name: str, entry: FileEntry) -> str:
    local = call.machine.clock.to_local(entry.modified)
    middle = "    <DIR>         " if entry.folder else f"{entry.size:18,}"
    return f"{local:%m/%d/%Y  %I:%M %p} {middle} {name}"
