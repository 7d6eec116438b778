"""The script host: runs ES3 JScript as cscript.exe would, on QuickJS, with the lab's COM objects.

Each run has a fresh engine in the caller's thread, with limits on memory and stack. The time limit is enforced at every
COM call; a loop that never makes one (``for(;;);``) cannot be interrupted in process, so the lab is for payloads one
has written oneself. Nothing here holds the machine's lock while a script computes or sleeps.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from typing import Any

from remediate.lab.com.base import ComError, Refused, from_lab
from remediate.lab.com.catalog import Catalog
from remediate.lab.com.run import QuitScriptError, Run
from remediate.lab.com.textfile import ansi
from remediate.lab.com.wire import EPOCH, Primitive, Wire, error
from remediate.lab.com.wscript import WScript
from remediate.lab.errors import LabError, NotModelled
from remediate.lab.machine import Machine

MEMORY_LIMIT = 64 << 20
STACK_LIMIT = 1 << 20
PATIENCE = 600.0
"""Seconds a script may take: it ends those that never would, and none that is slow because the lab's own machine is."""
UNSPECIFIED = 0x80004005

_CATCH = re.compile(r"\bcatch\s*\(\s*([\w$]+)\s*\)\s*\{")
_STRING = re.compile(r""""(?:\\.|[^"\\])*"|'(?:\\.|[^'\\])*'""")
_PLACE = re.compile(r"<input>:(\d+):(\d+)")


@dataclass(frozen=True, slots=True)
class ScriptResult:
    """What a script left: console output in the OEM code page, and the exit code."""

    stdout: bytes
    stderr: bytes
    exit_code: int


def run_script(
    machine: Machine,
    source: str,
    args: Sequence[str] = (),
    stdin: bytes = b"",
    script_path: str = "C:\\script.js",
    *,
    folder: str = "",
    environ: dict[str, str] | None = None,
    seconds: float = PATIENCE,
) -> ScriptResult:
    """Run ``source`` on ``machine``. ``folder`` is the current directory, ``seconds`` the time it may take."""
    run = Run(
        machine=machine,
        script=script_path,
        args=tuple(args),
        stdin=stdin,
        folder=folder or machine.os.system_root,
        environ=dict(machine.environ if environ is None else environ),
        deadline=machine.monotonic() + seconds,
    )
    command = f'cscript.exe //nologo "{script_path}"'
    with machine.processes.visitor("cscript.exe", command) as pid:
        run.pid = pid
        problem = _evaluate(run, _guard_catches(source))
    if run.late:
        run.err.append(run.encode(f"Windows Script Host: the script ran longer than {seconds:g} seconds.\r\n"))
    elif problem and not run.over:
        run.err.append(run.encode(problem + "\r\n"))
        run.exit_code = 1
    return ScriptResult(b"".join(run.out), b"".join(run.err), run.exit_code)


def _evaluate(run: Run, source: str) -> str:
    """Returns the message of an uncaught error, or ""."""
    import quickjs

    door = Door(run)
    context = quickjs.Context()
    context.set_memory_limit(MEMORY_LIMIT)
    context.set_max_stack_size(STACK_LIMIT)
    context.add_callable("__door", door.enter)
    try:
        thrown = context.eval(_prelude())(source)
    except (quickjs.JSException, quickjs.StackOverflow):
        return f"{run.script}(1, 1) Microsoft JScript runtime error: Out of memory"
    return _problem(run.script, json.loads(thrown)) if thrown else ""


@cache
def _prelude() -> str:
    return files("remediate.lab").joinpath("prelude.js").read_text("utf-8")


def without_data(source: str) -> str:
    """A script without the comment it begins with, where base64 may travel; its lines keep their numbers."""
    end = source.find("*", 2)
    if not source.startswith("/*") or source[end : end + 2] != "*/":
        return source
    return "\n" * source.count("\n", 0, end) + source[end + 2 :]


def _guard_catches(source: str) -> str:
    """Let every catch block pass on the end of the script: ``WScript.Quit`` must not be caught."""

    def guard(match: re.Match[str]) -> str:
        before = source[source.rfind("\n", 0, match.start()) + 1 : match.start()]
        quoted = re.search(r"[\"']", _STRING.sub("", before)) is not None
        return match[0] if quoted else f"{match[0]}__quit({match[1]});"

    return _CATCH.sub(guard, source)


def _problem(script: str, thrown: dict[str, str]) -> str:
    frames = thrown["stack"].partition("    at com_run")[0].splitlines()
    inner = [number for number, line in enumerate(frames) if "at com_" in line]
    frames = frames[inner[-1] + 1 :] if inner else frames
    place = _PLACE.search(frames[0] if frames else "")
    line, column = place.groups() if place else ("1", "1")
    compiling = thrown["kind"] == "SyntaxError"
    source = thrown.get("source") or f"Microsoft JScript {'compilation' if compiling else 'runtime'} error"
    return f"{script}({line}, {column}) {source}: {thrown['text']}"


class Door:
    """The only way from a script into the model. ``enter`` never raises: the engine could not pass it on."""

    def __init__(self, run: Run) -> None:
        self._run = run
        self._catalog = Catalog(run)
        self._wire = Wire(WScript(run, self._catalog))
        self._ways: tuple[Callable[[int, str, list[object]], object], ...] = (
            lambda handle, name, _: self._wire.held(handle).com_get(name),
            self._put,
            lambda handle, name, args: self._wire.held(handle).com_call(name, args),
            lambda handle, _name, _args: list(self._wire.held(handle).com_items()),
            lambda _handle, name, _args: self._catalog.create(name),
            lambda _handle, name, _args: self._catalog.moniker(name),
        )

    def enter(self, way: int, handle: int, name: str, *args: object) -> Primitive:
        run = self._run
        try:
            if way == len(self._ways):
                return self._ask(name)
            if run.over:
                raise QuitScriptError
            run.check_time()
            with run.machine.lock:
                run.machine.advance()
                given = [self._wire.from_script(value) for value in args]
                return self._wire.to_script(self._ways[way](handle, name, given))
        except QuitScriptError:
            return error(0x80004004, "the script has ended")
        except ComError as caught:
            return self._failed(caught, caught.what if isinstance(caught, Refused) else "")
        except LabError as caught:
            return self._failed(from_lab(caught), caught.text if isinstance(caught, NotModelled) else "")
        except Exception as caught:  # noqa: BLE001 - a bug of the lab must show as a failed call, not kill the engine
            return self._failed(ComError(UNSPECIFIED, "Unspecified error"), f"bug: {caught!r}")

    def _failed(self, caught: ComError, note: str) -> str:
        if note:
            self._run.refuse(note)
        return error(caught.number, caught.text, caught.source)

    def _put(self, handle: int, name: str, args: list[object]) -> None:
        self._wire.held(handle).com_put(name, args[0])

    def _ask(self, name: str) -> Primitive:
        """What the prelude itself needs: the host's clock and zone, and whether the script has ended."""
        clock = self._run.machine.clock
        if name == "quit":
            return self._run.over
        now: Any = self._run.machine.now()
        if name == "now":
            return float(round((now - EPOCH).total_seconds() * 1000))
        other = clock.bias_minutes if clock.daylight else clock.bias_minutes - 60
        return f"{clock.active_bias} {other} {1 if 4 <= now.month <= 10 else 0}"


def decode_script(data: bytes) -> str:
    """A script file as the host reads it: UTF-16 with its mark, else the ANSI code page."""
    if data.startswith((b"\xff\xfe", b"\xfe\xff")):
        return data.decode("utf-16")
    return ansi(data)
