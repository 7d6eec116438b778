"""One host through one play as a generator: yields a Move at its turn, receives the Result, knows no threads."""

from __future__ import annotations

from collections.abc import Callable, Generator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from fnmatch import fnmatchcase

from remediate.engine import actions
from remediate.engine.attempt import Attempt, Context
from remediate.engine.binding import window_of
from remediate.engine.control import Mark
from remediate.engine.ends import HostDeferred, HostEnded, NotForHost, PlayEnded, TaskFailed, WalkEnd, censored
from remediate.engine.faults import broken, unwritten
from remediate.engine.outcome import Tally
from remediate.engine.register import registered, registered_loop
from remediate.engine.scope import PlayScope, place_of
from remediate.engine.tags import selected
from remediate.errors import Blocked, Deferred, UserError
from remediate.events import Emit, StepFinished, Warned
from remediate.language.template import OMIT, Templar, Unknown, UnknownValue
from remediate.language.tree import Block, Node, Play, Task
from remediate.language.variables import Layer
from remediate.model import Result, Secret, Status, Step

Position = tuple[int, ...]

Trouble = TaskFailed | HostDeferred | NotForHost
"""What a block may end with once its own tasks are through."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Move:
    """The host stands before ``task``: a Step to perform, a time to wait, or neither (the controller's own work)."""

    host: str
    position: Position
    task: Task
    step: Step | None = None
    wait: float = 0.0
    owed: bool = False
    """It belongs to what is done whatever happens to the run."""


Walk = Generator[Move, "Result | None", None]


@dataclass(frozen=True, slots=True)
class _Turn:
    """One item of a loop: its variables, and what it is called."""

    item: object
    extra: tuple[Layer, Mapping[str, object]]
    label: str


@dataclass(slots=True)
class Walker:
    """The conversation of one host with one play."""

    scope: PlayScope
    context: Context
    tally: Tally
    emit: Emit
    load_tasks: Callable[[str, Task], tuple[Node, ...]]
    only: frozenset[str] = frozenset()
    skip: frozenset[str] = frozenset()
    start_at: str = ""
    notified: set[int] = field(default_factory=set)
    """Places of the handlers to run at the next flush."""
    play_ended: Task | None = None
    """Where the host ended the play for all."""
    begun: list[bool] = field(default_factory=list)
    """Of each block the host is inside of whose ``always`` part is still to come: whether a Step of it was done."""
    finishing: int = 0
    """``always`` parts and forced handlers the host is inside of: they are done whatever happens to the run."""
    rescuers: int = 0
    """Blocks the host is inside of that would rescue a failure."""

    @property
    def host(self) -> str:
        return self.scope.host.name

    @property
    def owed(self) -> bool:
        """Something was begun that has to be tidied up."""
        return any(self.begun)

    def walk(self) -> Walk:
        """The whole play; ends normally whatever happened, the verdict is in the tally."""
        try:
            if self._enter():
                yield from self._play()
        except Exception as error:  # noqa: BLE001 - whatever it was, the other hosts go on
            lose(self.tally, self.scope.play, error, self.emit)

    def _play(self) -> Walk:
        nodes = self.scope.play.nodes
        try:
            yield from self._nodes(nodes, ())
            yield from self._handlers((len(nodes),))
        except HostEnded:
            return
        except PlayEnded as ended:
            self.play_ended = ended.task
        except HostDeferred as gate:
            self.tally.deferred = censored(gate.result)
        except TaskFailed as failure:
            self.tally.fatal, self.tally.first = failure.told, failure.first and censored(failure.first)
            if self.scope.play.force_handlers:
                yield from self._forced((len(nodes),))

    def _enter(self) -> bool:
        """Whether the host may begin the play; why not is in the tally."""
        play = self.scope.play
        try:
            self.context.enter(self.host, window_of(self.scope))
        except Deferred as gate:
            self.tally.deferred = broken(_beginning(play, self.host), gate)
        except Blocked as no:
            self.tally.fatal = broken(_beginning(play, self.host), no)
        except Exception as error:  # noqa: BLE001 - a gate that fails is closed, for this host
            lose(self.tally, play, error, self.emit)
        else:
            return True
        return False

    def _forced(self, position: Position) -> Walk:
        self.finishing += 1
        try:
            yield from self._handlers(position)
        except WalkEnd:
            return
        finally:
            self.finishing -= 1

    def _nodes(self, nodes: Sequence[Node], position: Position) -> Walk:
        for number, node in enumerate(nodes):
            here = (*position, number)
            yield from self._block(node, here) if isinstance(node, Block) else self._task(node, here)

    def _block(self, block: Block, position: Position) -> Walk:
        if block.always:
            self.begun.append(False)
        try:
            error = yield from self._rescued(block, position)
        finally:
            if block.always:
                self.begun.pop()
        if block.always:
            yield from self._always(block.always, (*position, 2), error)
        if error is not None:
            raise error

    def _rescued(self, block: Block, position: Position) -> Generator[Move, Result | None, Trouble | None]:
        """The block's tasks, and those that rescue it; what is left of the trouble."""
        saved = bool(block.rescue)
        self.rescuers += saved
        try:
            yield from self._nodes(block.body, (*position, 0))
        except (HostDeferred, NotForHost) as gate:
            return gate
        except TaskFailed as failure:
            if not block.rescue:
                return failure
            self.tally.rescue(failure.result)
            failed_task = {"name": failure.result.task, "action": failure.result.module}
            self._remember(ansible_failed_task=failed_task, ansible_failed_result=registered(failure.result))
        else:
            return None
        finally:
            self.rescuers -= saved
        try:
            yield from self._nodes(block.rescue, (*position, 1))
        except (TaskFailed, HostDeferred, NotForHost) as second:
            return second
        self.context.mark(self.host, Mark.RESCUED)
        return None

    def _always(self, nodes: Sequence[Node], position: Position, error: Trouble | None) -> Walk:
        """What is done however the block ended. Trouble in it does not make the block's own forgotten."""
        self.finishing += 1
        try:
            yield from self._nodes(nodes, position)
        except TaskFailed as late:
            before = error.result if isinstance(error, TaskFailed | HostDeferred) else late.first
            raise TaskFailed(late.result, first=before) from None
        except HostDeferred as late:
            raise (error if isinstance(error, TaskFailed) else late) from None
        except (HostEnded, PlayEnded) as end:  # a host that leaves has failed all the same
            if isinstance(end, PlayEnded):
                self.play_ended = end.task
            raise (error or end) from None
        finally:
            self.finishing -= 1

    def _task(self, task: Task, position: Position) -> Walk:
        if self.start_at:
            if not fnmatchcase(task.name, self.start_at):
                self._leave_out(task)
                return
            self.start_at = ""
        if not selected(task.tags, self.only, self.skip):
            self._leave_out(task)
            return
        yield from self._run(task, position)

    def _leave_out(self, task: Task) -> None:
        """Only a part was asked for. What is asked for by its tag alone (``never``) is not left out."""
        if selected(task.tags, frozenset(), frozenset()):
            self.tally.leave_out(str(task.source), proof=self.context.proves(task))

    def _run(self, task: Task, position: Position) -> Walk:
        """One task. What is raised on the way, by whatever, is how the task ends for this host."""
        try:
            yield from self._carried_out(task, position)
        except WalkEnd:
            raise
        except Exception as error:  # noqa: BLE001 - the one place where trouble of a task becomes its result
            if isinstance(error, UnknownValue):
                self._remember(**actions.unknown_facts(task, error.address))
            self._finish(task, broken(self._empty(task), error, task.source))

    def _carried_out(self, task: Task, position: Position) -> Walk:
        turns = self._items(task)
        if turns is None:
            yield from self._single(task, position)
        elif task.action in ("include_tasks", "include_role"):
            for number, turn in enumerate(turns):
                yield from self._include(task, (*position, number), turn.extra, label=turn.label)
        else:
            yield from self._loop(task, position, turns)

    def _single(self, task: Task, position: Position) -> Walk:
        if task.action in ("include_tasks", "include_role"):
            yield from self._include(task, position)
        elif task.action == "meta":
            yield from self._meta(task, position)
        else:
            attempt = Attempt(self.context, self.scope, task, (), count=self.tally.occurrence)
            result = yield from self._turns(attempt, task, position)
            self._finish(task, result)

    def _turns(self, attempt: Attempt, task: Task, position: Position) -> Generator[Move, Result | None, Result]:
        """Drive one attempt: each of its requests is this host's turn."""
        conversation = attempt.run()
        answer: Result | None = None
        while True:
            try:
                request = conversation.send(answer)
            except StopIteration as stop:
                result: Result = stop.value
                return result
            answer = yield Move(host=self.host, position=position, task=task, step=request.step, wait=request.wait,
                                owed=self.finishing > 0)  # fmt: skip
            if answer is not None and answer.status is not Status.DEFERRED:
                self.begun[:] = [True] * len(self.begun)

    def _loop(self, task: Task, position: Position, turns: Sequence[_Turn]) -> Walk:
        done: list[tuple[object, Result, object]] = []
        for turn in turns:
            attempt = Attempt(
                self.context, self.scope, task, (turn.extra,), label=turn.label, count=self.tally.occurrence
            )
            result = self._note(task, (yield from self._turns(attempt, task, position)))
            done.append((turn.item, result, registered(result, self.context.unknown_keys(task))))
            if result.status in (Status.UNREACHABLE, Status.NOT_APPLICABLE, Status.DEFERRED):
                break
        if task.register:
            self._remember(**{task.register: registered_loop(done, task.loop_control.loop_var)})
        for _, result, _ in done:
            self._judge(result)

    def _finish(self, task: Task, result: Result) -> None:
        result = self._note(task, result)
        if task.register:
            self._remember(**{task.register: registered(result, self.context.unknown_keys(task))})
        self._judge(result)

    def _note(self, task: Task, result: Result) -> Result:
        """The judged result goes into the record, and then to everybody else; as it is to be gone on with."""
        try:
            self.context.judged(result)
        except Exception as error:  # noqa: BLE001 - what is not written down ends its host, and no other
            result = unwritten(result, error)
        shown = censored(result)
        self.tally.add(shown)
        if result.status is Status.OK and self.context.proves(task):
            self.tally.proofs.add(str(task.source))
        self.emit(StepFinished(result=shown))
        if result.changed:
            self._notify(task)
        if result.failed and result.ignored:
            self.context.mark(self.host, Mark.IGNORED)
        return result

    def _notify(self, task: Task) -> None:
        for name in task.notify:
            places = {n for n, h in enumerate(self.scope.play.handlers) if name in handler_names(h)}
            if not places:
                self.emit(Warned(text=f"the play has no handler {name!r}", source=task.source, host=self.host))
            self.notified |= places

    def _remember(self, **facts: object) -> None:
        self.scope.setting.remember(self.host, facts)

    def _judge(self, result: Result) -> None:
        if result.status is Status.NOT_APPLICABLE:
            raise NotForHost
        if result.status is Status.DEFERRED:
            self.context.mark(self.host, Mark.LEFT)
            raise HostDeferred(result)
        if result.failed and not result.ignored:
            self.context.mark(self.host, Mark.LEFT)
            self.tally.doomed = self.tally.doomed or not self.rescuers
            raise TaskFailed(result)

    def _items(self, task: Task) -> list[_Turn] | None:
        """The turns of a looping task; None for a task without a loop."""
        if task.loop is None:
            return None
        templar = self.scope.setting.templar(self.scope.task(task), task.folder)
        try:
            value = templar.render(task.loop, task.source)
        except UserError:
            if task.when and not self._holds(task, templar):
                return None
            raise
        if isinstance(value, Unknown):
            raise UnknownValue(value.address)
        if not isinstance(value, (list, tuple)):
            raise UserError(f"loop needs a list, this is a {type(value).__name__}", source=task.source,
                            hint="for a mapping use \"{{ it | dict2items }}\"")  # fmt: skip
        return [self._turn(task, number, item) for number, item in enumerate(i for i in value if i is not OMIT)]

    def _turn(self, task: Task, number: int, item: object) -> _Turn:
        extra = (Layer.LOOP, self._loop_vars(task, item, number))
        return _Turn(
            item, extra, str(number + 1) if task.no_log or isinstance(item, Secret) else self._label(task, item, extra)
        )

    def _holds(self, task: Task, templar: Templar) -> bool:
        try:
            return all(templar.condition(w, task.source) for w in task.when)
        except UserError:
            return True

    def _loop_vars(self, task: Task, item: object, turn: int) -> Mapping[str, object]:
        control = task.loop_control
        return {control.loop_var: item, **({control.index_var: turn} if control.index_var else {})}

    def _label(self, task: Task, item: object, extra: tuple[Layer, Mapping[str, object]]) -> str:
        """What tells the item from the others; without secrets, for it is part of addresses."""
        if task.loop_control.label:
            templar = self.scope.setting.templar(self.scope.task(task, extra), task.folder)
            label = str(templar.render(task.loop_control.label, task.source))
        elif isinstance(item, Mapping):
            label = next((str(item[k]) for k in ("name", "id", "key") if k in item), "item")
        else:
            label = str(item)
        return self.scope.setting.secrets.text(label)

    def _include(
        self, task: Task, position: Position, *extra: tuple[Layer, Mapping[str, object]], label: str = ""
    ) -> Walk:
        attempt = Attempt(self.context, self.scope, task, extra)
        outer = self.scope
        given: Mapping[str, object] = {}
        nodes: Sequence[Node] = ()
        try:
            ended = attempt.skipped()
            if ended is None:
                nodes, given = self.load_tasks(attempt.included(), task), attempt.include_vars()
        except Exception as error:  # noqa: BLE001 - told when it is the host's turn
            ended = broken(self._empty(task), error, task.source)
        yield Move(host=self.host, position=position, task=task)
        if ended is not None:
            self._finish(task, ended)
            return
        overlays = (*outer.overlays, *extra, (Layer.INCLUDE_PARAMS, given))
        self.scope = replace(outer, overlays=overlays, trail=(*outer.trail, place_of(task, label)))
        try:
            yield from self._nodes(nodes, position)
        finally:
            self.scope = outer

    def _meta(self, task: Task, position: Position) -> Walk:
        attempt = Attempt(self.context, self.scope, task, ())
        word = actions.meta_word(task.args, task)
        skipped = attempt.skipped()
        if word != "flush_handlers":
            yield Move(host=self.host, position=position, task=task)
        if skipped is not None:
            return
        match word:
            case "flush_handlers":
                yield from self._handlers(position)
            case "end_host":
                raise HostEnded
            case "end_play":
                raise PlayEnded(task)
            case "clear_facts":
                self.scope.setting.forget(self.host)
            case "clear_host_errors":
                self.context.clear()
            case "reset_connection":
                self.context.reset(self.host)

    def _handlers(self, position: Position) -> Walk:
        """Run the notified handlers once each, in the order they are written; they may notify later ones."""
        for number, handler in enumerate(self.scope.play.handlers):
            if number in self.notified:
                self.notified.discard(number)
                yield from self._run(handler, (*position, number))

    def _empty(self, task: Task) -> Result:
        """The blank of a task's result; its name as written where it cannot be rendered."""
        try:
            return Attempt(self.context, self.scope, task, ()).empty()
        except Exception:  # noqa: BLE001 - this is asked for when something is wrong already
            name = task.name or task.action
            return replace(_blank(f"{self.scope.play.name}/{name}@{self.host}", self.host, name),
                           module=task.action, no_log=task.no_log)  # fmt: skip


def lose(tally: Tally, play: Play, error: Exception, emit: Emit) -> None:
    """The host's walk through ``play`` ends with what nobody foresaw, or before its first task."""
    result = broken(_beginning(play, tally.host), error, play.source)
    tally.add(result)
    tally.fatal = result
    emit(StepFinished(result=result))


def _beginning(play: Play, host: str) -> Result:
    return _blank(f"{play.name}@{host}", host, play.name)


def _blank(address: str, host: str, task: str) -> Result:
    return Result(address=address, host=host, task=task, module="", status=Status.OK)


def handler_names(handler: Task) -> set[str]:
    """Everything a ``notify`` may call this handler."""
    owned = {f"{handler.role.name} : {handler.name}"} if handler.role else set()
    return {handler.name, *handler.listen} | owned
