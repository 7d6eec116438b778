"""Runs command lines inside the test process, with streams and a working folder of their own."""

from __future__ import annotations

import io
import os
import tempfile
from dataclasses import dataclass
from pathlib import Path

from remediate.commands.cli import run
from remediate.project.outside import Account, Outside

NOWHERE = Path("/nowhere")
"""A policy folder that is not there."""


class Screen(io.StringIO):
    """A text stream that may claim to be a terminal."""

    def __init__(self, text: str = "", *, tty: bool = False) -> None:
        super().__init__(text)
        self._tty = tty

    def isatty(self) -> bool:
        return self._tty


class Console(Screen):
    """Standard error with a place for what a signal handler says."""

    def __init__(self) -> None:
        super().__init__()
        self._said = tempfile.TemporaryFile()  # noqa: SIM115 - closed with this one

    def fileno(self) -> int:
        return self._said.fileno()

    def heard(self) -> bytes:
        return os.pread(self.fileno(), 10_000, 0)

    def close(self) -> None:
        self._said.close()
        super().close()


@dataclass(frozen=True)
class Done:
    """How a command line ended."""

    code: int
    out: str
    err: str


def remediate(
    *words: str,
    folder: Path,
    stdin: str = "",
    tty: bool = False,
    environ: dict[str, str] | None = None,
    out: Screen | None = None,
    err: Screen | None = None,
    account: Account | None = None,
    policy: Path = NOWHERE,
) -> Done:
    """One command line in ``folder``; ``tty`` makes standard input and output terminals.

    ``account`` is whose process it is taken for, ``policy`` the folder no account but root's can write."""
    out, err = out or Screen(tty=tty), err or Screen()
    outside = Outside(stdin=Screen(stdin, tty=tty), stdout=out, stderr=err, environ=environ or {}, folder=folder,
                      account=account or Account.of_this_process(), policy=policy)  # fmt: skip
    return Done(run(words, outside), out.getvalue(), err.getvalue())
