"""Batch files: their lines, parameters, labels and echo; and a cmd.exe inside another."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

from remediate.lab import paths
from remediate.lab.errors import LabError, NotModelled
from remediate.lab.interpreter import redirect
from remediate.lab.interpreter.expand import lookup, percent
from remediate.lab.interpreter.parse import depth_of
from remediate.lab.interpreter.state import Item, ShellState
from remediate.model import Json

if TYPE_CHECKING:
    from remediate.lab.machine import Machine


def enter(machine: Machine, shell: ShellState, path: str, args: Sequence[str], *, replace: bool) -> None:
    """Go on in a batch file. Without ``call`` it takes the place of the one that starts it."""
    text = machine.files.read(path).decode(machine.os.oem_codepage, "replace")
    running = shell.batch()
    if replace and running is not None:
        running["at"] = len(_lines(running))
    lines: list[Json] = list(re.split(r"\r?\n", text.partition("\x1a")[0]))
    parameters: list[Json] = list(args)
    shell.stack.append({"do": "batch", "lines": lines, "at": 0, "args": parameters, "echo": _echo(shell), "path": path})


def _echo(shell: ShellState) -> bool:
    running = shell.batch()
    return running is None or bool(running["echo"])


def _lines(item: Item) -> list[str]:
    lines = item["lines"]
    assert isinstance(lines, list)
    return [str(line) for line in lines]


def next_line(machine: Machine, shell: ShellState, item: Item) -> None:
    """Put the next line on the stack, with the batch file itself below it; several when a group spans them."""
    lines, at = _lines(item), int(str(item["at"]))
    if at >= len(lines):
        return
    text, at = lines[at], at + 1
    while depth_of(text) > 0 and at < len(lines):
        following, at = lines[at].strip(), at + 1
        glue = "" if following.startswith(")") or text.rstrip().endswith("(") or not following else "&"
        text = f"{text.rstrip()}{glue}{following}"
    item["at"] = at
    shell.stack.append(item)
    bare = text.strip()
    if not bare or bare.startswith(":"):
        return
    if item["echo"] and not bare.startswith("@"):
        shown = f"\r\n{shell.folder}>{expanded(machine, shell, bare)}\r\n"
        redirect.write(machine, shell, 1, shown.encode(machine.os.oem_codepage, "replace"))
    shell.stack.append({"do": "line", "text": text})


def expanded(machine: Machine, shell: ShellState, text: str) -> str:
    """A line with its variables and, in a batch file, its parameters in place."""
    running = shell.batch()
    args, path = None, ""
    if running is not None:
        path = str(running["path"])
        given = running["args"]
        assert isinstance(given, list)
        args = [str(argument) for argument in given]
    return percent(text, lookup(shell.environ, special(machine, shell)), args, path)


def special(machine: Machine, shell: ShellState) -> Mapping[str, str]:
    """Variables cmd.exe makes up."""
    local = machine.clock.to_local(machine.now())
    return {
        "CD": shell.folder,
        "DATE": f"{local:%a %m/%d/%Y}",
        "ERRORLEVEL": str(shell.level),
        "RANDOM": str(machine.changed * 7919 % 32768),
        "TIME": f"{local.hour:2d}:{local:%M:%S}.{local.microsecond // 10000:02d}",
    }


def goto(shell: ShellState, label: str) -> bool:
    """Go on behind a label, or with ``:eof`` at the end; False when there is no such label."""
    running = shell.batch()
    if running is None:
        return True
    wanted = label.lstrip(":").strip().lower()
    lines = _lines(running)
    places = [n for n, line in enumerate(lines) if re.match(rf"\s*:{re.escape(wanted)}(\s|$)", line, re.IGNORECASE)]
    if wanted != "eof" and not places:
        return False
    running["at"] = len(lines) if wanted == "eof" else places[0]
    _drop_to(shell, running)
    return True


def _drop_to(shell: ShellState, running: Item) -> None:
    """Forget what is left of the current line, but put its streams back."""
    while shell.stack[-1] is not running:
        item = shell.stack.pop()
        if item["do"] == "restore":
            redirect.leave(shell, item)


def leave(shell: ShellState) -> bool:
    """``exit /b``: out of the innermost batch file; False when none is running."""
    running = shell.batch()
    if running is None:
        return False
    _drop_to(shell, running)
    shell.stack.pop()
    return True


def leave_all(shell: ShellState) -> None:
    """``exit``: out of this cmd.exe, which may be inside another."""
    while shell.stack:
        item = shell.stack.pop()
        if item["do"] == "restore":
            redirect.leave(shell, item)
        elif item["do"] == "leave":
            shell.stack.append(item)
            return


_AFTER_C = re.compile(r"\s*((?:/(?:[sqdau]|[vefSQDAU]:(?:on|off))\s+)*)/c\s?(.*)", re.DOTALL | re.IGNORECASE)


def command_of(machine: Machine, shell: ShellState, rest: str) -> str:
    """The command line behind ``/c``: outer quotes go, unless all that is quoted is the name of a file."""
    match = _AFTER_C.match(rest)
    if match is None:
        raise NotModelled(f"cmd.exe without /c: {rest.strip()}")
    text = match[2].strip()
    if not text.startswith('"'):
        return text
    simple = text.count('"') == 2 and text.endswith('"') and not re.search(r"[&<>()@^|]", text)
    if simple and "/s" not in match[1].lower() and _is_file(machine, text, shell.folder):
        return text
    last = text.rindex('"')
    return text[1:last] + text[last + 1 :] if last else text[1:]


def _is_file(machine: Machine, text: str, folder: str) -> bool:
    try:
        return machine.files.is_file(paths.resolve(text, folder))
    except LabError:
        return False


def nested(machine: Machine, shell: ShellState, rest: str) -> None:
    """Run ``cmd /c ...`` inside this shell: what it sets is gone afterwards."""
    environ: dict[str, Json] = dict(shell.environ)
    shell.stack.append({"do": "leave", "folder": shell.folder, "environ": environ})
    shell.stack.append({"do": "line", "text": command_of(machine, shell, rest)})
