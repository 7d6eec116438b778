"""Goes on with an interrupted run: its steps are told to the walk again instead of being performed again."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from remediate.control import results
from remediate.engine.control import Control
from remediate.engine.lastlook import is_last_look
from remediate.errors import Blocked, Interrupted
from remediate.ledger.rows import StepEnded, StepRow
from remediate.model import Result, Step

if TYPE_CHECKING:
    from remediate.engine.registry import LoadedModule
    from remediate.model import RunSummary

TOUCHED = ("changed", "failed", "unreachable")
"""How a step with changes may end that was let begin. A key says so too: only such steps have one."""
ANEW = "run the playbook anew: what is done already is found done"


@dataclass(frozen=True, slots=True)
class Past:
    """One step of the journal. ``again``: it failed, or was not let begin, and is to be performed now."""

    row: StepRow
    again: bool = False


Copy = Callable[[Step, StepEnded], None]


class Recall(Control):
    """Answers with what an earlier run did, in its order. ``copy`` writes it into the journal of this run."""

    def __init__(self, journal: Mapping[str, Sequence[Past]], copy: Copy, *, repeat: bool = False) -> None:
        self._left = {host: deque(past) for host, past in journal.items()}
        self._copy = copy
        self._repeat = repeat

    def recalling(self, host: str) -> bool:
        left = self._left.get(host)
        return bool(left) and not left[0].again if left else False

    def recall(self, step: Step, module: LoadedModule) -> Result | None:
        left = self._left.get(step.host)
        if not left:
            return None
        past = left.popleft()
        if past.row.address != step.address:
            left.clear()
            raise Blocked(f"the playbook goes another way than before: {past.row.address} was done here", ANEW)
        if past.again:
            return None
        if not past.row.status:
            self._refuse_unfinished(step, module)
            return None
        if past.row.redacted:
            return self._hidden(step, module, past.row)
        self._copy(step, _ended(past.row))
        return replace(_result(past.row), recalled=True)

    def _refuse_unfinished(self, step: Step, module: LoadedModule) -> None:
        """Begun, and nobody wrote down its end. A state is looked at again; a deed cannot be."""
        if module.action and not self._repeat:
            raise Blocked(
                f"{step.task} was begun, and its end is not known: it may have been done",
                "see on the host; if it may be done once more, add --repeat-unfinished",
            )

    def _hidden(self, step: Step, module: LoadedModule, row: StepRow) -> Result | None:
        """What it found was not kept. A state is looked at again; a deed counts as done unless its words are needed."""
        if not module.action:
            return None
        if step.used:
            raise Blocked(f"{step.task} was done, and what it gave back is a secret and was not kept", ANEW)
        self._copy(step, _ended(row))
        return replace(_result(row), recalled=True)


def _ended(row: StepRow) -> StepEnded:
    result = {**row.result, "recalled": True}
    return StepEnded(status=row.status, seconds=row.seconds, result=result, redacted=row.redacted)


def _result(row: StepRow) -> Result:
    try:
        return results.from_json(row.result, address=row.address, host=row.host, task=row.task, module=row.module)
    except (KeyError, TypeError, ValueError):
        raise Blocked(f"the ledger's note of {row.address} cannot be read", ANEW) from None


class Rehearsal(Control):
    """Walks through a journal with nothing performed, to find out where each host ended."""

    def __init__(self, journal: Mapping[str, Sequence[StepRow]]) -> None:
        self._left = {host: deque(row for row in rows if row.status) for host, rows in journal.items()}

    def recalling(self, host: str) -> bool:
        return host in self._left

    def last_look(self, host: str) -> bool:
        return host not in self._left

    def recall(self, step: Step, module: LoadedModule) -> Result | None:
        left = self._left.get(step.host)
        if not left or left[0].address != step.address:
            raise Interrupted(f"{module.name} is as far as the journal goes")
        return _result(left.popleft())


def walked(journal: Mapping[str, Sequence[StepRow]]) -> dict[str, tuple[StepRow, ...]]:
    """The journal without last looks, which are no part of any walk."""
    return {host: tuple(row for row in rows if not is_last_look(row.address)) for host, rows in journal.items()}


def to_repeat(journal: Mapping[str, Sequence[StepRow]], rehearsed: RunSummary) -> dict[str, list[Past]]:
    """What to tell the walk of each host. From the step that ended it on, everything is done again.

    The other items of that step's own loop are kept: they were done, whatever became of the one.
    """
    ended = {host.host: host.address for host in rehearsed.hosts}
    return {host: _cut(list(rows), ended.get(host, "")) for host, rows in journal.items()}


def _cut(rows: Sequence[StepRow], address: str) -> list[Past]:
    at = next((n for n in range(len(rows) - 1, -1, -1) if address and rows[n].address == address), None)
    if at is None:
        return [Past(row) for row in rows]
    kept = [Past(row) for row in rows[:at]] + [Past(rows[at], again=True)]
    for row in rows[at + 1 :]:
        if _place(row.address) != _place(address):
            break
        kept.append(Past(row, again=row.status in ("failed", "blocked", "unreachable", "deferred", "")))
    return kept


def _place(address: str) -> str:
    return address.partition("[")[0]


def whole(newer: Sequence[StepRow], older: Sequence[StepRow]) -> Sequence[StepRow]:
    """The journal of a host that was resumed before: of the later run, once that did anything of its own."""
    own = any(not row.result.get("recalled") and not row.redacted for row in newer)
    return newer if own or len(newer) >= len(older) else older


def begun(rows: Sequence[StepRow]) -> bool:
    """Whether anything was, or may have been, changed on the host: also by a step that failed half-way."""
    return any(not row.status or row.key or (row.result.get("changes") and row.status in TOUCHED) for row in rows)
