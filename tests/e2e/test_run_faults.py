"""What may happen to a run on this side: Ctrl-C twice, a ledger that goes away and comes back, one that does not."""

from __future__ import annotations

import signal
from collections.abc import Iterator
from pathlib import Path

import pytest

from remediate.ledger.store import open_ledger
from tests.e2e.office import Office
from tests.e2e.project import Project, await_line
from tests.e2e.test_main_route import PLAYBOOK, status
from tests.ledger import postgres
from tests.patience import LIMIT, until

INVENTORY = "inventory/faults.yml"
LAB = """
plugin: lab
speed: 4
hosts:
  one: {image: exchange2003-sp1}
  two: {image: exchange2003-rtm, connection: winrm}
"""


@pytest.fixture
def project(tmp_path: Path) -> Iterator[Project]:
    made = Project(tmp_path / "project")
    (made.folder / INVENTORY).write_text(LAB)
    made.lab("up", "-i", INVENTORY)
    yield made
    made.close(INVENTORY)


def all_installing(project: Project) -> bool:
    return all(project.installers(INVENTORY))


def check_once_and_verified(project: Project) -> None:
    hosts = status(project, INVENTORY)
    assert [len(host["installers"]) for host in hosts.values()] == [1, 1]
    assert project.run("verify", PLAYBOOK, "-i", INVENTORY).returncode == 0
    whole = project.run("runs", "verify")
    assert whole.returncode == 0, whole.stdout + whole.stderr


def test_ctrl_c_twice_and_a_resume(project: Project) -> None:
    with project.standing_still(INVENTORY):
        running = project.start("run", PLAYBOOK, "-i", INVENTORY)
        until(lambda: all_installing(project) or running.poll() is not None)
        for answer in ("stopping: ", "stopping now: "):
            running.send_signal(signal.SIGINT)
            await_line(running, answer)
        said = running.communicate(timeout=LIMIT)[0]
    assert running.returncode == 130, said
    resumed = project.run("resume", "last")
    assert resumed.returncode == 0, resumed.stdout + resumed.stderr
    assert "2 hosts: 2 changed" in resumed.stdout, "whoever did it, it was this change"
    check_once_and_verified(project)


def test_the_server_of_the_ledger_is_restarted_during_the_run(
    project: Project, server: postgres.Server, database: str, tmp_path: Path
) -> None:
    office = Office(project, server.url(database))

    def restart() -> None:
        server.stop("immediate")
        server.start()

    office.clock.when(lambda: all_installing(project), restart)
    done = office.remediate("run", PLAYBOOK, "-i", INVENTORY)
    assert done.code == 0, done
    assert office.remediate("runs", "verify").code == 0
    check = Office(project, str(tmp_path / "other.sqlite3"))
    assert check.remediate("verify", PLAYBOOK, "-i", INVENTORY).code == 0
    with open_ledger(office.ledger, now=office.clock.now) as ledger:
        steps = ledger.journal(ledger.run("last").id)
    assert all(row.status for rows in steps.values() for row in rows)


@pytest.mark.parametrize("damage", ["damaged", "read-only folder"])
def test_a_ledger_that_cannot_be_used_stops_before_any_host(project: Project, damage: str) -> None:
    ledger = project.folder / "ledger.sqlite3"
    if damage == "damaged":
        ledger.write_bytes(b"no database at all " * 500)
    else:
        ledger.mkdir()
    done = project.run("run", PLAYBOOK, "-i", INVENTORY, REMEDIATE_LEDGER=str(ledger))
    assert done.returncode == 1
    assert done.stderr.startswith("error: "), done.stderr
    assert not any(host["logons"] for host in status(project, INVENTORY).values())
