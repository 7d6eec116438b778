"""What a command line has still to do, and what it has so far: all of it plain JSON, so that it survives the lab."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import TypeAlias

from remediate.model import Json

Item: TypeAlias = "dict[str, Json]"
"""A node of ``parse`` or one of the interpreter's own, told by ``do``."""

OUT, ERR, NUL, PIPE = "out", "err", "nul", "pipe"
"""Where a stream goes; anything else is a file's path."""


@dataclass(slots=True, kw_only=True)
class ShellState:
    """One cmd.exe. ``stack``: what is to be done, the next last."""

    folder: str
    environ: dict[str, str]
    stack: list[Item] = field(default_factory=list)
    level: int = 0
    """ERRORLEVEL."""
    result: int = 0
    """What the last command returned: cmd.exe's exit code."""
    stdin: bytes = b""
    targets: dict[str, str] = field(default_factory=lambda: {"1": OUT, "2": ERR})
    buffers: dict[str, bytes] = field(default_factory=lambda: {OUT: b"", ERR: b"", PIPE: b""})
    pid: int = 0
    source: Callable[[], bytes] | None = None
    """Input that may still be arriving. Calling it waits, so that is never done under the machine's lock."""
    inner: int = 0
    """How many pipes and ``<`` stand between the running command and the shell's own input."""

    @property
    def awaited(self) -> bool:
        """Whether the input a command would read now has still to be asked for."""
        return self.source is not None and self.inner == 0

    def fetch(self) -> None:
        """Wait for the whole input."""
        if self.source is not None:
            self.stdin += self.source()
            self.source = None

    def to_json(self) -> dict[str, Json]:
        return {
            "folder": self.folder,
            "environ": dict(self.environ),
            "stack": list(self.stack),
            "level": self.level,
            "result": self.result,
            "stdin": self.stdin.decode("latin-1"),
            "targets": dict(self.targets),
            "buffers": {name: data.decode("latin-1") for name, data in self.buffers.items()},
            "pid": self.pid,
        }

    @classmethod
    def from_json(cls, saved: dict[str, Json]) -> ShellState:
        environ, stack, targets, buffers = saved["environ"], saved["stack"], saved["targets"], saved["buffers"]
        assert isinstance(environ, dict)
        assert isinstance(stack, list)
        assert isinstance(targets, dict)
        assert isinstance(buffers, dict)
        return cls(
            folder=str(saved["folder"]),
            environ={name: str(value) for name, value in environ.items()},
            stack=[dict(item) for item in stack if isinstance(item, dict)],
            level=int(str(saved["level"])),
            result=int(str(saved["result"])),
            stdin=str(saved["stdin"]).encode("latin-1"),
            targets={fd: str(target) for fd, target in targets.items()},
            buffers={name: str(data).encode("latin-1") for name, data in buffers.items()},
            pid=int(str(saved["pid"])),
        )

    def batch(self) -> Item | None:
        """The innermost batch file of this cmd.exe that is running."""
        item = next((item for item in reversed(self.stack) if item["do"] in ("batch", "leave")), None)
        return item if item and item["do"] == "batch" else None
