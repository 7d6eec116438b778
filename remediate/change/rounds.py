"""Several walks of one run told as one: hosts whose window opens later are walked later."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from remediate.events import Event, RunFinished, RunStarted, Sink, Warned
from remediate.model import HostSummary, RunSummary


class Told:
    """Stands before the sinks: one beginning, one end with the last word on every host."""

    def __init__(self, sinks: Sequence[Sink]) -> None:
        self._sinks = tuple(sinks)
        self._begun = False
        self._warned: set[Warned] = set()
        self._hosts: dict[str, HostSummary] = {}
        self._seconds = 0.0
        self.untold: RunSummary | None = None
        """How the newest walk ended, until it is taken in; whatever was raised behind it."""

    def receive(self, event: Event) -> None:
        if isinstance(event, RunFinished):
            self.untold = event.summary
            return
        if isinstance(event, RunStarted):
            if self._begun:
                return
            self._begun = True
        if isinstance(event, Warned):  # each walk tells anew what was noticed before the first
            if event in self._warned:
                return
            self._warned.add(event)
        self._pass(event)

    def close(self) -> None:
        """The sinks are closed by whoever made them."""

    def add(self, summary: RunSummary) -> RunSummary:
        """Take in how a walk ended; the summary over all of them so far."""
        self.untold = None
        self._seconds += summary.seconds
        self._hosts |= {host.host: host for host in summary.hosts}
        return replace(summary, hosts=tuple(self._hosts.values()), seconds=self._seconds)

    def finish(self, summary: RunSummary) -> None:
        """Tell the end."""
        self._pass(RunFinished(summary=summary))

    def _pass(self, event: Event) -> None:
        for sink in self._sinks:
            sink.receive(event)
