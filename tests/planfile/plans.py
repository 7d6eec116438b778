"""Plans as the tests of plan files want them."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

from remediate.planfile.model import FORMAT, Command, InputFile, Plan, PlannedChange, PlannedHost, PlannedStep

MADE = datetime(2026, 11, 24, 9, 0, tzinfo=UTC)


def change(target: str = "KB870585", **more: Any) -> PlannedChange:
    given = {"before": "6.5.7226.0", "after": "6.5.7232.35", "effect": "service restart", "seconds": 600.0,
             "reversible": True, "certainty": "known"}  # fmt: skip
    return PlannedChange(target=target, **{**given, **more})


def step(address: str = "play/install@ex1", **more: Any) -> PlannedStep:
    given = {"task": "install", "module": "hotfix", "status": "pending", "changes": (change(),)}
    return PlannedStep(address=address, **{**given, **more})


def host(name: str = "ex1", *steps: PlannedStep, **more: Any) -> PlannedHost:
    return PlannedHost(host=name, outcome=more.pop("outcome", "pending"), steps=steps or (step(),), **more)


def plan(*hosts: PlannedHost, **more: Any) -> Plan:
    given: dict[str, Any] = {
        "format": FORMAT,
        "remediate": "0.1.0",
        "made": MADE,
        "valid_until": MADE + timedelta(days=7),
        "user": "anna",
        "controller": "ctl1",
        "approvals": 0,
        "asked": Command(playbook="playbooks/kb870585.yml", inventory=("inventory/lab.yml",)),
        "inputs": (InputFile(kind="playbook", path="playbooks/kb870585.yml", sha256="0" * 64, size=3),),
    }
    return Plan(hosts=hosts or (host(),), **{**given, **more})
