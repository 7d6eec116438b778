"""Secrets and control characters: nothing of either gets through, whatever the text."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from remediate.events import Event, StepFinished, Warned
from remediate.model import MASK, Change, Result, Secret, Source, Status
from remediate.reports.redact import Redacting, Redactor
from remediate.reports.text import bounded, duration, one_line, plain_value, visible
from remediate.secrets.spellings import EVERYDAY

secrets = st.text(min_size=4, max_size=20).filter(
    lambda text: text.strip() == text and text.strip("*") and not text.isdigit() and text.lower() not in EVERYDAY
)


@given(secrets, st.text(), st.text())
def test_no_secret_survives_in_any_spelling(secret: str, before: str, after: str) -> None:
    redactor = Redactor([secret])
    for form in (secret, json.dumps(secret), repr(secret)):
        shown = redactor.text(f"{before}{form}{after}")
        assert secret not in shown.replace(MASK, "")


@given(st.text())
def test_visible_text_cannot_steer_a_terminal(text: str) -> None:
    shown = visible(text)
    assert all(character in "\n\t" or character.isprintable() or ord(character) > 0x9F for character in shown)
    assert visible(shown) == shown
    assert "\n" not in one_line(text)
    shown.encode("utf-8")


@given(st.text(max_size=50), st.integers(0, 60))
def test_bounded_says_what_it_left_out(text: str, limit: int) -> None:
    shown = bounded(text, limit)
    assert shown == text if len(text) <= limit else f"({len(text) - limit} more" in shown


def test_longer_secrets_win() -> None:
    assert Redactor(["pass", "password1"]).text("password1 pass") == f"{MASK} {MASK}"


def test_short_secrets_are_masked_only_alone() -> None:
    assert Redactor(["lab"]).text("lab inventory/lab.yml available") == f"{MASK} inventory/{MASK}.yml available"


def test_structures_keep_their_type() -> None:
    event = Warned(text="is topsecret", source=Source("topsecret.yml", 1, 2))
    shown = Redactor(["topsecret"]).value(event)
    assert shown == Warned(text=f"is {MASK}", source=Source(f"{MASK}.yml", 1, 2))
    value = {"token": "x", "n": [1, None, (Secret("y"), Secret("as y", "as ****"))], "before": 4711123, "pin": 4711124}
    shown = {"token": "x", "n": [1, None, (MASK, "as ****")], "before": MASK, "pin": 4711124}
    assert Redactor(["4711123"]).value(value) == shown, "values count, not what a host calls them"


def result(**more: Any) -> Result:
    return Result(**{"address": "a", "host": "h", "task": "t", "module": "m", "status": Status.CHANGED, **more})


def test_keys_and_numbers_of_hosts_are_masked_and_numbers_of_our_own_are_not() -> None:
    change = Change(target="x", before=4711, after={"pin of hush-hush": [4711]}, seconds=4711.0)
    shown = Redactor(["hush-hush", "4711"]).value(result(changes=(change,), seconds=4711.0, extra={"hush-hush": 4711}))
    assert shown.changes[0].before == MASK
    assert shown.changes[0].after == {f"pin of {MASK}": [MASK]}
    assert (shown.changes[0].seconds, shown.seconds) == (4711.0, 4711.0)
    assert shown.extra == {MASK: MASK}


class Heard:
    def __init__(self) -> None:
        self.events: list[Event] = []

    def receive(self, event: Event) -> None:
        self.events.append(event)

    def close(self) -> None: ...


def test_of_a_no_log_task_only_the_verdict_gets_through() -> None:
    """Nothing here is known to be secret."""
    words: dict[str, Any] = {name: {"k": "read-there"} for name in ("before", "after", "extra", "columns")}
    said = result(no_log=True, message="read-there", remedy="read-there", notes=("read-there",),
                  changes=(Change(target="read-there", before=1, after=2),), **words)  # fmt: skip
    heard = Heard()
    Redacting(heard, Redactor()).receive(StepFinished(result=said))
    assert "read-there" not in repr(heard.events)
    (event,) = heard.events
    assert isinstance(event, StepFinished)
    assert (event.result.status, event.result.message) == (Status.CHANGED, "hidden by no_log")


@pytest.mark.parametrize(
    ("seconds", "words"), [(0.04, "0.0 s"), (42.4, "42 s"), (119, "119 s"), (180, "3 min"), (7500, "2 h 05 min")]
)
def test_durations(seconds: float, words: str) -> None:
    assert duration(seconds) == words


@pytest.mark.parametrize(
    ("value", "words"),
    [
        (None, "-"),
        (True, "yes"),
        ("", '""'),
        ({"size": 3, "on": False}, "size 3, on no"),
        ([1, "a"], "1, a"),
        (1.5, "1.5"),
    ],
)
def test_values_read_as_people_write_them(value: object, words: str) -> None:
    assert plain_value(value) == words
