"""Which program a command's first word means."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

from remediate.lab import paths
from remediate.lab.errors import LabError

if TYPE_CHECKING:
    from remediate.lab.interpreter.state import ShellState
    from remediate.lab.machine import Machine
    from remediate.lab.programs.call import Program

Kind = Literal["builtin", "program", "batch", "file", "cmd", "nothing"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Found:
    """``program`` for builtin and program; ``path`` of the file for the others where there is one."""

    kind: Kind
    path: str = ""
    program: Program | None = None


def find(machine: Machine, shell: ShellState, word: str, *, builtins: bool = True) -> Found:
    """Look as cmd.exe does: its own commands, the current folder, then the path with the known extensions."""
    from remediate.lab.programs.table import builtin_table, program_table

    if builtins and (own := builtin_table().get(word.lower())) is not None:
        return Found(kind="builtin", program=own)
    for path in _candidates(shell, word):
        if not machine.files.is_file(path):
            continue
        name = paths.base(path).lower()
        stem, _, extension = name.rpartition(".")
        if extension in ("cmd", "bat"):
            return Found(kind="batch", path=path)
        if _in_system(machine, path) and machine.files.stat(path).data is None:
            if stem == "cmd":
                return Found(kind="cmd", path=path)
            program = program_table().get(stem)
            return Found(kind="program" if program else "file", path=path, program=program)
        return Found(kind="file", path=path)
    return Found(kind="nothing")


def _in_system(machine: Machine, path: str) -> bool:
    root = paths.fold(machine.os.system_root)
    return paths.fold(paths.parent(path)) in (root, root + "\\SYSTEM32")


def _candidates(shell: ShellState, word: str) -> Iterator[str]:
    folders = [shell.folder]
    if "\\" not in word and "/" not in word and ":" not in word:
        search = next((value for name, value in shell.environ.items() if name.upper() == "PATH"), "")
        folders += [folder for folder in search.split(";") if folder]
    extensions = next((v for name, v in shell.environ.items() if name.upper() == "PATHEXT"), ".COM;.EXE;.BAT;.CMD")
    for folder in folders:
        try:
            full = paths.resolve(word, paths.normal(folder))
        except LabError:
            continue
        if "." in paths.base(full):
            yield full
        yield from (full + extension.lower() for extension in extensions.split(";"))
