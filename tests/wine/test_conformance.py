"""The table of small payloads and command lines answers alike on the embedded lab and on Wine, or says why not."""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.wine import programs
from tests.wine.conformance_hosts import IMAGE, Answer, Host, Lab, Wine
from tests.wine.host import WineHost, WineSpec

TABLE: Mapping[str, Any] = yaml.safe_load((Path(__file__).parent / "conformance.yml").read_text("utf-8"))
CASES: list[dict[str, Any]] = TABLE["cases"]

pytestmark = [pytest.mark.wine]
each_case = pytest.mark.parametrize("case", CASES, ids=lambda case: case["name"])


@pytest.fixture(scope="module")
def real() -> Iterator[Wine]:
    """A host that is up before the first case: what a prefix starts with a command holds that command's output open."""
    host = WineHost("conformance", WineSpec(image=IMAGE))
    yield Wine(host.prefix, programs.compiled() / "rawline.exe")
    host.close()


@each_case
def test_the_lab_answers_as_windows(case: Mapping[str, Any]) -> None:
    answer = asked(Lab(), case)
    assert wanted(case, answer), answer


@each_case
def test_wine_answers_as_the_lab(real: Wine, case: Mapping[str, Any]) -> None:
    ours, theirs = asked(Lab(), case), asked(real, case)
    noted = set(theirs.pop("notes", ()))
    ours.pop("notes", None)
    if differs(case):
        assert not same(case, ours, theirs), f"no longer differs: take away `differs: {case['differs']}`"
    else:
        assert same(case, ours, theirs), f"lab: {ours}\nWine: {theirs}"
    assert noted >= set(case.get("notes", ()))


def test_the_page_on_fidelity_names_every_difference() -> None:
    page = (Path(__file__).parents[2] / "docs" / "lab-fidelity.md").read_text("utf-8")
    assert [case["name"] for case in CASES if "differs" in case and f"| {case['name']} |" not in page] == []


def differs(case: Mapping[str, Any]) -> bool:
    """Whether Wine answers otherwise, under the account this runs under."""
    return "differs" in case and (case.get("account") != "root" or os.geteuid() == 0)


def asked(host: Host, case: Mapping[str, Any]) -> Answer:
    """The answer of one host in a world of its own."""
    return host.script(case, TABLE["world"]) if "js" in case else host.line(case, TABLE["world"])


def wanted(case: Mapping[str, Any], answer: Answer) -> bool:
    """Whether an answer is what the table says of Windows."""
    if "holds" in case:
        return all(answer["value"][name] == value for name, value in case["holds"].items())
    if "js" in case:
        return bool(answer.get("value", answer) == case["gives"])
    return all(answer[name] == case[name] for name in ("stdout", "exit_code") if name in case)


def same(case: Mapping[str, Any], ours: Answer, theirs: Answer) -> bool:
    """Whether both hosts say the same where it matters."""
    if "holds" in case:
        return wanted(case, ours) and wanted(case, theirs)
    return ours == theirs
