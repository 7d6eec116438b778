"""The least of a Windows behind the SSH server: cscript on QuickJS without COM, findstr and mkdir on a folder."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from pathlib import Path

import quickjs

Answer = tuple[bytes, bytes, int]

_NO_COM = """
function ActiveXObject(name) { throw { number: -2146827859, description: "Automation server can't create object" }; }
var WScript = { Echo: function (text) { __echo(JSON.parse(JSON.stringify(text))); } }; // a rope cannot leave the engine
"""


def evaluate(text: str) -> str:
    """What a script prints; a script that does not parse prints nothing and raises quickjs.JSException."""
    printed: list[str] = []
    context = quickjs.Context()
    context.add_callable("__echo", printed.append)
    context.eval(_NO_COM)
    context.eval(text)
    return "".join(f"{line}\r\n" for line in printed)


@dataclass(slots=True)
class Host:
    """Runs what the toolkit sends, one form of command line at a time; anything else is unknown."""

    disk: Path
    commands: list[str] = field(default_factory=list)

    def execute(self, command: str, stdin: bytes) -> Answer:
        self.commands.append(command)
        found = re.fullmatch(r'(?:mkdir "(.*?)" 2>nul & )?findstr "\^" > "(.*?)"(?: & (cscript .*))?', command)
        if found:
            target = self._path(found[2])
            if found[1]:
                self._path(found[1]).mkdir(parents=True, exist_ok=True)
            target.write_bytes(stdin)
            return self.execute(found[3], b"") if found[3] else (b"", b"", 0)
        found = re.fullmatch(r'cscript //nologo "(.*?)"(?: && rd ".*?" 2>nul)?', command)
        if found is None:
            return b"", f"'{command}' is not recognized as an internal or external command\r\n".encode(), 1
        try:
            return evaluate(self._path(found[1]).read_text()).encode(), b"", 0
        except quickjs.JSException as error:
            return b"", f"x.js(1, 1) Microsoft JScript compilation error: {error}\r\n".encode(), 1

    def _path(self, path: str) -> Path:
        rest = path.replace("%SystemRoot%", "C:\\WINDOWS").partition(":\\")[2]
        return self.disk.joinpath(*rest.split("\\"))
