"""People with keys of their own, and the folder that says what they may do; for tests of approvals."""

from __future__ import annotations

import os
import shutil
import subprocess
from dataclasses import dataclass
from pathlib import Path

from remediate.approvals.model import NAMESPACE
from remediate.project.outside import Account
from tests.patience import LIMIT

PLANNER = Account(os.geteuid() + 1, "paula")
"""Another account than the one the policy's files belong to."""


@dataclass(frozen=True)
class Board:
    """A folder as /etc/remediate: its files belong to whoever runs the tests, and nobody else can write them."""

    folder: Path
    homes: Path

    @classmethod
    def at(cls, folder: Path) -> Board:
        made = cls(folder / "etc", folder / "homes")
        for path in (made.folder, made.homes):
            path.mkdir(mode=0o755, exist_ok=True)
            path.chmod(0o755)
        return made

    def write(self, name: str, text: str) -> Path:
        path = self.folder / name
        path.write_text(text, encoding="utf-8")
        path.chmod(0o644)
        return path

    def person(self, name: str) -> Path:
        """Their home with a key in it, made when it is first asked for."""
        home = self.homes / name
        if not home.exists():
            (home / ".ssh").mkdir(parents=True, mode=0o700)
            new_key(home / ".ssh/id_ed25519")
        return home

    def allow(self, *names: str, options: str = f'namespaces="{NAMESPACE}"') -> None:
        """Nobody but these may approve."""
        self.write("allowed_signers", "".join(f"{name} {options} {self.public(name)}\n" for name in names))

    def public(self, name: str) -> str:
        return (self.person(name) / ".ssh/id_ed25519.pub").read_text().rpartition(" ")[0]


def new_key(path: Path) -> Path:
    program = shutil.which("ssh-keygen")
    assert program, "the tests of approvals need ssh-keygen: install openssh-client"
    subprocess.run([program, "-q", "-t", "ed25519", "-N", "", "-C", "someone", "-f", str(path)], check=True,
                   timeout=LIMIT)  # fmt: skip
    return path
