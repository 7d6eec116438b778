"""YAML with positions: what words mean, where things were written, and what is refused."""

from __future__ import annotations

import copy
import json
import pickle
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from remediate.errors import UserError
from remediate.language.yamlfile import SIZE_LIMIT, Map, Raw, Seq, Text, load, load_text, source_of
from remediate.model import Source
from remediate.secrets.names import names_a_secret
from tests.language.files import cases, words

SAMPLE = "a: {b: one}\nlist:\n  - x\n  -   y: 2\n"


@cases("errors_yaml")
def test_mistakes(case: dict[str, Any]) -> None:
    with pytest.raises(UserError) as caught:
        load_text(case["text"], "f.yml")
    assert str(caught.value) == case["error"]


@cases("yaml_values")
def test_values(case: dict[str, Any], tmp_path: Path) -> None:
    path = tmp_path / "f.yml"
    path.write_text(case.get("plain", case["text"]), encoding="utf-8")
    assert json.dumps(load(path)) == json.dumps(json.loads(case["json"], strict=False))


def test_everything_knows_its_place() -> None:
    data = load_text(SAMPLE, "f.yml")
    assert isinstance(data, Map)
    places = {
        "mapping": data.source,
        "key": data.key_source("list"),
        "value": data.value_source("a"),
        "text": source_of(data["a"]["b"]),
        "item": data["list"].item_source(1),
        "number": data["list"][1].value_source("y"),
    }
    assert {name: str(place) for name, place in places.items()} == {
        "mapping": "f.yml:1:1",
        "key": "f.yml:2:1",
        "value": "f.yml:1:4",
        "text": "f.yml:1:8",
        "item": "f.yml:4:7",
        "number": "f.yml:4:10",
    }
    assert source_of(7, Source("else")) == Source("else")


@pytest.mark.parametrize("clone", [lambda data: pickle.loads(pickle.dumps(data)), copy.deepcopy, copy.copy])
def test_copies_keep_places(clone: Any) -> None:
    data = load_text(SAMPLE, "f.yml")
    twin = clone(data)
    assert (type(twin), twin) == (Map, data)
    assert (type(twin["list"]), type(twin["a"]["b"])) == (Seq, Text)
    assert twin.key_source("list") == Source("f.yml", 2, 1)
    assert twin["list"].item_source(1) == Source("f.yml", 4, 7)
    assert twin["a"]["b"].source == Source("f.yml", 1, 8)


def test_merged_maps_keep_the_places_of_both() -> None:
    under, over = load_text("a: 1\nb: 2", "under.yml"), load_text("b: 3", "over.yml")
    assert isinstance(under, Map)
    assert isinstance(over, Map)
    both = under.merged(over).merged({"c": 4})
    assert both == {"a": 1, "b": 3, "c": 4}
    assert [both.key_source(key).file for key in "abc"] == ["under.yml", "over.yml", "under.yml"]
    assert under == {"a": 1, "b": 2}


def test_unsafe_text_is_marked() -> None:
    data = load_text("a: !unsafe '{{ x }}'", "f.yml")
    assert isinstance(data, Map)
    assert isinstance(data["a"], Raw)


def test_a_bomb_of_aliases_is_refused() -> None:
    lines = ["a0: &a0 [x, x, x, x, x, x, x, x, x, x]"]
    lines += [f"a{n}: &a{n} [{', '.join([f'*a{n - 1}'] * 10)}]" for n in range(1, 9)]
    with pytest.raises(UserError, match=f"more than {SIZE_LIMIT:,} values"):
        load_text("\n".join(lines), "f.yml")


@pytest.mark.parametrize("deep", [101, 1_001, 100_000])  # newer parsers have a limit of their own
def test_deep_nesting_is_refused(deep: int) -> None:
    with pytest.raises(UserError, match="nested more than 100 deep"):
        load_text("[" * deep, "f.yml")


def test_a_hundred_levels_are_read() -> None:
    assert load_text("[" * 100 + "]" * 100, "f.yml")


def test_a_number_of_thousands_of_digits_is_refused() -> None:
    with pytest.raises(UserError, match="a number of 5000 digits"):
        load_text("a: " + "9" * 5000, "f.yml")


@pytest.mark.parametrize(
    ("name", "says"), [("", "is a folder"), ("nothing.yml", "no such file"), ("a\0b", "not a usable")]
)
def test_files_that_cannot_be_read(name: str, says: str, tmp_path: Path) -> None:
    with pytest.raises(UserError, match=says):
        load(tmp_path / name)


PIECES = st.sampled_from(
    [
        *words(r"""a : - { } [ ] ' " \ &a *a ! !!int | > # % @ << ? --- ... 1 . _ ~ {{ é 0x `"""),
        *(": ", "- ", "\n", "  ", "\t", "\x00", "\ufeff"),
    ]
)


@settings(max_examples=600)
@given(text=st.one_of(st.text(max_size=60), st.lists(PIECES, max_size=25).map("".join)))
def test_any_text_is_read_or_refused_with_a_place(text: str) -> None:
    try:
        load_text(text, "f.yml")
    except UserError as error:
        told = error
    else:
        return
    assert told.source is not None
    assert told.source.file == "f.yml"


@settings(max_examples=300)
@given(content=st.binary(max_size=40))
def test_any_bytes_are_read_or_refused(content: bytes, tmp_path_factory: pytest.TempPathFactory) -> None:
    path = tmp_path_factory.getbasetemp() / "any.yml"
    path.write_bytes(content)
    try:
        load(path)
    except UserError as error:
        told = error
    else:
        return
    assert told.source is not None


NUMBERS = st.floats(-1e6, 1e6).map(lambda number: round(number, 3))
TEXT = st.text(st.characters(min_codepoint=32, exclude_categories=("Cs", "Cc", "Cn")))
DATA = st.recursive(
    st.none() | st.booleans() | st.integers() | NUMBERS | TEXT,
    lambda deeper: st.lists(deeper) | st.dictionaries(TEXT.filter(lambda key: not names_a_secret(key)), deeper),
    max_leaves=20,
)


@settings(max_examples=200)
@given(data=DATA)
def test_json_is_yaml(data: object) -> None:
    assert load_text(json.dumps(data, ensure_ascii=False), "f.yml") == data
