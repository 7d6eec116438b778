"""Output on a terminal: what every host is doing right now, lines for what matters, then the table and the recap."""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import TYPE_CHECKING

from remediate.events import Event, PlayStarted, Progress, RunFinished, RunStarted, StepFinished, StepStarted, Warned
from remediate.model import Mode, Result, RunSummary
from remediate.reports import closing, difference, plain
from remediate.reports.board import Board
from remediate.reports.text import counted, one_line, safe

if TYPE_CHECKING:
    from rich.console import Console as RichConsole
    from rich.console import RenderableType
    from rich.live import Live
    from rich.table import Table

STYLES = {
    "ok": "green",
    "compliant": "green",
    "not verified": "cyan",
    "changed": "yellow",
    "pending": "cyan",
    "unknown": "cyan",
    "skipped": "dim",
    "not applicable": "dim",
    "ignored": "dim",
    "rescued": "yellow",
    "blocked": "bold magenta",
    "failed": "bold red",
    "unreachable": "bold red",
    "deferred": "bold cyan",
    "now": "bold red",
}
"""Colour of each word of Status and Outcome; the words carry the meaning, the colours only help."""

NARROW = 60
"""Columns below which the closing table is written as a list."""


class Console:
    """Renders events with rich. Texts of hosts and playbooks are never read as markup."""

    def __init__(
        self,
        rich: RichConsole,
        *,
        clock: Callable[[], float],
        verbosity: int = 0,
        diff: bool = False,
        live: bool = True,
    ) -> None:
        self._rich = rich
        self._verbosity = verbosity
        self._diff = diff
        self._board = Board(clock)
        self._notes = plain.Notes(verbosity)
        self._guard = threading.RLock()
        self._live: Live | None = self._start_live() if live else None

    def _start_live(self) -> Live:
        from rich.live import Live

        live = Live(
            console=self._rich,
            get_renderable=lambda: self._board.render(self._rich.width, self._rich.height),
            refresh_per_second=6,
            transient=True,
            redirect_stdout=False,
            redirect_stderr=False,
        )
        live.start()
        return live

    def receive(self, event: Event) -> None:
        with self._guard:
            self._board.note(event)
            match event:
                case RunStarted():
                    dry = ", dry run: nothing will be changed" if event.mode is Mode.CHECK else ""
                    self._line(f"{one_line(event.playbook)} ({counted(len(event.hosts), 'host')}{dry})", "bold")
                case PlayStarted():
                    batch = f" (batch {event.batch} of {event.batches})" if event.batches > 1 else ""
                    self._line(f"{one_line(event.play)}{batch}", "bold blue")
                case StepFinished():
                    self._step(event.result)
                case Warned():
                    self._line(plain.warning_line(event), "yellow")
                case RunFinished():
                    self.close()
                    self._summary(event.summary)
                case StepStarted() | Progress():
                    pass

    def close(self) -> None:
        """Take the live part off the screen and give the cursor back."""
        if self._live:
            self._live.stop()
            self._live = None

    def _line(self, text: str, style: str = "") -> None:
        from rich.text import Text

        self._rich.print(Text(text, style=style), soft_wrap=True)

    def _step(self, result: Result) -> None:
        """Print a finished step when it matters: a change, trouble, ``debug``, or anything with ``-v``."""
        from rich.text import Text

        word = plain.outcome_word(result)
        if not (self._verbosity or plain.speech(result, verbosity=0) or result.changed or result.failed):
            return
        notes = self._notes.fresh(result) if self._verbosity else []
        head, *rest = plain.step_lines(result, notes, verbosity=self._verbosity, diff=False)
        style = STYLES.get(word, "")
        self._rich.print(Text.assemble((head[: len(word)], style), head[len(word) :]), soft_wrap=True)
        for line in rest:
            self._line(line, "dim" if line.lstrip().startswith(("why:", "note:")) else "")
        if self._diff and result.changes:
            self._rich.print(attribute_table(result))

    def _summary(self, summary: RunSummary) -> None:
        from rich.text import Text

        if summary.hosts:
            self._line("")
            self._rich.print(closing_table(summary) if self._rich.width >= NARROW else closing_entries(summary))
        for reason in closing.reasons(summary):
            style = STYLES[reason.outcome.value]
            self._line("")
            self._rich.print(
                Text.assemble(
                    (f"{reason.host}: {reason.outcome.value}", style),
                    ": " + f"\n{plain.INDENT}".join(reason.lines),
                )
            )
            if reason.remedy:
                self._rich.print(Text(f"{plain.INDENT}remedy: {reason.remedy}".replace("\n", f"\n{plain.INDENT}")))
        if summary.hosts:
            self._line("")
        for line, host in zip(closing.recap(summary), summary.hosts, strict=True):
            name, _, counts = line.partition(" : ")
            text = Text.assemble((name, STYLES[host.outcome.value]), " : ", counts)
            self._rich.print(text, soft_wrap=True)
        self._line("")
        bad = any(host.outcome.bad for host in summary.hosts)
        self._line(closing.sentence(summary), "bold red" if bad or summary.interrupted else "bold green")


def closing_table(summary: RunSummary) -> RenderableType:
    """The table host | product | route | before -> after | outcome."""
    from rich.text import Text

    data = closing.table(summary)
    table = _grid(data.titles)
    for row, outcome in zip(data.rows, data.outcomes, strict=True):
        table.add_row(*(Text(cell) for cell in row[:-1]), Text(row[-1], style=STYLES[outcome.value]))
    return table


def closing_entries(summary: RunSummary) -> RenderableType:
    """The same as the table, one cell per line, for screens too narrow for columns."""
    from rich.console import Group
    from rich.text import Text

    data = closing.table(summary)
    lines = []
    for row, outcome in zip(data.rows, data.outcomes, strict=True):
        lines.append(Text.assemble(f"{row[0]}: ", (row[-1], STYLES[outcome.value])))
        lines += [
            Text(f"{plain.INDENT}{title}: {cell}")
            for title, cell in zip(data.titles[1:-1], row[1:-1], strict=True)
            if cell
        ]
    return Group(*lines)


def attribute_table(result: Result) -> RenderableType:
    """What a step changes, attribute by attribute: old in red, new in green."""
    from rich.padding import Padding
    from rich.text import Text

    rows = difference.attributes(result.changes)
    table = _grid(("what", "attribute", "before", "after"))
    for row in rows[: difference.MOST]:
        table.add_row(
            Text(row.target), Text(row.attribute), Text(row.before, style="red"), Text(row.after, style="green")
        )
    if len(rows) > difference.MOST:
        table.add_row(Text(f"... and {len(rows) - difference.MOST} more"))
    return Padding(table, (0, 0, 0, len(plain.INDENT)))


def _grid(titles: tuple[str, ...]) -> Table:
    from rich import box
    from rich.table import Table

    table = Table(box=box.SIMPLE_HEAD, show_edge=False, pad_edge=False, padding=(0, 1, 0, 0), header_style="bold")
    for title in titles:
        table.add_column(safe(title), overflow="fold", no_wrap=title == "outcome")
    return table
