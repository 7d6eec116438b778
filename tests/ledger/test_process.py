"""A process lives, is over, is another one of the same number, or is none of this machine's."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from remediate.ledger import process

pytestmark = pytest.mark.skipif(not process.mark(os.getpid()), reason="there is no /proc here")


def test_the_living_and_the_dead() -> None:
    child = subprocess.Popen([sys.executable, "-c", "input()"], stdin=subprocess.PIPE)
    start = process.mark(child.pid)
    assert process.alive("here", child.pid, start, here="here") is True
    assert process.alive("there", child.pid, start, here="here") is None, "another machine's"
    child.kill()
    os.waitid(os.P_PID, child.pid, os.WEXITED | os.WNOWAIT)
    assert process.alive("here", child.pid, start, here="here") is False, "over, although nobody has asked for it"
    child.communicate()
    assert process.alive("here", child.pid, start, here="here") is False
    assert process.mark(child.pid) == ""


def test_a_number_used_again_is_another_process() -> None:
    mine = process.mark(os.getpid())
    other = mine.rpartition("/")[0] + "/1"
    assert process.alive("here", os.getpid(), other, here="here") is False


def test_what_cannot_be_known_is_not_claimed(tmp_path: Path) -> None:
    mine = process.mark(os.getpid())
    boot, namespace, ticks = mine.split("/")
    for start in ("", f"x{boot}/{namespace}/{ticks}", f"{boot}/pid:[1]/{ticks}"):
        assert process.alive("here", os.getpid(), start, here="here") is None
    assert process.mark(os.getpid(), tmp_path) == ""
    assert process.alive("here", os.getpid(), mine, here="here", proc=tmp_path) is None


def test_names_of_processes_may_hold_anything(tmp_path: Path) -> None:
    (tmp_path / "sys/kernel/random").mkdir(parents=True)
    (tmp_path / "sys/kernel/random/boot_id").write_text("b\n", encoding="ascii")
    (tmp_path / "self/ns").mkdir(parents=True)
    (tmp_path / "self/ns/pid").symlink_to("pid:[7]")
    (tmp_path / "17").mkdir()
    fields = " ".join(str(number) for number in range(4, 53))
    for state, mark in (("S", "b/pid:[7]/22"), ("Z", "")):
        (tmp_path / "17/stat").write_bytes(f"17 (a) Z (b\udcff) {state} {fields}\n".encode("utf-8", "surrogateescape"))
        assert process.mark(17, tmp_path) == mark
