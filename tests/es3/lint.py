"""The ES3 gate: says what in a remote half the script host of an old Windows would not understand."""

from __future__ import annotations

import ast
import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import quickjs

from tests.es3.grammar import Parsed, parse

HERE = Path(__file__).parent
ROOT = HERE.parents[1]
LIBRARIES = ROOT / "remediate" / "connections" / "es3"
MODULES = ROOT / "modules"
PREAMBLE = ("remediateFolder", "remediateNonce", "remediateScript", "remediateLeftovers")
"""Names that the controller declares in front of the libraries."""


@dataclass(frozen=True, slots=True, order=True)
class Message:
    """One thing wrong; lines and columns count from 1."""

    file: str
    line: int
    column: int
    text: str

    def __str__(self) -> str:
        return f"{self.file}:{self.line}:{self.column}: {self.text}"


def remote_files() -> list[Path]:
    """Every script that goes to a host."""
    return [*sorted(LIBRARIES.glob("*.js")), *sorted(MODULES.glob("*.js"))]


def remote_calls(module: Path) -> Iterator[tuple[str, str, int]]:
    """``(script, function, line)`` of every ``session.call("script", "function", ...)`` in a Python file."""
    for node in ast.walk(ast.parse(module.read_text(encoding="utf-8"))):
        match node:
            case ast.Call(
                func=ast.Attribute(attr="call"),
                args=[ast.Constant(value=str(script)), ast.Constant(value=str(function)), *_],
            ):
                yield script, function, node.lineno


class Linter:
    """The rules, loaded once; ``libraries`` is the folder of the scripts a module may need."""

    def __init__(self, libraries: Path = LIBRARIES) -> None:
        self._context = quickjs.Context()
        self._context.eval((HERE / "rules.js").read_text(encoding="utf-8"))
        self._libraries = libraries

    def check(self, path: Path) -> list[Message]:
        """Everything wrong with one script, in order of place."""
        source = path.read_bytes().decode("utf-8", errors="surrogateescape").encode("utf-8", "replace").decode("utf-8")
        messages = [Message(str(path), line, 1, text) for line, text in self._header_errors(source)]
        own = path.stem if path.parent == self._libraries else ""
        provided = (*PREAMBLE, *self._provided(source, own))
        report = self._report(source, provided)
        messages += [Message(str(path), m["line"], m["column"], m["text"]) for m in report["messages"]]
        if not own:
            messages += self._partner_errors(path, report["functions"])
        return sorted(set(messages))

    def functions(self, path: Path) -> list[str]:
        """Names of the functions a script declares at its top."""
        return [str(name) for name in self._report(path.read_text(encoding="utf-8"), ())["functions"]]

    def _report(self, source: str, provided: tuple[str, ...]) -> dict[str, Any]:
        names = " ".join(provided)
        parsed = parse(source)
        of_grammar = [{"line": line, "column": column, "text": text} for line, column, text in parsed.said]
        if of_grammar:  # the rules know the shapes of ES3 only
            parsed = Parsed(None)
        tree = json.dumps({"tree": parsed.tree, "comments": parsed.comments})
        report: dict[str, Any] = json.loads(self._context.get("es3Check")(source, tree, names, names))
        report["messages"] += of_grammar
        return report

    def _provided(self, source: str, own: str) -> tuple[str, ...]:
        """Names that core and the needed libraries declare, needs of needs included."""
        wanted, seen, names = ["core", *needs(source)], {own}, []
        while wanted:
            library = wanted.pop()
            file = self._libraries / f"{library}.js"
            if library in seen or not file.is_file():
                continue
            seen.add(library)
            text = file.read_text(encoding="utf-8")
            names += self._report(text, ())["names"]
            wanted += needs(text)
        return tuple(names)

    def _header_errors(self, source: str) -> Iterator[tuple[int, str]]:
        known = sorted(file.stem for file in self._libraries.glob("*.js"))
        for number, line in enumerate(source.splitlines(), 1):
            if not re.match(r"\s*//\s*needs?\b", line, re.IGNORECASE):
                continue
            if number != 1 or not re.match(r"// needs:( |$)", line):
                yield number, 'needs are written on the first line: "// needs: files registry"'
                continue
            words = needs(source)
            yield from ((1, f"needs {word} twice") for word in sorted({w for w in words if words.count(w) > 1}))
            yield from ((1, f"no library {word}; there are {', '.join(known)}") for word in words if word not in known)

    def _partner_errors(self, path: Path, functions: list[str]) -> Iterator[Message]:
        module = path.with_suffix(".py")
        if not module.is_file():
            yield Message(str(path), 1, 1, f"no module {module.name} beside it")
            return
        for script, function, line in remote_calls(module):
            if script == path.stem and function not in functions:
                yield Message(str(module), line, 1, f"{path.name} has no function {function}")
            elif script != path.stem and not (path.parent / f"{script}.js").is_file():
                yield Message(str(module), line, 1, f"no script {script}.js")


def needs(source: str) -> list[str]:
    """The libraries a script asks for in its first line."""
    first = source.split("\n", 1)[0]
    return first.removeprefix("// needs: ").split() if first.startswith("// needs: ") else []
