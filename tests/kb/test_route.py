"""The decision table and everything around it, as data: facts, packages and policy in, a verdict in words out."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest

from remediate.kb.obstacles import Policy
from remediate.kb.route import Route, choose
from tests.kb.servers import advisory, cases, facts, supplied

NOW = datetime(2026, 1, 31, 20, 0, tzinfo=UTC)
COMMANDS = {p.id: {"command": "x"} for p in advisory().packages if p.kind == "service_pack"}
EVERYTHING = [p.id for p in advisory().packages if p.kind != "service_pack"]


def held_against(route: Route, expect: dict[str, Any]) -> None:
    """Every key of ``expect`` must hold; text is looked for, and ``no_...`` must not be found."""
    assert route.verdict.value == expect["verdict"], route
    if "steps" in expect:
        assert [s["package"] for s in route.steps] == expect["steps"], route
    if "branch" in expect:
        assert route.branch == expect["branch"]
    if "command" in expect:
        assert route.steps[0]["command"] == expect["command"]
    if "adopts" in expect:
        assert [s["adopts"] for s in route.steps] == [expect["adopts"]] + [""] * (len(route.steps) - 1)
    said = {
        "reason": route.reason, "remedy": route.remedy, "reasons": "\n".join(route.reasons),
        "caution": "\n".join(route.cautions),
    }  # fmt: skip
    for key, text in said.items():
        wanted, banned = expect.get(key, []), expect.get(f"no_{key}", [])
        for part in [wanted] if isinstance(wanted, str) else wanted:
            assert part.lower() in text.lower(), f"{key}: {text}"
        for part in [banned] if isinstance(banned, str) else banned:
            assert part.lower() not in text.lower(), f"{key}: {text}"


@pytest.mark.parametrize("row", cases("builds"), ids=lambda r: f"{r['exchange']} {r['build']}")
def test_decision_table(row: dict[str, Any]) -> None:
    policy = Policy(install_prerequisites=True)
    held_against(choose(facts(row), advisory(), supplied(EVERYTHING, COMMANDS), policy, NOW), row)


@pytest.mark.parametrize("case", cases("routes"), ids=lambda c: c["case"])
def test_routes(case: dict[str, Any]) -> None:
    given = supplied(case.get("packages", []), case.get("extra"))
    held_against(
        choose(facts(case["server"]), advisory(), given, Policy(**case.get("policy", {})), NOW), case["expect"]
    )


@pytest.mark.parametrize("case", cases("refusals"), ids=lambda c: c["case"])
def test_refusals(case: dict[str, Any]) -> None:
    given = supplied(case["packages"]) if "packages" in case else supplied(EVERYTHING, COMMANDS)
    policy = Policy(install_prerequisites=True, **case["policy"]) if "policy" in case else Policy()
    held_against(choose(facts(case["server"]), advisory(), given, policy, NOW), case["expect"])


def test_blocked_and_not_applicable_always_say_why() -> None:
    for case in (*cases("routes"), *cases("refusals")):
        route = choose(facts(case["server"]), advisory(), {}, Policy(), NOW)
        if route.verdict.value == "blocked":
            assert route.reason, case
            assert route.remedy, case
        elif route.verdict.value == "not applicable":
            assert route.reason, case


def test_steps_carry_all_the_modules_need() -> None:
    server = facts({"exchange": 2000, "build": "6.0.6249.4", "sp": 3})
    given = supplied(["KB870540-2000", "KB870585-2000"])
    route = choose(server, advisory(), given, Policy(install_prerequisites=True), NOW)
    rollup, hotfix = route.steps
    assert (rollup["chained"], rollup["after"], rollup["repairs"]) == (False, [], False)
    assert (hotfix["chained"], hotfix["after"], hotfix["repairs"]) == (True, ["KB870540-2000"], True)
    assert hotfix["starts_from"] == {"at_least": "6.0.6603.1", "below": "6.0.6617.6"}
    assert hotfix["provides"] == "6.0.6617.6"
    assert hotfix["command"] == '"{package}" /u /q /z'
    assert hotfix["registry_keys"] == [
        r"HKLM\SOFTWARE\Microsoft\Updates\Exchange Server 2000\SP4\KB870585",
        r"HKLM\SOFTWARE\Microsoft\Updates\Exchange Server 2000\SP4\870585",
    ]
    assert len({str(f).lower() for f in hotfix["uninstall_folders"]}) == 4  # type: ignore[union-attr]
    assert hotfix["files"] == [
        {"name": "Mdbmsg.dll", "version": "6.0.6617.6", "size": 2310144, "date": "2004-09-13T04:47Z"},
        {"name": "Store.exe", "version": "6.0.6617.6", "size": 4685824, "date": "2004-09-12T05:02Z"},
    ]
    assert hotfix["exit_codes"] == {"0": "installed", "3010": "installed, a restart is needed"}
    assert "MSExchangeIS" in hotfix["services"]  # type: ignore[operator]
