"""One run of cscript.exe: what its COM objects share."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

from remediate.lab import paths
from remediate.lab.com.base import ComError, text
from remediate.lab.errors import LabError
from remediate.lab.machine import Machine


class QuitScriptError(Exception):
    """``WScript.Quit`` or the deadline: the script is over."""


@dataclass(slots=True, kw_only=True)
class Run:
    """State of one script run. ``deadline`` is on the scale of the machine's ``monotonic``."""

    machine: Machine
    script: str
    args: Sequence[str]
    stdin: bytes
    folder: str
    environ: dict[str, str]
    deadline: float
    pid: int = 0
    out: list[bytes] = field(default_factory=list)
    err: list[bytes] = field(default_factory=list)
    exit_code: int = 0
    over: bool = False
    late: bool = False

    def path(self, value: object) -> str:
        """A script's path as a full one; relative paths are seen from the current directory."""
        given = text(value)
        if not given:
            raise ComError(0x800A0005, "Invalid procedure call or argument")
        return paths.resolve(given, self.folder)

    def encode(self, words: str) -> bytes:
        """Console output is in the OEM code page; what it lacks is a question mark."""
        return words.encode(self.machine.os.oem_codepage, "replace")

    def refuse(self, words: str) -> None:
        self.machine.refuse(f"{paths.base(self.script)}: {words}")

    def check_time(self) -> None:
        """End the script when its time is up."""
        if self.machine.monotonic() > self.deadline:
            self.late = self.over = True
            self.exit_code = 1
            raise QuitScriptError

    def sleep(self, seconds: float) -> None:
        """Model time passes, never beyond the deadline. Raises in a detached script: the model cannot wait there."""
        if self.machine.in_deed:
            self.refuse("WScript.Sleep in a detached script")
            raise LabError(1, "the lab cannot sleep in a detached script")
        left = max(self.deadline - self.machine.monotonic(), 0.0) * self.machine.speed
        self.machine.wait(min(seconds, left))
        self.check_time()
