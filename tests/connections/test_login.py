"""Ways in: each method, several in a row, learned host keys, old algorithms, jump hosts, one session per host."""

from __future__ import annotations

import threading
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import paramiko
import pytest

from remediate.connections.base import Road
from remediate.connections.endpoint import endpoint
from remediate.connections.sessions import Sessions
from remediate.errors import Unreachable, UserError
from tests.connections.conftest import Bench
from tests.connections.server import Rules

OLD = {
    "kex": ["diffie-hellman-group14-sha1"],
    "ciphers": ["3des-cbc"],
    "digests": ["hmac-sha1"],
    "key_types": ["ssh-rsa"],
}


def private_key(bench: Bench, passphrase: str | None = None) -> tuple[str, frozenset[str]]:
    key = paramiko.ECDSAKey.generate()
    path = bench.folder / "key"
    key.write_private_key_file(str(path), password=passphrase)
    return str(path), frozenset({key.get_base64()})


@pytest.mark.parametrize("passphrase", [None, "open sesame"])
def test_key(bench: Bench, passphrase: str | None) -> None:
    path, public = private_key(bench, passphrase)
    server = bench.serve(Rules(methods="publickey", keys=public))
    session = bench.session(
        server,
        ansible_password=None,
        ansible_ssh_private_key_file=path,
        ansible_ssh_private_key_passphrase=passphrase,
    )
    assert session.road == Road(name="ssh"), "nothing is known before it connects"
    assert session.run("ver").exit_code == 0
    assert session.road.auth.startswith("key ecdsa-sha2-nistp256 SHA256:")


@pytest.mark.parametrize(
    ("passphrase", "given", "says"),
    [("x", None, "is encrypted"), ("x", "y", "cannot be used"), (None, "not needed", "")],
)
def test_passphrase(bench: Bench, passphrase: str | None, given: str | None, says: str) -> None:
    path, public = private_key(bench, passphrase)
    server = bench.serve(Rules(methods="publickey", keys=public))
    session = bench.session(
        server, ansible_password=None, ansible_ssh_private_key_file=path, ansible_ssh_private_key_passphrase=given
    )
    if not says:
        assert session.run("ver").exit_code == 0
        return
    with pytest.raises(UserError, match=says):
        session.run("ver")


def test_missing_key_file(bench: Bench) -> None:
    session = bench.session(bench.serve(Rules()), ansible_ssh_private_key_file=str(bench.folder / "none"))
    with pytest.raises(UserError, match="there is no private key"):
        session.run("ver")


def test_keyboard_interactive(bench: Bench) -> None:
    server = bench.serve(Rules(methods="keyboard-interactive"))
    session = bench.session(server)
    assert session.run("ver").exit_code == 0
    assert (session.road.name, session.road.auth) == ("ssh", "keyboard-interactive")
    assert session.road.server.startswith("SSH-2.0-")


def test_a_password_that_is_refused_is_not_given_another_way(bench: Bench) -> None:
    """Each way counts as a wrong password, and accounts are locked after a few."""
    server = bench.serve(Rules(methods="password,keyboard-interactive"))
    session = bench.session(server, ansible_password="another")
    with pytest.raises(Unreachable, match="tried password; the server takes"):
        session.run("ver")
    assert server.tries == ["password"]


def test_key_and_then_password(bench: Bench) -> None:
    path, public = private_key(bench)
    server = bench.serve(Rules(methods="publickey", second="password", keys=public))
    session = bench.session(server, ansible_ssh_private_key_file=path)
    assert session.run("ver").exit_code == 0
    assert session.road.auth.endswith(" + password")


def test_accept_new_learns_once_for_all(bench: Bench) -> None:
    server = bench.serve(Rules())
    first = bench.session(server, known=False, ssh_host_key="accept-new")
    first.run("ver")
    assert any("learned the host key" in note for note in first.notes)
    second = bench.session(server, known=False)
    second.run("ver")
    assert second.notes == ()
    assert len((bench.folder / "known_hosts").read_text().splitlines()) == 1


def test_legacy_is_possible_and_reported(bench: Bench) -> None:
    path = bench.folder / "rsa"
    key = paramiko.RSAKey.generate(2048)
    key.write_private_key_file(str(path))
    rules = Rules(methods="publickey", keys=frozenset({key.get_base64()}), algorithms=OLD)
    server = bench.serve(rules, key=paramiko.RSAKey.generate(2048))
    session = bench.session(server, ssh_legacy="yes", ansible_password=None, ansible_ssh_private_key_file=str(path))
    assert session.run("ver").exit_code == 0
    (note,) = session.notes
    for name in ("diffie-hellman-group14-sha1", "3des-cbc", "hmac-sha1", "ssh-rsa"):
        assert name in note


def test_legacy_allowed_but_not_needed(bench: Bench) -> None:
    session = bench.session(bench.serve(Rules()), ssh_legacy=True)
    session.run("ver")
    assert session.notes == ()


def test_jump(bench: Bench) -> None:
    jump = bench.serve(Rules(user="gate", password="open", forward=True))
    server = bench.serve(Rules())
    bench.known(server, jump)
    session = bench.session(server, known=False, ssh_jump=f"gate@127.0.0.1:{jump.port}", ssh_jump_password="open")
    assert session.run("ver").exit_code == 0
    assert (server.commands, jump.commands) == (["ver"], [])


def test_one_session_per_host_and_connection_for_many_threads(bench: Bench) -> None:
    server = bench.serve(Rules())
    made = endpoint(
        "ex1",
        {
            "ansible_host": "127.0.0.1",
            "ansible_port": server.port,
            "ansible_user": "admin",
            "ansible_password": "secret",
            "ssh_known_hosts": str(bench.known(server)),
        },
    )
    with Sessions([], threading.Event()) as sessions, ThreadPoolExecutor(8) as pool:
        outputs = list(pool.map(lambda number: sessions.open(made).run(f"echo {number}"), range(24)))
        assert sessions.open(made).executions == 24
    assert all(output.exit_code == 0 for output in outputs)
    assert server.connections == 1


def test_watch_hears_progress(bench: Bench, tmp_path: Path) -> None:
    server = bench.serve(Rules(disk=bench.disk()))
    session = bench.session(server)
    heard: list[tuple[str, float, float, str]] = []
    bench.sessions[0].watch("ex1", lambda *said: heard.append(said))
    local = tmp_path / "package.exe"
    local.write_bytes(b"MZ" * 100_000)
    session.put(local, "C:\\package.exe")
    assert heard.pop() == ("copying package.exe", 200_000, 200_000, "bytes")
    bench.sessions[0].watch("ex1", None)
    session.put(local, "C:\\other.exe")
    assert {said[0] for said in heard} == {"copying package.exe"}
