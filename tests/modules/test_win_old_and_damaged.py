"""The same modules where WMI is broken, and on Windows 2000, which has neither sc, reg nor shutdown."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from remediate.model import Status
from tests.modules.labhost import LabHost
from tests.modules.live import holds, prove, run

KEY = "HKLM\\SOFTWARE\\Contoso"


@pytest.fixture(scope="module", params=["damaged", "windows 2000"])
def sick(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[LabHost]:
    image = "exchange2003-sp1" if request.param == "damaged" else "exchange2000-sp3"
    faults = {"wmi": "broken"} if request.param == "damaged" else {}
    lab = LabHost(tmp_path_factory.mktemp("lab"), image, faults=faults)
    lab.machine.registry.set(f"{KEY}\\Old\\Deep", "Name", "x")
    lab.machine.files.make_folders("C:\\Old\\a")
    yield lab
    lab.close()


CASES: list[tuple[str, dict[str, Any], dict[str, Any]]] = [
    ("win_file", {"path": "C:\\Old", "state": "absent"}, {"gone": "C:\\Old"}),
    ("win_copy", {"content": "new", "dest": "C:\\new.txt"}, {"file": "C:\\new.txt", "holds": "new"}),
    ("win_regedit", {"path": KEY + "\\Empty"}, {"key": KEY + "\\Empty"}),
    ("win_regedit", {"path": KEY + "\\Old", "state": "absent", "delete_key": True}, {"no_key": KEY + "\\Old"}),
    ("win_service", {"name": "MSSEARCH", "start_mode": "manual"}, {"service": "MSSEARCH", "start_mode": "manual"}),
]


@pytest.mark.parametrize(("module", "params", "then"), CASES, ids=[f"{c[0]} {[*c[1].values()]}" for c in CASES])
def test_check_then_change_then_nothing(
    module: str, params: dict[str, Any], then: dict[str, Any], sick: LabHost
) -> None:
    prove(sick, module, params)
    assert holds(sick.machine, then)


@pytest.mark.parametrize(
    ("kind", "data"),
    [
        ("string", "a b"),
        ("expandstring", "%TEMP%\\x"),
        ("dword", 4294967295),
        ("multistring", ["a", "b c"]),
        ("binary", "00ff"),
    ],
)
def test_registry_types(kind: str, data: Any, sick: LabHost) -> None:
    prove(sick, "win_regedit", {"path": f"{KEY}\\{kind}", "name": "V", "data": data, "type": kind})
    found = sick.machine.registry.get(f"{KEY}\\{kind}", "V")
    assert found is not None
    assert found.value == {"binary": b"\x00\xff"}.get(kind, data)


def test_a_service_is_stopped_and_started(sick: LabHost) -> None:
    for state, after in (("stopped", "stopped"), ("started", "running")):
        prove(sick, "win_service", {"name": "SMTPSVC", "state": state})
        assert holds(sick.machine, {"service": "SMTPSVC", "state": after})


def test_service_info(sick: LabHost) -> None:
    services = run(sick, "win_service_info", name="MSExchangeIS").before["services"]
    assert isinstance(services, list)
    [store] = services
    assert isinstance(store, dict)
    assert (store["state"], store["start_mode"]) == ("running", "auto")
    assert isinstance(store["dependencies"], list)
    assert "MSExchangeSA" in store["dependencies"]


def test_dependents_are_known(sick: LabHost) -> None:
    result = run(sick, "win_service", name="MSExchangeSA", state="stopped")
    assert result.status is Status.BLOCKED
    assert "MSExchangeIS" in result.message
