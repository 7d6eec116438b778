"""Random estates: twelve lab hosts, each an image with overrides, faults, a road and variables, made from a seed."""

from __future__ import annotations

import random
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


def _host(chance: random.Random) -> dict[str, Any]:
    road, image = chance.choice(ROADS), chance.choice(IMAGES)
    override = chance.choice(OF_EXCHANGE if image.startswith("exchange200") else OVERRIDES)
    faults = dict(chance.choice(FAULTS))
    if chance.random() < 0.25:  # troubles come together
        faults = {**chance.choice(FAULTS), **faults}
    variables = {**chance.choice(VARS), **({"retry": True} if chance.random() < 0.1 else {})}
    host = {**road, "image": image, "faults": faults, "vars": variables}
    return {**host, "override": {**road.get("override", {}), **override}}
