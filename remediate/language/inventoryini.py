"""Reads an inventory written in Ansible's INI form."""

from __future__ import annotations

import ast
import itertools
import re
import shlex
import warnings
from collections.abc import Iterator
from dataclasses import dataclass

from remediate.errors import UserError
from remediate.language import quoting
from remediate.language.hostgraph import Graph
from remediate.language.ranges import host_names
from remediate.language.words import suggestion
from remediate.language.yamlfile import Map, Text
from remediate.model import Source
from remediate.secrets.names import names_a_secret

_SECTION = re.compile(r"\[(?P<name>[^\[\]:]+)(?::(?P<kind>\w+))?\]\s*(?:[#;].*)?\Z")
_QUOTED = re.compile(r"\"(?:\\.|[^\"\\])*\"|'[^']*'|\\\\")
_KINDS = ("hosts", "children", "vars")
_STRING = re.compile(r"(?P<mark>['\"])(?P<text>(?:\\.|(?!(?P=mark)|\\).)*)(?P=mark)")
_LITERAL = re.compile(r"[-+.\d'\"\[({]|(?:True|False|None)\Z")


@dataclass(frozen=True, slots=True)
class _Line:
    text: str
    source: Source

    def place(self, part: str) -> Source:
        """Where ``part`` stands in the line."""
        return self.at(max(self.text.find(part), 0))

    def at(self, offset: int) -> Source:
        return Source(self.source.file, self.source.line, self.source.column + offset)


def read(text: str, graph: Graph, file: str) -> None:
    """Add hosts, groups and variables of an INI inventory to ``graph``. Raises UserError."""
    group, kind = "ungrouped", "hosts"
    defined = set(graph.groups) | {"all", "ungrouped"}
    pending: list[tuple[str, Source]] = []
    for line in _lines(text, file):
        if line.text.startswith("["):
            group, kind = _section(line)
            if kind == "vars":
                pending.append((group, line.source))
            else:
                defined.add(group)
                graph.group(group)
        elif kind == "hosts":
            _host(line, group, graph)
        elif kind == "children":
            child = _child(line)
            pending.append((child, line.source))
            graph.add_child(group, child, line.source)
        else:
            name, value = _assignment(line)
            graph.add_vars(group, _one(name, value, line))
    _check_defined(pending, defined)
    for name in sorted(defined - {"all"}, key=list(graph.groups).index if graph.groups else None):
        graph.add_child("all", name, Source(file))


def _lines(text: str, file: str) -> Iterator[_Line]:
    for number, raw in enumerate(text.splitlines(), 1):
        stripped = raw.strip()
        if stripped and stripped[0] not in "#;":
            yield _Line(stripped, Source(file, number, raw.index(stripped[0]) + 1))


def _section(line: _Line) -> tuple[str, str]:
    found = _SECTION.match(line.text)
    if not found:
        raise UserError(
            "this is not a section",
            source=line.source,
            hint="write [group], [group:children] or [group:vars]",
        )
    kind = found["kind"] or "hosts"
    if kind not in _KINDS:
        what = f"a section cannot be of kind {quoting.named(kind, 'this')}"
        raise UserError(what, source=line.place(kind), hint=suggestion(kind, _KINDS))
    return found["name"].strip(), kind


def _host(line: _Line, group: str, graph: Graph) -> None:
    words = _words(line)
    if not words:
        return
    names, port = host_names(words[0], line.source)
    if words[0].endswith(":") or words[0] == "---":
        raise UserError(
            f"{quoting.named(words[0].rstrip(':'), 'this')} looks like YAML in an INI inventory",
            source=line.source,
            hint="name the file *.yml",
        )
    variables = Map()
    if port:
        variables["ansible_port"] = port
    for before, word in itertools.pairwise(words):
        name, equals, value = word.partition("=")
        if not equals or not name:
            raise UserError(
                f"a word after {quoting.beginning(before, '=') or f'the host {words[0]!r}'} is not name=value",
                source=line.place(word),
                hint="one host per line; quote a value with spaces: name='a value'",
            )
        variables = variables.merged(_one(name, value, line))
    for name in names:
        graph.add_host(name, group, variables)


def _words(line: _Line) -> list[str]:
    bare = _QUOTED.sub(lambda quoted: "x" * len(quoted.group()), line.text)
    comment = re.search(r"(?:\A|\s)#", bare)
    bare = bare[: comment.start()] if comment else bare
    if found := re.search(r"\\\w", bare):
        raise UserError(
            "a backslash that is not quoted would be lost",
            source=line.at(found.start()),
            hint="write it twice, or put the value in quotes",
        )
    if found := re.search("#", bare):
        raise UserError(
            "an unquoted # would cut off the value and all that follows",
            source=line.at(found.start()),
            hint="put the value in quotes: name='a#b'; a comment has a blank before its #",
        )
    try:
        return shlex.split(line.text, comments=True)
    except ValueError as error:
        what = "a quote is not closed" if "quotation" in str(error) else "nothing stands behind the last backslash"
        raise UserError(what, source=line.source, hint="write name='two words', and \\' for the sign itself") from None


def _child(line: _Line) -> str:
    words = _words(line)
    if len(words) != 1:
        raise UserError(
            f"one group name was expected, not {len(words)} words",
            source=line.source,
            hint="variables go to [group:vars]",
        )
    return words[0]


def _assignment(line: _Line) -> tuple[str, str]:
    name, equals, value = line.text.partition("=")
    if not equals or not name.strip():
        name = quoting.beginning(line.text, " \t:")
        what = f"'{name}' is not followed by '='" if name else "this is not name=value"
        raise UserError(what, source=line.source, hint="write name=value")
    return name.strip(), value.strip()


def _one(name: str, value: str, line: _Line) -> Map:
    result = Map(source=line.source)
    place = line.place(f"{name}")
    found = unquoted(value) if names_a_secret(name) else literal(value)
    result.put(name, Text(found, place) if isinstance(found, str) else found, place, place)
    return result


def literal(text: str) -> object:
    """What an INI value means: a Python literal where it is one, as in Ansible, text otherwise.

    Unlike there a backslash in quotes stays: ``"C:\\new"`` is a path, not two lines.
    """
    if not _LITERAL.match(text):
        return text
    if _STRING.fullmatch(text):
        return unquoted(text)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            return _plain(ast.literal_eval(text))
    except (ValueError, SyntaxError, MemoryError, RecursionError, TypeError):
        return text


def unquoted(text: str) -> str:
    """A value as text, without the quotes around it; ``0123`` and ``1e5`` of a password are no numbers."""
    quoted = _STRING.fullmatch(text)
    return re.sub(r"\\([\\\"'])", r"\1", quoted["text"]) if quoted else text


def _plain(value: object) -> object:
    if isinstance(value, dict):
        return {_plain(key): _plain(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [_plain(item) for item in value]
    if value is None or isinstance(value, str | bool | int | float):
        return value
    raise ValueError("not plain data")


def _check_defined(pending: list[tuple[str, Source]], defined: set[str]) -> None:
    for name, source in pending:
        if name not in defined:
            raise UserError(
                f"there is no group {quoting.named(name)}",
                source=source,
                hint=suggestion(name, defined - {"all", "ungrouped"}, what="groups") or f"add a section [{name}]",
            )
