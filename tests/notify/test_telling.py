"""Telling several hooks: side by side, each by its own lights, and nothing raised."""

from __future__ import annotations

import dataclasses
import threading
from pathlib import Path
from typing import get_args

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from remediate.notify import Hook, HostLine, Mail, Occasion, notify, webhook
from remediate.notify.model import KINDS, Kind
from tests.notify.occasions import ENVIRON, NOW, OCCASION, tell
from tests.notify.receivers import web
from tests.patience import LIMIT


def test_hooks_of_one_occasion_are_told_side_by_side(tmp_path: Path) -> None:
    """The receiver answers nobody before all three are there."""
    with web("waits for another", guests=3) as received:
        hooks = [Hook(name=name, on=("after",), webhook=received.url, timeout=LIMIT) for name in "abc"]
        told = notify(hooks, OCCASION, environ={}, folder=tmp_path, now=NOW)
    assert [(one.name, one.ok) for one in told] == [("a", True), ("b", True), ("c", True)]


def test_one_that_hangs_takes_nothing_from_the_others(tmp_path: Path) -> None:
    with web("silent") as silent, web() as fine:
        hooks = [
            Hook(name="slow", on=("after",), webhook=silent.url, timeout=0.2, fatal=True),
            Hook(name="fine", on=("after",), webhook=fine.url, timeout=LIMIT, fatal=True),
            Hook(name="gone", on=("after",), command=("./nobody",)),
        ]
        told = notify(hooks, OCCASION, environ={}, folder=tmp_path, now=NOW)
    assert [(one.name, one.ok, one.fatal) for one in told] == [
        ("slow", False, True),
        ("fine", True, True),
        ("gone", False, False),
    ]


@pytest.mark.parametrize("kind", KINDS)
def test_only_those_who_want_to_hear_are_told(kind: Kind, tmp_path: Path) -> None:
    hooks = [Hook(name=one, on=(one,), command=("true",)) for one in get_args(Kind)]
    occasion = dataclasses.replace(OCCASION, kind=kind)
    told = notify(hooks, occasion, environ=ENVIRON, folder=tmp_path, now=NOW)
    assert [(one.name, one.ok) for one in told] == [(kind, True)]
    told = notify(hooks, dataclasses.replace(occasion, test=True), environ=ENVIRON, folder=tmp_path, now=NOW)
    assert [one.name for one in told] == list(KINDS), "a test goes to all"
    assert notify([], occasion, environ=ENVIRON, folder=tmp_path, now=NOW) == ()


def test_a_machine_without_room_for_a_thread(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(_: threading.Thread) -> None:
        raise RuntimeError("can't start new thread")

    monkeypatch.setattr(threading.Thread, "start", full)
    assert tell(tmp_path, command=("true",)).error == "no thread could be started for it"


def test_what_nobody_foresaw_is_a_failed_hook(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def explode(*_: object) -> None:
        raise ZeroDivisionError("k3y-of-the-hook")

    monkeypatch.setattr(webhook, "post", explode)
    assert tell(tmp_path, webhook="http://127.0.0.1:9/").error == "unexpected: ZeroDivisionError"


WILD = st.text(st.characters(exclude_categories=()), max_size=30)
HOOKS = st.builds(
    Hook,
    name=WILD,
    on=st.just(("after",)),
    webhook=st.one_of(st.just(""), WILD, WILD.map("http://127.0.0.1:1/{}".format), WILD.map("env:{}".format)),
    mail=st.one_of(
        st.none(),
        st.builds(Mail, server=st.just("127.0.0.1"), port=st.just(1), sender=WILD, to=st.lists(WILD).map(tuple)),
    ),
    command=st.lists(WILD, min_size=1, max_size=2).map(lambda argv: ("./no such program", *argv)),
    secret=st.one_of(st.just(""), WILD.map("env:{}".format), WILD.map("file:none/{}".format)),
    timeout=st.just(0.4),  # too short for a second try
)


@settings(max_examples=50)
@given(hook=HOOKS, run=WILD, host=WILD)
def test_nothing_raises_whatever_it_is_given(hook: Hook, run: str, host: str) -> None:
    occasion = Occasion(
        kind="after", run=run, playbook=host, who=run, controller=host, hosts=(HostLine(host=host, outcome=run),)
    )
    (told,) = notify([hook], occasion, environ={"A": run}, folder=Path("/nonexistent"), now=NOW)
    assert not told.ok
    assert told.error.isprintable()
    assert len(told.error) <= 300
