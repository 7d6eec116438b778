"""Reads the few forms of PowerShell script the lab carries out; everything else is refused, never guessed."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import TypeAlias

from remediate.lab.winrm.psrecords import UnknownScriptError


@dataclass(frozen=True, slots=True)
class Text:
    """A string; ``parts`` are its pieces, variables among them still to be put in."""

    parts: tuple[str | Variable, ...]


@dataclass(frozen=True, slots=True)
class Variable:
    """``$name``, ``$env:NAME`` or ``$name.member.member``; names in lower case."""

    name: str
    members: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Number:
    """A whole number; programs get it as it was ``written``."""

    value: int
    written: str


Value: TypeAlias = Text | Variable | Number


@dataclass(frozen=True, slots=True)
class Parameter:
    """``-Name`` before the value it belongs to, as written behind the dash."""

    name: str


@dataclass(frozen=True, slots=True)
class Command:
    """A command with its words; ``merge``: its errors go where its output goes (``2>&1``)."""

    name: Value
    words: tuple[Value | Parameter, ...]
    merge: bool = False


@dataclass(frozen=True, slots=True)
class Statement:
    """A pipeline, and the variable that takes what comes out of it ("" none)."""

    elements: tuple[Value | Command, ...]
    target: str = ""


_TOKENS = re.compile(
    r"""(?P<space>[ \t]+)
      | (?P<end>;|\r?\n)
      | (?P<pipe>\|)
      | (?P<merge>2>&1)
      | (?P<call>&)
      | (?P<single>'(?:[^']|'')*')
      | (?P<double>"(?:[^"`]|`.|"")*")
      | (?P<variable>\$(?:env:)?\w+(?:\.[A-Za-z]\w*)*)
      | (?P<equals>=(?=\s))
      | (?P<number>-?\d+(?=[\s;|]|$))
      | (?P<parameter>-[A-Za-z]\w*(?=[\s;|]|$))
      | (?P<word>[\w.:\\/*?%+=,~-]+)
    """,
    re.VERBOSE,
)
_IN_TEXT = re.compile(r"`(.)|(\"\")|\$((?:env:)?\w+)|(\$[({])", re.DOTALL | re.IGNORECASE)
_ESCAPES = {"n": "\n", "r": "\r", "t": "\t", "0": "\0"}
_Token: TypeAlias = tuple[str, str]


def parse(script: str) -> tuple[Statement, ...]:
    """The statements of a script. UnknownScriptError for what is outside the subset."""
    found: list[Statement] = []
    line: list[_Token] = []
    for token in [*_tokens(script), ("end", ";")]:
        if token[0] != "end":
            line.append(token)
            continue
        if any(kind != "space" for kind, _ in line):
            found.append(_statement(line, script))
        line = []
    return tuple(found)


def _tokens(script: str) -> Iterator[_Token]:
    at = 0
    while at < len(script):
        match = _TOKENS.match(script, at)
        if match is None or match.lastgroup is None:
            raise UnknownScriptError(f"script at {script[at : at + 60]!r}")
        yield match.lastgroup, match[0]
        at = match.end()


def _statement(line: list[_Token], script: str) -> Statement:
    words = [token for token in line if token[0] != "space"]
    target = ""
    if len(words) > 1 and words[0][0] == "variable" and words[1][0] == "equals":
        target = words[0][1][1:].lower()
        if not re.fullmatch(r"\w+", target):
            raise UnknownScriptError(f"setting ${target}")
        line = line[line.index(words[1]) + 1 :]
    elements: list[Value | Command] = []
    part: list[_Token] = []
    for token in [*line, ("pipe", "|")]:
        if token[0] == "pipe":
            elements.append(_element(part, script))
            part = []
        else:
            part.append(token)
    if any(not isinstance(element, Command) for element in elements[1:]):
        raise UnknownScriptError(f"an expression behind a pipe: {_brief(script)}")
    return Statement(tuple(elements), target)


def _element(part: list[_Token], script: str) -> Value | Command:
    while part and part[0][0] == "space":
        part = part[1:]
    while part and part[-1][0] == "space":
        part = part[:-1]
    if not part:
        raise UnknownScriptError(f"an empty part of a pipeline: {_brief(script)}")
    kind = part[0][0]
    if kind in ("single", "double", "variable", "number"):
        if len(part) > 1:
            raise UnknownScriptError(f"an expression of several parts: {_brief(script)}")
        return _value(*part[0])
    if kind == "call":
        return _command(_groups(part[1:], script), script)
    if kind == "word":
        return _command(_groups(part, script), script)
    raise UnknownScriptError(f"a statement that begins with {part[0][1]}: {_brief(script)}")


def _groups(part: list[_Token], script: str) -> list[_Token]:
    """Words stand apart: ``a"b c"d`` is one argument of several pieces to PowerShell, and not known here."""
    found: list[_Token] = []
    before = "space"
    for token in part:
        if token[0] != "space":
            if before != "space":
                raise UnknownScriptError(f"a word made of pieces at {token[1]}: {_brief(script)}")
            found.append(token)
        before = token[0]
    return found


def _command(words: list[_Token], script: str) -> Command:
    merge = any(kind == "merge" for kind, _ in words)
    words = [token for token in words if token[0] != "merge"]
    if not words or any(kind in ("call", "equals") for kind, _ in words):
        raise UnknownScriptError(f"a command: {_brief(script)}")
    rest = tuple(Parameter(text[1:]) if kind == "parameter" else _value(kind, text) for kind, text in words[1:])
    return Command(_value(*words[0]), rest, merge)


def _value(kind: str, text: str) -> Value:
    if kind == "single":
        return Text((text[1:-1].replace("''", "'"),))
    if kind == "double":
        return Text(tuple(_pieces(text[1:-1])))
    if kind == "variable":
        name, *members = text[1:].split(".")
        return Variable(name.lower(), tuple(member.lower() for member in members))
    if kind == "number":
        return Number(int(text), text)
    return Text((text,))


def _pieces(text: str) -> Iterator[str | Variable]:
    at = 0
    for match in _IN_TEXT.finditer(text):
        yield text[at : match.start()]
        escaped, quote, name, strange = match.groups()
        if strange:
            raise UnknownScriptError(f"a sub-expression in a string: {text[match.start() :][:60]}")
        if name:
            yield Variable(name.lower())
        else:
            yield '"' if quote else _ESCAPES.get(escaped, escaped)
        at = match.end()
    yield text[at:]


def _brief(script: str) -> str:
    flat = " ".join(script.split())
    return flat if len(flat) <= 80 else flat[:77] + "..."
