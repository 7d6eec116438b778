"""A small WQL: SELECT list FROM class WHERE comparisons with AND, OR, NOT and parentheses."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import TypeAlias

Row: TypeAlias = "Mapping[str, object]"
Test: TypeAlias = "Callable[[Row], bool]"

_TOKEN = re.compile(
    r"""\s*(?: (?P<text>'(?:\\.|[^'\\])*'|"(?:\\.|[^"\\])*") | (?P<number>-?\d+(?:\.\d+)?) |
    (?P<name>\w+(?:\.\w+)?) | (?P<mark><=|>=|<>|!=|[=<>(),*]) )""",
    re.VERBOSE,
)


class BadQueryError(Exception):
    """The query cannot be read, or names a property the class does not have."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Query:
    """``columns`` empty: all. ``equal``: what properties (lower case) must be equal to in every row found."""

    target: str
    columns: tuple[str, ...]
    matches: Test
    names: frozenset[str]
    """Lower-case names used in the condition."""
    equal: Mapping[str, str]


def parse(text: str) -> Query:
    """Raises BadQueryError."""
    return _Parser(text).query()


class _Parser:
    def __init__(self, text: str) -> None:
        self._tokens = _split(text)
        self._at = 0
        self._names: set[str] = set()
        self._equal: dict[str, str] = {}

    def _peek(self) -> str:
        return self._tokens[self._at][1] if self._at < len(self._tokens) else ""

    def _word(self) -> str:
        kind, value = self._tokens[self._at] if self._at < len(self._tokens) else ("end", "")
        return value.upper() if kind == "name" else ""

    def _next(self, *kinds: str) -> str:
        if self._at >= len(self._tokens) or self._tokens[self._at][0] not in kinds:
            raise BadQueryError
        self._at += 1
        return self._tokens[self._at - 1][1]

    def _expect(self, word: str) -> None:
        if self._word() != word:
            raise BadQueryError
        self._at += 1

    def query(self) -> Query:
        self._expect("SELECT")
        columns = self._columns()
        self._expect("FROM")
        target = self._next("name")
        matches: Test = _anything
        if self._word() == "WHERE":
            self._at += 1
            matches = self._any()
        if self._at != len(self._tokens):
            raise BadQueryError
        names = frozenset(self._names)
        return Query(target=target, columns=columns, matches=matches, names=names, equal=dict(self._equal))

    def _columns(self) -> tuple[str, ...]:
        if self._peek() == "*":
            self._at += 1
            return ()
        found = [self._next("name")]
        while self._peek() == ",":
            self._at += 1
            found.append(self._next("name"))
        return tuple(found)

    def _any(self) -> Test:
        tests = [self._all()]
        while self._word() == "OR":
            self._at += 1
            self._equal.clear()
            tests.append(self._all())
            self._equal.clear()
        return tests[0] if len(tests) == 1 else lambda row: any(test(row) for test in tests)

    def _all(self) -> Test:
        tests = [self._one()]
        while self._word() == "AND":
            self._at += 1
            tests.append(self._one())
        return tests[0] if len(tests) == 1 else lambda row: all(test(row) for test in tests)

    def _one(self) -> Test:
        if self._word() == "NOT":
            self._at += 1
            inner = self._one()
            self._equal.clear()
            return lambda row: not inner(row)
        if self._peek() == "(" and self._tokens[self._at][0] == "mark":
            self._at += 1
            inner = self._any()
            if self._next("mark") != ")":
                raise BadQueryError
            return inner
        return self._comparison()

    def _comparison(self) -> Test:
        name = self._next("name").lower()
        self._names.add(name)
        if self._word() == "IS":
            self._at += 1
            wanted = self._word() != "NOT"
            self._at += 0 if wanted else 1
            self._expect("NULL")
            return lambda row: (row.get(name) is None) == wanted
        if self._word() == "LIKE":
            self._at += 1
            pattern = _like(_unquote(self._next("text")))
            return lambda row: row.get(name) is not None and pattern.fullmatch(str(row[name])) is not None
        operator = self._next("mark")
        if operator not in _OPERATORS:
            raise BadQueryError
        value = self._value()
        if operator == "=" and isinstance(value, str):
            self._equal[name] = value
        return lambda row: _compare(row.get(name), operator, value)

    def _value(self) -> object:
        kind, raw = self._tokens[self._at] if self._at < len(self._tokens) else ("end", "")
        self._at += 1
        if kind == "text":
            return _unquote(raw)
        if kind == "number":
            return float(raw)
        constants: dict[str, object] = {"TRUE": True, "FALSE": False, "NULL": None}
        if kind != "name" or raw.upper() not in constants:
            raise BadQueryError
        return constants[raw.upper()]


_OPERATORS: Mapping[str, Callable[[int], bool]] = {
    "=": lambda c: c == 0,
    "<>": lambda c: c != 0,
    "!=": lambda c: c != 0,
    "<": lambda c: c < 0,
    ">": lambda c: c > 0,
    "<=": lambda c: c <= 0,
    ">=": lambda c: c >= 0,
}


def _anything(_: Row) -> bool:
    return True


def _split(text: str) -> list[tuple[str, str]]:
    tokens, at = [], 0
    while text[at:].strip():
        match = _TOKEN.match(text, at)
        if match is None:
            raise BadQueryError
        tokens.append((str(match.lastgroup), match[str(match.lastgroup)]))
        at = match.end()
    return tokens


def _unquote(raw: str) -> str:
    return re.sub(r"\\(.)", r"\1", raw[1:-1])


def _like(pattern: str) -> re.Pattern[str]:
    out = ""
    for piece in re.findall(r"\[[^\]]*\]|.", pattern, re.DOTALL):
        if len(piece) > 1:
            inner = piece[1:-1].replace("\\", "\\\\")
            out += f"[{inner}]" if inner else re.escape(piece)
        else:
            out += {"%": ".*", "_": "."}.get(piece, re.escape(piece))
    try:
        return re.compile(out, re.IGNORECASE | re.DOTALL)
    except re.error:
        raise BadQueryError from None


def _moment(text: str) -> datetime | None:
    """A WMI date, ``20041115070000.000000-300``, in UTC; None for other text."""
    match = re.fullmatch(r"(\d{14})\.(\d{6})([+-]\d{3})", text)
    if match is None:
        return None
    try:
        local = datetime.strptime(match[1] + match[2], "%Y%m%d%H%M%S%f").replace(tzinfo=UTC)
    except ValueError:
        return None
    return local - timedelta(minutes=int(match[3]))


def _compare(have: object, operator: str, want: object) -> bool:
    if have is None or want is None:
        return (have is want) == (operator == "=") if operator in ("=", "<>", "!=") else False
    if isinstance(want, bool) or isinstance(have, bool):
        words = {"true": True, "false": False, "1": True, "0": False, "1.0": True, "0.0": False}
        want = words.get(str(want).lower(), want)
        return _OPERATORS[operator](0 if have == want else 1)
    if isinstance(have, int | float) or isinstance(want, int | float):
        try:
            left, right = float(str(have)), float(str(want))
        except ValueError:
            raise BadQueryError from None
        return _OPERATORS[operator]((left > right) - (left < right))
    moments = _moment(str(have)), _moment(str(want))
    if moments[0] is not None and moments[1] is not None:
        return _OPERATORS[operator]((moments[0] > moments[1]) - (moments[0] < moments[1]))
    a, b = str(have).lower(), str(want).lower()
    return _OPERATORS[operator]((a > b) - (a < b))
