"""cmd.exe's own commands about itself: echo, set, cd, call, exit, goto and their kin."""

from __future__ import annotations

import re

from remediate.lab import paths
from remediate.lab.errors import LabError
from remediate.lab.interpreter import batch
from remediate.lab.interpreter.expand import command_word, lookup, tokens
from remediate.lab.interpreter.find import find
from remediate.lab.programs.call import Call

SYNTAX = "The syntax of the command is incorrect."


def echo(call: Call) -> int:
    """``echo text``, ``echo.`` for an empty line, ``echo on|off``, ``echo`` alone for its state."""
    text = call.rest
    word = text.strip().lower()
    running = call.shell.batch()
    if word in ("on", "off") and text[:1] in " \t":
        if running is not None:
            running["echo"] = word == "on"
    elif not word:
        call.out(f"ECHO is {'on' if running is None or running['echo'] else 'off'}.")
    else:
        call.out(text[1:])
    return 0


def nothing(call: Call) -> int:  # noqa: ARG001 - rem, cls, title, setlocal: no effect that shows here
    return 0


def set_(call: Call) -> int:
    """``set``, ``set PREFIX``, ``set NAME=value``, ``set "NAME=value"``; ``/a`` and ``/p`` are not modelled."""
    text = call.rest.lstrip()
    if text[:2].lower() in ("/a", "/p"):
        return call.refuse(f"set {text[:2]}")
    if text.startswith('"') and '"' in text[1:]:
        text = text[1 : text.rindex('"')]
    name, mark, value = text.partition("=")
    environ = call.shell.environ
    if not mark:
        return _show_variables(call, name.strip())
    if not name.strip():
        call.err(SYNTAX)
        return 1
    for key in [key for key in environ if key.upper() == name.strip().upper()]:
        del environ[key]
    if value:
        environ[name.strip()] = value
    return 0


def _show_variables(call: Call, prefix: str) -> int:
    found = sorted((n, v) for n, v in call.shell.environ.items() if n.upper().startswith(prefix.upper()))
    for name, value in found:
        call.out(f"{name}={value}")
    if not found:
        call.err(f"Environment variable {prefix} not defined")
    return 0 if found else 1


def cd(call: Call) -> int:
    """``cd``, ``cd /d path``, ``cd path``; another drive's folder needs /d."""
    text = call.rest.strip()
    if not text:
        call.out(call.shell.folder)
        return 0
    change_drive = text[:2].lower() == "/d"
    path = call.path(text[2:].strip() if change_drive else text)
    if not call.machine.files.is_folder(path):
        raise LabError(3)
    if change_drive or path[0] == call.shell.folder[0]:
        call.shell.folder = call.machine.files.real_path(path)
    return 0


def drive(call: Call) -> int:
    """``C:`` alone."""
    letter = call.name[:2].upper()
    if letter not in call.machine.files.drives():
        raise LabError(15)
    if call.shell.folder[:2] != letter:
        call.shell.folder = letter + "\\"
    return 0


def call_(call: Call) -> int:
    """``call file.cmd args`` comes back; ``call :label`` is not modelled; other commands are run."""
    name, rest = command_word(call.rest)
    if name.startswith(":"):
        return call.refuse("call :label")
    found = find(call.machine, call.shell, name)
    if found.kind == "batch":
        batch.enter(call.machine, call.shell, found.path, [name, *tokens(rest)], replace=False)
    else:
        call.shell.stack.append({"do": "line", "text": call.rest.strip()})
    return call.shell.result


def exit_(call: Call) -> int:
    """``exit [/b] [code]``."""
    words = [word.lower() for word in call.words]
    only_batch = "/b" in words
    codes = [word for word in words if re.fullmatch(r"-?\d+", word)]
    code = int(codes[0]) if codes else call.shell.level
    if not only_batch or not batch.leave(call.shell):
        batch.leave_all(call.shell)
    call.shell.level = code
    return code


def goto(call: Call) -> int:
    label = call.rest.strip()
    if not batch.goto(call.shell, label):
        call.err(f"The system cannot find the batch label specified - {label.lstrip(':')}")
        batch.leave(call.shell)
        return 1
    return call.shell.result


def ver(call: Call) -> int:
    os = call.machine.os
    call.out()
    name = "Microsoft Windows 2000" if os.release == "2000" else "Microsoft Windows"
    call.out(f"{name} [Version {os.version}]")
    return 0


def path(call: Call) -> int:
    look = lookup(call.shell.environ, {})
    if call.rest.strip():
        return call.refuse("path with a value")
    call.out(f"PATH={look('PATH') or ''}")
    return 0


def date(call: Call) -> int:
    if call.rest.strip().lower() != "/t":
        return call.refuse("date without /t")
    local = call.machine.clock.to_local(call.machine.now())
    call.out(f"{local:%a %m/%d/%Y} ")
    return 0


def time(call: Call) -> int:
    if call.rest.strip().lower() != "/t":
        return call.refuse("time without /t")
    local = call.machine.clock.to_local(call.machine.now())
    call.out(f"{local:%I:%M %p}")
    return 0


def start(call: Call) -> int:
    """``start ["title"] [/b] program``: leaves it running by itself."""
    from remediate.lab import shell

    text = re.sub(r'^\s*"[^"]*"\s+(?=\S)', "", call.rest)
    if re.search(r"(?:^|\s)/w(ait)?(\s|$)", text, re.IGNORECASE):
        return call.refuse("start /wait")
    text = re.sub(r"^(\s*/(b|min|max|low|normal)\b)+", "", text, flags=re.IGNORECASE).strip()
    try:
        shell.start(call.machine, text, folder=call.shell.folder, environ=call.shell.environ, parent=call.shell.pid)
    except LabError as error:
        if error.number != 2:
            raise
        name = command_word(text)[0]
        call.err(f"The system cannot find the file {paths.base(name)}.")
        return 9059
    return 0
