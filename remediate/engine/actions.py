"""What the controller does itself: debug, set_fact, assert, fail, include_vars, meta and pause; no host is touched."""

from __future__ import annotations

import difflib
import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import partial
from types import MappingProxyType

from remediate.engine.scope import vars_mapping
from remediate.errors import UserError
from remediate.language import quoting
from remediate.language.template import Templar, Unknown, UnknownValue, has_template
from remediate.language.tree import Task
from remediate.language.yamlfile import Map
from remediate.model import Secret, Source, Status
from remediate.secrets.taint import opened


@dataclass(frozen=True, slots=True, kw_only=True)
class Done:
    """What an action did: a status, a message, and facts to remember."""

    status: Status = Status.OK
    message: str = ""
    facts: Mapping[str, object] | None = None
    extra: Mapping[str, object] | None = None


Action = Callable[[Mapping[str, object], Task, Templar], Done]
META = ("flush_handlers", "end_host", "end_play", "noop", "clear_facts", "clear_host_errors", "reset_connection")
WALKED = ("meta", "pause", "include_tasks", "include_role")
"""Actions the walk itself carries out, because they steer it."""


ARGUMENTS: Mapping[str, tuple[str, ...]] = MappingProxyType(
    {
        "debug": ("msg", "var", "verbosity"),
        "assert": ("that", "fail_msg", "msg", "success_msg", "quiet"),
        "fail": ("msg",),
        "include_vars": ("_raw", "file", "name"),
        "pause": ("_raw", "seconds", "minutes", "prompt", "echo"),
        "meta": ("_raw",),
    }
)
"""What each action takes; set_fact takes any name, the includes are checked where they are read."""


def check(task: Task) -> None:
    """``UserError`` for what is wrong with an action whatever its arguments are rendered to."""
    known = ARGUMENTS.get(task.action)
    if known is not None:
        _only(task.args, known, task)
    match task.action:
        case "assert":
            _needs_that(task.args, task)
        case "set_fact":
            _names(task.args, task)
        case "meta" if not has_template(str(task.args.get("_raw", ""))):
            meta_word(task.args, task)
        case "pause" if not any(has_template(str(value)) for value in task.args.values()):
            pause_seconds(task.args, task)


def debug(args: Mapping[str, object], task: Task, templar: Templar) -> Done:
    if "var" in args:
        expression = str(opened(args["var"]))
        value = templar.render("{{ " + expression + " }}", task.source)
        return Done(message=f"{expression} = {_shown(value)}", extra={expression: value})
    return Done(message=_shown(args.get("msg", "Hello world!")))


def set_fact(args: Mapping[str, object], task: Task, templar: Templar) -> Done:
    del templar
    _names(args, task)
    return Done(facts={k: v for k, v in args.items() if k != "cacheable"})


def _names(args: Mapping[str, object], task: Task) -> None:
    names = [name for name in args if name != "cacheable"]
    if not names:
        raise UserError("set_fact needs at least one name: value", source=task.source)
    for name in names:
        if not name.isidentifier() and not has_template(name):
            what = quoting.named(name, "what stands there")
            raise UserError(f"{what} cannot be a variable name", source=_at(args, name, task),
                            hint="letters, digits and _ only, not starting with a digit")  # fmt: skip


def unknown_facts(task: Task, address: str) -> dict[str, object]:
    """What a task would have set whose turn nobody can foresee: known after apply, whatever it was before."""
    if task.action == "include_vars":
        name = task.args.get("name")
        return {name: Unknown(address)} if isinstance(name, str) and not has_template(name) else {}
    names = task.args if task.action == "set_fact" else ()
    return {name: Unknown(address) for name in names if name != "cacheable" and not has_template(name)}


def later(render: Callable[[], object]) -> object:
    """What ``render`` gives; an Unknown where a dry run cannot know it."""
    try:
        return render()
    except UnknownValue as error:
        return Unknown(error.address)


def assert_(args: Mapping[str, object], task: Task, templar: Templar) -> Done:
    _needs_that(args, task)
    written = task.args.get("that")
    for condition in written if isinstance(written, list) else [written]:
        if not templar.condition(condition, task.source):
            said = args.get("fail_msg", args.get("msg"))
            return Done(status=Status.FAILED, message=str(said or f"assertion failed: {condition}"))
    return Done(message=str(args.get("success_msg", "all assertions passed")))


def _needs_that(args: Mapping[str, object], task: Task) -> None:
    if "that" not in args:
        raise UserError("assert needs 'that': one condition or a list of them", source=task.source)


def fail(args: Mapping[str, object], task: Task, templar: Templar) -> Done:
    del task, templar
    return Done(status=Status.FAILED, message=str(args.get("msg", "failed as requested from task")))


def include_vars(args: Mapping[str, object], task: Task, templar: Templar) -> Done:
    name = str(opened(args.get("file", args.get("_raw", ""))))
    folders = [task.folder, task.folder / "vars"]
    if task.role is not None:
        folders.insert(0, task.role.path / "vars")
    path = next((p for f in folders if templar.files.is_file(p := f / name)), None)
    if path is None:
        raise UserError(f"vars file {quoting.file(name)} is not there", source=task.source,
                        hint="looked in " + ", ".join(map(str, folders)))  # fmt: skip
    written = vars_mapping(path, templar.files)
    values = {k: later(partial(templar.under, k, v, Source(str(path)))) for k, v in written.items()}
    return Done(facts={str(args["name"]): values} if "name" in args else values)


def actions() -> Mapping[str, Action]:
    """Every action by name, apart from those the walk carries out."""
    return {"debug": debug, "set_fact": set_fact, "assert": assert_, "fail": fail, "include_vars": include_vars}


def meta_word(args: Mapping[str, object], task: Task) -> str:
    word = str(args.get("_raw", ""))
    if word not in META:
        near = difflib.get_close_matches(word, META, 1)
        raise UserError(f"meta knows no {quoting.named(word)}", source=task.source,
                        hint=f"did you mean {near[0]!r}?" if near else "one of " + ", ".join(META))  # fmt: skip
    return word


def pause_seconds(args: Mapping[str, object], task: Task) -> float:
    """Seconds to wait; a prompt without a time is refused, since runs are not interactive."""
    try:
        seconds = float(str(args.get("seconds", 0))) + 60 * float(str(args.get("minutes", 0)))
    except ValueError:
        raise UserError("pause: seconds and minutes are numbers", source=task.source) from None
    if not seconds:
        raise UserError("pause needs seconds or minutes: runs are not interactive", source=task.source,
                        hint="use --confirm to be asked before anything is changed")  # fmt: skip
    return max(0.0, seconds)


def _only(args: Mapping[str, object], known: tuple[str, ...], task: Task) -> None:
    for name in args:
        if name not in known:
            near = difflib.get_close_matches(name, known, 1)
            hint = f"did you mean {near[0]!r}?" if near else f"{task.action} takes " + ", ".join(known)
            raise UserError(
                f"{task.action} has no argument {quoting.named(name)}",
                source=_at(args, name, task),
                hint=hint,
            )


def _at(args: Mapping[str, object], name: str, task: Task) -> Source:
    return args.key_source(name) if isinstance(args, Map) else task.source


def _shown(value: object) -> str:
    if isinstance(value, str | Secret):
        return str(value)
    return json.dumps(value, indent=2, default=str, ensure_ascii=False)
