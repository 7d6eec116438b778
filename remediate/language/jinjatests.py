"""What may follow ``is`` in a template beyond Jinja2's own tests."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import Any

from remediate.language import regexes
from remediate.language.versions import compare


def tests() -> dict[str, Callable[..., Any]]:
    """Every test by name."""
    found: dict[str, Callable[..., Any]] = {
        "version": compare,
        "version_compare": compare,
        "match": regexes.test("match"),
        "search": regexes.test("search"),
        "regex": regexes.test("search"),
        "contains": lambda series, item: item in series,
        "any": any,
        "all": all,
        "truthy": bool,
        "falsy": lambda value: not value,
        "subset": _subset,
        "issubset": _subset,
        "superset": lambda left, right: _subset(right, left),
        "issuperset": lambda left, right: _subset(right, left),
    }
    for names, function in _outcomes():
        found.update(dict.fromkeys(names, function))
    return found


def _outcomes() -> Iterable[tuple[tuple[str, ...], Callable[..., Any]]]:
    return (
        (("failed", "failure"), lambda result: _flag(result, "failed")),
        (("succeeded", "success", "successful"), lambda result: not _flag(result, "failed")),
        (("changed", "change"), lambda result: _flag(result, "changed")),
        (("skipped", "skip"), lambda result: _flag(result, "skipped")),
        (("unreachable",), lambda result: _flag(result, "unreachable")),
        (("reachable",), lambda result: not _flag(result, "unreachable")),
    )


def _flag(result: object, name: str) -> object:
    if not isinstance(result, Mapping):
        raise TypeError(f"'is {name}' asks a registered result, a mapping; this is {type(result).__name__}")
    return bool(result.get(name, False))


def _subset(left: Iterable[object], right: Iterable[object]) -> bool:
    every = list(right)
    return all(item in every for item in left)
