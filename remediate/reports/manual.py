"""The manual page of a module, made from its docstring and its Params; as text and as Markdown."""

from __future__ import annotations

import re
import types
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import MISSING, Field, dataclass, fields, is_dataclass
from enum import Enum
from pathlib import PurePath
from typing import Any, Literal, Union, get_args, get_origin, get_type_hints

from remediate.engine.registry import LoadedModule
from remediate.model import Secret
from remediate.reports.text import plain_value

PLAIN = {str: "text", int: "whole number", float: "number", bool: "yes/no", Secret: "secret text", object: "anything"}


@dataclass(frozen=True, slots=True)
class Argument:
    """One row of the table of arguments. ``name`` of a nested one is ``outer.inner`` or ``outer[].inner``."""

    name: str
    type: str
    default: str
    """``required``, or the default as a person writes it."""
    help: str


def arguments(params: type, prefix: str = "") -> Iterator[Argument]:
    """Every argument of a Params dataclass, nested ones behind the one they belong to."""
    hints = get_type_hints(params)
    for entry in fields(params):
        kind = hints[entry.name]
        name = prefix + ("(free form)" if entry.name == "_raw" else entry.name)
        yield Argument(name, type_words(kind), _default(entry), " ".join(str(entry.metadata.get("help", "")).split()))
        inner, suffix = _nested(kind)
        if inner:
            yield from arguments(inner, f"{name}{suffix}.")


def _default(entry: Field[Any]) -> str:
    if entry.default is not MISSING:
        value = entry.default.value if isinstance(entry.default, Enum) else entry.default
        return plain_value(value)
    if entry.default_factory is not MISSING:
        made = entry.default_factory()
        if made != entry.default_factory():
            return "made anew each time"
        return "empty" if made in ([], {}, (), set(), frozenset()) else plain_value(made)
    return "required"


def _nested(kind: Any) -> tuple[type | None, str]:
    """The dataclass inside a type, and how its members are reached."""
    if isinstance(kind, type) and is_dataclass(kind):
        return kind, ""
    origin, inside = get_origin(kind), get_args(kind)
    if origin in (Union, types.UnionType):
        found = [_nested(item) for item in inside]
        return next((item for item in found if item[0]), (None, ""))
    if origin in (list, tuple) or (isinstance(origin, type) and issubclass(origin, Iterable)):
        inner, suffix = _nested(inside[-1] if origin is not tuple else inside[0]) if inside else (None, "")
        mapping = isinstance(origin, type) and issubclass(origin, Mapping)
        return inner, (".*" if mapping else "[]") + suffix
    return None, ""


def type_words(kind: Any) -> str:
    """A type as a person says it: ``list of text``, ``auto | hotfix``."""
    if kind in PLAIN:
        return PLAIN[kind]
    if kind is type(None):
        return "nothing"
    origin, inside = get_origin(kind), get_args(kind)
    if origin is Literal:
        return " | ".join(str(choice) for choice in inside)
    if origin in (Union, types.UnionType):
        return " or ".join(dict.fromkeys(type_words(item) for item in inside))
    if isinstance(origin, type):
        if issubclass(origin, Mapping):
            return f"mapping of {type_words(inside[1])}" if inside else "mapping"
        return f"list of {type_words(inside[0])}" if inside else "list"
    if isinstance(kind, type):
        return _class_words(kind)
    return "anything"


def _class_words(kind: type) -> str:
    if issubclass(kind, Enum):
        return " | ".join(str(member.value) for member in kind)
    if issubclass(kind, PurePath):
        return "path"
    if issubclass(kind, list | tuple):
        return "list"
    return "mapping" if issubclass(kind, Mapping) or is_dataclass(kind) else "anything"


def first_sentence(module: LoadedModule) -> str:
    """What the module is for, in one sentence."""
    paragraph = " ".join(module.doc.split("\n\n")[0].split())
    end = re.search(r"\.(?=\s+[A-Z])", paragraph)
    return paragraph[: end.end()] if end else paragraph


def traits(module: LoadedModule) -> tuple[str, ...]:
    """What a reader must know before using it: what it touches, whether it can be taken back."""
    found = []
    if not module.needs_session:
        found.append("works without a connection")
    if module.apply is None:
        found.append("only looks: never changes a host")
    elif module.action:
        found.append("a deed: done each time the task runs, not compared with a wanted state")
    else:
        found.append("brings about a state: does nothing where the host has it already")
    if module.apply is not None:
        found.append("can be taken back" if module.reversible else "cannot be taken back by this program")
    return tuple(found)


def as_text(module: LoadedModule) -> str:
    """The page of ``remediate doc MODULE``."""
    lines = [module.name, "=" * len(module.name), "", _without_fences(module.doc)]
    lines += ["", *(f"* {trait}" for trait in traits(module)), "", "arguments"]
    rows = list(arguments(module.params_type))
    width = max((len(row.name) for row in rows), default=0)
    for row in rows:
        given = "required" if row.default == "required" else f"default {row.default}"
        lines.append(f"  {row.name:<{width}}  {row.type} ({given})")
        if row.help:
            lines.append(f"  {'':<{width}}  {row.help}")
    if not rows:
        lines.append("  none")
    return "\n".join([*lines, "", f"file: {module.file}"])


def _without_fences(text: str) -> str:
    return re.sub(r"\n*^```\w*\n*", "\n\n", text, flags=re.MULTILINE).rstrip()


def as_markdown(module: LoadedModule) -> str:
    """One section of the module reference."""
    lines = [f"## {module.name}", "", module.doc, "", *(f"* {trait}" for trait in traits(module)), ""]
    rows = list(arguments(module.params_type))
    if rows:
        lines += ["| argument | type | default | meaning |", "|---|---|---|---|"]
        lines += [f"| `{r.name}` | {_cell(r.type)} | {_cell(r.default)} | {_cell(r.help)} |" for r in rows]
    return "\n".join(lines).rstrip() + "\n"


def _cell(text: str) -> str:
    return text.replace("|", "\\|")
