"""Exit codes and logs of installers in words, and what they are doing meanwhile."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from remediate.kb.codes import explain, phase, read_log
from tests.kb.servers import cases


@pytest.mark.parametrize("case", [pytest.param(c, id=c["name"]) for c in cases("codes")])
def test_explained(case: dict[str, Any]) -> None:
    text, remedy = explain(case["code"], read_log(case["log"]))
    for words in case["says"]:
        assert words in text
    for words in case.get("never", []):
        assert words not in text
    assert case["remedy"] in remedy


@pytest.mark.parametrize(
    ("tail", "doing"),
    [
        ("1.0: DoInstallation: Stopping services\r\n1.1: Service MSExchangeIS is stopped", "stopping services"),
        ("1.0: Stopping service X\r\n2.0: Copied file:  C:\\x\\store.exe\r\n", "copying files"),
        ("2.0: Copied file: x\n3.0: Starting services that were stopped\n3.1: 42", "starting services"),
        ("hello", "working"),
        ("", "working"),
    ],
)
def test_phase(tail: str, doing: str) -> None:
    assert phase(tail) == doing


@given(st.text(), st.integers())
def test_no_log_is_too_strange(tail: str, code: int) -> None:
    text, remedy = explain(code, read_log(tail))
    assert str(code) in text
    assert remedy
    assert phase(tail)
