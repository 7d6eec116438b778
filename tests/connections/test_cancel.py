"""Jobs that are ended: the whole tree and nothing else, with WMI, with taskkill, or not at all and said."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from remediate.connections.base import JobPhase
from remediate.connections.ssh import SshSession
from remediate.errors import RemoteFailed
from remediate.lab import packages
from remediate.lab.errors import LabError
from tests.connections.jobhost import LONG, QUICK, finished, hanging, images, runs, start
from tests.connections.labhost import LabHost, lab_host


@pytest.fixture
def host(tmp_path: Path) -> Iterator[LabHost]:
    with hanging(tmp_path) as made:
        yield made
        assert made.machine.refusals == []


def test_cancel_spares_whose_parent_had_the_number_of_the_job(host: LabHost) -> None:
    """Process numbers are used again: a program from before the job may name its number as that of its parent."""
    session = host.session()
    older = host.machine.processes.create("backup.exe")
    host.time.go_on(60)
    job = start(session)
    number = int(str(job.details["pid"]))  # type: ignore[index]
    host.machine.processes.update(replace(older, parent=number))
    assert session.cancel("kb1").details["ended"] >= 2  # type: ignore[index,operator]
    assert "update.exe" not in images(host)
    assert host.machine.processes.get(older.pid) is not None


def test_cancel_ends_the_whole_tree(host: LabHost) -> None:
    session = host.session()
    start(session, LONG)
    job = session.cancel("kb1")
    assert job.phase is JobPhase.LOST
    assert job.details is not None
    assert job.details["cancelled"] is True
    assert "update.exe" not in images(host)
    assert session.poll("kb1").phase is JobPhase.LOST


def test_cancel_of_what_is_not_running_changes_nothing(host: LabHost) -> None:
    session = host.session()
    assert session.cancel("kb1").phase is JobPhase.ABSENT
    start(session, QUICK)
    finished(session)
    assert session.cancel("kb1").exit_code == 0


@pytest.mark.parametrize("wmi", ["broken", "query_fails"])
def test_without_wmi(tmp_path: Path, wmi: str) -> None:
    with hanging(tmp_path, wmi=wmi) as host:
        session = host.session()
        job = start(session, f"{QUICK} & {LONG}")
        assert job.phase is JobPhase.RUNNING
        assert session.poll("kb1").phase is JobPhase.RUNNING
        assert start(host.session(), QUICK).adopted is True
        assert runs(host) == 1
        with pytest.raises(RemoteFailed, match="WMI does not work"):
            session.cancel("kb1")


def ended_by_tool(session: SshSession, host: LabHost, *names: str) -> None:
    job = session.cancel("kb1")
    assert job.phase is not JobPhase.RUNNING
    assert job.details is not None
    assert (job.details["cancelled"], job.details["killed"]) == (True, list(names))
    assert not {"update.exe", "fix.exe"} & set(images(host))
    assert session.poll("kb1").phase is not JobPhase.RUNNING


@pytest.mark.parametrize("wmi", ["broken", "query_fails"])
def test_without_wmi_taskkill_ends_the_program_and_what_it_started(tmp_path: Path, wmi: str) -> None:
    with hanging(tmp_path, wmi=wmi) as host:
        session = host.session()
        start(session)
        assert {"update.exe", "fix.exe"} <= set(images(host))
        ended_by_tool(session, host, "fix.exe")


def test_a_job_that_wmi_started_is_ended_by_its_shell(tmp_path: Path) -> None:
    with hanging(tmp_path) as host:
        session = host.session()
        start(session)
        host.machine.faults = dataclasses.replace(host.machine.faults, wmi="broken")
        ended_by_tool(session, host, "cmd.exe")


def refused(session: SshSession, words: str) -> None:
    with pytest.raises(RemoteFailed, match="job kb1 cannot be cancelled here") as caught:
        session.cancel("kb1")
    assert words in caught.value.message
    assert "log on at the server's console, end " in caught.value.hint
    job = session.poll("kb1")
    assert job.phase is JobPhase.RUNNING, "what was not ended goes on"
    assert job.details is not None
    assert job.details["cancelled"] is False


def test_where_nothing_can_end_a_process_that_is_said_and_the_job_goes_on(tmp_path: Path) -> None:
    with hanging(tmp_path, wmi="broken", taskkill="fails") as host:
        session = host.session()
        start(session)
        refused(session, "without tasklist.exe nothing here ends a process")
        assert {"update.exe", "fix.exe"} <= set(images(host))


def test_windows_2000_without_wmi_has_nothing_to_end_one_with(tmp_path: Path) -> None:
    with lab_host(tmp_path, image="exchange2000-sp3-rollup", faults={"installer_hangs": True, "wmi": "broken"}) as host:
        package = packages.catalogue()["KB870585-2000"]
        host.machine.files.write("C:\\fix.exe", packages.content(package))
        session = host.session()
        start(session)
        refused(session, "without tasklist.exe nothing here ends a process")


def test_a_program_that_somebody_else_runs_too_is_not_ended(tmp_path: Path) -> None:
    with hanging(tmp_path, wmi="broken") as host:
        session = host.session()
        start(session)
        other = host.machine.processes.create("fix.exe", "fix.exe", path="D:\\fix.exe")
        refused(session, "which of the processes called fix.exe is the job's cannot be told")
        assert host.machine.processes.get(other.pid) is not None


def test_what_windows_does_not_end_counts_as_running(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with hanging(tmp_path) as host:
        session = host.session()
        start(session)

        def denied(*_: Any, **__: Any) -> None:
            raise LabError(5)

        monkeypatch.setattr(host.machine.processes, "kill", denied)
        refused(session, "Windows does not end ")
        monkeypatch.undo()
        assert session.cancel("kb1").phase is JobPhase.LOST
