"""Scripts: arguments arrive as they are, answers are ASCII and whole, and half a script never runs as a whole one."""

from __future__ import annotations

from typing import Any

import pytest
import quickjs
from hypothesis import given
from hypothesis import strategies as st

from remediate.connections import payload
from remediate.errors import RemoteFailed, UserError
from remediate.model import Output
from tests.connections.scripthost import evaluate

ECHO = "function inspect(args) { return args; }"
VALUES = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**53), 2**53) | st.floats(-1e15, 1e15) | st.text(),
    lambda inner: (
        st.lists(inner, max_size=4) | st.dictionaries(st.text().filter(lambda k: k != "__proto__"), inner, max_size=4)
    ),
    max_leaves=12,
)


def script(text: str, args: dict[str, Any], nonce: str = "0123456789abcdef") -> str:
    return payload.build(text, "inspect", args, payload.needs(text), nonce=nonce)


def answer(text: str, args: dict[str, Any]) -> Any:
    return payload.parse(Output(evaluate(script(text, args)), "", 0), "0123456789abcdef")


@given(VALUES)
def test_values_travel_both_ways(value: Any) -> None:
    assert answer(ECHO, {"value": value})["value"] == value


@given(st.text(max_size=2000))
def test_the_answer_is_one_ascii_line(text: str) -> None:
    printed = evaluate(script(ECHO, {"value": text}))
    assert printed.isascii()
    assert len(printed.splitlines()) == 1


def test_no_line_of_a_script_is_long() -> None:
    everything = "// needs: jobs files hash transfer services registry wmi\n" + ECHO
    text = script(everything, {"a": "x" * 100_000, "b": ["y"] * 1000, "c": {str(n): n for n in range(1000)}})
    assert max(map(len, text.splitlines())) < 1000
    assert text.isascii()


@given(st.data())
def test_a_script_cut_short_gives_no_answer(data: st.DataObject) -> None:
    whole = script(ECHO, {"value": "abc"})
    end = len(whole.rstrip()) - 1  # the last character but the statement's end
    cut = whole[: data.draw(st.integers(0, end - 1))]
    try:
        printed = evaluate(cut)
    except quickjs.JSException:
        return
    with pytest.raises(RemoteFailed):
        payload.parse(Output(printed, "", 0), "0123456789abcdef")


@given(st.integers(0, 60), st.sampled_from(["\r\n", "\n"]))
def test_an_answer_cut_short_is_no_answer(length: int, newline: str) -> None:
    printed = evaluate(script(ECHO, {"value": "x" * 40}))
    with pytest.raises(RemoteFailed):
        payload.parse(Output(printed[: min(length, len(printed.rstrip()) - 1)] + newline, "", 0), "0123456789abcdef")


def test_servers_that_wrap_lines_do_no_harm() -> None:
    printed = evaluate(script(ECHO, {"value": "x" * 500}))
    wrapped = "\r\n".join(printed[at : at + 80] for at in range(0, len(printed), 80))
    assert payload.parse(Output("banner\r\n" + wrapped, "", 0), "0123456789abcdef")["value"] == "x" * 500


def test_another_scripts_answer_is_not_taken() -> None:
    with pytest.raises(RemoteFailed):
        payload.parse(Output(evaluate(script(ECHO, {}, nonce="another")), "", 0), "0123456789abcdef")


@pytest.mark.parametrize(
    ("body", "says"),
    [
        ("throw fail('no such thing');", "no such thing"),
        ("throw 'plain text';", "plain text"),
        ("return nothing.at.all;", "inspect failed on the host"),
        ("var a = []; a.push(new Array(1200000).join('x')); return {a: a};", "the limit is 1000000"),
        ("return 'text';", "no object"),
    ],
)
def test_failures_of_scripts(body: str, says: str) -> None:
    with pytest.raises(RemoteFailed, match=says):
        answer(f"function inspect(args) {{ {body} }}", {})


@given(VALUES)
def test_json_is_read_back_on_the_host(value: Any) -> None:
    found = answer("function inspect(args) { return {back: fromJson(toJson(args.value))}; }", {"value": value})
    assert found["back"] == value


@given(st.text(max_size=60))
def test_only_json_is_evaluated_on_the_host(text: str) -> None:
    body = (
        "function inspect(args) { var seen = 0; function f() { seen = 1; } fromJson(args.text); return {seen: seen}; }"
    )
    assert answer(body, {"text": text})["seen"] == 0


@pytest.mark.parametrize("text", ["f()", "[f()]", '{"a": f()}', "new Date()", "a", "(1)", "1;2", '"a"+"b"', "{'a': 1}"])
def test_code_is_not_json(text: str) -> None:
    assert answer("function inspect(args) { return {x: fromJson(args.text)}; }", {"text": text})["x"] is None


def test_libraries_come_with_what_they_need() -> None:
    assert payload.resolve(["jobs"]) == ("wmi", "files", "registry", "services", "hash", "jobs")
    with pytest.raises(UserError, match="unknown library 'job'"):
        payload.resolve(["job"])
