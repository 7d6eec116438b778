"""What an interrupted run did, told to the walk that goes on with it: only deeds, for whatever can be looked at is."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, cast

from remediate.cells import Cells
from remediate.change import results
from remediate.engine.control import Control, Earlier, Mark
from remediate.errors import Blocked
from remediate.ledger.rows import StepEnded, StepRow
from remediate.model import Fate, Result, Status, Step

if TYPE_CHECKING:
    from remediate.engine.registry import LoadedModule

TOUCHED = ("changed", "failed", "unreachable")
"""How a step with changes may end that was let begin. A key says so too: only such steps have one."""
BAD = ("failed", "blocked", "unreachable")
ANEW = "run the playbook anew: what is done already is found done"


@dataclass(frozen=True, slots=True, kw_only=True)
class Marked:
    """A mark in the walk of a host: made after its step ``number`` had ended."""

    number: int
    what: Mark


@dataclass(frozen=True, slots=True)
class Past:
    """What the earlier runs left of one host: ``rows`` of all of them, oldest first, and the ``deeds`` among them."""

    rows: tuple[StepRow, ...]
    deeds: tuple[StepRow, ...]

    @property
    def begun(self) -> bool:
        """Whether anything was, or may have been, changed on the host: also by a step that failed half-way."""
        return any(map(touched, self.rows))


LEFT_OPEN = ("failed", "blocked", "deferred")
"""How a step ends that is tried again."""


def touched(row: StepRow) -> bool:
    """Whether a step was let begin to change its host.

    A look may find changes as well, and be judged as failed for it: then none of them has a fate.
    """
    fates = row.result.get("fates")
    if isinstance(fates, list) and fates and all(fate == Fate.UNBEGUN for fate in fates):
        return False
    if not row.status or row.key:
        return True
    made = row.status == Status.CHANGED or fates is None or any(f != Fate.UNBEGUN for f in cast("list[str]", fates))
    return bool(row.result.get("changes")) and row.status in TOUCHED and made


def past(rows: Sequence[StepRow], marks: Sequence[Marked]) -> Past:
    """What one run did on one host. What it recalled itself from runs before it is theirs, and left out.

    A step that failed and was not tolerated is no deed: it is tried again, and so is everything that was done because
    of it (``always``), which comes after it.
    """
    left, tolerated = _judged(marks)
    own = tuple(row for row in rows if not row.result.get("recalled"))
    deeds = (row for row in own if touched(row) and (left is None or row.number <= left))
    return Past(own, tuple(row for row in deeds if row.status not in LEFT_OPEN or row.number in tolerated))


def _judged(marks: Sequence[Marked]) -> tuple[int | None, Tolerated]:
    """After which step everything was done for a failure nobody rescued; and which failures were tolerated."""
    left: int | None = None
    rescued, ignored = 0, set()
    for mark in marks:
        match mark.what:
            case Mark.LEFT:
                left = mark.number if left is None else left
            case Mark.RESCUED:
                left, rescued = None, mark.number
            case Mark.IGNORED:
                ignored.add(mark.number)
    return left, Tolerated(rescued, frozenset(ignored))


@dataclass(frozen=True, slots=True)
class Tolerated:
    """Failures the walk went on after: all up to a rescue, and those that were ignored."""

    upto: int
    ignored: frozenset[int]

    def __contains__(self, number: int) -> bool:
        return number <= self.upto or number in self.ignored


def joined(older: Past, newer: Past) -> Past:
    """A host over a run and the one that went on with it."""
    return Past((*older.rows, *newer.rows), (*older.deeds, *newer.deeds))


Copy = Callable[[Step, StepEnded], None]
Mask = Callable[[str], str]


class Recall(Control):
    """Answers with what earlier runs did. ``copy`` writes what is recalled into the journal of this run, ``mask`` is
    what the journal was written through.

    Only deeds are recalled. What can be looked at is looked at again, whatever the journal says of it: an installer
    may still run, a server may have gone back. Where a look finds nothing left to do, the deed that did it is told.
    """

    def __init__(self, pasts: Mapping[str, Past], copy: Copy, mask: Mask, *, repeat: bool = False) -> None:
        self._pasts = pasts
        self._left: dict[tuple[str, str], deque[StepRow]] = {}
        for host, before in pasts.items():
            for row in before.deeds:
                self._left.setdefault((host, row.place or row.address), deque()).append(row)
        self._copy = copy
        self._mask = mask
        self._repeat = repeat
        self._at: dict[str, tuple[str, str]] = {}

    def earlier(self, host: str) -> Earlier:
        before = self._pasts.get(host)
        if before is None:
            return Earlier()
        changed = any(row.status == "changed" for row in before.deeds)
        return Earlier(begun=before.begun, changed=changed, before=_first_cells(before.rows) if before.begun else {})

    def recalling(self, host: str) -> bool:
        return bool(self._left.get(self._at.get(host, ("", ""))))

    def recall(self, step: Step, module: LoadedModule) -> Result | None:
        self._at[step.host] = key = self._key(step)
        if not module.action or not self._left.get(key):
            return None
        row = self._left[key].popleft()
        if row.status in ("", "unreachable"):
            self._refuse_unknown(step)
            return None
        if row.redacted and step.used:
            raise Blocked(f"{step.task} was done, and what it gave back is a secret and was not kept", ANEW)
        result = replace(_result(row), address=step.address, task=step.task, recalled=True)
        self._copy(step, _ended(row))
        return result

    def nothing_left(self, step: Step, result: Result) -> Result:
        rows = [row for row in self._left.pop(self._key(step), ()) if row.status == "changed"]
        if not rows:
            return result
        if rows[-1].redacted:
            return replace(result, status=Status.CHANGED, recalled=True)
        before = _result(rows[-1])
        return replace(result, status=Status.CHANGED, message=before.message, changes=before.changes,
                       before=before.before, extra=before.extra, columns={**before.columns, **result.columns},
                       recalled=True)  # fmt: skip

    def _key(self, step: Step) -> tuple[str, str]:
        place = (step.host, self._mask(step.place))
        return place if place in self._left else (step.host, self._mask(step.address))

    def _refuse_unknown(self, step: Step) -> None:
        """Begun, and its end is not known. A deed cannot be looked at."""
        if not self._repeat:
            raise Blocked(
                f"{step.task} was begun, and its end is not known: it may have been done",
                "see on the host; if it may be done once more, add --repeat-unfinished",
            )


def _first_cells(rows: Sequence[StepRow]) -> dict[str, str]:
    """The cells of the closing table as the first step that knew any left them; what came after it is not yet so."""
    for row in rows:
        cells = row.result.get("columns")
        if isinstance(cells, Mapping) and (before := Cells.of(cells).before):
            return {"before": before}
    return {}


def _ended(row: StepRow) -> StepEnded:
    result = {**row.result, "recalled": True}
    return StepEnded(status=row.status, seconds=row.seconds, result=result, redacted=row.redacted)


def _result(row: StepRow) -> Result:
    try:
        return results.from_json(row.result, address=row.address, host=row.host, task=row.task, module=row.module)
    except (KeyError, TypeError, ValueError):
        raise Blocked(f"the ledger's note of {row.address} cannot be read", ANEW) from None
