"""A whole run: plays in order, hosts in batches, one summary at the end."""

from __future__ import annotations

import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, contextmanager, nullcontext, suppress
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path

from remediate.connections.clocks import HostClocks
from remediate.engine import learning
from remediate.engine.actions import WALKED, actions
from remediate.engine.attempt import Context
from remediate.engine.binding import window_of
from remediate.engine.control import Control, Mark
from remediate.engine.faults import unforeseen
from remediate.engine.fleet import Batch, batches, too_many
from remediate.engine.lastlook import LastLooks
from remediate.engine.outcome import Tally, begun_with
from remediate.engine.registry import Registry
from remediate.engine.runner import Threads
from remediate.engine.scope import PlayScope, Setting, play_scope
from remediate.engine.stop import Stop, asked_for, interrupted
from remediate.engine.turn import Turn
from remediate.engine.walk import Walker, lose
from remediate.engine.workbench import SessionStore, Workbench
from remediate.engine.worker import Worker
from remediate.errors import Interrupted, UserError
from remediate.events import Event, PlayStarted, RunFinished, RunStarted, Sink, Warned
from remediate.language import playbook as reader
from remediate.language.inventory import Host, Inventory
from remediate.language.playbook import SearchPath
from remediate.language.template import Templar
from remediate.language.tree import Node, Play, Playbook, Task
from remediate.language.variables import Layer, Variables
from remediate.model import Mode, Result, RunSummary, Standing
from remediate.secrets.known import Known


@dataclass(frozen=True, kw_only=True)
class RunRequest:
    """Everything a run needs; checked and complete."""

    playbook: Path
    inventory: Inventory
    search: SearchPath
    modules: Registry
    mode: Mode
    limit: str = ""
    tags: frozenset[str] = frozenset()
    skip_tags: frozenset[str] = frozenset()
    extra_vars: Mapping[str, object] = field(default_factory=dict)
    forks: int = 50
    start_at_task: str = ""
    only: frozenset[str] | None = None
    """Of the chosen hosts only these; None: all."""
    warnings: tuple[Warned, ...] = ()
    """What was noticed before any host was met; told once."""
    files: Mapping[str, str] = field(default_factory=dict)
    """Files of this side that hosts may be sent, with the SHA-256 they had when they were looked at."""
    secrets: Known = field(default_factory=Known)
    """What must not be seen; grows while values are rendered."""
    clocks: HostClocks = field(default_factory=HostClocks)
    """What hosts say of the time."""
    stop: threading.Event = field(default_factory=Stop)
    """Set: finish the Steps under way, begin no new one."""
    abort: threading.Event = field(default_factory=threading.Event)
    """Set: leave now; detached installers go on and are found by the next run."""


def read(request: RunRequest) -> Playbook:
    """The playbook of the request, checked against the modules and actions there are."""
    known = words(request.modules)
    return request.search.files.once(
        ("playbook", request.playbook, request.search.playbook, request.search.roles, known),
        lambda: reader.load(request.playbook, search=request.search, modules=known.__contains__, known=known),
    )


def words(modules: Registry) -> tuple[str, ...]:
    """Every word a task may name: modules and the controller's own actions."""
    return (*modules.names(), *actions(), *WALKED)


def learn(request: RunRequest) -> None:
    """Tell ``request.secrets`` of all that can be known to be secret before the first task."""
    book, known = read(request), request.secrets
    learning.from_book(book, known)
    learning.from_uses((request.extra_vars, *learning.places_of(book)), request.inventory, known)
    setting = _setting(request, {})
    for play in book.plays:
        if not (play.vars_files or learning.hides_templates(play)):
            continue
        with suppress(UserError):
            hosts = chosen(request, play)
            names = tuple(host.name for host in hosts)
            for host in hosts:
                scope = play_scope(host, play, names, setting)
                learning.from_templates(setting.templar(scope.base, play.folder), known)


def run(
    request: RunRequest,
    sinks: Sequence[Sink],
    *,
    sessions: SessionStore | None = None,
    control: Control | None = None,
    worker: Worker | None = None,
) -> RunSummary:
    """Read, walk, report. ``UserError`` before any host is touched; host trouble is in the summary.

    ``worker``: works on the Steps somewhere else; else they are worked on here, over ``sessions`` or new ones.
    """
    control, modules = control or Control(), request.modules
    worker = worker or (Workbench(modules, sessions) if sessions is not None else None)
    book = read(request)
    learning.from_book(book, request.secrets)
    plays = [(play, chosen(request, play)) for play in book.plays]
    if worker is not None:
        same = worker
        return _Run(request, sinks, same, control, lambda: nullcontext(same)).go(plays)
    late = partial(_workbench, request, threading.Event())
    with _workbench(request, request.abort) as here:
        return _Run(request, sinks, here, control, late).go(plays)


@contextmanager
def _workbench(request: RunRequest, stop: threading.Event) -> Iterator[Worker]:
    from remediate.connections.sessions import Sessions  # loads the roads: not for a run over other sessions

    modules = request.modules
    with Sessions(modules.folders, read=modules.script, stop=stop, clocks=request.clocks) as live:
        yield Workbench(modules, live)


def chosen(request: RunRequest, play: Play) -> tuple[Host, ...]:
    """The hosts of a play under ``--limit``, in inventory order."""
    variables = Variables().with_layer(Layer.EXTRA, request.extra_vars)
    templar = Templar(variables, tell=request.secrets.tell, files=request.search.files)
    pattern = str(templar.render(play.hosts, play.source))
    try:
        hosts = request.inventory.select(pattern, limit=request.limit)
    except UserError as error:
        raise UserError(error.message, source=error.source or play.source, hint=error.hint) from None
    return hosts if request.only is None else tuple(host for host in hosts if host.name in request.only)


def windows(request: RunRequest) -> dict[str, tuple[str, ...]]:
    """The hosts that are bound to change windows, and the names; no host is contacted."""
    found: dict[str, dict[str, None]] = {}
    for play in read(request).plays:
        for scope in scopes(request, play, {}):
            if window := window_of(scope):
                found.setdefault(scope.host.name, {})[window] = None
    return {host: tuple(names) for host, names in found.items()}


def scopes(request: RunRequest, play: Play, memory: dict[str, Mapping[str, object]]) -> Iterator[PlayScope]:
    """The variables of each host of a play before anything was done; ``memory``: what hosts remember all the same."""
    setting, hosts = _setting(request, memory), chosen(request, play)
    names = tuple(host.name for host in hosts)
    return (play_scope(host, play, names, setting) for host in hosts)


def _setting(request: RunRequest, memory: dict[str, Mapping[str, object]]) -> Setting:
    return Setting(
        inventory=request.inventory,
        extra_vars=request.extra_vars,
        mode=request.mode,
        playbook_folder=request.playbook.parent,
        files=request.search.files,
        memory=memory,
        secrets=request.secrets,
    )


class _Run:
    """The state of one run: who failed, what each host remembers, and the one lock events pass through."""

    def __init__(
        self,
        request: RunRequest,
        sinks: Sequence[Sink],
        worker: Worker,
        control: Control,
        late: Callable[[], AbstractContextManager[Worker]],
    ) -> None:
        self.control = control
        self.request = request
        self.every = tuple(sinks)
        self.sinks = list(sinks)
        self.memory: dict[str, Mapping[str, object]] = {}
        self.tallies: dict[str, Tally] = {}
        self.included: dict[tuple[str, int], tuple[Node, ...]] = {}
        self.forgiven: dict[str, Result] = {}
        """Failures that keep no host from the plays after them."""
        self.lock = threading.RLock()
        self.deaf: list[Exception] = []
        """What sinks failed with. They hear of the end only, and it is raised when every host is through."""
        self.setting = _setting(request, self.memory)
        self.context = Context(
            registry=request.modules, actions=actions(), mode=request.mode, reset=worker.reset, enter=control.enter,
            mark=self._mark, judged=control.judged, clear=self._clear,
        )  # fmt: skip
        self.ahead: Counter[str] = Counter()
        """Plays each host still has before it."""
        self.looks = LastLooks(
            mode=request.mode, control=control, emit=self.emit, worker=worker, late=late, abort=request.abort
        )
        self.turn = Turn(
            modules=request.modules, worker=worker, control=control, emit=self.emit, looks=self.looks,
            clocks=request.clocks, stop=request.stop, abort=request.abort,
        )  # fmt: skip

    def go(self, plays: Sequence[tuple[Play, tuple[Host, ...]]]) -> RunSummary:
        begun = time.monotonic()
        names = tuple(dict.fromkeys(h.name for _, hosts in plays for h in hosts))
        self.emit(RunStarted(playbook=str(self.request.playbook), mode=self.request.mode, hosts=names))
        for warning in self.request.warnings:
            self.emit(warning)
        self.ahead = Counter(host.name for _, hosts in plays for host in hosts)
        for play, hosts in plays:
            if self.request.stop.is_set():
                break
            self.ahead.subtract(host.name for host in hosts)
            self._guarded(play, hosts)
        summary = RunSummary(
            mode=self.request.mode,
            hosts=tuple(self.tallies[n].summary(self.request.mode) for n in names if n in self.tallies),
            seconds=time.monotonic() - begun,
            interrupted=asked_for(self.request.stop) or self.request.abort.is_set(),
        )
        self.sinks = list(self.every)  # the end is for those too that failed at something before it
        self.emit(RunFinished(summary=summary))
        if self.deaf:
            raise self.deaf[0]
        return summary

    def emit(self, event: Event) -> None:
        """Tell every sink; one that fails must not end a host's walk half-way."""
        with self.lock:
            for sink in tuple(self.sinks):
                try:
                    sink.receive(event)
                except Exception as error:  # noqa: BLE001 - raised when every host is through
                    self.sinks.remove(sink)
                    self.deaf.append(error)

    def _mark(self, host: str, what: Mark) -> None:
        try:
            self.control.mark(host, what)
        except Exception as error:  # noqa: BLE001 - what failed is told by its own result
            self.emit(Warned(text=f"what became of a failure was not written down: {unforeseen(error)}", host=host))

    def _clear(self) -> None:
        """Hosts that failed have the next plays again. What failed has failed all the same."""
        for name, tally in self.tallies.items():
            if tally.fatal is not None:
                self.forgiven[name] = tally.fatal
                tally.doomed = False

    def _guarded(self, play: Play, hosts: Sequence[Host]) -> None:
        """The play; what nobody foresaw ends it for the hosts that are still in it."""
        try:
            self._play(play, hosts)
        except Exception as error:  # noqa: BLE001 - hosts were touched: the end has to be told
            for host in hosts:
                tally = self.tallies.setdefault(host.name, Tally(host.name))
                if tally.fatal is None:
                    lose(tally, play, error, self.emit)

    def _play(self, play: Play, hosts: Sequence[Host]) -> None:
        alive = [h for h in hosts if not (self._dead(h.name) or self._left(h.name))]
        if not alive:
            why = "no hosts matched" if not hosts else "every host of it failed before"
            self.emit(Warned(text=f"play {play.name!r} is skipped: {why}", source=play.source))
            return None
        alive = [host for host in alive if self._met(play, host.name)]
        by_name = {h.name: h for h in alive}
        cut = batches(list(by_name), play.serial)
        for number, names in enumerate(cut, 1):
            why = self._no_more(play, by_name)
            if why:
                return self._unreached(cut[number - 1 :], why)
            self.emit(PlayStarted(play=play.name, hosts=names, batch=number, batches=len(cut)))
            if ended := self._batch(play, [by_name[n] for n in names], by_name):
                return self._passed_over(cut[number:], f"not begun: {ended}")
            if all(self._dead(n) for n in names):
                return self._unreached(cut[number:], "not begun: every host of the batch before failed")
        return None

    def _met(self, play: Play, host: str) -> bool:
        """The host comes into the run, if it was not in it; False where that is its end."""
        self.memory.setdefault(host, {})
        if host in self.forgiven:
            self.tallies[host].now = None
        if host not in self.tallies:
            self.tallies[host] = Tally(host)
            try:
                self.tallies[host] = begun_with(host, self.control.earlier(host))
            except Exception as error:  # noqa: BLE001 - nobody knows what was done there: nothing is begun
                lose(self.tallies[host], play, error, self.emit)
        return not self._dead(host)

    def _no_more(self, play: Play, hosts: Mapping[str, Host]) -> str:
        if self.request.stop.is_set():
            return interrupted(self.request.stop, "before its turn")
        return "not begun: too many other hosts of the play failed" if self._enough(play, hosts) else ""

    def _unreached(self, cut: Sequence[tuple[str, ...]], why: str) -> None:
        """Hosts of batches that never began must not look compliant."""
        for name in (n for names in cut for n in names):
            self.tallies[name].cut_short = self.tallies[name].cut_short or why

    def _passed_over(self, cut: Sequence[tuple[str, ...]], why: str) -> None:
        """The same of hosts for which the next play is."""
        for name in (n for names in cut for n in names):
            self.tallies[name].passed_over = self.tallies[name].passed_over or why

    def _batch(self, play: Play, hosts: Sequence[Host], of_play: Mapping[str, Host]) -> str:
        names = tuple(h.name for h in hosts)
        walkers = [walker for host in hosts if (walker := self._walker(play, host, names)) is not None]
        return Batch(
            walkers=walkers,
            perform=self.turn.take,
            runner=Threads,
            emit=self.emit,
            free=play.strategy == "free",
            forks=max(1, self.request.forks),
            stop=self.request.stop,
            abort=self.request.abort,
            enough=lambda: self._enough(play, of_play),
            put_off=self.turn.put_off,
            ended=self._last_look,
        ).run()

    def _walker(self, play: Play, host: Host, batch: tuple[str, ...]) -> Walker | None:
        """None where the host's variables cannot be put together: that is its end."""
        try:
            scope = play_scope(host, play, batch, self.setting)
            learning.from_templates(self.setting.templar(scope.base, play.folder), self.request.secrets)
        except Exception as error:  # noqa: BLE001 - of this host: the others go on
            lose(self.tallies[host.name], play, error, self.emit)
            return None
        return Walker(
            scope=scope,
            context=self.context,
            tally=self.tallies[host.name],
            emit=self.emit,
            load_tasks=self._load_tasks,
            only=self.request.tags,
            skip=self.request.skip_tags,
            start_at=self.request.start_at_task,
        )

    def _load_tasks(self, name: str, parent: Task) -> tuple[Node, ...]:
        """Read an included file once a run, however many hosts include it."""
        key = (name, id(parent))
        if key not in self.included:
            known, search = words(self.request.modules), self.request.search
            nodes = reader.load_tasks(Path(name), parent, search=search, modules=known.__contains__, known=known)
            self.included[key] = nodes
            learning.from_nodes(nodes, self.request.secrets)
        return self.included[key]

    def _last_look(self, walker: Walker) -> Callable[[], None] | None:
        """What is left to do for a host whose walk is over; it never raises, and neither does what it gives."""
        tally = walker.tally
        try:
            look = self.looks.due(tally, over=self.ahead[walker.host] <= 0)
        except Exception as error:  # noqa: BLE001 - how the host ended is known, how it is left is not
            tally.look(Standing(unread=unforeseen(error)))
            return None
        return look and partial(_looked, look, tally)

    def _dead(self, name: str) -> bool:
        fatal = self.tallies[name].fatal if name in self.tallies else None
        return fatal is not None and fatal is not self.forgiven.get(name)

    def _left(self, name: str) -> bool:
        """Whether the host was left before its end, without having failed."""
        tally = self.tallies.get(name)
        return tally is not None and bool(tally.cut_short or tally.deferred)

    def _enough(self, play: Play, hosts: Mapping[str, Host]) -> bool:
        if play.max_fail_percentage is None and not play.any_errors_fatal:
            return False
        failed = {n: self._dead(n) or self.tallies[n].doomed for n in hosts}
        return too_many(failed, len(hosts), play.max_fail_percentage, any_fatal=play.any_errors_fatal)


def _looked(look: Callable[[], None], tally: Tally) -> None:
    try:
        look()
    except Interrupted:
        tally.look(Standing(unread="the run was stopped"))
    except Exception as error:  # noqa: BLE001 - how the host ended is known, how it is left is not
        tally.look(Standing(unread=unforeseen(error)))
