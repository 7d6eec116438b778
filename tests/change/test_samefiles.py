"""A run is kept to the files it began with."""

from __future__ import annotations

import hashlib
import os
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from remediate.change.samefiles import SameFiles
from remediate.engine.control import Intent
from remediate.engine.registry import Registry
from remediate.errors import Blocked
from remediate.model import Change, Mode, Step

MODULES = Path(__file__).parents[2] / "modules"
CHANGE = Change(target="C:\\x", before=None, after="uploaded")


def intent(file: Path, *, name: str = "package_staged") -> Intent:
    params: dict[str, Any] = {"file": str(file)} if name == "package_staged" else {"src": str(file)}
    step = Step(address="p/t@ex1", host="ex1", task="t", module=name, params=params, endpoint=None,
                mode=Mode.APPLY)  # fmt: skip
    return Intent(step=step, module=Registry([MODULES]).load(name), before={}, changes=(CHANGE,))


@pytest.fixture
def file(tmp_path: Path) -> Path:
    path = tmp_path / "x.exe"
    path.write_bytes(b"as it was")
    return path


@pytest.mark.parametrize("name", ["package_staged", "win_copy"])
def test_the_same_file_passes_for_every_host(file: Path, name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    control = SameFiles({str(file): hashlib.sha256(b"as it was").hexdigest()})
    control.permit(intent(file, name=name))
    monkeypatch.setattr(Path, "open", lambda *_: pytest.fail("it is read once, not once per host"))
    for _ in range(50):
        control.permit(intent(file, name=name))


def test_another_file_is_sent_nowhere(file: Path) -> None:
    control = SameFiles({str(file): hashlib.sha256(b"as it was").hexdigest()})
    control.permit(intent(file))
    file.write_bytes(b"as it is!")
    for _ in range(2):
        with pytest.raises(Blocked, match="was exchanged on this side after the run began") as blocked:
            control.permit(intent(file))
        assert "run again" in blocked.value.remedy
    control.permit(replace(intent(file), changes=()))
    file.unlink()
    with pytest.raises(Blocked, match="its SHA-256 is \\(no file\\)"):
        control.permit(intent(file))
    os.mkfifo(file)
    with pytest.raises(Blocked, match="its SHA-256 is \\(no file\\)"):
        control.permit(intent(file))


def test_files_nobody_looked_at_before_are_not_its_business(file: Path) -> None:
    SameFiles({}).permit(intent(file))
