"""What is said of a host when only a part of the playbook was asked for."""

from __future__ import annotations

from pathlib import Path

import pytest

from remediate.model import Outcome
from tests.engine.world import World, play

TASKS = """
- hosts: all
  tasks:
    - {name: first, thing: {name: a, value: right}, tags: [one]}
    - {name: second, thing: {name: b, value: right}, tags: [two]}
    - {name: third, thing: {name: c, value: right}, tags: [three, never]}
"""
RIGHT = {"a": "right", "b": "right", "c": "wrong"}


@pytest.mark.parametrize(
    ("options", "outcome", "code"),
    [
        ({}, Outcome.COMPLIANT, 0),  # what is asked for by its tag alone was not left out
        ({"tags": frozenset({"one", "two"})}, Outcome.COMPLIANT, 0),
        ({"tags": frozenset({"all"})}, Outcome.COMPLIANT, 0),
        ({"tags": frozenset({"one"})}, Outcome.COMPLIANT, 0),  # there is no proof that was left out
        ({"tags": frozenset({"no such tag"})}, Outcome.UNVERIFIED, 2),
        ({"skip_tags": frozenset({"two"})}, Outcome.COMPLIANT, 0),
        ({"start_at_task": "second"}, Outcome.COMPLIANT, 0),
        ({"start_at_task": "no such task"}, Outcome.UNVERIFIED, 2),
        ({"tags": frozenset({"one", "three"})}, Outcome.CHANGED, 0),
    ],
)
def test_the_rest_was_not_looked_at(options: dict[str, object], outcome: Outcome, code: int, tmp_path: Path) -> None:
    summary = play(tmp_path, TASKS, World({"h1": RIGHT}), options=options)
    assert (summary.hosts[0].outcome, summary.exit_code) == (outcome, code)


def test_it_is_said_why(tmp_path: Path) -> None:
    (host,) = play(tmp_path, TASKS, World({"h1": RIGHT}), options={"tags": frozenset({"no such tag"})}).hosts
    assert host.reason.startswith("left out by -t, --skip-tags or --start-at-task: 2 of the tasks")
    assert "remediate verify" in host.remedy


PROOF = """
- hosts: all
  tasks:
    - {name: repair, thing: {name: a, value: right}, tags: [repair]}
    - {name: see, import_tasks: proof.yml, tags: [look, never]}
    - {name: prove, import_tasks: proof.yml, tags: [prove]}
    - {name: prove it all, import_tasks: MORE, tags: [other]}
"""


@pytest.mark.parametrize(
    ("tags", "more", "outcome"),
    [
        ("look", "proof.yml", Outcome.COMPLIANT),  # the same proof, wherever it is come to
        ("prove", "proof.yml", Outcome.COMPLIANT),
        ("look", "other.yml", Outcome.UNVERIFIED),  # another one was left out
        ("prove other", "other.yml", Outcome.COMPLIANT),
        ("repair", "proof.yml", Outcome.UNVERIFIED),
    ],
)
def test_what_was_read_back_is_proved(
    tags: str, more: str, outcome: Outcome, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("remediate.engine.attempt.Context.proves", lambda _, task: task.name.startswith("proof"))
    files = {
        "proof.yml": "- {name: proof of b, thing: {name: b, value: right}}\n",
        "other.yml": "- {name: proof of a, thing: {name: a, value: right}}\n",
    }
    options = {"tags": frozenset(tags.split())}
    summary = play(tmp_path, PROOF.replace("MORE", more), World({"h1": RIGHT}), files=files, options=options)
    assert summary.hosts[0].outcome is outcome
