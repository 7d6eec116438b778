"""What was done before by a run and those it had resumed, host by host."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING

from remediate.change.journal import MARK
from remediate.change.recall import Marked, Past, joined, past
from remediate.engine.control import Mark
from remediate.errors import GateClosed, UserError

if TYPE_CHECKING:
    from remediate.ledger.rows import RunRow
    from remediate.ledger.store import Ledger

MOST = 100
"""Runs that may have resumed each other."""


def refuse_broken(ledger: Ledger) -> None:
    """``GateClosed`` for a ledger that was tampered with: nothing in it is believed."""
    report = ledger.verify()
    if not report.whole:
        raise GateClosed(
            f"the ledger was tampered with, so nothing of it is believed: {report.what}",
            hint="see `remediate runs verify`; `remediate run PLAYBOOK` looks at every host anew and does what is left",
        )


def past_of(row: RunRow, ledger: Ledger) -> dict[str, Past]:
    """Per host what a run did, and the runs before it that it went on with."""
    found: dict[str, Past] = {}
    for _ in range(MOST):
        for host, older in of_run(ledger, row.id).items():
            found[host] = joined(older, found[host]) if host in found else older
        if not row.resumes:
            return found
        row = ledger.run(row.resumes)
    raise UserError(f"more than {MOST} runs resumed each other", hint="run the playbook anew")


def of_run(ledger: Ledger, run: str, only: Iterable[str] | None = None) -> dict[str, Past]:
    """Per host what one run did; of ``only`` these hosts."""
    journal = ledger.journal(run)
    marks: dict[str, list[Marked]] = {}
    for event in ledger.events(run):
        if event.kind == MARK:
            number = int(str(event.data["number"]))
            marks.setdefault(event.host, []).append(Marked(number=number, what=Mark(str(event.data["mark"]))))
    hosts = journal if only is None else set(only) & set(journal)
    return {host: past(journal[host], marks.get(host, ())) for host in hosts}
