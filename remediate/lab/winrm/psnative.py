"""Native programs started from PowerShell: its quoting of arguments, its text on their streams, ``$LASTEXITCODE``."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from typing import TYPE_CHECKING

from remediate.lab.errors import LabError
from remediate.lab.interpreter.batch import command_of
from remediate.lab.interpreter.find import Found, find
from remediate.lab.interpreter.state import ShellState
from remediate.lab.winrm.psrecords import UnknownScriptError, native_record, not_found

if TYPE_CHECKING:
    from remediate.lab.winrm.runspace import Runspace

_CMDLET = re.compile(r"[A-Za-z]+-[A-Za-z]+")
_QUOTED = re.compile(r'"[^"]*"?')
_ITS_OWN = (
    "% ? cat cd chdir clear cls copy cp del dir erase foreach gc gci gi gp gps gsv h history kill ls man md mkdir "
    "mount move mv ni popd ps pushd pwd r rd ren ri rm rmdir sc select set sleep sort start tee type where write "
    "begin break continue data do else end exit filter for function if param process return switch throw trap try "
    "until while"
)
"""Names that are PowerShell's own before they are programs (``sc`` is Set-Content: programs need their ``.exe``)."""


def command_line(arguments: Sequence[str], *, version: int) -> str:
    """Arguments as Windows PowerShell joins them: empty ones vanish, quotes inside are NOT escaped.

    PowerShell 2 puts quotes round an argument with a blank unless it begins with a quote; 3 to 5.1 do it where a blank
    stands outside quotes. (likely: from memory of the two binders; both are known to break embedded quotes)
    """
    needs = _needs_quotes_2 if version < 3 else _needs_quotes_5
    return " ".join(f'"{word}"' if needs(word) else word for word in arguments if word)


def _needs_quotes_2(word: str) -> bool:
    return len(word) > 1 and not word.startswith('"') and re.search(r"\s", word) is not None


def _needs_quotes_5(word: str) -> bool:
    quoted = False
    for before, char in zip(" " + word, word, strict=False):
        if char == '"' and before != "\\":
            quoted = not quoted
        elif not quoted and char.isspace():
            return True
    return False


def run_native(
    runspace: Runspace, name: str, arguments: Sequence[str], items: Iterable[object]
) -> Iterator[tuple[str, object]]:
    """Run a program to its end; gives ("output", line) and ("error", record), and sets ``$LASTEXITCODE``."""
    found = _program(runspace, name)
    line = _line(runspace, found, command_line(arguments, version=runspace.version))
    stdin = b"".join(input_bytes(item) for item in items)
    out, err, code = runspace.execute(line, stdin)
    runspace.last_exit = code - (1 << 32) if code >= 1 << 31 else code
    codepage = runspace.machine.os.oem_codepage
    for text in _lines(out, codepage):
        yield "output", text
    for number, text in enumerate(_lines(err, codepage)):
        yield "error", native_record(text, first=number == 0)


def input_bytes(item: object) -> bytes:
    """What a program reads when an object is piped into it: its text as ASCII ($OutputEncoding), and a line end."""
    if not isinstance(item, str):
        raise UnknownScriptError(f"piping {type(item).__name__} into a program")
    return item.encode("ascii", "replace") + b"\r\n"


def _lines(data: bytes, codepage: str) -> list[str]:
    text = data.decode(codepage, "replace").replace("\r\n", "\n")
    return text.removesuffix("\n").split("\n") if text else []


def _program(runspace: Runspace, name: str) -> Found:
    """PowerShell looks in the path, not in the current folder."""
    if name.lower() in _ITS_OWN.split() or _CMDLET.fullmatch(name):
        raise UnknownScriptError(f"the command {name}")
    folder = runspace.folder if re.search(r"[\\/:]", name) else f"{runspace.machine.os.system_root}\\system32"
    shell = ShellState(folder=folder, environ=runspace.environ)
    with runspace.machine.lock:
        found = find(runspace.machine, shell, name, builtins=False)
    if found.kind == "nothing":
        from remediate.lab.programs.table import known_absent

        if name.lower().removesuffix(".exe") not in known_absent(runspace.machine.os.release):
            runspace.machine.refuse(f"PowerShell: program {name}")
        raise not_found(name)
    return found


def _line(runspace: Runspace, found: Found, rest: str) -> str:
    """The line of cmd.exe's that does what starting the program with these arguments does.

    Programs are started without cmd.exe in between: what it would change is refused here, not changed.
    """
    if found.kind == "cmd":
        shell = ShellState(folder=runspace.folder, environ=runspace.environ)
        try:
            with runspace.machine.lock:
                return command_of(runspace.machine, shell, " " + rest)
        except LabError as error:
            raise UnknownScriptError(f"cmd.exe {rest}: {error.text}") from None
    if found.kind != "batch" and ("%" in rest or re.search(r"[&|<>^]", _QUOTED.sub("", rest))):
        raise UnknownScriptError(f"arguments that cmd.exe would change: {found.path} {rest}")
    return f'"{found.path}" {rest}'.rstrip()
