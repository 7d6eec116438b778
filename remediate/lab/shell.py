"""cmd.exe and CreateProcess of a lab host: run a command line and wait, or start it and leave it to the event queue."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import partial

from remediate.lab import paths
from remediate.lab.errors import LabError
from remediate.lab.interpreter.expand import arguments, command_word
from remediate.lab.interpreter.find import find
from remediate.lab.interpreter.state import ERR, NUL, OUT, Item, ShellState
from remediate.lab.interpreter.steps import step
from remediate.lab.machine import Machine
from remediate.lab.programs.call import Later
from remediate.model import Json

TOO_LONG = "The command line is too long.\r\n"


@dataclass(frozen=True, slots=True)
class Done:
    """What a command line left: output in the OEM code page, and the exit code."""

    stdout: bytes
    stderr: bytes
    exit_code: int


def execute(
    machine: Machine,
    command_line: str,
    stdin: bytes | Callable[[], bytes] = b"",
    *,
    folder: str = "",
    environ: Mapping[str, str] | None = None,
) -> tuple[bytes, bytes, int]:
    """Run a line as ``cmd.exe /c`` does for a user who is logged on; returns when it is through.

    ``stdin`` that is still arriving is called when a program reads it. ``folder`` and ``environ`` (in addition to the
    host's) are for shells that begin elsewhere than at the user's home.
    """
    if len(command_line) > machine.os.line_limit:
        return b"", TOO_LONG.encode("ascii"), 1
    home = machine.environ.get("USERPROFILE", "")
    begin = folder or (home if machine.files.is_folder(home) else machine.os.system_root)
    shell = ShellState(folder=begin, environ=added(machine.environ, environ or {}))
    if callable(stdin):
        shell.source = stdin
    else:
        shell.stdin = stdin
    shell.stack.append({"do": "line", "text": command_line})
    with machine.processes.visitor("cmd.exe", f"cmd.exe /c {command_line}") as shell.pid:
        done = _run(machine, shell)
    return done.stdout, done.stderr, done.exit_code


def added(environ: Mapping[str, str], more: Mapping[str, str]) -> dict[str, str]:
    """Variables with others on top; Windows does not tell upper from lower case in their names."""
    mine = {name.upper() for name in more}
    return {name: value for name, value in environ.items() if name.upper() not in mine} | dict(more)


def _run(machine: Machine, shell: ShellState) -> Done:
    while shell.stack:
        wait = step(machine, shell)
        if wait is not None and wait.input:
            shell.fetch()
        elif wait is not None:
            machine.wait_until(partial(_ended, machine, wait.pid), wait.seconds)
    return Done(shell.buffers[OUT], shell.buffers[ERR], shell.result)


def _ended(machine: Machine, pid: int) -> bool:
    return pid > 0 and machine.processes.get(pid) is None


def check_program(machine: Machine, line: str, *, folder: str, environ: Mapping[str, str]) -> Item:
    """What starting ``line`` as a program (not through cmd.exe) means. LabError 2 when there is no such program."""
    if len(line) > machine.os.line_limit:
        raise LabError(206, "The filename or extension is too long.")
    shell = ShellState(folder=folder, environ=dict(environ))
    name, _ = command_word(line)
    found = find(machine, shell, name, builtins=False)
    if found.kind == "nothing":
        raise LabError(2)
    return {"do": "simple", "text": line, "redirect": [], "builtins": False}


def start(machine: Machine, line: str, *, folder: str, environ: Mapping[str, str], parent: int = 0) -> int:
    """Start a program that lives by itself; its process id. LabError 2: there is none, 193: it is no program."""
    with machine.lock:
        item = check_program(machine, line, folder=folder, environ=environ)
        name, rest = command_word(line)
        shell = ShellState(folder=folder, environ=dict(environ))
        found = find(machine, shell, name, builtins=False)
        if found.kind == "file":
            from remediate.lab import installer

            return installer.launch(machine, found.path, [name, *arguments(rest)], parent=parent).pid
        path = f"{machine.os.system_root}\\system32\\cmd.exe" if found.kind == "batch" else found.path
        process = machine.processes.create(paths.base(path), line, parent=parent, path=path, user="Administrator")
        shell.targets = {"1": NUL, "2": NUL}
        shell.pid = process.pid
        shell.stack.append(item)
        machine.processes.set_work(process.pid, shell.to_json())
        machine.schedule(0, "shell_step", {"pid": process.pid})
        return process.pid


def start_and_wait(
    machine: Machine,
    line: str,
    *,
    folder: str,
    environ: Mapping[str, str],
    parent: int = 0,
    stdin: bytes = b"",
) -> Done:
    """Run a program and wait for its end."""
    item = check_program(machine, line, folder=folder, environ=environ)
    shell = ShellState(folder=folder, environ=dict(environ), stdin=stdin, stack=[item])
    name = paths.base(command_word(line)[0])
    with machine.processes.visitor(name, line, parent) as shell.pid:
        return _run(machine, shell)


def go_on(machine: Machine, args: Mapping[str, Json]) -> None:
    """The deed ``shell_step``: a detached command line goes on as far as it can without waiting."""
    pid = int(str(args["pid"]))
    process = machine.processes.get(pid)
    if process is None or process.work is None:
        return
    shell = ShellState.from_json(process.work)
    wait: Later | None = None
    while shell.stack and wait is None and machine.processes.get(pid) is not None:
        wait = step(machine, shell)
    if machine.processes.get(pid) is None:
        return
    if wait is None:
        machine.processes.exit(pid, shell.result)
        return
    saved = shell.to_json()
    saved["waits_for"] = wait.pid
    machine.processes.set_work(pid, saved)
    if not wait.pid:
        machine.schedule(wait.seconds, "shell_step", {"pid": pid})
