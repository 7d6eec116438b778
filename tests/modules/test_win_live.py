"""General modules against a lab host over SSH: a check run changes nothing, a run does, a second finds it done."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml

from remediate.model import Status
from tests.modules.labhost import LabHost
from tests.modules.live import holds, prove, run

LIVE = Path(__file__).parent / "cases" / "live.yml"
STORE = "C:\\Program Files\\Exchsrvr\\bin\\store.exe"
KEY = "HKLM\\SOFTWARE\\Contoso"


@pytest.fixture(scope="module")
def ex1(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LabHost]:
    lab = LabHost(tmp_path_factory.mktemp("lab"), "exchange2003-sp1")
    files = lab.machine.files
    for path in ("C:\\Old\\a\\b.txt", "C:\\Old\\c.txt", "C:\\Single.txt", "C:\\Work\\kept.ini"):
        files.make_folders(path.rpartition("\\")[0])
        files.write(path, b"old")
    lab.machine.registry.set(f"{KEY}\\Old\\Deep", "Name", "x")
    lab.machine.registry.set(f"{KEY}\\Values", "Gone", "x")
    yield lab
    lab.close()


DATA: list[tuple[str, Any, Any]] = [
    ("string", "text \u00e4", "text \u00e4"),
    ("expandstring", "%SystemRoot%\\x", "%SystemRoot%\\x"),
    ("dword", 0xFFFFFFFE, 0xFFFFFFFE),
    ("multistring", ["one", "two words"], ["one", "two words"]),
    ("binary", "00,7f,ff", b"\x00\x7f\xff"),
]


def shown(case: dict[str, Any]) -> str:
    return " ".join([case["module"], *(str(value) for value in case["params"].values())])


@pytest.mark.parametrize("case", yaml.safe_load(LIVE.read_text(encoding="utf-8")), ids=shown)
def test_check_then_change_then_nothing(case: dict[str, Any], ex1: LabHost) -> None:
    assert not holds(ex1.machine, case["then"])
    prove(ex1, case["module"], case["params"])
    assert holds(ex1.machine, case["then"])


@pytest.mark.parametrize(("kind", "data", "stored"), DATA, ids=[kind for kind, _, _ in DATA])
def test_registry_types(kind: str, data: Any, stored: Any, ex1: LabHost) -> None:
    key = f"{KEY}\\{kind}"
    prove(ex1, "win_regedit", {"path": key, "name": "V", "data": data, "type": kind})
    found = ex1.machine.registry.get(key, "V")
    assert found is not None
    assert found.value == stored
    seen = run(ex1, "win_reg_stat", path=key, name="V")
    assert (seen.before["exists"], seen.before["type"]) == (True, found.type)


def test_copy_a_file_into_a_folder_and_keep_the_old_one(ex1: LabHost, tmp_path: Path) -> None:
    source = tmp_path / "tool.bin"
    source.write_bytes(bytes(range(256)) * 300)
    ex1.machine.files.make_folders("C:\\Tools")
    ex1.machine.files.write("C:\\Tools\\tool.bin", b"x" * 76800)
    result = prove(ex1, "win_copy", {"src": str(source), "dest": "C:\\Tools", "backup": True})
    assert ex1.machine.files.read("C:\\Tools\\tool.bin") == source.read_bytes()
    assert ex1.machine.files.read(str(result.extra["backup_file"])) == b"x" * 76800


def test_stat(ex1: LabHost) -> None:
    entry = ex1.machine.files.stat(STORE)
    stat = run(ex1, "win_stat", path=STORE).before["stat"]
    assert isinstance(stat, dict)
    assert (stat["exists"], stat["isreg"], stat["isdir"]) == (True, True, False)
    assert (stat["size"], stat["version"]) == (entry.size, entry.version)
    assert stat["modified"] == entry.modified.strftime("%Y-%m-%dT%H:%M:%SZ")
    gone = run(ex1, "win_stat", path="C:\\no\\such").before["stat"]
    assert isinstance(gone, dict)
    assert (gone["exists"], gone["isreg"], gone["isdir"], gone["checksum"]) == (False, False, False, "")


def test_checksum(ex1: LabHost) -> None:
    ex1.machine.files.write("C:\\abc.txt", b"abc")
    stat = run(ex1, "win_stat", path="C:\\abc.txt", get_checksum=True).before["stat"]
    assert isinstance(stat, dict)
    assert stat["checksum"] == "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"


def test_registry_key(ex1: LabHost) -> None:
    seen = run(ex1, "win_reg_stat", path="HKLM:\\SOFTWARE\\Microsoft\\Windows NT\\CurrentVersion").before
    assert seen["exists"]
    assert isinstance(seen["properties"], dict)
    assert seen["properties"]["CSDVersion"] == {"type": "REG_SZ", "value": "Service Pack 1"}
    assert run(ex1, "win_reg_stat", path="HKLM:\\SOFTWARE\\None").before["exists"] is False


def test_service_info(ex1: LabHost) -> None:
    seen = run(ex1, "win_service_info", name="msexchangei*").before
    assert isinstance(seen["services"], list)
    [store] = seen["services"]
    assert isinstance(store, dict)
    assert (store["name"], store["state"], store["start_mode"]) == ("MSExchangeIS", "running", "auto")
    assert store["dependencies"] == ["EXIFS", "MSExchangeSA"]
    assert store["depended_by"] == ["MSExchangeES"]
    assert run(ex1, "win_service_info", name="none*").before["exists"] is False


def test_dependents_are_blocked_by_name_then_taken_along(ex1: LabHost) -> None:
    result = run(ex1, "win_service", name="MSExchangeSA", state="restarted")
    assert result.status is Status.BLOCKED
    assert "MSExchangeIS" in result.message
    assert "MSExchangeMTA" in result.message
    pids = {name: ex1.machine.services.need(name).pid for name in ("MSExchangeSA", "MSExchangeIS")}
    params: dict[str, Any] = {
        "name": "MSExchangeSA",
        "state": "restarted",
        "force_dependent_services": True,
        "once": "first",
    }
    prove(ex1, "win_service", params)
    for name, pid in pids.items():
        service = ex1.machine.services.need(name)
        assert service.state == "running"
        assert service.pid != pid
    assert run(ex1, "win_service", **{**params, "once": "second"}).status is Status.CHANGED


def test_commands(ex1: LabHost) -> None:
    result = run(ex1, "win_command", _raw="echo hello&echo there", chdir="C:\\")
    assert (result.status, result.extra["stdout_lines"], result.extra["rc"]) == (Status.CHANGED, ["hello", "there"], 0)
    before = ex1.machine.fingerprint()
    assert run(ex1, "win_command", check=True, cmd="del C:\\abc.txt").status is Status.PENDING
    assert run(ex1, "win_command", cmd="del C:\\abc.txt", creates=STORE).status is Status.OK
    assert ex1.machine.fingerprint() == before
    assert run(ex1, "win_command", cmd="exit 3").status is Status.FAILED
    assert run(ex1, "win_command", cmd="exit 3", success_codes=[3]).status is Status.CHANGED


def test_waiting(ex1: LabHost) -> None:
    assert run(ex1, "win_wait_for", service="MSExchangeIS").status is Status.OK
    assert run(ex1, "win_wait_for", path=STORE).status is Status.OK
    assert run(ex1, "win_wait_for", port=135).status is Status.OK
    run(ex1, "win_service", name="W3SVC", state="stopped")
    assert run(ex1, "win_wait_for", port=80, state="stopped").status is Status.OK
    ex1.machine.services.start("W3SVC")
    came = run(ex1, "win_wait_for", port=80, state="started")
    assert (came.status, came.message) in ((Status.CHANGED, ""), (Status.OK, ""))
    late = run(ex1, "win_wait_for", path="C:\\never", timeout=0)
    assert (late.status, "absent and not present" in late.message) == (Status.FAILED, True)


def test_what_is_not_removed(ex1: LabHost) -> None:
    for path in ("%SystemRoot%", "C:\\", "%ProgramFiles%", "C:\\Program Files\\Exchsrvr\\..\\..\\WINDOWS"):
        result = run(ex1, "win_file", path=path, state="absent")
        assert (result.status, "is not removed" in result.message) == (Status.BLOCKED, True), path
