"""Plan files whose hash fits and that are no plans all the same: one clear error, never a traceback."""

from __future__ import annotations

import json
from hashlib import sha256
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from remediate.errors import UserError
from remediate.model import Source
from remediate.planfile import codec
from remediate.planfile.model import Plan
from tests.planfile.plans import host, plan, step
from tests.planfile.values import PLANS


def sealed(path: Path, content: bytes) -> Path:
    """A file around any content, with the hash that belongs to it."""
    path.write_bytes(b'{"content":' + content + b',"hash":"' + sha256(content).hexdigest().encode() + b'"}\n')
    return path


def content(**more: Any) -> bytes:
    made: dict[str, Any] = json.loads(codec.encode(plan())[0])["content"]
    return codec.canonical({**made, **more})


WRONG = {
    "no JSON": b"{nonsense}",
    "too deep": b'{"a":' + b"[" * 200_000 + b"]" * 200_000 + b"}",
    "a number without end": b'{"a":' + b"1" * 10_000 + b"}",
    "not a number": content().replace(b'"size":3', b'"size":NaN'),
    "infinite seconds": content().replace(b'"seconds":600.0', b'"seconds":Infinity'),
    "not text": b'{"a":"\xff"}',
    "a time without its zone": content(valid_until="2026-12-01T09:00:00"),
    "no hosts": content(hosts=None),
    "an effect nobody knows": content().replace(b'"effect":"service restart"', b'"effect":"whatever"'),
}


@pytest.mark.parametrize("wrong", WRONG.values(), ids=WRONG)
def test_a_fitting_hash_does_not_make_it_a_plan(wrong: bytes, tmp_path: Path) -> None:
    path = sealed(tmp_path / "p.json", wrong)
    with pytest.raises(UserError) as caught:
        codec.load(path)
    assert caught.value.source == Source(str(path))
    assert caught.value.hint == codec.AGAIN


@given(st.binary(max_size=200))
def test_no_bytes_are_a_traceback(tmp_path_factory: pytest.TempPathFactory, data: bytes) -> None:
    path = tmp_path_factory.getbasetemp() / "bytes.json"
    for written in (data, b"{" + data + b"}"):
        with pytest.raises(UserError):
            codec.load(sealed(path, written))
        path.write_bytes(written)
        with pytest.raises(UserError):
            codec.load(path)


def test_too_large_is_said_before_it_is_read(tmp_path: Path) -> None:
    path = tmp_path / "p.json"
    with path.open("wb") as file:
        file.truncate(codec.LARGEST + 1)
    with pytest.raises(UserError, match="too large for a plan"):
        codec.load(path)


@given(PLANS)
@settings(max_examples=50)
def test_any_plan_comes_back(tmp_path_factory: pytest.TempPathFactory, made: Plan) -> None:
    path = tmp_path_factory.getbasetemp() / "plan.json"
    digest = codec.save(made, path)
    assert codec.load(path) == (made, digest)
    assert codec.encode(codec.load(path)[0]) == (path.read_bytes(), digest), "one plan has one spelling"


def test_a_plan_of_a_thousand_hosts(tmp_path: Path) -> None:
    state = {f"file{n}.dll": {"version": "6.5.7226.0", "size": n, "utc": "2004-10-21T02:00:00Z"} for n in range(100)}
    hosts = [host(f"ex{n}", *(step(f"play/{s}@ex{n}", state=state) for s in range(3))) for n in range(1000)]
    made = plan(*hosts)
    digest = codec.save(made, tmp_path / "p.json")
    assert codec.load(tmp_path / "p.json") == (made, digest)
