"""Random estates: twelve lab hosts, each an image with overrides, faults, a road and variables, made from a seed."""

from __future__ import annotations

import random
from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any

HOSTS = 12
IMAGES = (
    *("exchange2003-rtm", "exchange2003-sp1", "exchange2003-sp1", "exchange2003-sp1-later", "exchange2003-sp2"),
    *("exchange2000-sp3", "exchange2000-sp3-rollup", "exchange2000-sp3-rollup", "exchange55", "windows2003"),
)
ROADS: tuple[dict[str, Any], ...] = (
    *({}, {}, {"connection": "winrm"}, {"connection": "psrp"}),
    *({"override": {"sftp": False}}, {"override": {"ssh": "legacy"}}),
)
OVERRIDES: tuple[dict[str, Any], ...] = (
    *({}, {}, {}, {}, {"time_zone": "tokyo"}, {"time_zone": "newfoundland", "daylight": True}),
    *({"pending_reboot": True}, {"language": 1031}, {"processes": ["update.exe"]}),
)
OF_EXCHANGE: tuple[dict[str, Any], ...] = (
    *OVERRIDES,
    *({"front_end": True}, {"cluster": True}),
    *({"services": {"MSExchangeMTA": {"state": "stopped"}}}, {"dismounted": ["Public Folder Store"]}),
    *({"services": {"POP3Svc": {"start_mode": "disabled", "state": "stopped"}}}, {"install_path": "C:\\Mail"}),
    {"services": {"Archiver": {"state": "running", "start_mode": "auto", "depends": ["MSExchangeIS"]}}},
    {"files": {"mdbmsg.dll": "6.5.7226.0"}},
)
FAULTS: tuple[dict[str, Any], ...] = (
    *({}, {}, {}, {}, {}, {"wmi": "broken"}, {"wmi": "query_fails"}, {"cdoexm": "absent"}),
    *({"installer_exit": {"code": code, "keeps": keeps}} for code in (1603, 3010) for keeps in ("none", "some", "all")),
    *({"installer_hangs": True}, {"installer_killed": True}, {"installer_silent": True}),
    *({"installer_never_starts": True}, {"installer_leaves": ["mdbmsg.dll"]}, {"installer_leaves": ["store.exe"]}),
    *({"service_fails": name} for name in ("MSExchangeIS", "MSExchangeMTA", "SMTPSVC")),
    *({"service_disabled": name} for name in ("MSExchangeIS", "MSExchangeMTA")),
    *({"store_dismounted": name} for name in ("Public Folder Store", "Mailbox Store")),
    *({"service_late": {"name": "MSExchangeIS", "seconds": 8}}, {"disk_full": True}),
    *({"drop": [moment]} for moment in ("upload", "after_start", "polling", "service_restart", "before_verification")),
    {"drop": ["service_restart"], "away": 3},
)
VARS: tuple[dict[str, Any], ...] = (
    *({}, {}, {"route": "hotfix"}, {"route": "superseding"}, {"route": "service_pack"}, {"start_mixed": True}),
    *({"cancel_on_timeout": True}, {"allow_cluster": True}, {"ignore_pending_reboot": True}),
)
PATIENCE = {"install_timeout": 25, "services_timeout": 12, "job_timeout": 2, "stores_timeout": 6,
            "install_prerequisites": True, "reconnect_timeout": 20}  # fmt: skip


def estate(seed: int) -> dict[str, Any]:
    """An inventory for the lab."""
    chance = random.Random(seed)
    hosts = {f"h{number:02d}": _host(chance) for number in range(HOSTS)}
    return {"plugin": "lab", "speed": 6, "vars": PATIENCE, "hosts": hosts}


WINDOWS = {
    "always": (timedelta(hours=-1), timedelta(days=2)),
    "later": (timedelta(days=3), timedelta(hours=2)),
    "short": (timedelta(hours=-1), timedelta(minutes=63)),
}
"""Begin, from now, and length; the last one is open, and shorter than what any package is given."""
SHUT = ("later", "short")


def bound(inventory: dict[str, Any], chance: random.Random, windows: Sequence[str]) -> dict[str, str]:
    """Bind hosts to windows, "" to none; which one each is bound to."""
    found = {}
    for name, host in inventory["hosts"].items():
        found[name] = chance.choice(windows)
        if found[name]:
            host["vars"]["change_window"] = found[name]
    return found


def windows(now: datetime, *, opened: bool = False) -> dict[str, Any]:
    """A file of windows; with ``opened`` all of them are open for a while."""
    times = {name: WINDOWS["always"] if opened else times for name, times in WINDOWS.items()}
    return {"windows": {name: {"time_zone": "UTC", "start": f"{now + begin:%Y-%m-%d %H:%M}",
                               "duration": f"{length // timedelta(minutes=1)}m"}
                        for name, (begin, length) in times.items()}}  # fmt: skip


def _host(chance: random.Random) -> dict[str, Any]:
    road, image = chance.choice(ROADS), chance.choice(IMAGES)
    override = chance.choice(OF_EXCHANGE if image.startswith("exchange200") else OVERRIDES)
    faults = dict(chance.choice(FAULTS))
    if chance.random() < 0.25:  # troubles come together
        faults = {**chance.choice(FAULTS), **faults}
    variables = {**chance.choice(VARS), **({"retry": True} if chance.random() < 0.1 else {})}
    host = {**road, "image": image, "faults": faults, "vars": variables}
    return {**host, "override": {**road.get("override", {}), **override}}
