"""What a walk says became of a failure: a resumed run takes from it which deeds were done because of one."""

from __future__ import annotations

from pathlib import Path

import pytest

from remediate.engine.control import Control, Intent, Mark
from remediate.errors import Deferred
from tests.engine.world import World, play

BAD = '{name: bad, thing: {name: a, value: "1", breaks: "no"}}'
LATER = '{name: later, thing: {name: later, value: "1"}}'
FINE = '{name: fine, thing: {name: b, value: "1"}}'
LEFT, RESCUED, IGNORED = Mark.LEFT, Mark.RESCUED, Mark.IGNORED

CASES: dict[str, tuple[str, list[Mark]]] = {
    "nothing failed": (f"[{FINE}]", []),
    "a failure": (f"[{BAD}, {FINE}]", [LEFT]),
    "an ignored one": (f"[{{ignore_errors: true, {BAD[1:]}, {FINE}]", [IGNORED]),
    "a rescued one": (f"[{{block: [{BAD}], rescue: [{FINE}]}}]", [LEFT, RESCUED]),
    "one whose rescue fails": (f"[{{block: [{BAD}], rescue: [{BAD}]}}]", [LEFT, LEFT]),
    "one with something that is always done": (f"[{{block: [{BAD}], always: [{FINE}]}}]", [LEFT]),
    "a deferral": (f"[{LATER}, {FINE}]", [LEFT]),
    "a deferral in a block": (f"[{{block: [{LATER}], rescue: [{FINE}], always: [{FINE}]}}]", [LEFT]),
}


class Diary(Control):
    """Keeps the marks; ``later`` is never let begin."""

    def __init__(self) -> None:
        self.marks: list[Mark] = []

    def permit(self, intent: Intent) -> None:
        if intent.changes and intent.changes[0].target == "later":
            raise Deferred("the window is closed")

    def mark(self, host: str, what: Mark) -> None:
        self.marks.append(what)


@pytest.mark.parametrize("case", CASES)
def test_marks(case: str, tmp_path: Path) -> None:
    tasks, wanted = CASES[case]
    diary = Diary()
    play(tmp_path, f"- hosts: all\n  tasks: {tasks}\n", World({"h1": {}}), control=diary)
    assert diary.marks == wanted
