"""Output where there is no terminal: a stable line per step, no escape codes, then the closing table and the recap."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence

from remediate.events import Event, PlayStarted, Progress, RunFinished, RunStarted, StepFinished, StepStarted, Warned
from remediate.model import Fate, Mode, Result, RunSummary, Status
from remediate.reports import closing, difference
from remediate.reports.text import counted, one_line, safe

Write = Callable[[str], None]
"""Takes one line without its line end."""

INDENT = "    "
FEW = 6
"""Notes of one step shown with ``-v``."""


class Notes:
    """Remembers what was said of each host, so that no note is read twice."""

    def __init__(self, verbosity: int) -> None:
        self._verbosity = verbosity
        self._said: dict[str, set[str]] = {}

    def fresh(self, result: Result) -> list[str]:
        """The notes of a step not said of its host before; the first few, and how many more, unless ``-vv``."""
        said = self._said.setdefault(result.host, set())
        new = [note for note in dict.fromkeys(map(one_line, result.notes)) if note not in said]
        said.update(new)
        if self._verbosity > 1 or len(new) <= FEW + 1:
            return new
        return [*new[:FEW], f"{len(new) - FEW} more of this kind (-vv)"]


class Plain:
    """Writes events as lines. ``verbosity`` 1 adds reasons and notes, 2 adds progress and task addresses."""

    def __init__(self, write: Write, *, verbosity: int = 0, diff: bool = False, table: bool = True) -> None:
        self._write = write
        self._verbosity = verbosity
        self._diff = diff
        self._table = table
        self._notes = Notes(verbosity)

    def receive(self, event: Event) -> None:
        match event:
            case RunStarted():
                dry = ", dry run" if event.mode is Mode.CHECK else ""
                self._write(f"playbook {one_line(event.playbook)} ({counted(len(event.hosts), 'host')}{dry})")
            case PlayStarted():
                batch = f", batch {event.batch} of {event.batches}" if event.batches > 1 else ""
                self._write(f"play {one_line(event.play)} ({counted(len(event.hosts), 'host')}{batch})")
            case StepStarted():
                if self._verbosity > 1:
                    self._write(f"{'start':<14} {one_line(event.host)}  {one_line(event.address)}")
            case Progress():
                if self._verbosity > 1:
                    self._write(f"{'...':<14} {one_line(event.host)}  {one_line(event.text)}{_amount(event)}")
            case StepFinished():
                notes = self._notes.fresh(event.result) if self._verbosity else []
                self._lines(step_lines(event.result, notes, verbosity=self._verbosity, diff=self._diff))
            case Warned():
                self._write(warning_line(event))
            case RunFinished():
                self._lines(summary_lines(event.summary, table=self._table))

    def close(self) -> None:
        """Nothing is held back."""

    def _lines(self, lines: Iterable[str]) -> None:
        for line in lines:
            self._write(line)


def _amount(event: Progress) -> str:
    if not event.total:
        return ""
    return f" {event.done:.0f}/{event.total:.0f} {one_line(event.unit)}".rstrip()


def warning_line(event: Warned) -> str:
    """``warning: FILE:LINE:COLUMN: text``, with the host where it concerns one."""
    where = f"{one_line(str(event.source))}: " if event.source else ""
    host = f"{one_line(event.host)}: " if event.host else ""
    return f"warning: {where}{host}{safe(event.text)}"


def outcome_word(result: Result) -> str:
    """The word a step line begins with: the status; ``ignored`` and ``rescued`` failures, and bad news, told apart."""
    if result.failed and result.ignored:
        return "ignored"
    if result.failed and result.rescued:
        return "rescued"
    if result.now is not None and result.now.alerts:
        return "now"
    return result.status.value


def step_lines(result: Result, notes: Sequence[str] = (), *, verbosity: int, diff: bool) -> list[str]:
    """One line for the step; indented ones for what it changed, why, what to do, and the ``notes`` given."""
    message = speech(result, verbosity=verbosity)
    first, *rest = message.splitlines() or [""]
    before = " (done before)" if result.recalled else ""
    head = f"{outcome_word(result):<14} {one_line(result.host)}  {one_line(result.task)}{before}"
    lines = [f"{head}: {first}" if first else head]
    lines += [INDENT + line for line in rest]
    if (result.failed or result.status is Status.DEFERRED) and result.remedy:
        lines.append(f"{INDENT}remedy: {one_line(result.remedy)}")
    if result.status is not Status.SKIPPED:
        lines += [INDENT + line for line in _headlines(result, full=verbosity > 0)]
    if diff:
        lines += [INDENT + line for line in attribute_lines(result)]
    if verbosity:
        lines += [f"{INDENT}why: {one_line(change.why)}" for change in result.changes if change.why]
    return [*lines, *(f"{INDENT}note: {one_line(note)}" for note in notes)]


def _headlines(result: Result, *, full: bool) -> Iterator[str]:
    """What changes; of a step that did not end well also what was only tried, and what was not begun."""
    for number, change in enumerate(result.changes):
        fate = result.fates[number] if number < len(result.fates) else Fate.DONE
        yield difference.headline(change, full=full) + ("" if fate is Fate.DONE else f": {fate.value}")


def speech(result: Result, *, verbosity: int) -> str:
    """What the step has to say aloud: failures, ``debug`` and changes always; the rest from ``-v`` on."""
    aloud = (
        result.failed
        or result.changed
        or result.module == "debug"
        or (result.now is not None and result.now.urgent)
        or result.status
        in (
            Status.NOT_APPLICABLE,
            Status.UNKNOWN,
            Status.DEFERRED,
        )
    )
    return safe(result.message) if aloud or verbosity else ""


def attribute_lines(result: Result) -> list[str]:
    """The attribute table of one step, aligned; empty when it changes nothing."""
    rows = difference.attributes(result.changes)
    if not rows:
        return []
    shown = rows[: difference.MOST]
    cells: list[tuple[str, ...]] = [("what", "attribute", "before", "after")]
    cells += [(row.target, row.attribute, row.before, row.after) for row in shown]
    lines = aligned(cells)
    if len(rows) > len(shown):
        lines.append(f"... and {len(rows) - len(shown)} more")
    return lines


def aligned(rows: list[tuple[str, ...]]) -> list[str]:
    """Rows as columns two blanks apart; empty columns are left out."""
    filled = [index for index in range(len(rows[0])) if any(row[index] for row in rows[1:])]
    widths = {index: max(len(row[index]) for row in rows) for index in filled}
    return ["  ".join(f"{row[index]:<{widths[index]}}" for index in filled).rstrip() for row in rows]


def summary_lines(summary: RunSummary, *, table: bool = True) -> list[str]:
    """Closing table, the reasons of hosts that are not fine, the recap and one sentence."""
    lines: list[str] = []
    if summary.hosts and table:
        closing_table = closing.table(summary)
        lines += ["", *aligned([closing_table.titles, *closing_table.rows])]
    for reason in closing.reasons(summary):
        lines += ["", f"{reason.host}: {reason.outcome.value}: " + f"\n{INDENT}".join(reason.lines)]
        if reason.remedy:
            lines.append(f"{INDENT}remedy: {reason.remedy}".replace("\n", f"\n{INDENT}"))
    if summary.hosts:
        lines += ["", *closing.recap(summary)]
    return [*lines, "", closing.sentence(summary)]
