"""Templates: what they give, what they refuse, and that nothing a host says is ever one."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from remediate.errors import UserError
from remediate.language.template import Templar, check, check_condition
from remediate.language.variables import Layer, Variables
from remediate.language.yamlfile import Map, load_text
from remediate.model import Secret, Source
from tests.language.files import cases, words

VARS = """\
version: "65"
number: 7
nothing:
names: [ex1, ex2]
hosts: [{name: ex1, up: true}, {name: ex2, up: false}]
chain: "{{ link }}"
link: "{{ names }}"
site: {first: "{{ names[0] }} of {{ names | length }}"}
raw: !unsafe "{{ number }}"
ansible_password: hush
broken: "{{ lost }}"
circle: "{{ round }}"
round: "{{ circle }}"
word_yes: "yes"
word_no: "no"
"""
PLACE = Source("play.yml", 3, 4)
HOSTILE = [
    "{{ lookup('env', 'HOME') }}",
    "{{ ansible_password }}",
    "{% for x in range(10**9) %}{% endfor %}",
    "{{ 7 * 7 }}",
    "{{",
]


def templar(folder: Path = Path("here/tasks"), **registered: object) -> Templar:
    data = load_text(VARS, "vars.yml")
    assert isinstance(data, Map)
    result = {"changed": True, "failed": False, "empty": None}
    facts = {"result": result, **registered}
    variables = Variables().with_layer(Layer.PLAY, data).with_layer(Layer.FACTS, facts, trusted=False)
    return Templar(variables, folder=folder, environ={"HOME": "/home/op"})


@cases("templates")
def test_values(case: dict[str, Any], tmp_path: Path) -> None:
    (tmp_path / "files").mkdir()
    (tmp_path / "files" / "note.txt").write_text("hello\n")
    found = templar(tmp_path).render(case["template"], PLACE)
    assert json.dumps(found) == json.dumps(json.loads(case["gives"], strict=False))


@cases("conditions")
def test_conditions(case: dict[str, Any]) -> None:
    assert templar().condition(case["when"], PLACE) is case["holds"]


@cases("errors_rendering")
def test_mistakes(case: dict[str, Any]) -> None:
    with pytest.raises(UserError) as caught:
        templar().render(case["template"], PLACE)
    assert str(caught.value) == case["error"].replace("FOLDER", "here/tasks").replace("PARENT", "here")


@cases("hostile")
def test_hostile_templates(case: dict[str, Any]) -> None:
    with pytest.raises(UserError) as caught:
        templar().render(case["template"], PLACE)
    assert case["says"] in str(caught.value)
    assert "hush" not in str(caught.value)


@pytest.mark.parametrize("text", HOSTILE)
@pytest.mark.parametrize("wrapped", [lambda t: t, lambda t: [t], lambda t: {"k": {"d": [t]}}])
def test_what_a_host_says_is_never_a_template(text: str, wrapped: Any) -> None:
    found = templar(said=wrapped(text), copied={"inner": wrapped(text)})
    assert found.render("{{ said }}", PLACE) == wrapped(text)
    assert found.render({"a": "{{ copied.inner }}"}, PLACE) == {"a": wrapped(text)}
    assert found.render("{{ said | to_json }}{{ '' }}", PLACE) == json.dumps(wrapped(text))
    assert found.condition("said | to_json is search('HOME')", PLACE) is ("HOME" in text)


@pytest.mark.parametrize("text", HOSTILE)
def test_a_trusted_variable_made_of_host_text_is_rendered_once(text: str) -> None:
    data = load_text("mine: '<{{ said }}>'\nagain: '{{ mine }}'", "vars.yml")
    assert isinstance(data, Map)
    variables = Variables().with_layer(Layer.FACTS, {"said": text}).with_layer(Layer.PLAY, data)
    assert Templar(variables).render("{{ again }}", PLACE) == f"<{text}>"


@settings(max_examples=300)
@given(
    said=st.text(max_size=40) | st.lists(st.sampled_from(["{{", "}}", "{%", "%}", " said ", "{#", "x"])).map("".join)
)
def test_any_host_text_passes_through_unchanged(said: str) -> None:
    assert templar(said=said).render("{{ said }}", PLACE) == said


PIECES = st.sampled_from(
    words(
        "{{ }} {% %} {# #} if else endif for in endfor set = == ( ) [ ] . , | ~ + * ** % 'a' 1 number names said "
        "default join is defined not and or __class__ lookup('env','HOME') range(9) \\"
    )
)


@settings(max_examples=400)
@given(pieces=st.lists(PIECES, max_size=12))
def test_any_template_renders_or_is_refused_with_its_place(pieces: list[str]) -> None:
    try:
        found = templar(said="x").render(" ".join(pieces), PLACE)
    except UserError as error:
        told = error
    else:
        json.dumps(found)
        return
    assert told.source is not None


def test_mistakes_are_found_before_anything_runs() -> None:
    data = load_text("a:\n  - fine\n  - b: '{{ x | nofilter }}'\n", "vars.yml")
    with pytest.raises(UserError, match=r"vars.yml:3:8: bad template: there is no filter 'nofilter'"):
        check(data)
    with pytest.raises(UserError, match=r"play.yml:3:4: bad template: the expression ends too early"):
        check_condition("a ==", PLACE)
    check({"a": "{{ not_known_yet.at_all }}", "b": [1, None, "{{ 1 / 0 }}"]}, PLACE)


def test_deep_templates_are_refused() -> None:
    for text in ("{{ " + "(" * 20_000 + "1" + ")" * 20_000 + " }}", "{{ [" * 5_000, "{{ 1" + " + 1" * 20_000 + " }}"):
        with pytest.raises(UserError, match=r"too deeply|bad template"):
            templar().render(text, PLACE)


def test_a_long_chain_of_variables_is_refused() -> None:
    chain = {f"v{n}": "{{ v" + str(n + 1) + " }}" for n in range(3000)}
    with pytest.raises(UserError, match=r"through too many others|too much memory"):
        Templar(Variables().with_layer(Layer.PLAY, chain)).render("{{ v0 }}", PLACE)


def test_passwords_are_secrets_wherever_they_go() -> None:
    found = templar()
    for text, revealed in {
        "{{ ansible_password }}": "hush",
        "p={{ ansible_password }}": "p=hush",
        "{{ ansible_password ~ '!' }}": "hush!",
        "{{ 'x' + ansible_password }}": "xhush",
        "{{ ansible_password | b64encode }}": "aHVzaA==",
        "{{ ansible_password | default('x') }}": "hush",
    }.items():
        value = found.render(text, PLACE)
        assert isinstance(value, Secret), text
        assert value.reveal() == revealed
    assert "hush" not in str(found.render("{{ {'p': ansible_password} }}", PLACE))
    for text in ("{{ [ansible_password] | to_json }}", "{{ {'p': ansible_password} | to_nice_yaml }}"):
        assert "hush" not in str(found.render(text, PLACE))


def test_every_variable_by_name() -> None:
    mapping = templar().mapping
    assert mapping["chain"] == ["ex1", "ex2"]
    assert "number" in list(mapping)
    assert {"number", "lookup"} <= {name for name in ("number", "lookup", "nope") if name in mapping}
