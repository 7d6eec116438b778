"""Layers of variables: who wins, where a value came from, what is trusted."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from remediate.language.variables import Layer, Variables
from remediate.language.yamlfile import Map, load_text
from remediate.model import Source

ORDER = [
    "role defaults", "inventory", "play", "vars files", "role vars", "task", "facts", "role params", "include params",
    "extra", "loop", "magic",
]  # fmt: skip


def test_precedence_is_ansibles() -> None:
    assert [layer.words for layer in sorted(Layer)] == ORDER


LAYERS = st.lists(
    st.tuples(st.sampled_from(list(Layer)), st.dictionaries(st.sampled_from("abc"), st.integers(), max_size=3)),
    max_size=8,
)


@given(layers=LAYERS)
def test_the_highest_layer_wins_and_the_latest_within_one(layers: list[tuple[Layer, dict[str, int]]]) -> None:
    variables = Variables()
    for layer, values in layers:
        variables = variables.with_layer(layer, values)
    model: dict[str, int] = {}
    for _, values in sorted(layers, key=lambda pair: pair[0]):
        model.update(values)
    found = {name: variables.get(name) for name in variables.names()}
    assert {name: var.value for name, var in found.items() if var} == model
    for name in "abc":
        explained = variables.explain(name)
        assert [var.layer for var in explained] == sorted((var.layer for var in explained), reverse=True)
        assert variables.get(name) == (explained[0] if explained else None)
        assert (name in variables) == bool(explained)


def test_extending_leaves_the_old_one_alone() -> None:
    one = Variables().with_layer(Layer.PLAY, {"a": 1})
    two = one.with_layer(Layer.EXTRA, {"a": 2})
    assert [(v.value if v else None) for v in (one.get("a"), two.get("a"))] == [1, 2]


def test_explain_names_layer_and_place() -> None:
    defaults, group = load_text("port: 22\n", "defaults.yml"), load_text("\nport: 2222\n", "group.yml")
    assert isinstance(defaults, Map)
    assert isinstance(group, Map)
    variables = Variables().with_layer(Layer.ROLE_DEFAULTS, defaults).with_layer(Layer.INVENTORY, group)
    variables = variables.with_layer(Layer.EXTRA, {"port": 5}, origin="--extra-vars")
    told = [(var.value, var.layer.words, str(var.source)) for var in variables.explain("port")]
    assert told == [
        (5, "extra", "--extra-vars"),
        (2222, "inventory", "group.yml:2:7"),
        (22, "role defaults", "defaults.yml:1:7"),
    ]
    assert variables.explain("nothing") == ()
    unknown = Variables().with_layer(Layer.PLAY, {"x": 1}).get("x")
    assert unknown is not None
    assert unknown.source is None
    text = Variables().with_layer(Layer.PLAY, {"x": defaults}).get("x")
    assert text is not None
    assert text.source == Source("defaults.yml", 1, 1)


@pytest.mark.parametrize("layer", list(Layer))
def test_what_comes_from_hosts_is_never_trusted(layer: Layer) -> None:
    var = Variables().with_layer(layer, {"x": "{{ y }}"}).get("x")
    assert var is not None
    assert var.trusted == (layer not in (Layer.FACTS, Layer.LOOP, Layer.MAGIC))
