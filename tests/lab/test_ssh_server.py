"""The lab's SSH server, met by an unmodified paramiko client."""

from __future__ import annotations

import io
import socket
import threading
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import paramiko
import pytest

from remediate.lab import hostkeys, restart
from remediate.lab.drops import Drops
from remediate.lab.faults import Moment
from remediate.lab.machine import Machine
from tests.lab.wires import Wire, on_wire
from tests.lab.worlds import World
from tests.patience import LIMIT


@pytest.fixture
def wire(tmp_path: Path) -> Iterator[Wire]:
    made = Wire(tmp_path)
    yield made
    made.close()


def run(client: paramiko.SSHClient, line: str, stdin: bytes = b"") -> tuple[bytes, bytes, int]:
    given, out, err = client.exec_command(line, timeout=LIMIT)
    given.write(stdin)
    given.channel.shutdown_write()
    return out.read(), err.read(), out.channel.recv_exit_status()


# executions


def test_output_errors_and_code_come_back(wire: Wire) -> None:
    with wire.client() as client:
        assert run(client, "echo hello") == (b"hello\r\n", b"", 0)
        assert run(client, "more", b"typed\r\n" * 20_000) == (b"typed\r\n" * 20_000, b"noise", 0)
        assert run(client, "big 3000000")[0] == b"x" * 3_000_000
    assert wire.served.executions == 3
    assert wire.served.logons == 1


@pytest.mark.parametrize("code", [0, 1, 255, 256, 3010, 9009, 0xC0000142])
def test_exit_codes_have_32_bits(wire: Wire, code: int) -> None:
    with wire.client() as client:
        assert run(client, f"exit {code}")[2] == code


def test_a_negative_code_arrives_as_windows_counts_it(wire: Wire) -> None:
    with wire.client() as client:
        assert run(client, "exit -1")[2] == 0xFFFFFFFF


def test_a_client_that_leaves_its_input_open_is_answered(wire: Wire) -> None:
    with wire.client() as client:
        _, out, _ = client.exec_command("echo hello", timeout=LIMIT)
        assert out.read() == b"hello\r\n"


def test_a_client_that_takes_its_time_with_a_long_answer_gets_all_of_it(wire: Wire) -> None:
    with wire.client() as client:
        _, out, _ = client.exec_command("big 5000000", timeout=LIMIT)
        assert not out.channel.status_event.wait(0.3), "more than a channel holds unread"
        assert len(out.read()) == 5_000_000


def test_what_the_lab_does_not_know_is_refused_and_noted(wire: Wire) -> None:
    with wire.client() as client:
        out, err, code = run(client, "unknown format c:")
        assert (out, code) == (b"", 1)
        assert b"format c:" in err
        assert run(client, "defect of the lab")[2] == 255
    assert "format c:" in wire.machine.refusals[0]
    assert "the lab itself failed: ZeroDivisionError" in wire.machine.refusals[1]


def test_many_channels_at_once_do_not_mix(wire: Wire) -> None:
    with wire.client() as client:
        answers: dict[int, bytes] = {}

        def ask(number: int) -> None:
            answers[number] = run(client, "more", str(number).encode() * 5000)[0]

        threads = [threading.Thread(target=ask, args=(number,)) for number in range(8)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    assert answers == {number: str(number).encode() * 5000 for number in range(8)}


def test_state_is_saved_before_an_answer_is_given(wire: Wire) -> None:
    with wire.client() as client:
        before = wire.saves
        run(client, "echo x")
        assert wire.saves > before


def test_there_is_no_interactive_shell_and_no_forwarding(wire: Wire) -> None:
    with wire.client() as client:
        with pytest.raises(paramiko.SSHException):
            client.invoke_shell()
        transport = client.get_transport()
        assert transport is not None
        with pytest.raises(paramiko.ChannelException):
            transport.open_channel("direct-tcpip", ("127.0.0.1", 1), ("127.0.0.1", 2))


# log-on


@pytest.mark.parametrize("user", ["Administrator", "administrator"])
def test_password_logs_on_whatever_the_case_of_the_name(wire: Wire, user: str) -> None:
    with wire.client(username=user) as client:
        assert run(client, "exit 7")[2] == 7
    (entry,) = wire.machine.eventlog.entries("Security")
    assert user in entry.message


@pytest.mark.parametrize("how", [{"password": "wrong"}, {"username": "nobody"}])
def test_a_wrong_password_or_user_is_refused(wire: Wire, how: dict[str, str]) -> None:
    with pytest.raises(paramiko.AuthenticationException), wire.client(**how):
        pass
    assert wire.served.logons == 0


def test_a_known_key_logs_on_and_another_does_not(wire: Wire, tmp_path: Path) -> None:
    with wire.client(password=None, pkey=wire.user_key) as client:
        assert run(client, "exit 0")[2] == 0
    stranger = hostkeys.host_key(tmp_path, "stranger", "ed25519")
    with pytest.raises(paramiko.AuthenticationException), wire.client(password=None, pkey=stranger):
        pass


@pytest.mark.parametrize(("answer", "right"), [("lab", True), ("wrong", False)])
def test_keyboard_interactive_asks_for_the_password(wire: Wire, answer: str, right: bool) -> None:
    transport = paramiko.Transport(socket.create_connection(("127.0.0.1", wire.port)))
    try:
        transport.start_client(timeout=LIMIT)
        with suppress(paramiko.AuthenticationException):
            transport.auth_interactive("Administrator", lambda _title, _text, prompts: [answer] * len(prompts))
        assert transport.is_authenticated() is right
    finally:
        transport.close()


# keys and algorithms


def test_the_host_key_is_made_once_and_is_private(tmp_path: Path) -> None:
    first = hostkeys.host_key(tmp_path, "ex1", "ed25519")
    assert hostkeys.host_key(tmp_path, "ex1", "ed25519") == first
    assert hostkeys.host_key(tmp_path, "ex2", "ed25519") != first
    assert hostkeys.key_file(tmp_path, "ex1", "ed25519").stat().st_mode & 0o077 == 0


def test_known_hosts_is_what_clients_read(wire: Wire) -> None:
    text = hostkeys.known_hosts({wire.port: hostkeys.public_line(wire.key)})
    (entry,) = [paramiko.hostkeys.HostKeyEntry.from_line(line) for line in io.StringIO(text)]
    assert entry is not None
    assert entry.key == wire.key
    assert entry.hostnames == [f"[127.0.0.1]:{wire.port}"]


def test_a_legacy_host_offers_sha1_only(tmp_path: Path) -> None:
    with on_wire(tmp_path, legacy=True) as wire:
        with wire.client() as client:
            transport = client.get_transport()
            assert transport is not None
            assert transport.host_key_type == "ssh-rsa"
            assert vars(transport)["remote_cipher"] in ("3des-cbc", "aes128-cbc")
            assert vars(transport)["remote_mac"] == "hmac-sha1"
            assert transport.remote_version.startswith("SSH-2.0-LabSSH_1")
            assert run(client, "exit 3010")[2] == 3010
        modern = {
            "kex": ["diffie-hellman-group14-sha1", "diffie-hellman-group1-sha1", "diffie-hellman-group-exchange-sha1"]
        }
        with pytest.raises(paramiko.SSHException), wire.client(disabled_algorithms=modern):
            pass


def test_without_sftp_the_subsystem_is_refused(tmp_path: Path) -> None:
    with on_wire(tmp_path, sftp=False) as wire, wire.client() as client:
        with pytest.raises((paramiko.SSHException, EOFError)):
            client.open_sftp()
        assert run(client, "exit 0")[2] == 0


# connections that are cut


def reconnect(wire: Wire, line: str) -> bytes:
    with wire.client() as client:
        return run(client, line)[0]


def lost(wire: Wire, line: str) -> bool:
    """Whether the connection went down instead of an answer."""
    with wire.client() as client:
        try:
            out, _, code = run(client, line)
        except (OSError, EOFError, paramiko.SSHException):
            return True
        return code == -1 and not out


def test_after_start_cuts_the_answer_and_the_installer_runs_on(tmp_path: Path) -> None:
    with on_wire(tmp_path, faults={"drop": ["after_start"]}) as wire:
        assert lost(wire, "install")
        assert len(wire.world.runs) == 1
        assert reconnect(wire, "echo back") == b"back\r\n"
        wire.world.pass_time(30)
        assert wire.world.version("store.exe") == "6.5.7232.35"


def test_polling_cuts_the_first_answer_while_it_runs(tmp_path: Path) -> None:
    with on_wire(tmp_path, faults={"drop": ["polling"]}) as wire:
        assert reconnect(wire, "install") == b"started\r\n"
        assert lost(wire, "echo poll")
        assert reconnect(wire, "echo poll") == b"poll\r\n"


def test_service_restart_cuts_a_connection_that_only_waits(tmp_path: Path) -> None:
    with on_wire(tmp_path, faults={"drop": ["service_restart"]}) as wire, wire.client() as client:
        run(client, "install")
        transport = client.get_transport()
        assert transport is not None
        assert transport.is_active()
        wire.world.pass_time(1)
        transport.join(LIMIT)
        assert not transport.is_active()


def test_before_verification_cuts_after_the_end_was_seen(tmp_path: Path) -> None:
    with on_wire(tmp_path, faults={"drop": ["before_verification"]}) as wire:
        reconnect(wire, "install")
        wire.world.pass_time(30)
        assert reconnect(wire, "echo finished") == b"finished\r\n"
        assert lost(wire, "echo verify")
        assert reconnect(wire, "echo verify") == b"verify\r\n"


def test_a_host_that_restarts_loses_its_connections_and_takes_none_until_it_is_back(wire: Wire) -> None:
    with wire.client() as client:
        with client.open_sftp() as wired:
            restart.order(wire.machine, 0)
            wire.world.pass_time(1)
            with pytest.raises((OSError, EOFError, paramiko.SSHException)):
                wired.stat("C:/WINDOWS")
        with pytest.raises((OSError, EOFError, paramiko.SSHException)):
            run(client, "echo there")
    with pytest.raises((OSError, EOFError, paramiko.SSHException)), wire.client():
        pass
    wire.world.pass_time(restart.DOWN_SECONDS)
    assert reconnect(wire, "echo back") == b"back\r\n"


def test_each_moment_cuts_once_also_after_a_restart_of_the_lab() -> None:
    world = World("exchange2003-sp1", faults={"drop": ["polling", "upload"]})
    assert Drops(world.machine).strike(Moment.POLLING)
    later = Machine.from_json(world.machine.to_json())
    assert not Drops(later).strike(Moment.POLLING)
    assert Drops(later).strike(Moment.UPLOAD)
    assert not Drops(later).pending(Moment.AFTER_START)
