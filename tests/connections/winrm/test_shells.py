"""Shells on a lab host: kept, renewed after a pause, replaced when they are gone; PowerShell where cmd is refused."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from remediate.connections.bytext import PIECE
from remediate.connections.winrm import WinrmSession
from remediate.connections.winrmwire import IDLE
from remediate.errors import Unreachable
from remediate.lab.winrm import soap
from remediate.lab.winrm.soap import Fault
from tests.connections.contract.roads import module
from tests.lab.winrmhost import PASSWORD, WinrmWire, winrm_host


@contextmanager
def session(host: WinrmWire, **more: Any) -> Iterator[WinrmSession]:
    from remediate.connections.endpoint import endpoint
    from remediate.connections.sessions import Sessions

    module(host.folder)
    variables = {
        "ansible_connection": "winrm",
        "ansible_host": "127.0.0.1",
        "ansible_port": host.port,
        "ansible_user": "Administrator",
        "ansible_password": PASSWORD,
        "winrm_scheme": host.spec.transport,
        "winrm_auth": host.spec.auth[0],
    }
    with Sessions([host.folder / "js"]) as sessions:
        opened = sessions.open(endpoint("ex1", {**variables, **more}))
        assert isinstance(opened, WinrmSession)
        yield opened


def refuse(host: WinrmWire, monkeypatch: pytest.MonkeyPatch, *kinds: str) -> None:
    def denied(*_: object) -> Any:
        raise Fault(5, "Access is denied.", "w:AccessDenied")

    makers: Any = host.winrm.service._makers
    for kind in kinds:
        monkeypatch.setitem(makers, kind, denied)


def test_one_shell_serves_many_commands_and_is_ended(tmp_path: Path) -> None:
    with winrm_host(tmp_path) as host:
        with session(host) as opened:
            for _ in range(8):
                assert opened.run("echo x").stdout == "x\r\n"
            assert host.winrm.service.open_shells == 1
        assert host.winrm.service.open_shells == 0


def test_powershell_where_cmd_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with winrm_host(tmp_path) as host:
        refuse(host, monkeypatch, soap.CMD_URI)
        with session(host) as opened:
            assert opened.run("echo x").stdout == "x\r\n"
            assert opened.road.name == "psrp 2.1 over http, sealed"
            assert any("PowerShell is used" in note and "Access is denied" in note for note in opened.notes)
        with session(host, winrm_shell="cmd") as strict, pytest.raises(Unreachable) as caught:
            strict.run("echo x")
        assert caught.value.kind == "denied"


def test_no_shell_of_any_kind(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with winrm_host(tmp_path) as host:
        refuse(host, monkeypatch, soap.CMD_URI, soap.POWERSHELL_URI)
        with session(host) as opened, pytest.raises(Unreachable, match="denies this account") as caught:
            opened.run("echo x")
        assert caught.value.kind == "denied"
        assert "Administrators" in caught.value.hint


def test_a_shell_that_is_gone_is_replaced(tmp_path: Path) -> None:
    with winrm_host(tmp_path) as host, session(host) as opened:
        opened.run("echo x")
        host.winrm.service.close_all()
        assert opened.run("echo y").stdout == "y\r\n"
        assert opened.executions == 2


def test_a_sealed_connection_is_made_anew_after_a_pause(tmp_path: Path) -> None:
    with winrm_host(tmp_path) as host, session(host) as opened:
        opened.run("echo x")
        before = set(host.served.connections)
        carrier = opened._wire.carrier  # type: ignore[union-attr]
        carrier._used -= IDLE + 1
        opened.run("echo y")
        assert not before & set(host.served.connections)


def test_large_messages_for_large_files(tmp_path: Path) -> None:
    with winrm_host(tmp_path, version="2.3", auth=("basic",), transport="https") as host:
        (tmp_path / "big").write_bytes(b"x" * (PIECE + 1))
        with session(host, winrm_ca=str(host.authority)) as opened:
            opened.run("ver")
            opened.put(tmp_path / "big", "C:\\big.bin")
            assert opened._wire is not None
            assert opened._wire.wsman.max_envelope_size == 512_000
        assert host.machine.files.stat("C:\\big.bin").size == PIECE + 1


def test_unsealed_messages_are_noted(tmp_path: Path) -> None:
    with winrm_host(tmp_path) as host, session(host, winrm_encryption="never") as opened:
        assert any("can be read on the way" in note for note in opened.notes)
        with pytest.raises(Unreachable, match="refuses what is not sealed") as caught:
            opened.run("ver")
        assert caught.value.kind == "protocol"
