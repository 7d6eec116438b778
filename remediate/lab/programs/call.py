"""How a program of the lab is called, and how it says that it is not done yet."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, TypeAlias

from remediate.lab import paths
from remediate.lab.interpreter.expand import arguments, tokens
from remediate.model import Json

if TYPE_CHECKING:
    from remediate.lab.interpreter.state import ShellState
    from remediate.lab.machine import Machine


@dataclass(frozen=True, slots=True, kw_only=True)
class Later:
    """Call again after ``seconds`` of model time, when ``pid`` has ended, or (``input``) when all input is there."""

    seconds: float = 0.25
    pid: int = 0
    input: bool = False
    memory: dict[str, Json] = field(default_factory=dict)


@dataclass(slots=True, kw_only=True)
class Call:
    """One invocation. ``rest``: the command line behind the program's name, as written."""

    machine: Machine
    shell: ShellState
    name: str
    rest: str
    stdin: Callable[[], bytes]
    memory: dict[str, Json] = field(default_factory=dict)
    written: list[tuple[int, bytes]] = field(default_factory=list)

    @property
    def argv(self) -> list[str]:
        """Arguments as the C runtime gives them to a program, without its name."""
        return arguments(self.rest)

    @property
    def words(self) -> list[str]:
        """Arguments as cmd.exe's own commands see them; quotes kept."""
        return tokens(self.rest)

    @property
    def codepage(self) -> str:
        return self.machine.os.oem_codepage

    def out(self, text: str = "") -> None:
        """One line of standard output."""
        self.written.append((1, (text + "\r\n").encode(self.codepage, "replace")))

    def err(self, text: str = "") -> None:
        self.written.append((2, (text + "\r\n").encode(self.codepage, "replace")))

    def raw(self, data: bytes, fd: int = 1) -> None:
        self.written.append((fd, data))

    def path(self, given: str) -> str:
        """A path as seen from the current folder; LabError when it can be none."""
        return paths.resolve(given.replace('"', ""), self.shell.folder)

    def refuse(self, what: str) -> int:
        """Say on standard error, and in the refusal log, that the lab does not know a form of the command."""
        self.machine.refuse(f"{self.name} {self.rest.strip()}: {what}")
        self.err(f"lab: {self.name}: not modelled: {what}")
        return 1


Program: TypeAlias = "Callable[[Call], int | Later]"
