"""The lab's WinRM as bare pypsrp sees it: log-on, WinRS, big input, quotas, faults of the wire."""

from __future__ import annotations

import base64
import hashlib
from pathlib import Path
from typing import Any

import pytest
import requests
from pypsrp.exceptions import AuthenticationError, WinRMTransportError, WSManFaultError
from pypsrp.shell import Process, SignalCode, WinRS
from pypsrp.wsman import WSMan

from remediate.lab.drops import struck
from tests.lab.winrm.piped import PipedProcess
from tests.lab.winrmhost import WinrmWire, winrm_host
from tests.patience import until

WAYS: dict[str, dict[str, Any]] = {
    "sealed ntlm": {"auth": ("ntlm",)},
    "sealed ntlm, 2.3": {"auth": ("ntlm",), "version": "2.3"},
    "ntlm over tls": {"transport": "https", "auth": ("ntlm", "basic")},
    "basic over tls": {"transport": "https", "auth": ("basic",)},
    "certificate": {"transport": "https", "auth": ("certificate",)},
}


def run(wire: WinrmWire, line: str, *, stdin: bytes = b"", **how: Any) -> Process:
    """One command in a shell of its own."""
    with WSMan(**wire.pypsrp(**how)) as wsman, WinRS(wsman) as shell:
        process = PipedProcess(shell, line)
        process.begin_invoke()
        for at in range(0, len(stdin), 100_000):
            process.send(stdin[at : at + 100_000], end=at + 100_000 >= len(stdin))
        process.end_invoke()
        process.signal(SignalCode.TERMINATE)
        return process


@pytest.mark.parametrize("way", WAYS)
def test_a_command_runs_whichever_way_one_logs_on(tmp_path: Path, way: str) -> None:
    with winrm_host(tmp_path, **WAYS[way]) as wire:
        done = run(wire, "ver & dir C:\\nowhere & exit 3")
        assert b"Microsoft Windows [Version 5.2.3790]" in done.stdout
        assert b"cannot find" in done.stderr or b"File Not Found" in done.stderr
        assert done.rc == 3
        assert (wire.served.logons, wire.served.executions) == (1, 1)
        assert wire.winrm.service.open_shells == 0


@pytest.mark.parametrize("name", ["administrator", "LAB\\Administrator", "Administrator@lab.example"])
def test_the_user_may_be_named_with_a_domain(tmp_path: Path, name: str) -> None:
    with winrm_host(tmp_path) as wire:
        assert run(wire, "echo in", username=name).stdout == b"in\r\n"


@pytest.mark.parametrize("way", ["sealed ntlm", "ntlm over tls", "basic over tls"])
@pytest.mark.parametrize("wrong", [{"password": "nope"}, {"username": "Nobody"}])
def test_wrong_credentials_are_refused(tmp_path: Path, way: str, wrong: dict[str, Any]) -> None:
    with winrm_host(tmp_path, **WAYS[way]) as wire:
        with pytest.raises(AuthenticationError):
            run(wire, "ver", **wrong)
        assert wire.served.logons == wire.served.executions == 0


def test_a_certificate_of_somebody_else_is_refused(tmp_path: Path) -> None:
    with winrm_host(tmp_path, **WAYS["certificate"]) as wire:
        pem, key = wire.user_certificate("Guest")
        with pytest.raises(AuthenticationError):
            run(wire, "ver", certificate_pem=str(pem), certificate_key_pem=str(key))


def test_basic_is_not_to_be_had_without_tls(tmp_path: Path) -> None:
    with winrm_host(tmp_path, auth=("basic", "ntlm")) as wire, pytest.raises(AuthenticationError):
        run(wire, "ver", auth="basic", encryption="never")


def test_unencrypted_messages_are_refused(tmp_path: Path) -> None:
    with winrm_host(tmp_path) as wire:
        with pytest.raises(WinRMTransportError):
            run(wire, "ver", encryption="never")
        assert wire.served.executions == 0


@pytest.mark.parametrize("kind", ["expired", "other_name"])
def test_bad_certificates_are_seen(tmp_path: Path, kind: str) -> None:
    with winrm_host(tmp_path, **WAYS["basic over tls"], faults={"certificate": kind}) as wire:
        reason = {"expired": "expired", "other_name": "IP address mismatch"}[kind]
        with pytest.raises(requests.exceptions.SSLError, match=reason):
            run(wire, "ver")


def test_an_unknown_authority_is_seen(tmp_path: Path) -> None:
    with winrm_host(tmp_path, **WAYS["basic over tls"]) as wire, pytest.raises(requests.exceptions.SSLError):
        run(wire, "ver", cert_validation=True)


@pytest.mark.parametrize("version", ["2.1", "2.3"])
def test_megabytes_go_in_and_come_out(tmp_path: Path, version: str) -> None:
    with winrm_host(tmp_path, version=version) as wire:
        data = b"".join(hashlib.sha256(b"%d" % n).digest() for n in range(32_000))
        lines = b"\r\n".join(base64.b64encode(data[at : at + 3000]) for at in range(0, len(data), 3000)) + b"\r\n"
        done = run(wire, 'findstr "^" > C:\\big.txt & type C:\\big.txt', stdin=lines)
        assert wire.machine.files.read("C:\\big.txt") == lines
        assert (done.stdout, done.rc) == (lines, 0)


def test_a_console_takes_no_bulk_input(tmp_path: Path) -> None:
    with winrm_host(tmp_path) as wire, WSMan(**wire.pypsrp()) as wsman, WinRS(wsman) as shell:
        process = Process(shell, "more")
        process.begin_invoke()
        with pytest.raises(WSManFaultError):
            process.send(b"x" * 10_000, end=True)
        assert "CONSOLEMODE" in wire.machine.refusals[-1]


def test_a_command_that_reads_waits_and_one_that_does_not_ends(tmp_path: Path) -> None:
    with winrm_host(tmp_path) as wire, WSMan(**wire.pypsrp()) as wsman, WinRS(wsman) as shell:
        reader, other = PipedProcess(shell, "more"), PipedProcess(shell, "echo two")
        reader.begin_invoke()
        other.begin_invoke()
        other.end_invoke()
        assert other.stdout == b"two\r\n"
        with pytest.raises(WSManFaultError) as late:
            shell.receive("stdout stderr", reader.id, timeout=1)
        assert late.value.code == 2150858793
        reader.send(b"hello\r\n", end=True)
        reader.end_invoke()
        assert reader.stdout == b"hello\r\n"


def test_a_command_can_be_stopped(tmp_path: Path) -> None:
    with winrm_host(tmp_path) as wire, WSMan(**wire.pypsrp()) as wsman, WinRS(wsman) as shell:
        process = PipedProcess(shell, "more")
        process.begin_invoke()
        process.signal(SignalCode.CTRL_C)
        process.end_invoke()
        assert process.rc == 0xC000013A


def test_five_shells_are_the_most_a_user_may_have(tmp_path: Path) -> None:
    with winrm_host(tmp_path) as wire, WSMan(**wire.pypsrp()) as wsman:
        shells = [WinRS(wsman) for _ in range(6)]
        for shell in shells[:5]:
            shell.open()
        with pytest.raises(WSManFaultError, match="maximum number of 5 concurrent shells"):
            shells[5].open()
        shells[0].close()
        shells[5].open()
        assert wire.winrm.service.open_shells == 5


def test_an_envelope_has_a_limit(tmp_path: Path) -> None:
    with winrm_host(tmp_path) as wire, WSMan(**wire.pypsrp()) as wsman, WinRS(wsman) as shell:
        process = PipedProcess(shell, "more")
        process.begin_invoke()
        with pytest.raises(WSManFaultError) as refused:
            process.send(b"x" * 150_000, end=True)
        assert refused.value.code == 2150858882


def test_a_shell_that_is_gone_is_told(tmp_path: Path) -> None:
    with winrm_host(tmp_path) as wire, WSMan(**wire.pypsrp()) as wsman, WinRS(wsman) as shell:
        wire.winrm.service.close_all()
        with pytest.raises(WSManFaultError) as told:
            PipedProcess(shell, "ver").begin_invoke()
        assert told.value.code == 2150858843
        shell.opened = False


@pytest.mark.parametrize("transport", ["http", "https"])
@pytest.mark.parametrize(
    ("fault", "error"),
    [
        ("drop", requests.exceptions.ConnectionError),
        ("cut_reply", requests.exceptions.ChunkedEncodingError),
        ("stall", None),  # pypsrp asks again by itself
        ("fault", WSManFaultError),
    ],
)
def test_a_receive_is_struck_once(tmp_path: Path, transport: str, fault: str, error: type[Exception] | None) -> None:
    with winrm_host(tmp_path, transport=transport, faults={"winrm": [fault]}) as wire:
        with WSMan(**wire.pypsrp(operation_timeout=1, reconnection_backoff=0.01)) as wsman:
            shell = WinRS(wsman)
            shell.open()
            process = PipedProcess(shell, "ver")
            process.begin_invoke()
            if error is None:
                wsman.transport.read_timeout = 2
                process.end_invoke()
                assert b"Version" in process.stdout
            else:
                with pytest.raises(error):
                    process.end_invoke()
        assert "winrm " + fault in struck(wire.machine)
        assert run(wire, "ver").rc == 0


def test_output_waits_for_a_client_that_comes_back(tmp_path: Path) -> None:
    with winrm_host(tmp_path, faults={"winrm": ["drop"]}) as wire:
        with WSMan(**wire.pypsrp()) as wsman:
            shell = WinRS(wsman)
            shell.open()
            process = PipedProcess(shell, "echo still here")
            process.begin_invoke()
            with pytest.raises(requests.exceptions.ConnectionError):
                process.end_invoke()
        with WSMan(**wire.pypsrp()) as again:
            shell.wsman = again
            process.end_invoke()
            assert process.stdout == b"still here\r\n"
            shell.close()


def test_a_quota_others_have_used_up_lasts(tmp_path: Path) -> None:
    with winrm_host(tmp_path, faults={"winrm": ["quota"]}) as wire:
        for _ in range(2):
            with pytest.raises(WSManFaultError, match="concurrent shells"):
                run(wire, "ver")


def test_shells_of_a_client_that_died_end_after_the_time_it_asked_for(tmp_path: Path) -> None:
    with winrm_host(tmp_path) as wire:
        for _ in range(5):
            with WSMan(**wire.pypsrp()) as wsman:
                WinRS(wsman, idle_time_out=60).open()
        with pytest.raises(WSManFaultError, match="concurrent shells"):
            run(wire, "ver")
        wire.time.go_on(61)
        assert b"Microsoft Windows" in run(wire, "ver").stdout


def test_an_idle_sealed_connection_is_lost_with_its_keys(tmp_path: Path) -> None:
    with winrm_host(tmp_path, faults={"winrm": ["idle_close"]}) as wire, WSMan(**wire.pypsrp()) as wsman:
        shell = WinRS(wsman)
        shell.open()
        until(lambda: not wire.served.connections)
        with pytest.raises(WinRMTransportError) as stale:
            PipedProcess(shell, "ver").begin_invoke()
        assert stale.value.code == 400


def test_a_host_that_restarts_forgets_its_shells(tmp_path: Path) -> None:
    with winrm_host(tmp_path) as wire:
        with WSMan(**wire.pypsrp()) as wsman:
            shell = WinRS(wsman)
            shell.open()
            wire.machine.down = True
            with pytest.raises(requests.exceptions.ConnectionError):
                PipedProcess(shell, "ver").begin_invoke()
        assert wire.winrm.service.open_shells == 0
        wire.machine.down = False
        assert run(wire, "ver").rc == 0
