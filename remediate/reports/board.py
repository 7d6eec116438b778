"""The moving part of the screen: which host is at which task, how far, and for how long."""

from __future__ import annotations

import threading
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

from remediate.events import Event, PlayStarted, Progress, RunFinished, RunStarted, StepFinished, StepStarted
from remediate.reports.text import counted, one_line

if TYPE_CHECKING:
    from rich.console import RenderableType

BAR = 12
"""Characters of a progress bar."""


@dataclass(frozen=True, slots=True)
class Activity:
    """What one host is doing."""

    task: str
    since: float
    text: str = ""
    done: float = 0.0
    total: float = 0.0
    unit: str = ""


class Board:
    """Keeps one Activity per host that is inside a step. Read by the screen's thread, written by the run's."""

    def __init__(self, clock: Callable[[], float]) -> None:
        self._clock = clock
        self._guard = threading.Lock()
        self._started = clock()
        self._busy: dict[str, Activity] = {}
        self._hosts = 0
        self._steps = 0
        self._play = ""

    def note(self, event: Event) -> None:
        """Take an event in."""
        with self._guard:
            match event:
                case RunStarted():
                    self._hosts, self._started = len(event.hosts), self._clock()
                case PlayStarted():
                    self._play = event.play
                case StepStarted():
                    self._busy[event.host] = Activity(event.task, self._clock())
                case Progress() if event.host in self._busy:
                    now = self._busy[event.host]
                    self._busy[event.host] = Activity(
                        now.task, now.since, event.text, event.done, event.total, event.unit
                    )
                case StepFinished():
                    self._busy.pop(event.result.host, None)
                    self._steps += 1
                case RunFinished():
                    self._busy.clear()
                case _:
                    pass

    def render(self, width: int, height: int) -> RenderableType:
        """At most half the screen: the hosts at work, longest at it first, and one line about the whole."""
        from rich.console import Group
        from rich.text import Text

        with self._guard:
            now = self._clock()
            busy = sorted(self._busy.items(), key=lambda item: item[1].since)
            foot = f"{one_line(self._play)}: " if self._play else ""
            foot += f"{len(busy)} of {counted(self._hosts, 'host')} at work, {counted(self._steps, 'step')} done"
            foot += f", {clock_time(now - self._started)}"
        room = max(3, height // 2)
        shown = busy[:room]
        name = min(max((len(host) for host, _ in shown), default=0), max(8, width // 4))
        lines = [Text(row(host, activity, now, name)[: width - 1]) for host, activity in shown]
        if len(busy) > room:
            lines.append(Text(f"... and {counted(len(busy) - room, 'more host', 'more hosts')}"))
        return Group(*lines, Text(foot[: width - 1], style="dim"))


def row(host: str, activity: Activity, now: float, name: int) -> str:
    """``host  0:42  [####----] task: text``, on one line."""
    text = one_line(activity.task)
    if activity.text:
        text = f"{text}: {one_line(activity.text)}"
    bar = f"{progress_bar(activity.done, activity.total)} " if activity.total else ""
    return f"{one_line(host)[:name]:<{name}}  {clock_time(now - activity.since):>5}  {bar}{text}"


def progress_bar(done: float, total: float) -> str:
    """``[######------]  50%``"""
    share = min(1.0, max(0.0, done / total))
    filled = round(share * BAR)
    return f"[{'#' * filled}{'-' * (BAR - filled)}] {share:4.0%}"


def clock_time(seconds: float) -> str:
    """``0:42``, ``12:05``, ``1:02:03``."""
    whole = max(0, int(seconds))
    hours, minutes = divmod(whole // 60, 60)
    return f"{hours}:{minutes:02d}:{whole % 60:02d}" if hours else f"{minutes}:{whole % 60:02d}"
