"""Carries out one step of a shell at a time: pops an item of its stack, does it, perhaps pushes others."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import TYPE_CHECKING, TypeAlias

from remediate.lab.errors import LabError, NotModelled
from remediate.lab.interpreter import batch, conditions, redirect
from remediate.lab.interpreter.expand import arguments, command_word, tokens
from remediate.lab.interpreter.find import Found, find
from remediate.lab.interpreter.parse import parse
from remediate.lab.interpreter.state import PIPE, Item, ShellState
from remediate.lab.programs.call import Call, Later
from remediate.model import Json

if TYPE_CHECKING:
    from remediate.lab.machine import Machine

Outcome: TypeAlias = "Later | Callable[[], Later | None] | None"
"""Done, wait, or a piece of work to be done without the machine's lock."""
NOT_RECOGNIZED = 9009
UNLOCKED = ("cscript", "cscript.exe")
"""Programs that take the machine's lock themselves, because they compute for long."""


class InputAwaited(Exception):
    """A program wants input that may still be arriving. It is called again, from its beginning, when all is there."""


def step(machine: Machine, shell: ShellState) -> Later | None:
    """One step; a Later means that the shell has to wait before the next. The stack must not be empty."""
    outside: Callable[[], Later | None] | None = None
    with machine.lock:
        machine.advance()
        item = shell.stack.pop()
        try:
            found = _DO[str(item["do"])](machine, shell, item)
        except LabError as error:
            complain(machine, shell, error)
            return None
        if callable(found):
            outside = found
        else:
            return found
    return outside()


def complain(machine: Machine, shell: ShellState, error: LabError) -> None:
    """A command could not be carried out: its message goes to standard error, the level is 1."""
    if isinstance(error, NotModelled):
        machine.refuse(error.text)
    redirect.write(machine, shell, 2, (error.text + "\r\n").encode(machine.os.oem_codepage, "replace"))
    shell.level = shell.result = 1


def _node(item: Item, name: str) -> Item:
    value = item[name]
    assert isinstance(value, dict)
    return value


def _both(_: Machine, shell: ShellState, item: Item) -> None:
    shell.stack += [_node(item, "right"), _node(item, "left")]


def _and(_: Machine, shell: ShellState, item: Item) -> None:
    shell.stack += [{"do": "if_ok", "node": item["right"]}, _node(item, "left")]


def _or(_: Machine, shell: ShellState, item: Item) -> None:
    shell.stack += [{"do": "if_not_ok", "node": item["right"]}, _node(item, "left")]


def _if_ok(_: Machine, shell: ShellState, item: Item) -> None:
    if shell.result == 0:
        shell.stack.append(_node(item, "node"))


def _if_not_ok(_: Machine, shell: ShellState, item: Item) -> None:
    if shell.result != 0:
        shell.stack.append(_node(item, "node"))


def _pipe(_: Machine, shell: ShellState, item: Item) -> None:
    targets: dict[str, Json] = dict(shell.targets)
    shell.stack += [{"do": "piped", "node": item["right"], "targets": targets}, _node(item, "left")]
    shell.targets = shell.targets | {"1": PIPE}
    shell.buffers[PIPE] = b""


def _piped(_: Machine, shell: ShellState, item: Item) -> None:
    saved = _node(item, "targets")
    shell.targets = {fd: str(target) for fd, target in saved.items()}
    shell.stack += [{"do": "stdin", "text": shell.stdin.decode("latin-1")}, _node(item, "node")]
    shell.stdin, shell.buffers[PIPE] = shell.buffers[PIPE], b""
    shell.inner += 1


def _stdin(_: Machine, shell: ShellState, item: Item) -> None:
    shell.stdin = str(item["text"]).encode("latin-1")
    shell.inner -= 1


def _group(machine: Machine, shell: ShellState, item: Item) -> None:
    shell.stack.append(redirect.enter(machine, shell, item["redirect"]))
    shell.stack.append(_node(item, "body"))


def _restore(_: Machine, shell: ShellState, item: Item) -> None:
    redirect.leave(shell, item)


def _if(machine: Machine, shell: ShellState, item: Item) -> None:
    branch = item["then"] if conditions.holds(machine, shell, _node(item, "test")) else item["else"]
    if isinstance(branch, dict):
        shell.stack.append(branch)


def _line(machine: Machine, shell: ShellState, item: Item) -> None:
    """A line as it was written: expanded and read only now."""
    text = str(item["text"])
    if len(text) > machine.os.line_limit:
        raise LabError(1, "The command line is too long.")
    node = parse(batch.expanded(machine, shell, text))
    if node is not None:
        shell.stack.append(node)


def _batch(machine: Machine, shell: ShellState, item: Item) -> None:
    batch.next_line(machine, shell, item)


def _leave(_: Machine, shell: ShellState, item: Item) -> None:
    """The end of a nested cmd.exe: its variables and folder are gone."""
    shell.folder = str(item["folder"])
    shell.environ = {name: str(value) for name, value in _node(item, "environ").items()}


def _process(machine: Machine, shell: ShellState, item: Item) -> Later | None:
    """Waits for a process this shell started."""
    pid = int(str(item["pid"]))
    if machine.processes.get(pid) is not None:
        shell.stack.append(item)
        return Later(pid=pid, seconds=600)
    shell.level = shell.result = machine.processes.exit_code(pid) or 0
    return None


def _simple(machine: Machine, shell: ShellState, item: Item) -> Outcome:
    text = str(item["text"])
    if item["redirect"]:
        shell.stack.append(redirect.enter(machine, shell, item["redirect"]))
    name, rest = command_word(text)
    if name.startswith(":"):
        return None
    found = find(machine, shell, name, builtins=item.get("builtins") is not False)
    if found.kind == "nothing":
        name, rest = _split_builtin(name, rest)
        found = find(machine, shell, name)
    return _start(machine, shell, found, name, rest)


def _split_builtin(name: str, rest: str) -> tuple[str, str]:
    """``echo.``, ``cd\\`` and ``dir/b``: cmd.exe's own names end at such a character too."""
    for at, char in enumerate(name):
        if char in "./\\:+[]":
            from remediate.lab.programs.table import builtin_table

            if name[:at].lower() in builtin_table():
                return name[:at], name[at:] + rest
            break
    return name, rest


def _start(machine: Machine, shell: ShellState, found: Found, name: str, rest: str) -> Outcome:
    if found.kind == "nothing":
        _not_recognized(machine, shell, name)
        return None
    if found.kind == "batch":
        batch.enter(machine, shell, found.path, [name, *tokens(rest)], replace=True)
        return None
    if found.kind == "cmd":
        batch.nested(machine, shell, rest)
        return None
    if found.program is not None:
        return _call(machine, shell, {"do": "call", "name": name, "rest": rest, "memory": {}}, found)
    from remediate.lab import installer

    process = installer.launch(machine, found.path, [name, *arguments(rest)], parent=shell.pid)
    shell.stack.append({"do": "process", "pid": process.pid})
    return None


def _not_recognized(machine: Machine, shell: ShellState, name: str) -> None:
    from remediate.lab.programs.table import known_absent

    if name.lower().removesuffix(".exe") not in known_absent(machine.os.release):
        machine.refuse(f"program {name}")
    words = f"'{name}' is not recognized as an internal or external command,\r\noperable program or batch file.\r\n"
    redirect.write(machine, shell, 2, words.encode(machine.os.oem_codepage, "replace"))
    shell.level = NOT_RECOGNIZED
    shell.result = NOT_RECOGNIZED if shell.batch() else 1


def _again(machine: Machine, shell: ShellState, item: Item) -> Outcome:
    return _call(machine, shell, item, find(machine, shell, str(item["name"])))


def _clears(shell: ShellState, name: str) -> bool:
    """Whether a command of cmd.exe that succeeds sets the level to 0."""
    from remediate.lab.programs.table import CLEARING, CLEARING_IN_CMD

    running = shell.batch()
    in_cmd = running is not None and str(running["path"]).lower().endswith(".cmd")
    return name.lower() in CLEARING or (in_cmd and name.lower() in CLEARING_IN_CMD)


def _call(machine: Machine, shell: ShellState, item: Item, found: Found) -> Outcome:
    name = str(item["name"])
    program = found.program
    if program is None:
        raise LabError(2)

    unlocked = name.lower().rpartition("\\")[2] in UNLOCKED

    def read() -> bytes:
        if shell.awaited:
            if not unlocked:
                raise InputAwaited
            shell.fetch()
        data, shell.stdin = shell.stdin, b""
        return data

    call = Call(
        machine=machine, shell=shell, name=name, rest=str(item["rest"]), stdin=read, memory=dict(_node(item, "memory"))
    )

    def work() -> Later | None:
        try:
            done = program(call)
        except InputAwaited:
            shell.stack.append({"do": "call", "name": name, "rest": call.rest, "memory": item["memory"]})
            return Later(input=True)
        except LabError as error:
            redirect.flush(machine, shell, call.written)
            complain(machine, shell, error)
            return None
        redirect.flush(machine, shell, call.written)
        if isinstance(done, Later):
            shell.stack.append({"do": "call", "name": name, "rest": call.rest, "memory": done.memory})
            return done
        shell.result = done
        if found.kind != "builtin" or done or _clears(shell, name):
            shell.level = done
        return None

    return work if unlocked else work()


_DO: Mapping[str, Callable[[Machine, ShellState, Item], Outcome]] = MappingProxyType(
    {
        "and": _and,
        "batch": _batch,
        "both": _both,
        "call": _again,
        "group": _group,
        "if": _if,
        "if_not_ok": _if_not_ok,
        "if_ok": _if_ok,
        "leave": _leave,
        "line": _line,
        "or": _or,
        "pipe": _pipe,
        "piped": _piped,
        "process": _process,
        "restore": _restore,
        "simple": _simple,
        "stdin": _stdin,
    }
)
