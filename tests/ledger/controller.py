"""A controller of its own process, for tests that kill, stop and race it: ``python -m tests.ledger.controller``."""

from __future__ import annotations

import os
import sys
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from pathlib import Path

from remediate.errors import LockLost
from remediate.ledger.locking import acquire, on
from remediate.ledger.store import Ledger, open_ledger
from tests.ledger.world import begun, ended, new_run, step


def say(text: object) -> None:
    os.write(1, f"{text}\n".encode())


def write(ledger: Ledger, count: str) -> None:
    """Steps on two hosts; each is told when it is durable."""
    run = ledger.begin_run(new_run("a", "b"))
    say(run)
    for number in range(int(count)):
        host = "ab"[number % 2]
        begun_as = ledger.step_begun(run, begun(host))
        say(f"begun {host} {begun_as}")
        ledger.step_ended(run, host, begun_as, ended(result={"text": "x" * 200}))
        say(f"ended {host} {begun_as}")
    ledger.end_run(run, status="finished", exit_code=0, hosts=())


def crowd(ledger: Ledger, count: str) -> None:
    """Steps on many hosts at once; each is told when it is durable. Looks are between them."""
    hosts = [f"h{number}" for number in range(12)]
    run = ledger.begin_run(new_run(*hosts))
    say(run)

    def work(host: str) -> None:
        for _ in range(int(count)):
            number = ledger.step_begun(run, begun(host))
            say(f"begun {host} {number}")
            ledger.step_ended(run, host, number, ended(result={"text": "x" * 200}))
            say(f"ended {host} {number}")
            ledger.step_done(run, begun(host), ended("ok"))

    with ThreadPoolExecutor(len(hosts)) as pool:
        list(pool.map(work, hosts))


def hold(ledger: Ledger, controller: str) -> None:
    """Hold a host; try a step whenever a line comes."""
    run = ledger.begin_run(new_run("a", controller=controller))
    assert ledger.lock(run, "a", "test") is None
    say(run)
    for _ in sys.stdin:
        try:
            say(f"step {step(ledger, run, 'a')}")
        except LockLost as error:
            say(f"LockLost {error.message}")


def fight(ledger: Ledger, controller: str, folder: str, rounds: str) -> None:
    """Take the host again and again; whoever holds it must be alone with a file that only one can make."""
    proof, won = Path(folder) / "proof", 0
    while won < int(rounds):
        run = ledger.begin_run(new_run("a", controller=controller))
        got = acquire(
            ledger, run, ["a"], why="fight", interval=60, sleep=time.sleep, monotonic=time.monotonic,
            alive=lambda lock: on(controller)(lock) is not False,
        )  # fmt: skip
        if got.held:
            os.close(os.open(proof, os.O_CREAT | os.O_EXCL))
            step(ledger, run, "a")
            proof.unlink()
            won += 1
        ledger.end_run(run, status="finished", exit_code=0, hosts=())
    say("alone")


DEEDS: dict[str, Callable[..., None]] = {"write": write, "crowd": crowd, "hold": hold, "fight": fight}


def main() -> None:
    url, deed, *words = sys.argv[1:]
    with open_ledger(url, now=lambda: datetime.now(UTC)) as ledger:
        DEEDS[deed](ledger, *words)


if __name__ == "__main__":
    main()
