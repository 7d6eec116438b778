"""One task for one loop item: condition, arguments, tries, verdict. Yields what it needs done, returns the Result."""

from __future__ import annotations

from collections.abc import Callable, Generator, Mapping
from contextlib import suppress
from dataclasses import dataclass, replace
from functools import partial
from typing import cast

from remediate.engine import actions
from remediate.engine.control import Mark
from remediate.engine.faults import broken
from remediate.engine.params import bind
from remediate.engine.register import registered
from remediate.engine.registry import Registry
from remediate.engine.scope import Extra, PlayScope, place_of
from remediate.errors import UserError
from remediate.language import yamlfile
from remediate.language.template import OMIT, Unknown, UnknownValue
from remediate.language.tree import Task
from remediate.language.values import Constant
from remediate.language.variables import Layer, Variables
from remediate.model import Endpoint, Mode, Result, Source, State, Status, Step
from remediate.secrets.taint import about_a_secret, held, opened, veiled_whole
from remediate.secrets.written import told_by

HARD = (Status.UNREACHABLE, Status.BLOCKED, Status.NOT_APPLICABLE, Status.UNKNOWN, Status.DEFERRED)
"""Verdicts that ``failed_when`` and ``changed_when`` cannot talk away, and that another try would not mend."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Request:
    """A Step to perform, a time to wait, or neither: just the host's turn."""

    step: Step | None = None
    wait: float = 0.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Context:
    """What attempts of every host share."""

    registry: Registry
    actions: Mapping[str, actions.Action]
    mode: Mode
    reset: Callable[[str], None]
    """Hangs up on a host; the next step connects anew."""
    clear: Callable[[], None]
    """Lets hosts that failed have the plays to come."""
    enter: Callable[[str, str], None]
    """Told host and change window before the host begins a play; see ``Control.enter``."""
    mark: Callable[[str, Mark], None]
    """Told what becomes of a failure; see ``Control.mark``."""
    judged: Callable[[Result], None]
    """Told the last word on a task; see ``Control.judged``."""

    def unknown_keys(self, task: Task) -> tuple[str, ...]:
        return self.registry.load(task.action).unknown if self._known(task) else ()

    def proves(self, task: Task) -> bool:
        """Whether the task reads back what a playbook is for."""
        return self._known(task) and self.registry.load(task.action).proves

    def _known(self, task: Task) -> bool:
        return self.registry.has(task.action) and task.action not in self.actions


class Attempt:
    """One task, one item."""

    def __init__(
        self,
        context: Context,
        scope: PlayScope,
        task: Task,
        extra: tuple[Extra, ...],
        *,
        label: str = "",
        count: Callable[[str], int] = lambda _: 1,
    ) -> None:
        self.context = context
        self.scope = scope
        self.task = task
        self.extra = extra
        self.label = label
        self.address = self._numbered(count)
        self.variables: Variables = scope.task(task, *extra)
        self.templar = scope.setting.templar(self.variables, task.folder)

    def run(self) -> Generator[Request, Result | None, Result]:
        """The whole life of the attempt; trouble becomes a failed Result at file:line."""
        try:
            skipped = self.skipped()
            if skipped is not None:
                yield Request()
                return skipped
            result = yield from self._tries()
        except Exception as error:  # noqa: BLE001 - one item's trouble is that item's result
            if isinstance(error, UnknownValue):
                self._remember(actions.unknown_facts(self.task, error.address))
            result = broken(self.empty(), error, self.task.source)
        return self.tolerated(result)

    def tolerated(self, result: Result) -> Result:
        """The Result, ignored where the task says so. A host that is lost is no error of the task."""
        lost = result.status is Status.UNREACHABLE
        wish = self.task.ignore_unreachable if lost else self.task.ignore_errors
        return replace(result, ignored=True) if result.failed and self._ignores(wish) else result

    def skipped(self) -> Result | None:
        """A skipped Result naming the first condition that does not hold; None when all hold."""
        for condition in self.task.when:
            source = yamlfile.source_of(condition, self.task.source)
            if not self.templar.condition(condition, source):
                return replace(self.empty(), status=Status.SKIPPED, message=f"when: {condition}")
        return None

    def included(self) -> str:
        args = opened(self._args())
        return str(args.get("file", args.get("name", args.get("_raw", ""))))

    def include_vars(self) -> Mapping[str, object]:
        rendered = self.templar.render(dict(self.task.vars), self.task.source)
        return rendered if isinstance(rendered, dict) else {}

    def empty(self) -> Result:
        return Result(address=self.address, host=self.scope.host.name, task=self._name(), module=self.task.action,
                      status=Status.OK, no_log=self.task.no_log)  # fmt: skip

    def _tries(self) -> Generator[Request, Result | None, Result]:
        tries = max(1, self.task.retries + 1) if self.task.until else 1
        for number in range(1, tries + 1):
            result = self._judged((yield from self._once()))
            decided = result.status is Status.PENDING or result.status in HARD
            if not self.task.until or decided or self._until(result):
                return result
            if number < tries and (cut := (yield Request(wait=self.task.delay))) is not None:
                return self._cut(cut)
        conditions = " and ".join(self.task.until)
        return replace(result, status=Status.FAILED, message=f"still not so after {tries} tries: {conditions}. "
                       + result.message)  # fmt: skip

    def _once(self) -> Generator[Request, Result | None, Result]:
        task = self.task
        if task.action == "pause":
            actions.check(task)
            seconds = actions.pause_seconds(opened(self._args()), task)
            cut = yield Request(wait=0.0 if self.context.mode is Mode.CHECK else seconds)
            if cut is not None:
                return self._cut(cut)
            return replace(self.empty(), message=f"waited {seconds:g} s")
        if task.action in self.context.actions:
            yield Request()
            return self._act(self.context.actions[task.action])
        answer = yield Request(step=self._step())
        if answer is None:
            raise UserError("the step was not performed", source=task.source)
        return answer

    def _cut(self, answer: Result) -> Result:
        """Not waited to the end: nothing more of the task is done."""
        return replace(self.empty(), status=answer.status, message=answer.message)

    def _act(self, action: actions.Action) -> Result:
        actions.check(self.task)  # of a file whose name was not known before
        args = self._args(besides=("that",) if self.task.action == "assert" else ())
        done = action(args, self.task, self.templar)
        if done.facts:
            self._remember(veiled_whole(dict(done.facts)) if self.task.no_log else done.facts)
            if self.task.action == "set_fact" and (unknown := find_unknown(done.facts)) is not None:
                return broken(self.empty(), UnknownValue(unknown.address))
        return replace(self.empty(), status=done.status, message=done.message, extra=cast("State", done.extra or {}))

    def _remember(self, facts: Mapping[str, object]) -> None:
        if facts:
            self.scope.setting.remember(self.scope.host.name, facts)

    def _step(self) -> Step:
        task = self.task
        args = self._args()
        unknown = next((u for v in args.values() if (u := find_unknown(v)) is not None), None)
        if unknown is not None:
            raise UnknownValue(unknown.address)
        module = self.context.registry.load(task.action, task.source)
        bind(task.action, module.params_type, args, self._locate)
        return Step(
            address=self.address,
            place=" > ".join((*self.scope.trail, place_of(task, self.label))),
            host=self.scope.host.name,
            task=self._name(),
            module=task.action,
            params=args,
            endpoint=self._endpoint() if module.needs_session else None,
            mode=Mode.CHECK if self._looks_only() else Mode.APPLY,
            timeout=task.timeout,
            no_log=task.no_log or about_a_secret(args),
            used=bool(task.register or task.until) or (task.failed_when, task.changed_when) != (None, None),
            source=task.source,
        )

    def _args(self, besides: tuple[str, ...] = ()) -> dict[str, object]:
        rendered = {}
        hidden = self.task.no_log
        templar = self.scope.setting.templar(self.variables, self.task.folder, whole=True) if hidden else self.templar
        for name, value in self.task.args.items():
            if name in besides:
                rendered[name] = value
                continue
            render = partial(templar.under, name, value, yamlfile.source_of(value, self.task.source))
            done = actions.later(render) if self.task.action == "set_fact" else render()
            if done is not OMIT:
                rendered[name] = done
                if not isinstance(done, Constant):
                    for secret in told_by(value, done, whole=hidden):
                        self.scope.setting.secrets.tell(secret)
        for name in held(rendered):
            value = self.task.args[name]
            rendered[name] = templar.hidden(value, yamlfile.source_of(value, self.task.source))
        return rendered

    def _locate(self, name: str) -> Source:
        value = self.task.args.get(name)
        return yamlfile.source_of(value, self.task.source) or self.task.source

    def _endpoint(self) -> Endpoint:
        layers = [values for _, values, _ in self.scope.over(self.task, *self.extra)]
        found = self.scope.reach.endpoint(self.scope.host.name, self.templar, layers)
        for secret in (found.password, *found.secrets.values()):
            if secret is not None:
                self.scope.setting.secrets.tell(secret)
        return found

    def _judged(self, result: Result) -> Result:
        """Apply failed_when and changed_when; neither can talk a block or a lost host away."""
        task = self.task
        hard = result.status in HARD
        if hard or (task.failed_when is None and task.changed_when is None):
            return result
        changed = result.changed or (result.failed and result.touched)
        if task.changed_when is not None:
            changed = self._all(task.changed_when, result)
        failed = result.failed if task.failed_when is None else self._all(task.failed_when, result)
        if failed:
            text = "" if task.failed_when is None else "failed_when: " + " and ".join(task.failed_when)
            return replace(result, status=Status.FAILED, message=result.message or text)
        now = Status.PENDING if self._looks_only() else Status.CHANGED
        return replace(result, status=now if changed else Status.OK)

    def _looks_only(self) -> bool:
        return bool(self.task.check_mode) or self.context.mode is Mode.CHECK

    def _until(self, result: Result) -> bool:
        return self._all(self.task.until, result)

    def _all(self, conditions: tuple[str, ...], result: Result) -> bool:
        value = registered(result, self.context.unknown_keys(self.task))
        facts = {self.task.register: value} if self.task.register else {}
        if isinstance(value, dict):
            facts = {**{k: v for k, v in value.items() if k.isidentifier()}, **facts}
        variables = self.variables.with_layer(Layer.FACTS, facts, trusted=False)
        templar = self.scope.setting.templar(variables, self.task.folder)
        return all(templar.condition(c, yamlfile.source_of(c, self.task.source)) for c in conditions)

    def _ignores(self, wish: object) -> bool:
        try:
            return self.templar.condition(wish, self.task.source)
        except (UserError, UnknownValue):
            return False

    def _name(self) -> str:
        name = self.task.name or self.task.action
        with suppress(UserError, UnknownValue):
            name = str(self.templar.render(name, self.task.source)) if "{{" in name else name
        return f"{name} [{self.label}]" if self.label else name

    def _numbered(self, count: Callable[[str], int]) -> str:
        """The address; ``#2`` tells the second task of the same name from the first, ``count`` says which it is."""
        role = f"{self.task.role.name}/" if self.task.role else ""
        item = f"[{self.label}]" if self.label else ""
        place = f"{self.scope.play.name}/{role}{self.task.name or self.task.action}{item}"
        number = count(place)
        return f"{place}#{number}@{self.scope.host.name}" if number > 1 else f"{place}@{self.scope.host.name}"


def find_unknown(value: object) -> Unknown | None:
    """The first Unknown anywhere inside ``value``."""
    if isinstance(value, Unknown):
        return value
    if isinstance(value, Constant):
        return None
    inner = value.values() if isinstance(value, Mapping) else value if isinstance(value, (list, tuple)) else ()
    return next((u for v in inner if (u := find_unknown(v)) is not None), None)
