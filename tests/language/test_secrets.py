"""Secrets in templates: whatever is done to one, its text comes out as a Secret or not at all, errors included."""

from __future__ import annotations

import base64
from collections.abc import Iterator, Mapping
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from remediate.errors import UserError
from remediate.language.compiled import environment
from remediate.language.template import Templar
from remediate.language.variables import Layer, Variables
from remediate.language.yamlfile import Map, load_text
from remediate.model import Secret, Source

TEXT = "Zq7-wKx9,vBn"
NUMBER = 918273645
PLACE = Source("play.yml", 3, 4)
VARS = f"""\
ansible_password: '{TEXT}'
pin_token: {NUMBER}
users: [{{name: anna, password: '{TEXT}'}}, {{name: bert, password: other-one}}]
box: {{secret: {{deep: ['{TEXT}']}}, open: fine}}
alias: "{{{{ ansible_password }}}}"
dsn: "Server=db;Pwd={{{{ ansible_password }}}};"
"""
PIECES = {TEXT[at : at + 3].lower() for at in range(len(TEXT) - 2)} | {
    str(NUMBER)[at : at + 4] for at in range(len(str(NUMBER)) - 3)
}
PIECES |= {piece[::-1] for piece in PIECES}
ENCODED = base64.b64encode(TEXT.encode()).decode().lower()
PIECES |= {ENCODED[at : at + 5] for at in range(len(ENCODED) - 5)}


def templar(told: list[Secret] | None = None) -> Templar:
    data = load_text(VARS, "vars.yml")
    assert isinstance(data, Map)
    heard = [] if told is None else told
    return Templar(Variables().with_layer(Layer.PLAY, data), environ={"X": "1"}, tell=heard.append)


def plain_leaves(value: Any) -> Iterator[Any]:
    """Everything in ``value`` that anybody could read, keys included."""
    if isinstance(value, Secret):
        yield value.shown
    elif isinstance(value, Mapping):
        for key, item in value.items():
            yield from (*plain_leaves(key), *plain_leaves(item))
    elif isinstance(value, list | tuple):
        for item in value:
            yield from plain_leaves(item)
    else:
        yield value


def assert_nothing_of_it(*values: object) -> None:
    for value in values:
        text = str(value).lower()
        assert not [piece for piece in PIECES if piece in text], text


SUBJECTS = r"""
ansible_password
pin_token
users
box
alias
dsn
users[0]
box.secret
users[0].password
[ansible_password, 'b']
{'k': ansible_password}
{'a': {'b': [alias]}}
('x' ~ ansible_password)
hostvars | default([alias])
(ansible_password, pin_token)
""".splitlines()[1:]
ARGUMENTS = r"""

('-')
(1)
(alias)
('password')
(attribute='password')
('%s')
(',')
(true)
(2, 3)
('[a-z]')
(users)
('upper')
('name', 'eq', 'anna')
('equalto', alias)
('q', alias)
(alias, 'x')
({'a': alias})
(wantlist=true)
('(.)(.)', '\\1')
(indent=2)
(3, alias)
('replace', '-', 'x')
('match', 'Z')
(keys=alias)
(default=alias)
""".splitlines()[1:]
OPERATIONS = r"""
{} + 'x'
'x' + {}
{} * 2
{} ~ 1
'%s' % {}
'%s%s' % ({}, 1)
{} % 3
-{}
{} - 1
{} / 2
{} // 7
{} ** 2
{}[0]
{}[1:5]
{}[::-1]
{}['x']
{}.x
{}.upper()
{}.split('-')
{}.replace('-', 'x')
'{{}}'.format({})
'abc'.replace('b', {})
', '.join({})
{}.encode()
{}.join(['a', 'b'])
{} if true else 1
{} or 'x'
[{}][0]
{{'a': {}}}.a
dict(x={}).x
{}.items()
{}.partition('-')
namespace(x={}).x
{}.__class__
{}.value
{} == 'x'
{} < 'x'
'Z' in {}
{} is search('Z')
{} is match({})
{} in {}
not {}
lookup('file', {})
lookup('env', {})
query('env', {}, {})
range({})
{} | length > 3
cycler({}).next()
{}.format(1)
{}.zfill(40)
{}.find('q')
{}[:4]
{}[1::2]
{}[alias:]
{}.maketrans('a', 'b')
{}.nothing
{}[100]
{}()
""".splitlines()[1:]


@st.composite
def expressions(draw: st.DrawFn) -> str:
    text = draw(st.sampled_from(SUBJECTS))
    names = sorted([*environment().filters, *environment().tests])
    for _ in range(draw(st.integers(1, 3))):
        if draw(st.booleans()):
            operation = draw(st.sampled_from(OPERATIONS))
            text = f"({operation.format(*[text] * operation.count('{}'))})"
        elif (name := draw(st.sampled_from(names))) in environment().filters:
            text = f"({text} | {name}{draw(st.sampled_from(ARGUMENTS))})"
        else:
            text = f"({text} is {name}{draw(st.sampled_from(ARGUMENTS))})"
    return text


WRAPPINGS = r"""
{{ %s }}
a {{ %s }} b
{%% for c in %s %%}{{ c }}{%% endfor %%}
{%% set x = %s %%}{{ x }}{{ x }}
{%% set x %%}{{ %s }}{%% endset %%}{{ x }}
{%% filter upper %%}{{ %s }}{%% endfilter %%}
{%% macro m(v) %%}<{{ v }}>{%% endmacro %%}{{ m(%s) }}
{%% if %s %%}{{ %s }}{%% endif %%}
""".splitlines()[1:]


@settings(max_examples=1500, deadline=None)
@given(expressions(), st.sampled_from(WRAPPINGS))
def test_nothing_of_a_secret_comes_out_plain(text: str, wrapping: str) -> None:
    told: list[Secret] = []
    try:
        found = templar(told).render(wrapping % ((text,) * wrapping.replace("%%", "").count("%s")), PLACE)
    except UserError as error:
        assert_nothing_of_it(error, error.source)
        return
    assert_nothing_of_it(*plain_leaves(found))
    heard = {secret.reveal() for secret in told}
    assert not [leaf for leaf in secrets_in(found) if leaf.reveal() not in heard]


def secrets_in(value: Any) -> Iterator[Secret]:
    if isinstance(value, Secret):
        yield value
    elif isinstance(value, Mapping | list | tuple):
        for item in value.values() if isinstance(value, Mapping) else value:
            yield from secrets_in(item)


@settings(max_examples=300, deadline=None)
@given(expressions())
def test_a_condition_about_a_secret_says_yes_or_no(text: str) -> None:
    try:
        assert templar().condition(text, PLACE) in (True, False)
    except UserError as error:
        assert_nothing_of_it(error)
