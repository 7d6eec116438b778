"""Asking a host for its facts: what hangs or breaks over Exchange's stores costs the stores alone."""

from __future__ import annotations

from collections.abc import Mapping

import pytest

from remediate.errors import RemoteFailed, Unreachable
from remediate.kb.probe import ask
from remediate.model import Json, State
from tests.modules.scripted import ScriptedSession

FACTS: State = {"stores": None, "_notes": [{"source": "wmi", "text": "slow"}]}


def test_a_script_that_does_not_end_over_them_is_asked_again_without() -> None:
    def answer(_function: str, args: Mapping[str, Json]) -> State:
        if args.get("stores") is not False:
            raise RemoteFailed("it did not end within 120 seconds")
        return FACTS

    session = ScriptedSession(answer)
    seen = ask(session, {"key_file": "store.exe"})
    assert session.log == ["inspect", "inspect"]
    notes = seen["_notes"]
    assert isinstance(notes, list)
    assert [note["source"] for note in notes if isinstance(note, dict)] == ["wmi", "stores"]


@pytest.mark.parametrize("error", [RemoteFailed("no script host"), Unreachable("gone", kind="lost")])
def test_other_trouble_is_told_as_it_is(error: Exception) -> None:
    def answer(_function: str, _args: Mapping[str, Json]) -> State:
        raise error

    with pytest.raises(type(error), match=str(error)):
        ask(ScriptedSession(answer), {})
