"""Reads an inventory written in YAML, or handed over by a plugin in the same form."""

from __future__ import annotations

import re
from collections.abc import Mapping

from remediate.errors import UserError
from remediate.language import quoting
from remediate.language.hostgraph import Graph
from remediate.language.ranges import host_names
from remediate.language.words import kind, suggestion
from remediate.language.yamlfile import Map, source_of
from remediate.model import Source

_KEYS = ("hosts", "children", "vars")


def read(data: Mapping[object, object], graph: Graph, source: Source) -> None:
    """Add every group of ``data`` to ``graph``; top-level groups are children of ``all``. Raises UserError."""
    for name, body in data.items():
        place = _key_source(data, name, source)
        _group(_name(name, place), body, graph, place)
        if name != "all":
            graph.add_child("all", str(name), place)


def _group(name: str, body: object, graph: Graph, source: Source) -> None:
    graph.group(name)
    if body is None:
        return
    content = _mapping(body, f"the group {quoting.named(name)}", source, "hosts, children and vars go below it")
    for key, value in content.items():
        place = _key_source(content, key, source)
        if key not in _KEYS:
            raise UserError(
                f"a group has no {quoting.named(key, 'such key')}",
                source=place,
                hint=suggestion(str(key), _KEYS) if suggestion(str(key), _KEYS).startswith("did") else _MISPLACED,
            )
        if key == "hosts":
            _hosts(name, value, graph, place)
        elif key == "children":
            _children(name, value, graph, place)
        elif value is not None:
            graph.add_vars(name, checked_names(_mapping(value, "vars", place, "write 'name: value' below it"), place))


_MISPLACED = "a group holds hosts, children and vars; variables go below 'vars', host names below 'hosts'"


def _hosts(group: str, value: object, graph: Graph, source: Source) -> None:
    if isinstance(value, str):
        value = {value: None}
    if value is None:
        return
    hosts = _mapping(value, "hosts", source, "write each host as 'name:' on its own line, without a '-'")
    for written, variables in hosts.items():
        place = _key_source(hosts, written, source)
        names, port = host_names(_name(written, place), place)
        found = (
            {} if variables is None else _mapping(variables, f"the host {names[0]}", place, "write 'variable: value'")
        )
        for name in names:
            graph.add_host(name, group, {"ansible_port": port} if port else {})
            graph.add_host(name, group, checked_names(found, place))


def _children(group: str, value: object, graph: Graph, source: Source) -> None:
    if isinstance(value, str):
        value = {value: None}
    if value is None:
        return
    children = _mapping(value, "children", source, "write each group as 'name:' on its own line, without a '-'")
    for written, body in children.items():
        place = _key_source(children, written, source)
        child = _name(written, place)
        _group(child, body, graph, place)
        graph.add_child(group, child, place)


def checked_names(variables: Mapping[object, object], source: Source) -> Mapping[str, object]:
    """The same mapping once every key is known to be text."""
    for key in variables:
        if not isinstance(key, str):
            place = _key_source(variables, key, source)
            raise UserError(f"the name of a variable must be text, not {kind(key)}", source=place)
        if before := quoting.beginning(key, ":="):
            raise UserError(
                f"'{before}' is not followed by ': '",
                source=_key_source(variables, key, source),
                hint=f"write '{before}: value', with a blank",
            )
    return variables  # type: ignore[return-value]


def _name(value: object, source: Source) -> str:
    if isinstance(value, bool) or not isinstance(value, str | int | float) or not str(value).strip():
        raise UserError(f"a host or group needs a name, this is {kind(value)}", source=source, hint="quote the name")
    if re.search(r"[\s=]", str(value)):
        hint = "one name before the ':', variables on lines of their own below it"
        raise UserError("the name of a host or group holds no blanks and no '='", source=source, hint=hint)
    return str(value)


def _mapping(value: object, what: str, source: Source, hint: str) -> Mapping[object, object]:
    if not isinstance(value, Mapping):
        raise UserError(f"{what} must be a mapping, not {kind(value)}", source=source_of(value, source), hint=hint)
    return value


def _key_source(data: Mapping[object, object], key: object, default: Source) -> Source:
    return data.key_source(key) if isinstance(data, Map) else default
