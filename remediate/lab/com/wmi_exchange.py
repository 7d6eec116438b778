"""Exchange's own WMI class: the state of this server, where Exchange 2000 or 2003 is installed."""

from __future__ import annotations

from collections.abc import Iterable

from remediate.lab.com.run import Run
from remediate.lab.com.wmi_objects import Values, WmiClass
from remediate.lab.com.wql import Query

NAMESPACE = "root\\cimv2\\applications\\exchange"
SETUP_KEY = "HKLM\\SOFTWARE\\Microsoft\\Exchange\\Setup"
PRODUCTS = {60: "6.0", 65: "6.5"}


def installed(run: Run) -> bool:
    return run.machine.registry.value(SETUP_KEY, "Services Version") in PRODUCTS


def classes() -> tuple[WmiClass, ...]:
    return (WmiClass(name="ExchangeServerState", rows=_server_state),)


def _server_state(run: Run, _: Query | None) -> Iterable[Values]:
    registry, services = run.machine.registry, run.machine.services
    version = PRODUCTS[int(str(registry.value(SETUP_KEY, "Services Version")))]
    build = int(str(registry.value(SETUP_KEY, "NewestBuild") or 0))
    pack = int(str(registry.value(SETUP_KEY, "ServicePackNumber") or 0))
    shown = f"Version {version} (Build {build}: Service Pack {pack})" if pack else f"Version {version} (Build {build})"
    core = (services.get(name) for name in ("MSExchangeSA", "MSExchangeIS", "MSExchangeMTA"))
    up = all(service is None or service.state == "running" for service in core)
    name = run.environ.get("COMPUTERNAME", "")
    yield {
        "Name": name,
        "Version": shown,  # likely: the form the directory's serialNumber has
        "ServicesState": 1 if up else 3,
        "ServicesStateString": "OK" if up else "Error",
        "ClusterState": 1 if services.get("ClusSvc") else 0,
        "ServerState": 1 if up else 3,
        "Unreachable": False,
        "ServerMaintenance": False,
    }
