"""A run whose ledger is taken away under it ends as lost, with 4, and begins nothing more."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from tests.commands.driver import Screen, remediate

KB = "playbooks/kb870585.yml"


class When(Screen):
    """Standard output on which a word sets something off."""

    def __init__(self, word: str, deed: Callable[[], object]) -> None:
        super().__init__()
        self._word = word
        self._deed = deed
        self.done = False

    def write(self, text: str) -> int:
        if self._word in text and not self.done:
            self.done = True
            self._deed()
        return super().write(text)


@pytest.mark.parametrize("word", ["Look at the server", "Install the hotfix"])
def test_a_run_whose_ledger_is_deleted(word: str, lab: Path, tmp_path: Path) -> None:
    path = tmp_path / "ledger.sqlite3"
    out = When(word, path.unlink)
    done = remediate("run", KB, "-l", "old", folder=lab, environ={"REMEDIATE_LEDGER": str(path)}, out=out)
    assert out.done, done.out
    assert done.code == 4, done.err
    assert f"the ledger {path} is lost: its file is gone" in done.err
    assert "is not proved" in done.err
    assert not path.exists(), "no empty ledger is left in its place"
