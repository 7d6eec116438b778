"""The moments at which a host's lines are cut, over WinRM: each once, and nothing of the host's work is lost."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import requests
from pypsrp.exceptions import WinRMTransportError
from pypsrp.shell import WinRS
from pypsrp.wsman import WSMan

from remediate.lab import installation, packages
from remediate.lab.drops import struck
from tests.lab.winrm.piped import PipedProcess
from tests.lab.winrmhost import WinrmWire, winrm_host
from tests.lab.worlds import library

LOST = (requests.exceptions.ConnectionError, requests.exceptions.ChunkedEncodingError, WinRMTransportError)
PATH = "C:\\pkg\\update.exe"
START = (
    'echo GetObject("winmgmts:root\\\\cimv2:Win32_Process").Create("'
    + PATH.replace("\\", "\\\\")
    + ' /q /z"); > C:\\s.js'
    " & cscript //nologo C:\\s.js"
)


def ready(folder: Path, moment: str) -> Any:
    return winrm_host(folder, transport="https", auth=("basic",), faults={"drop": [moment]})


def stage(wire: WinrmWire) -> None:
    wire.machine.files.make_folders("C:\\pkg")
    wire.machine.files.write(PATH, packages.content(library().packages["KB870585-2003-SP1"]))


def send(wire: WinrmWire, line: str, stdin: bytes = b"") -> bytes:
    with WSMan(**wire.pypsrp()) as wsman:
        return through(wsman, line, stdin)


def through(wsman: WSMan, line: str, stdin: bytes = b"") -> bytes:
    shell = WinRS(wsman)
    shell.open()
    process = PipedProcess(shell, line)
    process.begin_invoke()
    for at in range(0, len(stdin), 60_000):
        process.send(stdin[at : at + 60_000], end=at + 60_000 >= len(stdin))
    process.end_invoke()
    shell.close()
    return process.stdout


def loses(wsman: WSMan, line: str) -> bool:
    try:
        through(wsman, line)
    except LOST:
        return True
    return False


def finish(wire: WinrmWire) -> list[installation.Installation]:
    with wire.machine.lock:
        wire.time.go_on(60)
        wire.machine.advance()
        assert installation.phase(wire.machine) is None
        return installation.all_of(wire.machine)


@pytest.mark.parametrize("moment", ["before_staging", "upload"])
def test_big_input_is_cut_and_a_script_is_not(tmp_path: Path, moment: str) -> None:
    with ready(tmp_path, moment) as wire:
        send(wire, 'findstr "^" > C:\\script.js', b"// line of a script\r\n" * 3000)
        assert struck(wire.machine) == []
        big = b"QUJD" * 20 + b"\r\n"
        with pytest.raises(LOST):
            send(wire, 'findstr "^" > C:\\big.txt', big * 6000)
        assert struck(wire.machine) == [moment]
        send(wire, 'findstr "^" > C:\\big.txt', big * 6000)
        assert wire.machine.files.stat("C:\\big.txt").size == 6000 * len(big)


def test_after_start_the_answer_is_lost_and_the_installer_runs_on(tmp_path: Path) -> None:
    with ready(tmp_path, "after_start") as wire:
        stage(wire)
        with pytest.raises(LOST):
            send(wire, START)
        assert len(finish(wire)) == 1
        assert send(wire, "echo back") == b"back\r\n"


def test_polling_loses_the_first_answer_while_it_runs(tmp_path: Path) -> None:
    with ready(tmp_path, "polling") as wire:
        stage(wire)
        send(wire, START)
        with pytest.raises(LOST):
            send(wire, "echo how far")
        assert send(wire, "echo how far") == b"how far\r\n"
        assert len(finish(wire)) == 1


def test_a_service_restart_cuts_whoever_is_connected(tmp_path: Path) -> None:
    with ready(tmp_path, "service_restart") as wire:
        stage(wire)
        with WSMan(**wire.pypsrp()) as wsman:
            through(wsman, START)
            with wire.machine.lock:
                wire.time.go_on(1)
            assert any(loses(wsman, "ver") for _ in range(3)), "one answer may be on its way, one line may be idle"
        assert struck(wire.machine) == ["service_restart"]
        assert len(finish(wire)) == 1


def test_before_verification_cuts_after_the_end_was_seen(tmp_path: Path) -> None:
    with ready(tmp_path, "before_verification") as wire:
        stage(wire)
        send(wire, START)
        finish(wire)
        assert send(wire, "echo seen") == b"seen\r\n"
        with pytest.raises(LOST):
            send(wire, "echo seen")
        assert send(wire, "echo seen") == b"seen\r\n"
