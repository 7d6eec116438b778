"""Reading scripts: any text is either understood or refused, and quoting is as Windows PowerShell's binders do it."""

from __future__ import annotations

from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from remediate.lab.interpreter.expand import arguments
from remediate.lab.winrm.psnative import command_line
from remediate.lab.winrm.psparse import Statement, Text, parse
from remediate.lab.winrm.psrecords import UnknownScriptError

PLAIN = st.text(st.characters(blacklist_characters='"\\', blacklist_categories=("Z", "C")), min_size=1)


@given(st.text(alphabet="$a'\"`;|&{}()@=-#\n \\1.%<>,2", max_size=40))
def test_no_text_breaks_the_reader(text: str) -> None:
    with suppress(UnknownScriptError):
        assert all(isinstance(statement, Statement) for statement in parse(text))


@given(st.text(max_size=60))
def test_a_string_in_single_quotes_is_itself(text: str) -> None:
    quoted = "'" + text.replace("'", "''") + "'"
    assert parse(quoted) == (Statement((Text((text,)),)),)


@pytest.mark.parametrize("version", [2, 5])
@given(words=st.lists(PLAIN | st.tuples(PLAIN, PLAIN).map(" ".join), max_size=5))
def test_words_without_quotes_arrive_as_they_are(version: int, words: list[str]) -> None:
    assert arguments(command_line(words, version=version)) == words


@pytest.mark.parametrize(
    ("words", "old", "new"),
    [
        (['say "hi"'], '"say "hi""', '"say "hi""'),
        (['"a b" c'], '"a b" c', '""a b" c"'),
        (['"a b"'], '"a b"', '"a b"'),
        (["a", "", "b"], "a b", "a b"),
        (['x="a b"'], '"x="a b""', 'x="a b"'),
        ([" "], " ", '" "'),
    ],
)
def test_quoting(words: list[str], old: str, new: str) -> None:
    assert command_line(words, version=2) == old
    assert command_line(words, version=5) == new
