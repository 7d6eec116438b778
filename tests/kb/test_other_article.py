"""Another article needs data only: identification, chain and verification of a product the code has never heard of."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import yaml

from remediate.kb.advisory import Advisory, load
from remediate.kb.obstacles import Policy
from remediate.kb.route import Verdict, choose
from tests.kb.servers import facts, supplied

PATH = Path(__file__).parent / "cases/other_article.yml"


def other() -> Advisory:
    return load(yaml.safe_load(PATH.read_text(encoding="utf-8")))


def server(version: str, services_version: int = 31, name: str = "Example Server") -> dict[str, Any]:
    found = facts({"build": None})
    found["exchange"] |= {"product": name, "services_version": services_version, "store_build": None}
    found["files"] = {"spool.exe": {"exists": True, "version": version, "size": 10, "modified": "2010-01-01T00:00:30Z"}}
    return found


def test_three_packages_in_a_row() -> None:
    policy = Policy(install_prerequisites=True)
    route = choose(server("3.1.200.0"), other(), supplied(["FIX", "MIDDLE", "BIG"]), policy)
    assert [s["package"] for s in route.steps] == ["BIG", "MIDDLE", "FIX"]
    assert [s["after"] for s in route.steps] == [[], ["BIG"], ["BIG", "MIDDLE"]]


def test_fixed_and_not_applicable() -> None:
    assert choose(server("3.1.900.0"), other(), {}, Policy()).verdict is Verdict.COMPLIANT
    route = choose(server("4.0.1.0", 40, "Other Server"), other(), {}, Policy())
    assert route.verdict is Verdict.NOT_APPLICABLE
    assert "Example Server" in route.reason


def test_exchanges_own_build_is_not_taken_for_another_key_file() -> None:
    found = server("3.1.200.0")
    found["exchange"]["store_build"] = "3.1.900.0"
    assert choose(found, other(), {}, Policy()).verdict is Verdict.BLOCKED


def test_without_a_table_every_file_of_the_level_has_to_reach_the_fix() -> None:
    data = yaml.safe_load(PATH.read_text(encoding="utf-8"))
    data["same_level"] = ["spool.exe", "queue.dll"]
    (branch,) = [one for one in data["branches"] if one["id"] == "new"]
    branch["fixed_at"] = "3.1.900.5"
    del branch["table"]
    found = server("3.1.900.5")
    found["files"]["queue.dll"] = found["files"]["spool.exe"] | {"version": "3.1.900.4"}
    route = choose(found, load(data), {}, Policy())
    assert route.verdict is Verdict.BLOCKED
    assert "queue.dll 3.1.900.4: older than 3.1.900.5" in route.reason
