"""The lab's WinRM as pywinrm sees it: a client that shares no code with pypsrp's envelopes."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
import winrm
from winrm.exceptions import InvalidCredentialsError, WinRMOperationTimeoutError, WSManFaultError
from winrm.protocol import Protocol

from tests.lab.winrmhost import PASSWORD, WinrmWire, winrm_host

WAYS: dict[str, dict[str, Any]] = {
    "sealed": {"auth": ("ntlm",)},
    "ntlm over tls": {"transport": "https", "auth": ("ntlm",)},
    "basic over tls": {"transport": "https", "auth": ("basic",), "version": "2.3"},
    "certificate": {"transport": "https", "auth": ("certificate",)},
}


@contextmanager
def protocol(wire: WinrmWire, **how: Any) -> Iterator[Protocol]:
    spec = wire.spec
    given: dict[str, Any] = {
        "endpoint": f"{spec.transport}://127.0.0.1:{wire.port}/wsman",
        "transport": spec.auth[0],
        "username": "Administrator",
        "password": PASSWORD,
        "message_encryption": "auto",
        "ca_trust_path": str(wire.authority) if spec.transport == "https" else None,
        "proxy": None,
    }
    if spec.auth[0] == "certificate":
        pem, key = wire.user_certificate()
        given |= {"cert_pem": str(pem), "cert_key_pem": str(key)}
    made = Protocol(**{**given, **how})
    yield made
    made.transport.close_session()


@pytest.mark.parametrize("way", WAYS)
def test_a_command_and_its_end(tmp_path: Path, way: str) -> None:
    with winrm_host(tmp_path, **WAYS[way]) as wire, protocol(wire) as client:
        shell = client.open_shell()
        command = client.run_command(shell, "echo", ["a b", "&", "dir", "C:\\nowhere"])
        out, err, code = client.get_command_output(shell, command)
        client.cleanup_command(shell, command)
        assert out.startswith(b"a b")
        assert code == 1
        assert err
        client.close_shell(shell)
        assert wire.winrm.service.open_shells == 0


def test_the_convenient_way(tmp_path: Path) -> None:
    with winrm_host(tmp_path) as wire:
        how = {"transport": "ntlm", "proxy": None, "ca_trust_path": None}
        session = winrm.Session(f"http://127.0.0.1:{wire.port}/wsman", ("Administrator", PASSWORD), **how)
        done = session.run_cmd("ver")
        assert b"5.2.3790" in done.std_out
        session.protocol.transport.close_session()


def test_input_from_a_pipe(tmp_path: Path) -> None:
    with winrm_host(tmp_path) as wire, protocol(wire) as client:
        shell = client.open_shell()
        command = client.run_command(shell, 'findstr "^" > C:\\in.txt', console_mode_stdin=False)
        text = b"".join(b"line %d\r\n" % n for n in range(20_000))
        for at in range(0, len(text), 90_000):
            client.send_command_input(shell, command, text[at : at + 90_000], end=at + 90_000 >= len(text))
        assert client.get_command_output(shell, command)[2] == 0
        assert wire.machine.files.read("C:\\in.txt") == text
        client.close_shell(shell)


def test_a_folder_and_variables_of_the_shell(tmp_path: Path) -> None:
    with winrm_host(tmp_path) as wire, protocol(wire) as client:
        shell = client.open_shell(working_directory="C:\\WINDOWS", env_vars={"COLOUR": "blue"})
        command = client.run_command(shell, "echo %COLOUR% & cd")
        assert client.get_command_output(shell, command)[0].split() == [b"blue", b"C:\\WINDOWS"]
        client.close_shell(shell)


def test_a_wrong_password(tmp_path: Path) -> None:
    with (
        winrm_host(tmp_path) as wire,
        protocol(wire, password="no") as client,
        pytest.raises(InvalidCredentialsError),
    ):
        client.open_shell()


def test_a_time_out_and_a_shell_that_is_not_there(tmp_path: Path) -> None:
    with winrm_host(tmp_path) as wire, protocol(wire, operation_timeout_sec=1, read_timeout_sec=600) as client:
        shell = client.open_shell()
        command = client.run_command(shell, "more", console_mode_stdin=False)
        with pytest.raises(WinRMOperationTimeoutError):
            client.get_command_output_raw(shell, command)
        with pytest.raises(WSManFaultError) as told:
            client.run_command("11111111-1111-1111-1111-111111111111", "ver")
        assert told.value.wsman_fault_code == 2150858843
