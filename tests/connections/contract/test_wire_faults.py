"""Every fault of the wire on every WinRM road: work is never done twice, and what is safe to repeat gets done."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

import pytest

from remediate.connections.steady import SteadySession
from remediate.errors import HostError, Interrupted, Unreachable, UserError
from remediate.lab.faults import Faults
from tests.connections.contract.roads import ROADS, WINRM, Ground, module
from tests.patience import LIMIT, until

COUNT = "C:\\count.txt"
MARK = f"echo x>> {COUNT}"


@contextmanager
def serving(road: str, folder: Path, **faults: Any) -> Iterator[Ground]:
    module(folder)
    with ROADS[road](folder, faults=faults) as ground:
        yield ground
        assert ground.machine.refusals == []


def impatient(ground: Ground) -> SteadySession:
    """A session that waits two seconds for an answer, and has reached its host once: the fault comes after that."""
    faults, ground.machine.faults = ground.machine.faults, Faults()
    session = ground.session(winrm_operation_timeout=1, winrm_read_timeout=2)
    until(lambda: reached(session))
    ground.machine.faults = faults
    return session


def reached(session: SteadySession) -> bool:
    with suppress(HostError):
        return session.run("ver").exit_code == 0
    return False


def marks(ground: Ground) -> int:
    return ground.machine.files.read(COUNT).count(b"x") if ground.machine.files.exists(COUNT) else 0


FAULTS = [
    *((road, fault) for road in WINRM for fault in ("drop", "cut_reply")),
    *((road, "stall") for road in ("winrs sealed", "psrp 2.3")),
    *((road, "fault") for road in WINRM if road.startswith("winrs")),
]
"""A fault hits the first Receive: over PowerShell that belongs to opening the shell."""


@pytest.mark.parametrize(("road", "fault"), FAULTS)
def test_a_call_is_carried_out_in_spite_of(road: str, fault: str, tmp_path: Path) -> None:
    with serving(road, tmp_path, winrm=[fault]) as ground:
        session = impatient(ground) if fault == "stall" else ground.session()
        assert session.call("probe", "say", {"text": "x"})["said"] == "x"


@pytest.mark.parametrize("road", ["winrs sealed", "winrs basic tls", "psrp 2.1"])
@pytest.mark.parametrize("fault", ["drop", "cut_reply"])
def test_a_command_whose_answer_is_lost_runs_once_and_is_answered(road: str, fault: str, tmp_path: Path) -> None:
    with serving(road, tmp_path, winrm=[fault]) as ground:
        assert ground.session().run(MARK).exit_code == 0
        assert marks(ground) == 1


def test_a_command_the_host_reports_a_fault_for_is_not_repeated(tmp_path: Path) -> None:
    with serving("winrs sealed", tmp_path, winrm=["fault"]) as ground:
        session = ground.session()
        with pytest.raises(Unreachable, match=r"lost while .* ran: .* reports a fault") as caught:
            session.run(MARK)
        assert caught.value.kind == "lost"
        assert "may have run" in caught.value.hint
        assert session.run("echo alive").stdout == "alive\r\n"
        assert marks(ground) == 1


def test_a_fault_while_a_shell_is_opened(tmp_path: Path) -> None:
    with serving("psrp 2.1", tmp_path, winrm=["fault"]) as ground:
        session = ground.session()
        with pytest.raises(Unreachable, match="reports a fault"):
            session.run(MARK)
        assert marks(ground) == session.executions == 0
        assert session.run(MARK).exit_code == 0
        assert marks(ground) == 1


@pytest.mark.parametrize("road", WINRM)
def test_a_pause_is_no_trouble(road: str, tmp_path: Path) -> None:
    with serving(road, tmp_path, winrm=["idle_close"]) as ground:
        session = ground.session()
        session.run(MARK)
        until(lambda: not ground.served.connections)
        session.run(MARK)
        assert marks(ground) == 2
        assert session.executions == 2


@pytest.mark.parametrize("road", WINRM)
def test_no_shell_left(road: str, tmp_path: Path) -> None:
    with serving(road, tmp_path, winrm=["quota"]) as ground, pytest.raises(Unreachable) as caught:
        ground.session(winrm_quota_timeout=0.0).call("probe", "say", {"text": ""})
    assert caught.value.kind == "quota"
    assert "opens no more shells" in caught.value.message
    assert "quota" in caught.value.hint


@pytest.mark.parametrize("road", ["winrs sealed", "psrp 2.3"])
def test_shells_are_closed_although_a_command_runs(road: str, tmp_path: Path) -> None:
    with serving(road, tmp_path) as ground:
        for _ in range(7):  # more than the five an account may have
            session = ground.session()
            session.run("ver")
            ground.close()
        busy = ground.session()
        busy.run("ver")
        busy.shared.stop.set()  # as when a run is interrupted: nobody waits any more
        with ThreadPoolExecutor(1) as pool, ground.time.holding(ground.machine) as held:
            running = pool.submit(busy.call, "probe", "slow", {"seconds": 20})
            assert held.wait(LIMIT)
            busy.close()
            assert isinstance(running.exception(LIMIT), HostError | Interrupted)


@pytest.mark.parametrize(
    ("kind", "words"), [("expired", "certificate that has expired"), ("other_name", "certificate for another name")]
)
@pytest.mark.parametrize("road", ["winrs basic tls", "psrp 2.3"])
def test_certificates_of_hosts(road: str, kind: str, words: str, tmp_path: Path) -> None:
    with serving(road, tmp_path, certificate=kind) as ground, pytest.raises(Unreachable, match=words) as caught:
        ground.session().run("ver")
    assert caught.value.kind == "tls"
    assert "winrm_fingerprint" in caught.value.hint


def test_a_certificate_nobody_vouches_for(tmp_path: Path) -> None:
    with serving("winrs basic tls", tmp_path) as ground:
        with pytest.raises(Unreachable, match="nobody vouches for") as caught:
            ground.session(winrm_ca="").run("ver")
        assert caught.value.kind == "tls"
        ignoring = ground.session(winrm_ca="", winrm_server_cert_validation="ignore")
        assert ignoring.run("echo ok").stdout == "ok\r\n"
        assert any("not checked" in note for note in ignoring.notes)
        with pytest.raises(UserError, match="there is no file"):
            ground.session(winrm_ca=str(tmp_path / "none.pem")).run("ver")


def test_a_pinned_certificate(tmp_path: Path) -> None:
    with serving("winrs basic tls", tmp_path, certificate="expired") as ground:
        pem = (tmp_path / "host ex1 expired.pem").read_text(encoding="ascii")
        from cryptography import x509
        from cryptography.hazmat.primitives.hashes import SHA256

        pin = x509.load_pem_x509_certificate(pem.encode()).fingerprint(SHA256()).hex(":")
        pinned = ground.session(winrm_ca="", winrm_fingerprint=pin)
        assert pinned.run("echo ok").stdout == "ok\r\n"
        assert pinned.notes == ()
        with pytest.raises(Unreachable, match="another certificate") as caught:
            ground.session(winrm_ca="", winrm_fingerprint="00" * 32).run("ver")
        assert caught.value.kind == "tls"


def test_tls_where_there_is_none(tmp_path: Path) -> None:
    with serving("winrs sealed", tmp_path) as ground, pytest.raises(Unreachable) as caught:
        ground.session(winrm_scheme="https").run("ver")
    assert caught.value.kind in ("tls", "lost")
