"""What a check run cannot know: it passes through templates until something needs its value."""

from __future__ import annotations

import copy
import pickle

import pytest

from remediate.language.template import OMIT, Templar, Unknown, UnknownValue
from remediate.language.variables import Layer, Variables

ADDRESS = "play/role/install@ex1"


def templar() -> Templar:
    facts = {"run": {"changed": True, "stdout": Unknown(ADDRESS), "rc": 0}, "all": Unknown(ADDRESS)}
    return Templar(Variables().with_layer(Layer.FACTS, facts).with_layer(Layer.PLAY, {"via": "{{ run.stdout }}"}))


@pytest.mark.parametrize(
    "text",
    [
        "{{ run.stdout }}",
        "x{{ run.stdout }}",
        "{{ all.a['b'][3].c }}",
        "{{ all.lines() }}",
        "{{ all | default('d') }}",
        "{{ all | upper | trim }}",
        "{{ all | int + 1 }}",
        "{{ all + 1 }}",
        "{{ 1 + all }}",
        "{{ 'a' ~ all }}",
        "{{ all == 3 }}",
        "{{ all != 3 }}",
        "{{ 3 < all }}",
        "{{ 'x' in all }}",
        "{{ all in ['x'] }}",
        "{{ 'a' if all else 'b' }}",
        "{{ [1, all] }}",
        "{{ {'k': all} }}",
        "{{ run }}",
        "{{ run | to_json }}",
        "{{ [all] | join }}",
        "{{ all is match('x') }}",
        "{{ all is failed }}",
        "{{ not all }}",
        "{% for x in all %}{{ x }}{% endfor %}",
        "{{ via }}",
        "{{ via | default('d') }}",
    ],
)
def test_needing_it_names_the_step(text: str) -> None:
    with pytest.raises(UnknownValue) as caught:
        templar().render(text)
    assert caught.value.address == ADDRESS


@pytest.mark.parametrize(
    "text", ["run.stdout", "run.stdout == 'x'", "run.stdout is search('x')", "all.rc in [0]", "via"]
)
def test_conditions_cannot_be_decided(text: str) -> None:
    with pytest.raises(UnknownValue):
        templar().condition(text)


@pytest.mark.parametrize(
    "text", ["run is changed", "run.rc == 0", "run.rc == 0 or all", "all is defined", "not (false and all)"]
)
def test_what_does_not_need_it_is_decided(text: str) -> None:
    assert templar().condition(text) is True


def test_both_survive_the_way_to_a_worker() -> None:
    twin = pickle.loads(pickle.dumps(Unknown(ADDRESS)))
    assert twin.address == ADDRESS
    assert copy.deepcopy(Unknown(ADDRESS)).address == ADDRESS
    assert pickle.loads(pickle.dumps(UnknownValue(ADDRESS))).address == ADDRESS
    assert pickle.loads(pickle.dumps(OMIT)) is OMIT
    assert repr(Unknown(ADDRESS)) == f"Unknown({ADDRESS!r})"
