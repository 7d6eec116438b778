"""Reads an inventory written in Ansible's INI form."""

from __future__ import annotations

import ast
import re
import shlex
import warnings
from collections.abc import Iterator
from dataclasses import dataclass

from remediate.errors import UserError
from remediate.language.hostgraph import Graph
from remediate.language.ranges import host_names
from remediate.language.words import suggestion
from remediate.language.yamlfile import Map, Text
from remediate.model import Source

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
        column = self.text.find(part)
        return Source(self.source.file, self.source.line, self.source.column + max(column, 0))


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
            f"{line.text!r} is not a section",
            source=line.source,
            hint="write [group], [group:children] or [group:vars]",
        )
    kind = found["kind"] or "hosts"
    if kind not in _KINDS:
        raise UserError(f"a section cannot be of kind {kind!r}", source=line.place(kind), hint=suggestion(kind, _KINDS))
    return found["name"].strip(), kind


def _host(line: _Line, group: str, graph: Graph) -> None:
    words = _words(line)
    if not words:
        return
    names, port = host_names(words[0], line.source)
    if words[0].endswith(":") or words[0] == "---":
        raise UserError(
            f"{words[0]!r} looks like YAML in an INI inventory", source=line.source, hint="name the file *.yml"
        )
    variables = Map()
    if port:
        variables["ansible_port"] = port
    for word in words[1:]:
        name, equals, value = word.partition("=")
        if not equals or not name:
            raise UserError(
                f"{word!r} after the host {words[0]!r} is not name=value",
                source=line.place(word),
                hint="one host per line; quote a value with spaces: name='a value'",
            )
        variables = variables.merged(_one(name, value, line))
    for name in names:
        graph.add_host(name, group, variables)


def _words(line: _Line) -> list[str]:
    bare = _QUOTED.sub("", line.text)
    if found := re.search(r"\\\w+", bare):
        raise UserError(
            f"the backslash of '{found.group()}' would be lost",
            source=line.place(found.group()),
            hint="write it twice, or put the value in quotes",
        )
    try:
        return shlex.split(line.text, comments=True)
    except ValueError as error:
        raise UserError(f"the line cannot be read: {str(error).lower()}", source=line.source) from None


def _child(line: _Line) -> str:
    words = _words(line)
    if len(words) != 1:
        raise UserError(
            f"one group name was expected, not {line.text!r}", source=line.source, hint="variables go to [group:vars]"
        )
    return words[0]


def _assignment(line: _Line) -> tuple[str, str]:
    name, equals, value = line.text.partition("=")
    if not equals or not name.strip():
        raise UserError(f"{line.text!r} is not name=value", source=line.source)
    return name.strip(), value.strip()


def _one(name: str, value: str, line: _Line) -> Map:
    result = Map(source=line.source)
    place = line.place(f"{name}")
    found = literal(value)
    result.put(name, Text(found, place) if isinstance(found, str) else found, place, place)
    return result


def literal(text: str) -> object:
    """What an INI value means: a Python literal where it is one, as in Ansible, text otherwise.

    Unlike there a backslash in quotes stays: ``"C:\\new"`` is a path, not two lines.
    """
    if not _LITERAL.match(text):
        return text
    if quoted := _STRING.fullmatch(text):
        return re.sub(r"\\([\\\"'])", r"\1", quoted["text"])
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            return _plain(ast.literal_eval(text))
    except (ValueError, SyntaxError, MemoryError, RecursionError, TypeError):
        return text


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
                f"there is no group {name!r}",
                source=source,
                hint=suggestion(name, defined - {"all", "ungrouped"}, what="groups") or f"add a section [{name}]",
            )
