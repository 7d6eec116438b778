"""Carries out a change under every gate: window, locks, journal, hooks. What run, apply and resume share."""

from __future__ import annotations

import dataclasses
import os
import time
from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, cast

from remediate import __version__, plain
from remediate.change import finishing, hooks, pasts, sealed, stopping, unfinished, walking
from remediate.change.gate import gate_of
from remediate.change.held import Held
from remediate.change.journal import Journal
from remediate.change.lostoutput import LostOutput
from remediate.change.recall import Past, Recall, joined
from remediate.change.rounds import Told
from remediate.change.samefiles import SameFiles
from remediate.change.several import Locked, Several
from remediate.change.witness import Witnesses
from remediate.errors import BrokenOff, GateClosed, LockLost, RemediateError, UserError
from remediate.events import Exiting
from remediate.ledger.locking import INTERVAL, Heart, acquire, on
from remediate.ledger.rows import FINISHED, INTERRUPTED, STOPPED, HostEnd, NewRun, StepBegun, StepEnded
from remediate.model import Outcome
from remediate.project import ledgers
from remediate.project.project import Project
from remediate.reports import choose
from remediate.reports.standing import as_json
from remediate.reports.text import safe

if TYPE_CHECKING:
    from remediate.change.asked import Asked
    from remediate.change.gate import Gate
    from remediate.change.work import Work
    from remediate.engine.control import Control
    from remediate.events import Sink
    from remediate.ledger.locking import Acquired
    from remediate.ledger.store import Ledger
    from remediate.model import HostSummary, Json, RunSummary, Step
    from remediate.project.outside import Outside


LONG = 1.0
"""Seconds of waiting for locks after which what was checked before is looked at once more."""


def carry_out(work: Work, ledger: Ledger, asked: Asked, outside: Outside) -> int:
    """Do it; the exit code. ``GateClosed`` when a gate keeps all of it from beginning."""
    request = work.request
    say = stopping.say_on(walking.descriptor(outside))
    with stopping.interruptible(request.stop, request.abort, say=say):
        gate = gate_of(work, ledger, asked, outside)
        try:
            gate.check(anew=False)
        except GateClosed as shut:
            work = finishing.only(work, shut, outside)
            gate = gate_of(work, ledger, asked, outside)
        gate.wait_for_the_first(request.stop)
        if request.stop.is_set():
            return 130
        if gate.waited:
            gate.check(anew=True)
        return _begin(work, ledger, gate, asked, outside)


def _begin(work: Work, ledger: Ledger, gate: Gate, asked: Asked, outside: Outside) -> int:
    controller = ledgers.controller()
    kept = {"remediate": __version__, **work.kept, **unfinished.origin(outside)}
    new = NewRun(kind=work.kind, playbook=str(work.kept.get("playbook", "")), request=kept,
                 plan_hash=work.plan_hash, resumes=work.resumes, who=ledgers.who(outside),
                 controller=controller, pid=os.getpid(), hosts=work.hosts)  # fmt: skip
    sealed.keep(work.request, ledger, *work.papers)
    run = ledger.begin_run(new)
    change = _Change(work, ledger, run, gate, asked, outside)
    with Heart(ledger, run, interval=INTERVAL):
        try:
            sealed.follow(work.request, ledger, run, Project.around(outside.folder, outside.files).settings.folder)
            since = time.monotonic()
            got = acquire(ledger, run, work.hosts, why=_why(work), interval=INTERVAL, sleep=time.sleep,
                          monotonic=time.monotonic, alive=on(controller))  # fmt: skip
            if time.monotonic() - since > LONG:
                gate.check(anew=True)
            return change.go(got)
        except BaseException as error:
            code = change.broken_off(error)
            if code == BrokenOff.exit_code and isinstance(error, Exception):
                raise BrokenOff(error) from error
            raise


def _why(work: Work) -> str:
    plan = f" of plan {work.plan_hash[:12]}" if work.plan_hash else ""
    return f"{work.kind}{plan}: {work.kept.get('playbook', '')}"


class _Change:
    """One run of the ledger from its first lock to its end."""

    def __init__(
        self,
        work: Work,
        ledger: Ledger,
        run: str,
        gate: Gate,
        asked: Asked,
        outside: Outside,
    ) -> None:
        self.work = work
        self.ledger = ledger
        self.run = run
        self.gate = gate
        self.asked = asked
        self.outside = outside
        self.known = walking.redactor(work.request)
        self.hooks = hooks.Hooks.of(work, run, gate.names, outside)
        self.lost: set[str] = set()
        self.journal = Journal(ledger, run, self.known.value, work.request.stop, self._say, self.lost)
        self.announced = False
        """Those who want to hear that it begins were told."""
        self.overall: RunSummary | None = None
        """How the walks so far have ended."""
        self.witnesses = Witnesses(work.request.clocks, work.begun, bound=gate.bound, plan=bool(work.plan_hash))
        self.sinks: Sequence[Sink] = ()
        self.unheard = LostOutput(outside.streams, lambda kind, data: ledger.note(run, kind, "", data, durable=False))
        self.over = False
        self.begun = time.monotonic()

    def go(self, got: Acquired) -> int:
        """Hooks, walks, the end."""
        for host, lock in got.taken.items():
            self.outside.complain(f"{host}: lock of run {lock.run} taken over: its controller is gone")
        if not got.held and got.refused:
            first = next(iter(got.refused.values()))
            raise GateClosed(f"every host is locked; {first.host} is {first.sentence()}",
                             hint=f"let it end; `remediate runs show {first.run}` shows how far it is")  # fmt: skip
        self.gate.note_override(self.run)
        self.hooks.before()
        self.announced = True
        summary = self._walks(got)
        self.journal.settle()
        code = self._code(summary, got)
        status = INTERRUPTED if summary.interrupted else FINISHED
        self.end(status, code, [_host_end(self.known.value(host)) for host in summary.hosts])
        more = summary.interrupted or any(host.outcome is Outcome.DEFERRED for host in summary.hosts)
        if more and not self.ledger.lost:
            self.outside.complain(f"go on with: remediate resume {self.run}")
        code = self._proved(code)
        self.announced = False
        told = self.hooks.after(summary, code)
        code = code or (0 if told else 1)
        self._last_word(code)
        return code

    def broken_off(self, error: BaseException) -> int:
        """The end of a change that has none of its own; the exit code. Ledger and hooks hear it as any other end."""
        code = error.exit_code if isinstance(error, RemediateError) else 1
        if isinstance(error, KeyboardInterrupt):
            code = 130
        if self.work.begun and code in (UserError.exit_code, GateClosed.exit_code):
            code = BrokenOff.exit_code
        hosts = self.overall.hosts if self.overall else ()
        if not self.over:
            stopped = isinstance(error, GateClosed) and not self.work.begun
            self.end(STOPPED if stopped else INTERRUPTED, code, [_host_end(self.known.value(host)) for host in hosts])
        if self.announced:
            self.announced = False
            self.hooks.broken_off(hosts, code)
        self._last_word(code)
        return code

    def _last_word(self, code: int) -> None:
        """The screen is told, and the document is written: what the process ends with is known."""
        sinks, self.sinks = self.sinks, ()
        for sink in sinks:
            sink.receive(Exiting(exit_code=code))
            sink.close()
        self.unheard.look()

    def _proved(self, code: int) -> int:
        """What is in no ledger did not end well, whatever became of the hosts."""
        lost = self.ledger.lost
        if lost is None:
            return code
        self.outside.complain(f"error: run {self.run} is not proved: {self.known.text(lost.message)}")
        self.outside.complain(f"hint: {lost.hint}")
        return lost.exit_code

    def end(self, status: str, code: int, hosts: Sequence[HostEnd]) -> None:
        """The last word in the ledger, said once; a ledger that is lost keeps the run as it is, to be resumed."""
        self.over = True
        try:
            seconds = time.monotonic() - self.begun
            self.ledger.end_run(self.run, status=status, exit_code=code, hosts=hosts, seconds=seconds)
        except RemediateError as error:
            self.outside.complain(f"run {self.run} could not be closed in the ledger: {error.message}")

    def _walks(self, got: Acquired) -> RunSummary:
        """One walk, and another one for every further opening that is waited for."""
        streams = self.outside.stdout, self.outside.stderr
        self.sinks = choose.sinks(self.asked.wishes, *streams, self.known, self.unheard.lost)
        told, only, past = Told([*self.sinks, self.unheard]), frozenset(self.work.hosts), self.work.past
        stop = self.work.request.stop
        try:
            while True:
                request = dataclasses.replace(self.work.request, only=only)
                summary = walking.with_sinks(request, [told], self.outside, control=self._control(got, past))
                self.overall = told.add(summary)
                waiting = [host.host for host in self.overall.hosts if host.outcome is Outcome.DEFERRED]
                if waiting:
                    self._let_go(summary, waiting)
                only = self.witnesses.again(() if stop.is_set() else waiting)
                later = [host for host in waiting if host not in self.witnesses.put_off]
                if not ((only or self.gate.wait_for_more(later, stop)) and self._still()):
                    return self.overall
                only = only or frozenset(later)
                past = self._so_far(only)
        finally:
            if told.untold is not None:
                self.overall = told.add(told.untold)
            if self.overall is not None:
                told.finish(self.overall)

    def _still(self) -> bool:
        """Whether what all of this rests on holds for another round; what is left of it is deferred otherwise."""
        try:
            self.gate.check(anew=True)
        except GateClosed as gate:
            self.outside.complain(f"not gone on with: {gate.message}")
            return False
        return True

    def _let_go(self, summary: RunSummary, waiting: Sequence[str]) -> None:
        """Hosts that are through are locked no longer while others wait for their windows."""
        done = [host for host in summary.hosts if host.host not in waiting]
        try:
            self.ledger.hosts_ended(self.run, [_host_end(self.known.value(host)) for host in done])
        except RemediateError as error:
            self.outside.complain(f"hosts that are through stay locked until the end: {error.message}")

    def _so_far(self, hosts: Iterable[str]) -> dict[str, Past]:
        """What was done on hosts that are gone on with: by this run, and by those it went on with itself."""
        own = pasts.of_run(self.ledger, self.run, hosts)
        before = self.work.past
        return {host: joined(before[host], done) if host in before else done for host, done in own.items()}

    def _control(self, got: Acquired, past: Mapping[str, Past]) -> Control:
        work = self.work
        again = past is not work.past
        controls: list[Control] = [Locked(got.refused), SameFiles(work.request.files)]
        if past:
            controls.append(
                Recall(
                    past, _kept_already if again else self._copy, self.known.text, repeat=self.asked.repeat_unfinished
                )
            )
        if work.only_finish is not None:
            controls.append(work.only_finish)
        controls += work.watch
        controls.append(self.witnesses)
        if self.gate.admission is not None:
            controls.append(self.gate.admission)
        held = Held(lambda host: self.ledger.prove_lock(self.run, host), time.monotonic)
        return Several([*controls, held, self.journal], work.begun)

    def _say(self, text: str) -> None:
        """Names of tasks may hold what a host said."""
        self.outside.complain(safe(self.known.text(text)))

    def _copy(self, step: Step, ended: StepEnded) -> None:
        begun = StepBegun(host=step.host, address=step.address, task=step.task, module=step.module, place=step.place)
        self.ledger.step_done(self.run, begun, ended)

    def _code(self, summary: RunSummary, got: Acquired) -> int:
        """3 when gates kept every host from being touched."""
        if self.ledger.lost:
            return self.ledger.lost.exit_code
        kept_out = all(host.outcome is Outcome.DEFERRED or host.host in got.refused for host in summary.hosts)
        if summary.hosts and kept_out and not self.work.begun and not summary.interrupted:
            return GateClosed.exit_code
        return max(summary.exit_code, LockLost.exit_code) if self.lost else summary.exit_code


def _kept_already(step: Step, ended: StepEnded) -> None:
    """The same run: its journal has the step."""


def _host_end(host: HostSummary) -> HostEnd:
    return HostEnd(
        **plain.end(host),
        now=cast("Mapping[str, Json]", as_json(host.now) or {}),
    )
