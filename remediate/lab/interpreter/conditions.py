"""The tests of cmd.exe's ``if``."""

from __future__ import annotations

from typing import TYPE_CHECKING

from remediate.lab import paths
from remediate.lab.errors import LabError
from remediate.lab.interpreter.state import ShellState
from remediate.model import Json

if TYPE_CHECKING:
    from remediate.lab.machine import Machine

_ORDERS = {"equ": (0,), "neq": (-1, 1), "lss": (-1,), "leq": (-1, 0), "gtr": (1,), "geq": (0, 1)}


def holds(machine: Machine, shell: ShellState, test: dict[str, Json]) -> bool:
    return _plain(machine, shell, test) != bool(test["not"])


def _plain(machine: Machine, shell: ShellState, test: dict[str, Json]) -> bool:
    kind, of = str(test["kind"]), str(test["of"])
    if kind == "exist":
        return _exists(machine, shell, of.replace('"', ""))
    if kind == "errorlevel":
        return of.lstrip("-").isdigit() and shell.level >= int(of)
    if kind == "defined":
        return any(name.upper() == of.upper() for name in shell.environ)
    to = str(test["to"])
    if kind == "==":
        return of.lower() == to.lower() if test["fold"] else of == to
    return _order(of, to, fold=bool(test["fold"])) in _ORDERS[kind]


def _order(of: str, to: str, *, fold: bool) -> int:
    if of.lstrip("-").isdigit() and to.lstrip("-").isdigit():
        return (int(of) > int(to)) - (int(of) < int(to))
    left, right = (of.lower(), to.lower()) if fold else (of, to)
    return (left > right) - (left < right)


def _exists(machine: Machine, shell: ShellState, name: str) -> bool:
    files = machine.files
    folder, _, last = name.replace("/", "\\").rpartition("\\")
    try:
        if "*" in last or "?" in last:
            above = paths.resolve(folder + "\\" if folder else ".", shell.folder)
            wanted = paths.wildcard(last)
            return files.is_folder(above) and any(wanted.fullmatch(paths.fold(n)) for n in files.listing(above))
        path = paths.resolve(name.rstrip("\\") if len(name) > 3 else name, shell.folder)
    except LabError:
        return False
    return files.is_folder(paths.parent(path)) if last.lower() == "nul" else files.exists(path)
