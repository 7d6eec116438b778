"""Makes one ES3 script of the libraries, a module's remote half and its arguments; reads the one line it prints."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Mapping, Sequence
from functools import cache
from pathlib import Path
from typing import cast

from remediate.errors import RemoteFailed, UserError
from remediate.model import Json, Output, Source, State

LIBRARIES = ("wmi", "files", "registry", "services", "hash", "transfer", "jobs", "verdicts", "hello")
"""In the order they are put into a script; ``core`` always comes first."""

_LIBRARY_FOLDER = Path(__file__).parent / "es3"
_NEEDS = re.compile(r"\A//\s*needs:(.*)")
_FOLDER = re.compile(r',"folder":("(?:[^"\\]|\\.)*")\}\Z')
_CLOCK = re.compile(r',"clock":([0-9]{1,15})(?:,"folder":(?:"(?:[^"\\]|\\.)*"|null))?\}\Z')
_CHUNK = 400
"""Characters of a string literal per line: a script must survive line-based ways of writing a file."""

_HINTS = (
    ("is not recognized", "the host has no cscript.exe on its PATH: install Windows Script Host 5.1 or later"),
    (
        "access is disabled",
        "Windows Script Host is switched off: see Enabled in HKLM\\SOFTWARE\\Microsoft\\Windows Script Host\\Settings",
    ),
    ("script engine", "JScript is not registered on the host: run `regsvr32 jscript.dll` there"),
    ("compilation error", "the script arrived damaged or the host's JScript is older than 5.1"),
    (
        "Can not find script file",
        "something on the host removes scripts (a virus scanner?): exclude the folder",
    ),
)


class NoAnswer(RemoteFailed):
    """A script was run, or should have been, and nothing came of it."""


def build(
    module: str,
    function: str,
    args: Mapping[str, Json],
    libs: Sequence[str],
    *,
    nonce: str,
    folder: str = "%SystemRoot%\\Temp\\remediate",
    script: str = "",
    leftovers: Sequence[str] = (),
) -> str:
    """One ES3 script that runs ``function(args)`` of the module text and prints one answer line.

    ``script`` is the path the script will have on the host (it removes itself), ``leftovers`` more files to remove. The
    call is the last statement, so a script that arrived cut short cannot run as if it were whole.
    """
    head = (
        f"var remediateNonce = {literal(nonce)};\nvar remediateFolder = {literal(folder)};\n"
        f"var remediateScript = {literal(script)};\nvar remediateLeftovers = {literal(list(leftovers))};\n"
    )
    bodies = [library(name) for name in ("core", *resolve(libs))]
    call = f"remediateMain({literal(function)}, {function}, {literal(dict(args))});\n"
    if module:
        inner = f"(function () {{\n{module}\nreturn {function};\n}})()"
        call = f"remediateMain({literal(function)}, {inner}, {literal(dict(args))});\n"
    return "\n".join([head, *bodies, call])


def needs(text: str) -> tuple[str, ...]:
    """The libraries named in a first-line comment ``// needs: files registry``."""
    found = _NEEDS.match(text)
    return tuple(found.group(1).split()) if found else ()


def defines(text: str, function: str) -> bool:
    """Whether a script text has a function of that name."""
    return re.search(rf"^\s*function\s+{re.escape(function)}\s*\(", text, re.MULTILINE) is not None


def resolve(names: Iterable[str]) -> tuple[str, ...]:
    """Those libraries and all they need, in load order; UserError for an unknown one."""
    wanted: set[str] = set()
    todo = list(names)
    while todo:
        name = todo.pop()
        if name not in LIBRARIES and name != "core":
            raise UserError(f"unknown library {name!r} in // needs:", hint=f"there are: {', '.join(LIBRARIES)}")
        if name not in wanted:
            wanted.add(name)
            todo += needs(library(name))
    return tuple(name for name in LIBRARIES if name in wanted)


@cache
def library(name: str) -> str:
    """The text of one shipped library, slimmed."""
    return slim((_LIBRARY_FOLDER / f"{name}.js").read_text(encoding="ascii"))


def slim(text: str) -> str:
    """A script without indentation and comment lines (but ``// needs:``): hosts are slow, and their disks full."""
    lines = (line.strip() for line in text.splitlines())
    return "".join(f"{line}\n" for line in lines if line and (not line.startswith("//") or _NEEDS.match(line)))


def module_text(data: bytes, path: Path) -> str:
    """A module's remote half; UserError when it is not ASCII (the host's code page is unknown)."""
    try:
        return slim(data.decode("ascii"))
    except UnicodeDecodeError as error:
        raise UserError(
            "a remote half must be ASCII: the host reads it in its own code page",
            source=Source(str(path)),
            hint=f"write the character at byte {error.start} as \\uXXXX",
        ) from None


def literal(value: Json) -> str:
    """An ES3 expression for plain data: ASCII, no long lines, no trailing commas."""
    if isinstance(value, str):
        parts = [json.dumps(value[i : i + _CHUNK]) for i in range(0, len(value), _CHUNK)] or ['""']
        return parts[0] if len(parts) == 1 else "(" + " +\n".join(parts) + ")"
    if isinstance(value, list):
        return "[" + ",\n".join(literal(item) for item in value) + "]"
    if isinstance(value, dict):
        return "{" + ",\n".join(f"{json.dumps(str(key))}: {literal(item)}" for key, item in value.items()) + "}"
    return json.dumps(value, allow_nan=False)


def parse(output: Output, nonce: str) -> State:
    """The object a script answered with, its notes under ``_notes``; RemoteFailed for everything else.

    A list comes back under ``items``.
    """
    text = _answer(output, nonce)
    try:
        answer = json.loads(text)
    except ValueError:
        raise RemoteFailed(
            "the host's answer is no JSON", output=output, hint="run again; report it if it stays"
        ) from None
    if "error" in answer:
        error = answer["error"]
        raise RemoteFailed(
            f"{error['fn']} failed on the host: {error['description']}",
            output=Output(stdout="", stderr=_notes_text(answer.get("notes")), exit_code=output.exit_code),
            hint=_error_hint(str(error.get("number", ""))),
        )
    value = answer.get("value")
    if isinstance(value, list):
        value = {"items": value}
    if not isinstance(value, dict):
        if value is not None:
            raise RemoteFailed("the script answered something that is no object", output=output)
        value = {}
    return cast("State", {**value, "_notes": answer.get("notes", [])})


def folder(output: Output, nonce: str) -> str:
    """The toolkit's folder in the host's words, where a script that did not know it says so; of a parsed answer."""
    found = _FOLDER.search(_answer(output, nonce))
    return str(json.loads(found[1])) if found else ""


def clock(output: Output, nonce: str) -> float | None:
    """The host's clock as a script ended there, in seconds since 1970; of a parsed answer."""
    found = _CLOCK.search(_answer(output, nonce))
    return int(found[1]) / 1000 if found else None


def _answer(output: Output, nonce: str) -> str:
    marker = f"remediate:{nonce}:"
    head, found, rest = output.stdout.partition(marker)
    if not found:
        said = f"{head}\n{output.stderr}"
        hint = next((hint for sign, hint in _HINTS if sign in said), "")
        raise NoAnswer(
            f"the script gave no answer (exit code {output.exit_code}): {output.tail(3) or 'it printed nothing'}",
            output=output,
            hint=hint or "the script may have arrived cut short, or something on the host ended it: run again",
        )
    size, _, body = rest.partition(":")
    body = body.replace("\r", "").replace("\n", "")  # some servers wrap lines as a console does
    if not size.isdigit() or len(body) < int(size):
        raise RemoteFailed("the host's answer was cut short", output=Output("", "", output.exit_code), hint="run again")
    return body[: int(size)]


def _notes_text(notes: object) -> str:
    if not isinstance(notes, list):
        return ""
    return "\n".join(f"{n.get('source')}: {n.get('text')}" for n in notes if isinstance(n, dict))


def _error_hint(number: str) -> str:
    return {
        "0x800A0046": "access denied: the account must be a member of the host's Administrators",
        "0x80070005": "access denied: the account must be a member of the host's Administrators",
        "0x800A003D": "the disk is full: free space on the host, then run again",
        "0x80070070": "the disk is full: free space on the host, then run again",
        "0x800A01AD": "a COM component is missing or not registered on the host",
    }.get(number, "")
