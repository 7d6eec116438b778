"""One run per host: who gets it, who is refused, and what becomes of the dead, the silent and the stopped."""

from __future__ import annotations

import itertools
import os
import signal
import threading
from collections.abc import Callable
from contextlib import ExitStack
from pathlib import Path
from typing import Any, cast

import pytest

from remediate.errors import LedgerLost, LockLost, UserError
from remediate.ledger.locking import Acquired, Heart, acquire, on
from remediate.ledger.rows import Lock
from remediate.ledger.store import Ledger
from tests.ledger.processes import controller, line, tell
from tests.ledger.world import Clock, begun, new_run, opened, step
from tests.patience import LIMIT, until


def take(
    ledger: Ledger,
    run: str,
    *hosts: str,
    clock: Clock | None = None,
    alive: Callable[[Lock], bool | None] = lambda lock: None,
    sleep: Callable[[float], None] | None = None,
) -> Acquired:
    clock = clock or Clock()
    sleep = sleep or clock.sleep
    return acquire(ledger, run, hosts, why="KB870585", interval=10, sleep=sleep, monotonic=clock.monotonic, alive=alive)


def never(seconds: float) -> None:
    pytest.fail(f"nothing was to be waited for, and {seconds} s were")


def test_a_lock_says_who_since_when_and_why(ledger: Ledger) -> None:
    run = ledger.begin_run(new_run("a", "b"))
    assert ledger.lock(run, "a", "KB870585") is None
    assert ledger.lock(run, "a", "again") is None, "it is ours already"
    other = ledger.begin_run(new_run("a", who="bob"))
    held = ledger.lock(other, "a", "x")
    assert held is not None
    assert held == ledger.locks()[0]
    sentence = f"held by run {run} (ann on ctl1, process {os.getpid()}) since 2026-11-25 23:49 UTC: KB870585"
    assert held.sentence() == sentence
    assert held.pid == os.getpid()
    ledger.end_run(run, status="finished", exit_code=0, hosts=())
    assert ledger.locks() == ()
    assert ledger.lock(other, "a", "x") is None
    kinds = [(event.kind, event.run) for event in ledger.events() if event.kind.startswith("lock")]
    assert kinds == [("lock taken", run), ("lock released", run), ("lock taken", other)]


def test_a_lock_is_released_by_hand_with_a_reason(ledger: Ledger) -> None:
    run = ledger.begin_run(new_run("a"))
    with pytest.raises(UserError, match="b is not locked") as nobody:
        ledger.unlock("b", who="bob", reason="x")
    assert nobody.value.hint == "no host is locked"
    ledger.lock(run, "a", "w")
    with pytest.raises(UserError) as other:
        ledger.unlock("b", who="bob", reason="x")
    assert other.value.hint == "locked: a"
    assert ledger.unlock("a", who="bob", reason="controller burnt down").run == run
    assert ledger.locks() == ()
    (event,) = [event for event in ledger.events(run) if event.kind == "unlocked"]
    assert (event.host, event.data["who"], event.data["reason"]) == ("a", "bob", "controller burnt down")
    with pytest.raises(LockLost, match="was released by somebody else"):
        ledger.step_begun(run, begun("a"))
    assert ledger.step_begun(run, begun("b")) == 1, "it never had the lock of this one, and nobody has it"


def test_free_hosts_are_taken_at_once(ledger: Ledger) -> None:
    run = ledger.begin_run(new_run("a", "b"))
    got = take(ledger, run, "b", "a", "b", sleep=never)
    assert got == Acquired(("b", "a"), {}, {})
    assert take(ledger, run, "a", sleep=never).held == ("a",)


def test_the_living_are_refused_and_the_dead_taken_over_at_once(ledger: Ledger) -> None:
    living, dead, mine = (ledger.begin_run(new_run("a", "b", "c", pid=pid)) for pid in (1, 2, 3))
    ledger.lock(living, "a", "w")
    ledger.lock(dead, "b", "w")
    got = take(ledger, mine, "a", "b", "c", alive=lambda lock: lock.run == living, sleep=never)
    assert got.held == ("b", "c")
    assert got.refused["a"].run == living
    assert got.taken["b"].run == dead
    assert {lock.host: (lock.run, lock.why) for lock in ledger.locks()} == {
        "a": (living, "w"),
        "b": (mine, "KB870585"),
        "c": (mine, "KB870585"),
    }
    assert ledger.run(dead).status == "interrupted"
    assert ledger.run(dead).finished is None
    (event,) = [event for event in ledger.events(mine) if event.kind == "lock taken over"]
    assert cast("dict[str, Any]", event.data["from"])["run"] == dead
    with pytest.raises(LockLost, match=f"b is held by run {mine}"):
        ledger.step_begun(dead, begun("b"))
    assert ledger.verify().whole


def test_a_silent_run_elsewhere_is_taken_over_after_three_intervals(ledger: Ledger) -> None:
    silent, mine = ledger.begin_run(new_run("a")), ledger.begin_run(new_run("a"))
    ledger.lock(silent, "a", "w")
    clock = Clock()
    got = take(ledger, mine, "a", clock=clock)
    assert got.taken["a"].run == silent
    assert 30 <= clock.slept < 40


def test_a_beating_run_elsewhere_is_refused_after_its_next_beat(ledger: Ledger) -> None:
    beating, silent, mine = (ledger.begin_run(new_run("a")) for _ in range(3))
    ledger.lock(beating, "a", "w")
    ledger.lock(silent, "b", "w")
    clock = Clock()

    def sleep(seconds: float) -> None:
        clock.sleep(seconds)
        if clock.slept > 29:
            ledger.beat(beating)

    got = take(ledger, mine, "a", "b", clock=clock, sleep=sleep)
    assert got.held == ("b",), "one beat in the last moment is a sign of life"
    assert got.refused["a"].run == beating


def test_a_host_released_or_lost_to_another_meanwhile(ledger: Ledger) -> None:
    first, second, mine = (ledger.begin_run(new_run("a", "b")) for _ in range(3))
    for host in "ab":
        ledger.lock(first, host, "w")
    clock = Clock()

    def sleep(seconds: float) -> None:
        clock.sleep(seconds)
        if clock.slept > 5 and ledger.run(first).finished is None:
            ledger.end_run(first, status="finished", exit_code=0, hosts=())
            ledger.lock(second, "b", "w")

    got = take(ledger, mine, "a", "b", clock=clock, sleep=sleep)
    assert (got.held, got.taken) == (("a",), {})
    assert got.refused["b"].run == second
    assert clock.slept < 10


def test_a_lock_that_moved_is_not_taken_over(ledger: Ledger) -> None:
    theirs, mine, third = (ledger.begin_run(new_run("a")) for _ in range(3))
    ledger.lock(theirs, "a", "w")
    (held,) = ledger.locks()
    ledger.beat(theirs)
    assert not ledger.take_over(mine, held)
    (held,) = ledger.locks()
    assert ledger.take_over(third, held)
    assert not ledger.take_over(mine, held), "somebody was quicker"
    assert ledger.locks()[0].run == third


def test_a_lock_of_an_ended_run_is_taken_at_once(ledger: Ledger) -> None:
    """It cannot come about in order, only by a controller that goes on after its end."""
    ended, mine = ledger.begin_run(new_run("a")), ledger.begin_run(new_run("a"))
    ledger.end_run(ended, status="stopped", exit_code=4, hosts=())
    ledger.lock(ended, "a", "w")
    got = take(ledger, mine, "a", alive=lambda lock: True, sleep=never)
    assert got.taken["a"].run == ended
    assert ledger.run(ended).status == "stopped"


def test_a_run_whose_lock_was_taken_and_given_back_still_keeps_away(ledger: Ledger) -> None:
    stopped, other = ledger.begin_run(new_run("a")), ledger.begin_run(new_run("a"))
    ledger.lock(stopped, "a", "w")
    take(ledger, other, "a", alive=lambda lock: False)
    ledger.end_run(other, status="finished", exit_code=0, hosts=())
    with pytest.raises(LockLost) as lost:
        step(ledger, stopped, "a")
    assert lost.value.exit_code == 4
    assert lost.value.hint


@pytest.mark.faults
def test_two_controllers_never_hold_one_host(url: str, tmp_path: Path) -> None:
    opened(url).close()
    with ExitStack() as stack:
        fighters = [
            stack.enter_context(controller(url, "fight", name, str(tmp_path), "6")) for name in ("one", "one", "two")
        ]
        told = [fighter.communicate(timeout=LIMIT)[0] for fighter in fighters]
    assert [fighter.returncode for fighter in fighters] == [0, 0, 0], told
    assert told == ["alone\n"] * 3
    with opened(url) as ledger:
        assert ledger.verify().whole
        assert ledger.locks() == ()


def test_a_controller_of_this_machine_lives_until_it_is_killed(url: str) -> None:
    opened(url).close()
    with controller(url, "hold", "here") as process, opened(url) as ledger:
        theirs = line(process)
        mine = ledger.begin_run(new_run("a", controller="here"))
        assert take(ledger, mine, "a", alive=on("here"), sleep=never).refused["a"].run == theirs
        process.kill()
        process.wait()
        assert take(ledger, mine, "a", alive=on("here"), sleep=never).taken["a"].run == theirs


def test_a_stopped_controller_wakes_up_to_find_its_host_taken(url: str) -> None:
    opened(url).close()
    with controller(url, "hold", "elsewhere") as process, opened(url) as ledger:
        line(process)
        tell(process)
        assert line(process) == "step 1"
        process.send_signal(signal.SIGSTOP)
        mine = ledger.begin_run(new_run("a", controller="here"))
        got = take(ledger, mine, "a", alive=on("here"))
        assert got.held == ("a",)
        assert step(ledger, mine, "a") == 1
        process.send_signal(signal.SIGCONT)
        tell(process)
        assert line(process).startswith(f"LockLost a is held by run {mine}")
        assert ledger.verify().whole


def test_a_heart_beats_until_it_is_stopped(ledger: Ledger) -> None:
    run = ledger.begin_run(new_run("a"))
    with Heart(ledger, run, interval=0.01):
        until(lambda: ledger.run(run).beat >= 3)
    until(lambda: f"heart of {run}" not in [thread.name for thread in threading.enumerate()])
    assert not [event for event in ledger.events(run) if event.kind != "run begun"], "beats are no history"


def test_a_beat_that_fails_is_tried_again() -> None:
    calls, well = itertools.count(), threading.Event()

    class Shaky:
        def beat(self, run: str) -> None:
            if next(calls) < 3:
                raise LedgerLost("away")
            well.set()

    heart = Heart(cast("Ledger", Shaky()), "r", interval=0.01)
    heart.start()
    assert well.wait(LIMIT)
    heart.stop()
    until(lambda: not heart._thread.is_alive())
