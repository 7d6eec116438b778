"""The module around the route: arguments, the registered result, the table's cells, and when a host must not go on."""

from __future__ import annotations

import json
from typing import Any, cast

import pytest

from remediate.engine.params import bind
from remediate.engine.perform import perform
from remediate.engine.registry import LoadedModule, Registry
from remediate.engine.workbench import Workbench
from remediate.errors import Blocked, NotApplicable, UserError
from remediate.model import Mode, Result, Source, Status, Step
from tests.kb.servers import facts, role_data
from tests.modules.test_diff_cases import MODULES

SP1 = {"build": "6.5.7226.0", "sp": 1}
HOTFIX = {"KB870585-2003-SP1": {"file": "/p/x.exe", "sha256": "AB" * 32}}


@pytest.fixture(scope="module")
def module() -> LoadedModule:
    return Registry([MODULES]).load("remediation_route")


def args(server: dict[str, Any], **more: Any) -> dict[str, Any]:
    return {"facts": facts(server), "advisory": role_data(), **more}


def seen(module: LoadedModule, server: dict[str, Any], **more: Any) -> tuple[dict[str, Any], Any]:
    params = bind(module.name, module.params_type, args(server, **more), lambda _: None)
    return cast("dict[str, Any]", module.inspect(cast("Any", None), params)), params


def test_it_needs_no_session_and_the_result_is_plain_data(module: LoadedModule) -> None:
    assert not module.needs_session
    state, params = seen(module, SP1, packages=HOTFIX)
    assert json.loads(json.dumps(state)) == state
    assert state["verdict"] == "affected"
    assert state["branch"] == "2003-SP1"
    assert state["steps"][0]["sha256"] == "ab" * 32
    assert "MSExchangeIS" in state["services"]
    assert module.diff(state, params) == []


@pytest.mark.parametrize(
    ("server", "more", "cells"),
    [
        (SP1, {"packages": HOTFIX}, ("Exchange Server 2003 SP1", "KB870585-2003-SP1", "6.5.7226.0", "6.5.7232.35")),
        ({"build": "6.5.7638.1", "sp": 2}, {}, ("Exchange Server 2003 SP2", "compliant", "6.5.7638.1", "")),
        (SP1, {}, ("Exchange Server 2003 SP1", "blocked", "6.5.7226.0", "")),
        (
            {"exchange": 2000, "build": "6.0.6249.4", "sp": 3},
            {
                "packages": {"KB870540-2000": {"file": "r"}, "KB870585-2000": {"file": "h"}},
                "install_prerequisites": True,
            },
            ("Exchange 2000 SP3", "KB870540-2000 + KB870585-2000", "6.0.6249.4", "6.0.6617.6"),
        ),
        (
            {"exchange": "2007", "build": "8.0.685.24"}, {},
            ("Exchange Server 2007", "not applicable", "8.0.685.24", ""),
        ),
    ],
)  # fmt: skip
def test_cells_of_the_closing_table(module: LoadedModule, server: dict[str, Any], more: Any, cells: Any) -> None:
    state, params = seen(module, server, **more)
    assert module.columns is not None
    assert module.columns(state, params) == dict(zip(("product", "route", "before", "planned"), cells, strict=True))


def test_blocked_and_not_applicable_are_raised_from_diff_only(module: LoadedModule) -> None:
    state, params = seen(module, SP1)
    with pytest.raises(Blocked, match="was not supplied") as blocked:
        module.diff(state, params)
    assert blocked.value.remedy == state["remedy"]
    state, params = seen(module, {"exchange": "5.5", "build": "5.5.2653.23"})
    with pytest.raises(NotApplicable, match=r"Exchange Server 5\.5"):
        module.diff(state, params)


def test_reasons_and_cautions_are_notes(module: LoadedModule) -> None:
    state, params = seen(module, SP1, packages=HOTFIX, now="2026-02-01T20:00:00Z")
    assert module.notes is not None
    said = "\n".join(module.notes(state, params))
    assert "store.exe is 6.5.7226.0 (from the file): Exchange Server 2003 SP1" in said
    assert "clock is wrong by 1 d 0 h" in said


@pytest.mark.parametrize(
    ("more", "says"),
    [
        ({"route": "hotfx"}, "argument 'route'"),
        ({"packages": {"KB870585-2003-SP1": {"file": "x", "sha265": "y"}}}, "packages.KB870585-2003-SP1.sha265"),
        ({"install_prerequisites": "perhaps"}, "argument 'install_prerequisites'"),
        ({"rout": "auto"}, "did you mean 'route'?"),
    ],
)
def test_wrong_arguments(module: LoadedModule, more: dict[str, Any], says: str) -> None:
    with pytest.raises(UserError) as refused:
        bind(module.name, module.params_type, args(SP1, **more), lambda _: None)
    assert says in str(refused.value)


def test_a_broken_advisory_or_clock_is_the_users_error(module: LoadedModule) -> None:
    broken = bind(module.name, module.params_type, {"facts": {}, "advisory": {"kb": "KB1"}}, lambda _: None)
    with pytest.raises(UserError, match="advisory: title: is missing"):
        module.inspect(cast("Any", None), broken)
    with pytest.raises(UserError, match="is no UTC time"):
        seen(module, SP1, now="yesterday")


@pytest.mark.parametrize(
    ("server", "packages", "status"),
    [
        (SP1, HOTFIX, Status.OK),
        (SP1, {}, Status.BLOCKED),
        ({"build": "6.5.7638.1", "sp": 2}, {}, Status.OK),
        ({"exchange": "2007", "build": "8.0.685.24"}, {}, Status.NOT_APPLICABLE),
    ],
)
@pytest.mark.parametrize("mode", list(Mode))
def test_through_the_engine(server: dict[str, Any], packages: Any, status: Status, mode: Mode) -> None:
    step = Step(
        address="a", host="ex1", task="Choose", module="remediation_route", endpoint=None, mode=mode,
        params=args(server, packages=packages), source=Source("p.yml", 1, 1),
    )  # fmt: skip
    registry = Registry([MODULES])
    result: Result = perform(step, registry, Workbench(registry, cast("Any", None)), lambda _: None)
    assert result.status is status, result.message
    assert bool(result.remedy) is (status is Status.BLOCKED)
