"""What a fault does and leaves on real Win32: a killed controller, the way back, refusals of the installer."""

from __future__ import annotations

import signal
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from remediate.lab.packages import catalogue
from tests.e2e.project import Project
from tests.e2e.test_main_route import status
from tests.patience import until
from tests.wine import embedded, programs
from tests.wine.fleet import WIN64, Fleet
from tests.wine.host import WineHost, WineSpec
from tests.wine.test_playbook import PLAYBOOK

PACKAGE = catalogue()["KB870585-2003-SP1"]
BACKUP = "C:\\windows\\$ExchUninstallKB870585$"
LOG = "C:\\windows\\KB870585.log"
SETUP = "C:\\setup.exe"
TWINS = "inventory/twins.yml"
SPECS = {
    "killed": WineSpec(image="exchange2003-sp1", faults={"Milliseconds": 4000}, zone="newfoundland"),
    "bare": WineSpec(image="exchange2003-sp1", services={"MSExchangeIS": {"StopMs": 400, "StartMs": 400}}),
}
pytestmark = [pytest.mark.xdist_group("faults")]


@pytest.fixture(scope="module")
def fleet() -> Iterator[Fleet]:
    made = Fleet(SPECS)
    yield made
    made.close()


def installs(host: WineHost) -> int:
    log = host.path(LOG)
    return log.read_text().count("started with following command line") if log.exists() else 0


def killed(project: Project, inventory: str, begun: Callable[[], int], *more: str) -> tuple[int, str, dict[str, Any]]:
    """Of the run after one that was killed once the installer had begun: exit code, outcome, facts afterwards."""
    words = ("-i", inventory, "-l", "killed", *more)
    running = project.start("run", PLAYBOOK, *words)
    until(lambda: begun() or running.poll() is not None)
    assert running.poll() is None, running.stdout and running.stdout.read()
    running.send_signal(signal.SIGKILL)
    running.communicate()
    code, document = project.json("run", PLAYBOOK, *words)
    _, facts = project.json("facts", *words)
    return code, document["hosts"][0]["outcome"], embedded.end(facts[0]["facts"], SPECS["killed"].zone)


@pytest.fixture
def twins(tmp_path: Path) -> Iterator[Project]:
    made = Project(tmp_path / "twins")
    embedded.inventory(SPECS, made.folder / TWINS)
    made.lab("up", "-i", TWINS)
    yield made
    made.close(TWINS)


def test_a_controller_killed_during_the_install(fleet: Fleet, twins: Project, tmp_path: Path) -> None:
    host, project = fleet.hosts["killed"], Project(tmp_path / "wine")
    fleet.inventory(project.folder / "inventory")
    seen = killed(project, "inventory/wine.yml", lambda: installs(host), "-e", f"@inventory/{WIN64}")
    assert (seen[:2], installs(host)) == ((0, "changed"), 1)
    assert host.version("store.exe") == "6.5.7232.35"
    assert host.services() == fleet.before["killed"]
    assert seen == killed(twins, TWINS, lambda: status(twins, TWINS)["killed"]["installers_started"])


def install(host: WineHost, package: str, switches: str) -> int:
    host.path(SETUP).write_bytes(programs.package(catalogue()[package]))
    return host.cmd(f"{SETUP} {switches}").returncode


def refuses(host: WineHost, package: str, switches: str) -> None:
    assert install(host, package, switches) == 1603 & 0xFF
    assert host.version("store.exe") == "6.5.7226.0"
    assert host.services()


def test_the_wrong_service_pack_language_and_switch_are_refused(fleet: Fleet) -> None:
    host = fleet.hosts["bare"]
    refuses(host, "KB870585-2003-RTM", "/u /q /z")
    assert "newer than the update" in host.path(LOG).read_text()
    refuses(host, "KB870585-2000", "/u /q /z")
    refuses(host, "KB870585-2003-SP1-DEU", "/u /q /z")
    assert install(host, "KB870585-2003-RTM", "/quiet") == 87
    assert host.services() == fleet.before["bare"]


def test_it_goes_on_by_the_newer_switches_and_comes_off_again(fleet: Fleet) -> None:
    host = fleet.hosts["bare"]
    old = {file.name: host.path(f"C:\\Program Files\\Exchsrvr\\bin\\{file.name}").stat() for file in PACKAGE.files}
    assert install(host, PACKAGE.id, "/quiet /norestart") == 0
    for file in PACKAGE.files:
        now = host.path(f"C:\\Program Files\\Exchsrvr\\bin\\{file.name}").stat()
        assert (host.version(file.name), now.st_size) == (file.version, file.size)
        assert time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(now.st_mtime)) == file.modified
    assert host.services() == fleet.before["bare"]
    assert host.cmd(f'"{BACKUP}\\spuninst\\spuninst.exe" /u /q /z').returncode == 0
    for name, before in old.items():
        now = host.path(f"C:\\Program Files\\Exchsrvr\\bin\\{name}").stat()
        assert (now.st_size, int(now.st_mtime)) == (before.st_size, int(before.st_mtime))
    assert host.version("store.exe") == "6.5.7226.0"
    assert not host.path(BACKUP).exists()
    assert host.cmd(f'reg query "HKLM\\{PACKAGE.registry_key}"').returncode != 0
    assert host.services() == fleet.before["bare"]
