"""Signatures as evidence: they fit, they fit other bytes, they cannot be read; none is ever needed."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from remediate.errors import Blocked
from remediate.kb.evidence import Signature
from remediate.kb.packagefile import check, look
from tests.kb.packagefiles import build
from tests.kb.signing import ENTRY, signed
from tests.kb.test_packagefile import expected

PROGRAM = build({"like": "sp1"}) + b"cabinet " * 100


def put(folder: Path, data: bytes) -> Path:
    path = folder / "p.exe"
    path.unlink(missing_ok=True)
    path.write_bytes(data)
    return path


@pytest.mark.parametrize("digest", ["md5", "sha1", "sha256"])
def test_a_whole_one_names_its_signer(tmp_path: Path, digest: str) -> None:
    found, _ = check(put(tmp_path, signed(PROGRAM, digest)), expected())
    assert found.inside.signature == Signature(state="whole", signer="Contoso Corporation")
    assert str(found.inside.signature) == "signed by Contoso Corporation"


def test_a_program_altered_since(tmp_path: Path) -> None:
    """One bit of what follows the program's own parts, as a proxy or a bad disk leaves it."""
    data = bytearray(signed(PROGRAM))
    data[len(PROGRAM) - 40] ^= 1
    path = put(tmp_path, bytes(data))
    assert look(path).inside.signature.state == "broken"
    with pytest.raises(Blocked, match="it was altered since Contoso Corporation signed it"):
        check(path, expected())


@pytest.mark.parametrize("what", [b"\x2b\x0e\x03\x02\x1a", b"\x12\x67"], ids=["digest", "serial"])
def test_a_signature_that_was_tampered_with_is_never_whole(tmp_path: Path, what: bytes) -> None:
    data = bytearray(signed(PROGRAM))
    at = data.rindex(what)
    data[at] ^= 1
    assert look(put(tmp_path, bytes(data))).inside.signature.state in ("broken", "unreadable")


def test_a_signature_that_was_cut_off(tmp_path: Path) -> None:
    data = signed(PROGRAM)
    path = put(tmp_path, data[:-100])
    assert look(path).inside.signature.state == "unreadable"
    with pytest.raises(Blocked, match="100 more bytes belong to it"):
        check(path, expected())


def test_what_cannot_be_read_is_no_reason_to_refuse(tmp_path: Path) -> None:
    data = bytearray(PROGRAM + b"\0" * (-len(PROGRAM) % 8))
    start = len(data)
    data[ENTRY : ENTRY + 8] = start.to_bytes(4, "little") + (24).to_bytes(4, "little")
    data += (24).to_bytes(4, "little") + b"\0\2\2\0" + b"\x30\x0enothing known!"
    found, _ = check(put(tmp_path, bytes(data)), expected())
    assert str(found.inside.signature) == "signed in a way that cannot be read here"


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(data=st.data())
def test_damaged_signatures_are_read_as_something(tmp_path: Path, data: st.DataObject) -> None:
    whole = bytearray(signed(PROGRAM))
    start = len(PROGRAM) + 8
    for _ in range(data.draw(st.integers(1, 4))):
        whole[data.draw(st.integers(start, len(whole) - 1))] = data.draw(st.integers(0, 255))
    found = look(put(tmp_path, bytes(whole)))
    assert found.inside.kind == "", "the program is still one"
    assert found.inside.signature.state in ("whole", "broken", "unreadable")
