"""Detached jobs on lab hosts: started once whoever asks, found again, ended, and told apart when something died."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from pathlib import Path
from typing import Any, cast

import pytest
import yaml

from remediate.connections.base import JobPhase
from remediate.errors import Blocked, RemoteFailed
from remediate.lab import installation, packages
from remediate.lab.drops import struck
from remediate.lab.faults import Moment
from tests.connections.jobhost import JOBS, LONG, QUICK, finished, hanging, images, runs, start, write
from tests.connections.labhost import LabHost, lab_host
from tests.patience import LIMIT

GUARDS: list[dict[str, Any]] = yaml.safe_load((Path(__file__).parent / "cases" / "guards.yml").read_text())


@pytest.fixture
def host(tmp_path: Path) -> Iterator[LabHost]:
    with hanging(tmp_path) as made:
        yield made
        assert made.machine.refusals == []


def test_a_job_runs_to_its_end(host: LabHost) -> None:
    session = host.session()
    job = start(session, f"{QUICK} & exit 42", record={"services": ["MSExchangeIS", "nothing"], "plan": {"id": 7}})
    assert (job.adopted, job.folder) == (False, f"{JOBS}\\kb1")
    job = finished(session)
    assert (job.phase, job.exit_code) == (JobPhase.FINISHED, 42)
    assert job.details is not None
    assert job.details["record"] == {"services": ["MSExchangeIS", "nothing"], "plan": {"id": 7}}
    before = cast("list[dict[str, Any]]", job.details["services_before"])
    assert [(s["name"], s["state"], s["start_mode"]) for s in before] == [("MSExchangeIS", "running", "auto")]
    assert runs(host) == 1


def test_absent(host: LabHost) -> None:
    assert host.session().poll("kb1").phase is JobPhase.ABSENT


def test_another_controller_adopts(host: LabHost) -> None:
    start(host.session())
    job = start(host.session())
    assert (job.phase, job.adopted) == (JobPhase.RUNNING, True)
    assert images(host).count("update.exe") == 1


def test_a_finished_job_is_adopted_until_it_is_settled(host: LabHost) -> None:
    session = host.session()
    start(session, QUICK)
    finished(session)
    job = start(host.session(), QUICK)
    assert (job.phase, job.exit_code, job.adopted) == (JobPhase.FINISHED, 0, True)
    assert session.settle("kb1").details["settled"] is True  # type: ignore[index]
    assert start(session, QUICK).adopted is False
    finished(session)
    assert runs(host) == 2
    assert host.machine.files.exists(f"{JOBS}\\kb1.1\\exit.txt")
    assert [job["name"] for job in host.ask("jobList()")] == ["kb1"]


def test_many_starters_at_the_same_moment(host: LabHost) -> None:
    host.machine.files.make_folder("C:\\seen")
    # all have seen that there is no job before the first of them makes its folder
    start_then = f"""(function () {{
        var make = newFolder;
        newFolder = function (path) {{
            writeText("C:\\\\seen\\\\" + remediateNonce, "");
            while (/kb1$/.test(path) && fso().GetFolder("C:\\\\seen").Files.Count < 6) {{ WScript.Sleep(1); }}
            return make(path);
        }};
        return jobStart({{name: "kb1", command: "{QUICK.replace(chr(92), chr(92) * 2)}", token: remediateNonce}});
    }})()"""
    with ThreadPoolExecutor(6) as pool:
        jobs = list(pool.map(lambda _: host.ask(start_then), range(6)))
    assert sorted(job["adopted"] for job in jobs) == [False, True, True, True, True, True]
    assert runs(host) == 1


def test_a_launch_that_failed_in_words_only_is_not_done_twice(host: LabHost) -> None:
    """WMI says no although it started the wrapper, which shows no sign of life before the second launch."""
    twice = """(function () {
        var create = createProcess;
        createProcess = function (line) { create(line); throw new Error("RPC server too busy"); };
        pause = function () {};
        jobHas = function () { return false; };
        return jobStart({name: "kb1", command: "echo x>> C:\\\\count.txt", guard: {}, record: {}, token: "t"});
    })()"""
    host.ask(twice)
    session = host.session()
    finished(session)
    session.wait(1.0)
    assert runs(host) == 1


def test_a_connection_lost_right_after_the_start(host: LabHost) -> None:
    session = host.session()
    session.run("ver")
    execute, cut = host.served.execute, threading.Event()

    def losing(machine: Any, line: str, stdin: bytes) -> tuple[bytes, bytes, int]:
        answer = execute(machine, line, stdin)
        if not cut.is_set():
            cut.set()
            for connection in list(host.served.connections):
                connection.cut()
        return answer

    host.served.execute = losing
    job = start(session)
    assert cut.is_set()
    assert (job.phase, job.adopted) == (JobPhase.RUNNING, False)
    assert images(host).count("update.exe") == 1


def test_a_job_whose_processes_died_is_lost_and_not_repeated(host: LabHost) -> None:
    session = host.session()
    start(session, f"{QUICK} & {LONG}")
    for process in host.machine.processes.all():
        if process.image.lower() in ("cmd.exe", "fix.exe", "update.exe"):
            host.machine.processes.kill(process.pid)
    assert session.poll("kb1").phase is JobPhase.LOST
    job = start(host.session(), QUICK)
    assert (job.phase, job.adopted) == (JobPhase.LOST, True)
    assert runs(host) == 1
    session.settle("kb1")
    assert start(session, QUICK).adopted is False


def test_the_program_lives_on_without_its_wrapper(host: LabHost) -> None:
    session = host.session()
    job = start(session)
    host.machine.processes.kill(int(str(job.details["pid"])))  # type: ignore[index]
    assert "cmd.exe" not in images(host)
    assert session.poll("kb1").phase is JobPhase.RUNNING


@pytest.mark.parametrize(
    ("files", "taken"),
    [
        ({}, False),
        ({"starting.txt": "NOW other"}, False),
        ({"starting.txt": "2004-09-15T20:01:00Z other"}, True),
        ({"starting.txt": "2004-09-15T20:01:00Z other", "started.txt": "4711 wmi 2004-09-15T20:01:01Z"}, True),
        ({"starting.txt": "2099-09-15T20:01:00Z other"}, True),
        ({"starting.txt": ""}, False),
    ],
)
def test_a_start_that_never_happened_is_taken_over_when_it_is_old(
    host: LabHost, files: dict[str, str], taken: bool
) -> None:
    write(host, "", "")
    now = host.machine.now().strftime("%Y-%m-%dT%H:%M:%SZ")
    for name, text in files.items():
        write(host, name, text.replace("NOW", now))
    job = start(host.session(), QUICK)
    assert job.adopted is not taken
    assert host.machine.files.exists(f"{JOBS}\\kb1.1") is taken
    if taken:
        finished(host.session())
    assert runs(host) == int(taken)


@pytest.mark.parametrize("below", ["9", "1"], ids=["let pass", "refused"])
def test_a_starter_that_was_overtaken_touches_nothing(
    host: LabHost, monkeypatch: pytest.MonkeyPatch, below: str
) -> None:
    """Its guard looks at a file for so long that another takes the job over: that one's job it is, whole and alone."""
    stat = host.machine.files.stat

    def slow_disk(path: str) -> Any:
        if path.lower() == "c:\\fix.exe" and not runs(host):
            host.machine.wait(200)
        return stat(path)

    monkeypatch.setattr(host.machine.files, "stat", slow_disk)
    guard = {"files": [{"path": "C:\\fix.exe", "below": below}]}
    patient = host.session(command_timeout=1000)
    with ThreadPoolExecutor(1) as pool, host.time.holding(host.machine) as held:
        overtaken = pool.submit(start, patient, QUICK, guard=guard, record={"who": "overtaken"})
        assert held.wait(LIMIT)
        job = start(host.session(), QUICK, record={"who": "second"})
        assert job.adopted is False
        job = finished(host.session())
    with suppress(RemoteFailed, Blocked):
        assert overtaken.result().adopted is True
    assert runs(host) == 1
    after = host.session().poll("kb1")
    assert (after.phase, after.exit_code, after.started) == (JobPhase.FINISHED, 0, job.started)
    assert after.details is not None
    assert after.details["record"] == {"who": "second"}


def test_the_same_program_from_before_is_none_of_the_job(host: LabHost) -> None:
    session = host.session()
    older = host.machine.processes.create("fix.exe", LONG)
    host.time.go_on(60)
    start(session)
    for process in host.machine.processes.all():
        if process.image.lower() in ("cmd.exe", "fix.exe", "update.exe") and process.pid != older.pid:
            host.machine.processes.kill(process.pid)
    assert session.poll("kb1").phase is JobPhase.LOST


@pytest.mark.parametrize("case", GUARDS, ids=lambda case: case["name"])
def test_guard(host: LabHost, case: dict[str, Any]) -> None:
    session = host.session()
    if "refused" not in case:
        assert start(session, QUICK, guard=case["guard"]).adopted is False
        return
    with pytest.raises(Blocked) as caught:
        start(session, QUICK, guard=case["guard"])
    assert case["refused"] in caught.value.reason
    assert caught.value.remedy
    assert session.poll("kb1").phase is JobPhase.ABSENT
    assert runs(host) == 0


def test_names_are_plain(host: LabHost) -> None:
    with pytest.raises(RemoteFailed, match="letters, digits"):
        host.session().detach("..\\x", QUICK, guard={}, record={})


@pytest.mark.parametrize("moment", [str(moment) for moment in Moment])
def test_a_hotfix_survives_a_drop(tmp_path: Path, moment: str) -> None:
    local = tmp_path / "fix.exe"
    local.write_bytes(packages.content(packages.catalogue()["KB870585-2003-SP1"]))
    with lab_host(tmp_path / "lab", faults={"drop": [moment]}) as host:
        session = host.session()
        session.put(local, "C:\\fix.exe")
        job = start(session)
        while job.phase is JobPhase.RUNNING:
            session.wait(1)
            job = session.poll("kb1")
        info = session.call(
            "libraries", "ask", {"code": 'fileInfo("C:\\\\Program Files\\\\Exchsrvr\\\\bin\\\\store.exe")'}
        )
        assert (job.exit_code, info["value"]["version"]) == (0, "6.5.7232.35")  # type: ignore[index,call-overload]
        assert installation.started(host.machine) == 1
        assert struck(host.machine) == [moment]
        assert host.served.logons == 2


def test_an_exit_code_that_appears_between_two_looks_is_not_lost(host: LabHost) -> None:
    """The program ends while its job is being read: it runs still, or it is finished with its code; never neither."""
    code = """(function () {
      var folder = jobRoot() + '\\\\late', text = jobText, seen;
      makeFolder(folder);
      writeText(folder + '\\\\starting.txt', utcNow() + ' t');
      writeText(folder + '\\\\running.txt', 'running');
      jobText = function (where, file) {
        var read = text(where, file);
        if (file === 'started.txt') { writeText(folder + '\\\\exit.txt', '0'); }
        return read;
      };
      seen = jobRead(folder, 'late');
      return seen.phase + ' ' + seen.exit_code;
    })()"""
    assert host.ask(code) == "finished 0"


@pytest.mark.parametrize(
    ("started", "output", "phase"),
    [
        ("utcNow()", False, "running"),
        ("'2003-01-01T00:00:00Z'", False, "lost"),
        ("utcNow()", True, "lost"),
    ],
)
def test_without_wmi_a_wrapper_that_has_not_come_to_the_program_yet_is_no_lost_job(
    tmp_path: Path, started: str, output: bool, phase: str
) -> None:
    """Seen as lost, its services would be started under the installer, and a second installer would be let begin."""
    code = f"""(function () {{
      var folder = jobRoot() + '\\\\slow';
      makeFolder(folder);
      writeText(folder + '\\\\starting.txt', {started} + ' t');
      writeText(folder + '\\\\running.txt', 'running');
      if ({str(output).lower()}) {{ writeText(folder + '\\\\output.txt', 'over'); }}
      return jobLook('slow').phase;
    }})()"""
    with hanging(tmp_path, wmi="broken") as host:
        assert host.ask(code) == phase
