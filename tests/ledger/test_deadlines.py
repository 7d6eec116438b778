"""A database that does not answer: whoever waits is told, another connection is tried, and nobody waits for ever."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from remediate.errors import LedgerLost, UserError
from tests.ledger import postgres
from tests.ledger.proxy import Proxy
from tests.ledger.world import begun, ended, new_run, opened, step
from tests.patience import LIMIT, until


@pytest.fixture
def proxy(server: postgres.Server) -> Iterator[Proxy]:
    with Proxy(server.port) as made:
        yield made


def through(proxy: Proxy, server: postgres.Server, database: str) -> str:
    return server.url(database).replace(f":{server.port}/", f":{proxy.port}/")


def impatient(patch: pytest.MonkeyPatch, **seconds: float) -> None:
    for name, value in seconds.items():
        room = "desk" if name in ("TOLD", "GRACE") else "transactions"
        patch.setattr(f"remediate.ledger.{room}.{name}", value)


def test_a_server_that_hangs_is_told_of_and_given_up(
    server: postgres.Server, database: str, proxy: Proxy, monkeypatch: pytest.MonkeyPatch
) -> None:
    said: list[str] = []
    with opened(through(proxy, server, database), say=said.append) as ledger:
        run = ledger.begin_run(new_run("a"))
        number = ledger.step_begun(run, begun("a"))
        assert said == []
        proxy.deaf = True
        proxy.hold()
        impatient(monkeypatch, TOLD=0.05, GRACE=0.2, PATIENCE=0.5, CLOSING=0.1)
        with pytest.raises(LedgerLost, match="is lost: it does not answer") as caught:
            ledger.step_ended(run, "a", number, ended())
        assert said == [f"waiting for the ledger {ledger.place}"], "once, and without a password"
        assert ledger.lost is caught.value
        for call in (lambda: ledger.beat(run), lambda: ledger.run(run), lambda: ledger.prove_lock(run, "a")):
            with pytest.raises(LedgerLost):
                call()


def test_a_connection_that_hangs_is_replaced_and_nothing_is_there_twice(
    server: postgres.Server, database: str, proxy: Proxy, monkeypatch: pytest.MonkeyPatch
) -> None:
    impatient(monkeypatch, TOLD=0.05, TRY=0.3)
    with opened(through(proxy, server, database)) as ledger:
        run = ledger.begin_run(new_run("a"))
        for number in range(1, 4):
            connections = proxy.accepted
            proxy.hold()
            assert step(ledger, run, "a") == number
            assert proxy.accepted > connections
        ledger.end_run(run, status="finished", exit_code=0, hosts=())
        assert [row.number for row in ledger.journal(run)["a"]] == [1, 2, 3]
        assert ledger.verify().whole
        assert ledger.lost is None


def test_a_server_that_hangs_is_not_opened(server: postgres.Server, database: str, proxy: Proxy) -> None:
    proxy.deaf = True
    proxy.hold()
    with pytest.raises(UserError, match="cannot be opened: ") as caught:
        opened(through(proxy, server, database) + "?connect_timeout=2")
    assert "does not answer in time" in caught.value.hint


def test_a_disk_that_hangs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Nothing can be done about the call itself; whoever waits for it goes on, and what it wrote after all counts."""
    said: list[str] = []
    path = str(tmp_path / "ledger.sqlite3")
    opened(path).close()
    with opened(path, say=said.append) as ledger:
        run = ledger.begin_run(new_run("a"))
        dialect: Any = ledger._work._engine.dialect
        commit, free, over = dialect.do_commit, threading.Event(), threading.Event()

        def hanging(connection: Any) -> None:
            assert free.wait(LIMIT)
            commit(connection)
            over.set()

        with monkeypatch.context() as patch:
            impatient(patch, TOLD=0.05, GRACE=0.1, PATIENCE=0.1)
            patch.setattr(dialect, "do_commit", hanging)
            with pytest.raises(LedgerLost, match="it does not answer"):
                ledger.step_begun(run, begun("a"))
            with pytest.raises(LedgerLost):
                ledger.note(run, "remark", "", {})
        assert said == [f"waiting for the ledger {path}"]
        free.set()
        assert over.wait(LIMIT)
        assert ledger.step_begun(run, begun("a")) == 2
        assert [row.status for row in ledger.journal(run)["a"]] == ["", ""], "begun, end unknown"
        assert "remark" not in [event.kind for event in ledger.events(run)], "what was given up unbegun is not done"
        assert ledger.verify().whole


def test_a_ledger_is_closed_although_its_disk_hangs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    impatient(monkeypatch, CLOSING=0.05)
    ledger = opened(str(tmp_path / "ledger.sqlite3"))
    dialect: Any = ledger._work._engine.dialect
    free, begun_it = threading.Event(), threading.Event()

    def hanging(connection: Any) -> None:
        begun_it.set()
        assert free.wait(LIMIT)

    monkeypatch.setattr(dialect, "do_commit", hanging)
    threading.Thread(target=ledger.begin_run, args=(new_run("a"),), daemon=True).start()
    assert begun_it.wait(LIMIT)
    ledger.close()
    free.set()
    until(lambda: not ledger._work._desk._thread.is_alive())
