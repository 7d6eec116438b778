"""known_hosts files: every form of line, learning from many threads, and damage."""

from __future__ import annotations

import base64
import hmac
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from remediate.connections.hostkeys import HostKeys, check, fingerprint, parse
from remediate.errors import Unreachable

BLOB = b"a public key"
KEY = base64.b64encode(BLOB).decode()
SALT = base64.b64encode(b"0123456789abcdefghij").decode()


def hashed(name: str) -> str:
    digest = hmac.new(base64.b64decode(SALT), name.encode(), "sha1").digest()
    return f"|1|{SALT}|{base64.b64encode(digest).decode()}"


@pytest.mark.parametrize(
    ("names", "host", "port", "found"),
    [
        ("ex1", "ex1", 22, True),
        ("EX1", "ex1", 22, True),
        ("ex1", "EX1", 22, True),
        ("ex1,10.0.0.1", "10.0.0.1", 22, True),
        ("[ex1]:2222", "ex1", 2222, True),
        ("ex1", "ex1", 2222, False),
        ("[ex1]:2222", "ex1", 22, False),
        ("*.example.com", "ex1.example.com", 22, True),
        ("*.example.com,!ex1.example.com", "ex1.example.com", 22, False),
        ("[ex?]:2222", "ex1", 2222, True),
        (hashed("ex1"), "ex1", 22, True),
        (hashed("[ex1]:2222"), "ex1", 2222, True),
        (hashed("ex1"), "ex2", 22, False),
    ],
)
def test_names(tmp_path: Path, names: str, host: str, port: int, found: bool) -> None:
    path = tmp_path / "known_hosts"
    path.write_text(f"# comment\n\n{names} ssh-ed25519 {KEY} somebody\n")
    assert [key.blob for key in HostKeys(path).known(host, port)] == ([BLOB] if found else [])


def test_revoked(tmp_path: Path) -> None:
    path = tmp_path / "known_hosts"
    path.write_text(f"ex1 ssh-ed25519 {KEY}\n@revoked * ssh-ed25519 {KEY}\n")
    with pytest.raises(Unreachable, match="is revoked"):
        check(HostKeys(path), "ex1", 22, "ssh-ed25519", BLOB, learn=True)


def test_learning_from_many_threads_writes_each_key_once(tmp_path: Path) -> None:
    path = tmp_path / "new" / "known_hosts"
    keys = HostKeys(path)

    def learn(number: int) -> str:
        return check(keys, f"ex{number % 5}", 22, "ssh-ed25519", BLOB, learn=True)

    with ThreadPoolExecutor(8) as pool:
        list(pool.map(learn, range(100)))
    assert sorted(line.split()[0] for line in path.read_text().splitlines()) == [f"ex{n}" for n in range(5)]


def test_learning_repairs_a_file_without_a_last_newline(tmp_path: Path) -> None:
    path = tmp_path / "known_hosts"
    path.write_text(f"ex1 ssh-ed25519 {KEY}")
    keys = HostKeys(path)
    keys.learn("ex2", 22, "ssh-ed25519", BLOB)
    assert len(keys.known("ex1", 22)) == len(keys.known("ex2", 22)) == 1


def test_what_another_process_learned_is_seen(tmp_path: Path) -> None:
    path = tmp_path / "known_hosts"
    keys = HostKeys(path)
    assert keys.known("ex1", 22) == ()
    path.write_text(f"ex1 ssh-ed25519 {KEY}\n")
    assert check(keys, "ex1", 22, "ssh-ed25519", BLOB, learn=False) == ""


def test_fingerprint_is_openssh_s() -> None:
    key = "AAAAC3NzaC1lZDI1NTE5AAAAIIZk0zB1pUsOYQwYCHUh4cWSjs4dWtDIWzNEyVzDKPbc"
    assert fingerprint(base64.b64decode(key)) == "SHA256:2kYS7klVGK7BAMUPpWKS2SGghlH+zOyFPfDueBb8sTk"


@given(st.text(max_size=300))
def test_no_file_breaks_it(text: str) -> None:
    for key in parse(text.splitlines()):
        key.matches("ex1")
