"""Ctrl-C once, twice, three times; streams whose reader has left."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading

import pytest

from remediate.change import stopping
from remediate.project.outside import Pipe
from tests.patience import LIMIT


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
def test_each_signal_goes_one_step_further(number: signal.Signals) -> None:
    stop, abort, said, left = threading.Event(), threading.Event(), list[str](), list[bool]()
    before = signal.getsignal(number)
    with stopping.interruptible(stop, abort, say=said.append, leave=lambda: left.append(True)):
        os.kill(os.getpid(), number)
        assert (stop.is_set(), abort.is_set(), left) == (True, False, [])
        os.kill(os.getpid(), number)
        assert (abort.is_set(), left) == (True, [])
        os.kill(os.getpid(), number)
        assert left == [True]
    assert said == [stopping.FIRST, stopping.SECOND, stopping.THIRD]
    assert "remediate resume last" in said[-1]
    assert signal.getsignal(number) is before


def test_other_threads_leave_signals_alone() -> None:
    before = signal.getsignal(signal.SIGINT)
    seen: list[object] = []

    def work() -> None:
        with stopping.interruptible(threading.Event(), threading.Event(), say=print):
            seen.append(signal.getsignal(signal.SIGINT))

    thread = threading.Thread(target=work)
    thread.start()
    thread.join()
    assert seen == [before]


def test_a_pipe_goes_quiet_when_its_reader_leaves() -> None:
    reading, writing = os.pipe()
    os.close(reading)
    with os.fdopen(writing, "w", buffering=1, encoding="utf-8") as stream:
        pipe = Pipe(stream)
        pipe.write("one\n")
        pipe.flush()
        assert pipe.deserted
        assert pipe.write("two\n") == 4


def test_leaving_does_not_wait_for_threads() -> None:
    code = (
        "import threading, time; from remediate.change.stopping import leave\n"
        "threading.Thread(target=time.sleep, args=(60,)).start(); leave()"
    )
    assert subprocess.run([sys.executable, "-c", code], timeout=LIMIT, check=False).returncode == 130


AT_WORK = """
import os, signal, sys
from remediate.commands import cli
cli._dispatch = lambda argv, outside: {work}
code = cli.process(["run"])
{after}
sys.exit(code)
"""
STOP = "os.kill(os.getpid(), signal.SIGTERM)"


@pytest.mark.parametrize(
    ("work", "after", "code"),
    [(f"{STOP} or 0", "pass", 130), ("2", STOP, 2), ("0", "os.kill(os.getpid(), signal.SIGHUP)", 0)],
    ids=["while nothing is under way", "at the very end", "terminal gone at the very end"],
)
def test_a_process_that_is_terminated_ends_as_by_ctrl_c(work: str, after: str, code: int) -> None:
    text = AT_WORK.format(work=work, after=after)
    done = subprocess.run([sys.executable, "-c", text], timeout=LIMIT, check=False, capture_output=True, text=True)
    assert (done.returncode, done.stderr) == (code, "interrupted\n" if code == 130 else "")
