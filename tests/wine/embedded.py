"""The embedded lab's twins of Wine hosts, and what of a run and of the facts must be the same on both."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import yaml

from remediate.lab.faults import Faults, InstallerExit, ServiceLate
from remediate.lab.hostspec import HostSpec, to_json
from tests.wine.host import WineSpec

ZONES = {"UTC": "london", "America/New_York": "eastern", "Europe/Berlin": "berlin", "Asia/Kolkata": "kolkata"}
FACTS = ("exchange", "files", "hotfixes", "uninstall_folders", "pending", "installers_running")


def inventory(specs: Mapping[str, WineSpec], path: Path) -> Path:
    """Writes the inventory of the twins; ``path``."""
    hosts = {name: _declared(name, spec) for name, spec in specs.items()}
    path.write_text(yaml.safe_dump({"plugin": "lab", "hosts": hosts}), encoding="utf-8")
    return path


def _declared(name: str, spec: WineSpec) -> dict[str, Any]:
    here = datetime.now(ZoneInfo(spec.zone))
    told = to_json(HostSpec(name=name, image=spec.image, override=spec.override, faults=_faults(spec)))
    zone = {"time_zone": ZONES[spec.zone], "daylight": bool(here.dst())}
    override: Any = told["override"]
    return {key: told[key] for key in ("image", "faults")} | {"override": override | zone, "vars": spec.vars}


def _faults(spec: WineSpec) -> Faults:
    """The same trouble, on a server whose WMI is as much use as Wine's."""
    exits = spec.faults.get("ExitCode")
    late = {name: told["StartMs"] / 1000 for name, told in spec.services.items() if "StartMs" in told}
    return Faults(
        wmi="broken",
        installer_exit=None if exits is None else InstallerExit(code=exits, extended=spec.faults["Extended"]),
        installer_hangs=bool(spec.faults.get("Hangs")),
        service_fails=next((name for name, told in spec.services.items() if "StartsLeft" in told), ""),
        service_late=next((ServiceLate(name=name, seconds=seconds) for name, seconds in late.items()), None),
    )


def course(host: Mapping[str, Any]) -> dict[str, Any]:
    """What a run says of a host, its words left out: they name folders and seconds."""
    steps = [(step["task"], step["status"]) for step in host["steps"]]
    return {name: host[name] for name in ("outcome", "columns", "counts")} | {"steps": steps}


def end(facts: Mapping[str, Any]) -> dict[str, Any]:
    """What the host is like: Exchange, its files with version, size and date, hotfixes, services, jobs."""
    found = {name: facts[name] for name in FACTS}
    services = [{key: one[key] for key in ("name", "display", "state", "start_mode", "depends")} for one in facts["services"]]
    jobs = [{key: one[key] for key in ("phase", "exit_code", "settled")} for one in facts["jobs"]]
    return found | {"services": services, "jobs": jobs}
