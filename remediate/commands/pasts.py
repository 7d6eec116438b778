"""What was done before by a run and those it had resumed, host by host."""

from __future__ import annotations

import dataclasses
import threading
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

from remediate.control.resume import Past, Rehearsal, begun, to_repeat, walked, whole
from remediate.errors import UserError

if TYPE_CHECKING:
    from remediate.engine.run import RunRequest
    from remediate.ledger.rows import RunRow, StepRow
    from remediate.ledger.store import Ledger
    from remediate.model import RunSummary

MOST = 100
"""Runs that may have resumed each other."""


def past_of(row: RunRow, ledger: Ledger, request: RunRequest) -> tuple[dict[str, list[Past]], set[str]]:
    """Per host what to recall, and the hosts on which something was changed."""
    journal = journal_of(row, ledger)
    changed = {host for host, rows in journal.items() if begun(rows)}
    return to_repeat(journal, _rehearsed(journal, request)), changed


def journal_of(row: RunRow, ledger: Ledger) -> dict[str, Sequence[StepRow]]:
    """The whole journal of a run, with what runs before it did where it did not come to that."""
    found: dict[str, Sequence[StepRow]] = dict(walked(ledger.journal(row.id)))
    for _ in range(MOST):
        if not row.resumes:
            return found
        row = ledger.run(row.resumes)
        for host, rows in walked(ledger.journal(row.id)).items():
            found[host] = whole(found.get(host, ()), rows)
    raise UserError(f"more than {MOST} runs resumed each other", hint="run the playbook anew")


def _rehearsed(journal: Mapping[str, Sequence[StepRow]], request: RunRequest) -> RunSummary:
    """How each host ended, found out by walking through the journal; no host is contacted."""
    from remediate.engine.run import run
    from remediate.planfile.observations import Offline

    silent = dataclasses.replace(request, only=frozenset(journal), stop=threading.Event(), abort=threading.Event())
    return run(silent, (), sessions=Offline(), control=Rehearsal(journal))
