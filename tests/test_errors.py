"""Every error crosses to another process, and back, as what it was."""

from __future__ import annotations

import importlib
import inspect
import pickle
import pkgutil
from collections.abc import Iterator

import pytest

import remediate
from remediate.errors import BrokenOff, Plain, RemediateError, UserError
from remediate.model import Output, Source

GIVEN: dict[str, object] = {
    "message": "it went wrong",
    "reason": "the disk is full",
    "remedy": "make room",
    "hint": "see docs",
    "kind": "timeout",
    "source": Source("site.yml", 3, 5),
    "output": Output("out", "err", 1603),
    "errors": (UserError("one", source=Source("a.yml", 1, 2)), UserError("two", hint="so")),
    "quiet": True,
    "cause": OSError(28, "no space left"),
}
"""By the names of their parameters: what errors are made of."""


def kinds(of: type[Plain] = Plain) -> Iterator[type[Plain]]:
    yield of
    for kind in of.__subclasses__():
        yield from kinds(kind)


def everything() -> list[type[Plain]]:
    for found in pkgutil.walk_packages(remediate.__path__, "remediate."):
        if "migrations" not in found.name and not found.name.endswith("__main__"):
            importlib.import_module(found.name)
    return sorted({kind for kind in kinds() if kind is not Plain}, key=lambda kind: kind.__name__)


def made(kind: type[Plain]) -> Plain:
    names = inspect.signature(kind).parameters
    positional = [GIVEN[name] for name, one in names.items() if one.kind is one.POSITIONAL_OR_KEYWORD]
    named = {name: GIVEN[name] for name, one in names.items() if one.kind is one.KEYWORD_ONLY}
    return kind(*positional, **named)


@pytest.mark.parametrize("kind", everything(), ids=lambda kind: str(kind.__name__))
def test_errors_arrive_as_they_were_sent(kind: type[Plain]) -> None:
    sent = made(kind)
    arrived = pickle.loads(pickle.dumps(sent))
    assert type(arrived) is kind
    assert str(arrived) == str(sent)
    if kind is not BrokenOff:  # an error of the language is equal to none but itself
        assert (arrived, hash(arrived)) == (sent, hash(sent))
    assert {n: str(v) for n, v in vars(arrived).items()} == {n: str(v) for n, v in vars(sent).items()}


def test_errors_of_other_words_are_not_equal() -> None:
    assert RemediateError("a") != RemediateError("b")
    assert RemediateError("a", hint="x") != RemediateError("a")
    assert RemediateError("a") != UserError("a")
