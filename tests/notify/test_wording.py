"""What is sent, in words and as JSON."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from remediate.notify import HostLine, Occasion
from remediate.notify.model import Kind
from remediate.notify.trouble import LONGEST, line
from remediate.notify.wording import SUBJECT, document, subject, text

ANYTHING = st.text(st.characters(exclude_categories=()))


def occasion(kind: Kind, *outcomes: str, code: int | None = None, test: bool = False) -> Occasion:
    hosts = tuple(HostLine(host=f"ex{number}", outcome=outcome) for number, outcome in enumerate(outcomes))
    book = "/srv/a b/kb870585.yml"
    return Occasion(kind=kind, run="R1", playbook=book, who="", controller="", hosts=hosts, exit_code=code, test=test)


@pytest.mark.parametrize(
    ("told", "says"),
    [
        (occasion("before", "", ""), "begins on 2 hosts"),
        (occasion("before", ""), "begins on 1 host"),
        (occasion("after", *["changed"] * 7, "failed", code=4), "7 changed, 1 failed"),
        (occasion("failed", "changed", "blocked", code=4), "FAILED: 1 changed, 1 blocked"),
        (occasion("failed", code=130), "interrupted"),
        (occasion("after", "changed", code=130), "interrupted: 1 changed"),
        (occasion("after", code=0), "no host was worked on"),
        (occasion("failed", "failed", test=True), "this is a test"),
    ],
)
def test_the_line_people_see(told: Occasion, says: str) -> None:
    assert subject(told) == f"remediate: {says}: kb870585.yml (R1)"
    assert json.loads(document(told))["text"] == subject(told)


def test_a_playbook_of_a_windows_controller() -> None:
    told = Occasion(kind="after", run="R", playbook="c:\\books\\kb.yml", who="", controller="")
    assert subject(told) == "remediate: no host was worked on: kb.yml (R)"


@given(ANYTHING)
def test_the_document_is_what_was_given(text: str) -> None:
    told = Occasion(kind="after", run=text, playbook=text, who=text, controller=text, hosts=(HostLine(host=text),))
    content = document(told)
    assert content.isascii()
    assert json.loads(content)["hosts"] == [{"host": text, "outcome": "", "reason": ""}]
    assert len(subject(told)) <= SUBJECT


@given(ANYTHING)
def test_a_line_is_one_line_that_steers_nothing(text: str) -> None:
    made = line(text)
    assert len(made) <= LONGEST
    assert len(made.splitlines()) <= 1
    assert made.isprintable()


@given(st.text(st.characters(categories=["L", "N", "P"]), max_size=LONGEST))
def test_plain_words_are_left_alone(text: str) -> None:
    assert line(text) == text


def test_how_a_host_was_left_stands_below_it() -> None:
    left = HostLine(host="ex1", outcome="failed", reason="exit code 1603", now="DOWN NOW: MSExchangeIS",
                    standing={"data": {"services_down": ["MSExchangeIS"]}})  # fmt: skip
    told = Occasion(kind="failed", run="R", playbook="p.yml", who="", controller="",
                    hosts=(left, HostLine(host="ex22", outcome="changed")))  # fmt: skip
    assert text(told).splitlines()[-3:] == [
        "ex1   failed   exit code 1603",
        "      DOWN NOW: MSExchangeIS",
        "ex22  changed",
    ]
    hosts = json.loads(document(told))["hosts"]
    assert hosts[0]["now"] == "DOWN NOW: MSExchangeIS"
    assert hosts[0]["standing"]["data"]["services_down"] == ["MSExchangeIS"]
    assert hosts[1] == {"host": "ex22", "outcome": "changed", "reason": ""}
