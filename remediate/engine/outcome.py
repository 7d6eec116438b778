"""Many Results of one host -> the one line a person reads: outcome, reason, remedy, table cells, recap counts."""

from __future__ import annotations

from dataclasses import dataclass, field

from remediate.cells import Cells
from remediate.engine.control import Earlier
from remediate.model import HostSummary, Mode, Outcome, Result, Standing, Status

WORST = (Status.FAILED, Status.UNREACHABLE, Status.BLOCKED)
PARTLY = (
    "left out by -t, --skip-tags or --start-at-task: {} of the tasks; whether the host is as it should be was not read "
    "back"
)
WHOLE = "`remediate verify` without these options looks at all of it"
AGAIN = "run again: what is done is not done twice"
COUNTS = ("ok", "changed", "unreachable", "failed", "skipped", "rescued", "ignored")


@dataclass(slots=True)
class Tally:
    """Grows with each Result of one host; keeps nothing of their States."""

    host: str
    counts: dict[str, int] = field(default_factory=lambda: dict.fromkeys(COUNTS, 0))
    cells: Cells = field(default_factory=Cells)
    notes: dict[str, None] = field(default_factory=dict)
    fatal: Result | None = None
    first: Result | None = None
    """What had ended the block in whose ``always`` part ``fatal`` came about: where a resumed run goes on."""
    pending: int = 0
    """Tasks that only looked and found a difference."""
    touched: bool = False
    """Something was applied on the host, or may have been."""
    now: Standing | None = None
    """How it is left, once it was looked at again."""
    not_applicable: str = ""
    cut_short: str = ""
    """Why the host was not walked to its end, when it was not."""
    left_in: str = ""
    """The task it was left in the middle of."""
    left_out: int = 0
    """Tasks that were not looked at because only a part was asked for."""
    proofs: set[str] = field(default_factory=set)
    """Where the tasks are written that read back what a playbook is for, and found it in order."""
    proofs_left_out: set[str] = field(default_factory=set)
    passed_over: str = ""
    """Why a play was not begun, or not finished, for a host that goes on with the next one."""
    doomed: bool = False
    """A failure that nothing rescues: the host ends once it is tidied up."""
    deferred: Result | None = None
    """The step a gate kept from beginning."""
    occurrences: dict[str, int] = field(default_factory=dict)
    """How often each task was come to, by its address without the host."""
    earlier: Earlier = field(default_factory=Earlier)
    """What the runs did that this one goes on with."""

    def add(self, result: Result) -> None:
        """Count one Result as Ansible's recap does: a changed task is also ok, a rescued failure is not failed."""
        self._count(result)
        self.cells = self.cells.told(result.columns)
        self.touched = self.touched or result.touched
        self.notes |= dict.fromkeys(result.notes)
        if result.status is Status.NOT_APPLICABLE and not self.not_applicable:
            self.not_applicable = result.message

    def leave_out(self, place: str, *, proof: bool) -> None:
        """A task was not asked for. ``proof``: it is one that reads back what a playbook is for."""
        self.left_out += 1
        if proof:
            self.proofs_left_out.add(place)

    def occurrence(self, place: str) -> int:
        """The how-manieth time the host comes to this task."""
        self.occurrences[place] = self.occurrences.get(place, 0) + 1
        return self.occurrences[place]

    def _count(self, result: Result) -> None:
        match result.status:
            case Status.SKIPPED | Status.UNKNOWN | Status.DEFERRED:
                names = ["skipped"]
            case Status.PENDING:
                names = ["ok"]
                self.pending += 1
            case Status.CHANGED:
                names = ["ok", "changed"]
            case Status.UNREACHABLE:
                names = ["unreachable"]
            case Status.FAILED | Status.BLOCKED:
                names = ["failed"]
            case _:
                names = ["ok"]
        if result.failed and result.ignored:
            names = ["ok", "ignored"]
        for name in names:
            self.counts[name] += 1

    def rescue(self, result: Result) -> None:
        """A failure counted before turned out to be rescued."""
        self.counts["unreachable" if result.status is Status.UNREACHABLE else "failed"] -= 1
        self.counts["rescued"] += 1

    def look(self, now: Standing) -> None:
        """The host was looked at again: cells that were read before are of the past."""
        self.now = now
        self.cells = self.cells.told(now.columns)
        if now.unread and self.touched:
            self.cells = self.cells.unread()

    def summary(self, mode: Mode) -> HostSummary:
        """How the run ended for the host."""
        outcome, reason, remedy = self._since(*self._verdict(mode))
        if outcome is Outcome.BLOCKED and (self.touched or self.earlier.begun):
            outcome = Outcome.FAILED  # blocked means untouched
        end = self.first or self.fatal or self.deferred
        return HostSummary(
            host=self.host,
            outcome=outcome,
            reason=reason,
            remedy=remedy,
            address=end.address if end else "",
            columns=self.cells.columns(pending=outcome is Outcome.PENDING),
            counts=self._recap(mode),
            notes=tuple(self.notes),
            now=self.now,
        )

    def _since(self, outcome: Outcome, reason: str, remedy: str) -> tuple[Outcome, str, str]:
        """The headline of now: what the walk had given up may have ended since."""
        if self.fatal is None or self.now is None or not self.now.since:
            return outcome, reason, remedy
        first, *rest = reason.split("\n")
        return outcome, "\n".join([f"{first}; {self.now.since}", *rest]), self.now.remedy or remedy

    def _left_behind(self) -> str:
        return f"what {self.left_in!r} started on the host goes on there; " if self.left_in else ""

    def _recap(self, mode: Mode) -> dict[str, int]:
        """As Ansible counts: in a dry run what would be changed is changed, in another nothing is that was not."""
        return {**self.counts, "changed": self.counts["changed"] + (self.pending if mode is Mode.CHECK else 0)}

    def _changed_earlier(self) -> bool:
        """A deed whose end nobody saw shows in the build it left."""
        return self.earlier.changed or (self.earlier.begun and bool(self.earlier.before) and self.cells.moved)

    def _verdict(self, mode: Mode) -> tuple[Outcome, str, str]:
        if self.fatal is not None:
            return _ended(self.fatal, self.first)
        if self.cut_short or self.passed_over:
            return Outcome.FAILED, self.cut_short or self.passed_over, self._left_behind() + AGAIN
        if self.deferred is not None:
            return Outcome.DEFERRED, self.deferred.message, self.deferred.remedy
        if self.counts["changed"] or self._changed_earlier():
            return (Outcome.PENDING if mode is Mode.CHECK else Outcome.CHANGED), "", ""
        if self.pending:
            return Outcome.PENDING, "", ""
        if self.not_applicable:
            return Outcome.NOT_APPLICABLE, self.not_applicable, ""
        if self.proofs_left_out - self.proofs or (self.left_out and not any(self.counts.values())):
            return Outcome.UNVERIFIED, PARTLY.format(self.left_out), WHOLE
        return Outcome.COMPLIANT, "", ""


def begun_with(host: str, earlier: Earlier) -> Tally:
    """The tally of a host that runs before this one may have worked on."""
    return Tally(host, cells=Cells.of(earlier.before), earlier=earlier)


def _ended(fatal: Result, first: Result | None) -> tuple[Outcome, str, str]:
    """The last trouble is the headline, the first is told with it; the worse of the two is the outcome.

    Where the host could not be reached any more the first one tells more: then it is the headline.
    """
    if first is None:
        return Outcome(str(fatal.status)), f"{fatal.task}: {fatal.message}", fatal.remedy
    status = next((one for one in WORST if one in (fatal.status, first.status)), fatal.status)
    head, rest, word = (fatal, first, "before that")
    if fatal.status is Status.UNREACHABLE:
        head, rest, word = first, fatal, "after that"
    remedies = dict.fromkeys(text for text in (head.remedy, rest.remedy) if text)
    reason = f"{head.task}: {head.message}\n{word}: {rest.task}: {rest.message}"
    return Outcome(str(status)), reason, "; ".join(remedies)
