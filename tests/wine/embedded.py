"""The embedded lab's twins of Wine hosts, and what of a run and of the facts must be the same on both."""

from __future__ import annotations

import getpass
import re
from collections.abc import Mapping
from datetime import timedelta
from pathlib import Path
from typing import Any

import yaml

from remediate.lab.faults import Faults, InstallerExit, ServiceLate
from remediate.lab.hostspec import HostSpec, to_json
from tests.wine import zones
from tests.wine.host import WineSpec

JOB = ("phase", "exit_code", "settled", "cancelled", "never_started")
STEP = ("task", "module", "status", "ignored", "rescued")
WINDOWS = r"(?i)^C:\\(windows|winnt)(?=\\)"
CHANGE = ("effect", "reversible", "certainty")


def inventory(specs: Mapping[str, WineSpec], path: Path) -> Path:
    """Writes the inventory of the twins; ``path``."""
    hosts = {name: _declared(name, spec) for name, spec in specs.items()}
    path.write_text(yaml.safe_dump({"plugin": "lab", "hosts": hosts}), encoding="utf-8")
    return path


def _declared(name: str, spec: WineSpec) -> dict[str, Any]:
    told = to_json(HostSpec(name=name, image=spec.image, override=spec.local(), faults=_faults(spec)))
    return {key: told[key] for key in ("image", "faults", "override")} | {"vars": spec.vars}


def _faults(spec: WineSpec) -> Faults:
    """The same trouble, on a server whose WMI is as much use as Wine's."""
    exits = spec.faults.get("ExitCode")
    late = {name: told["StartMs"] / 1000 for name, told in spec.services.items() if "StartMs" in told}
    return Faults(
        wmi="broken",
        cdoexm="absent",
        installer_exit=None if exits is None else InstallerExit(code=exits, extended=spec.faults["Extended"]),
        installer_hangs=bool(spec.faults.get("Hangs")),
        service_fails=next((name for name, told in spec.services.items() if "StartsLeft" in told), ""),
        service_late=next((ServiceLate(name=name, seconds=seconds) for name, seconds in late.items()), None),
    )


def course(host: Mapping[str, Any]) -> dict[str, Any]:
    """What a run says of a host, its words left out: they name folders and seconds."""
    return {name: host[name] for name in ("outcome", "columns", "counts")} | {
        "steps": [_step(one) for one in host["steps"]]
    }


def _step(step: Mapping[str, Any]) -> dict[str, Any]:
    changes = [{key: change[key] for key in CHANGE} for change in step["changes"]]
    return {key: step[key] for key in STEP} | {"changes": changes}


def end(facts: Mapping[str, Any], zone: str) -> dict[str, Any]:
    """What the host is like, but for what docs/lab-fidelity.md explains: the rest is the same to the last field."""
    return without(facts, "_notes", "disk", "sources") | {
        "os": without(facts["os"], "computer"),
        "time": without(facts["time"], "utc", "bias_source"),
        "hotfixes": {name: _hotfix(values, zone) for name, values in facts["hotfixes"].items()},
        "uninstall_folders": {re.sub(WINDOWS, "%SystemRoot%", folder) for folder in facts["uninstall_folders"]},
        "services": [without(one, "path", "source", "pid") for one in facts["services"]],
        "jobs": [{key: one[key] for key in JOB} for one in facts["jobs"]],
    }


def without(values: Mapping[str, Any], *names: str) -> dict[str, Any]:
    return {key: value for key, value in values.items() if key not in names}


def _hotfix(values: Mapping[str, str], zone: str) -> dict[str, str]:
    """The values of a hotfix's key; on each host it is its own account that installs, on the host's own date."""
    here = zones.now_in(zone)
    lately = [f"{day.month}/{day.day}/{day.year}" for day in (here, here - timedelta(hours=1))]
    who, when = values["InstalledBy"], values["InstalledDate"]
    return {
        **values,
        "InstalledBy": "its account" if who in ("Administrator", getpass.getuser()) else who,
        "InstalledDate": "now" if when in lately else when,
    }
