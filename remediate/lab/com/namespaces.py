"""The one table of WMI namespaces and the classes in them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from functools import cache

from remediate.lab.com import stdregprov, wmi_exchange, wmi_files, wmi_processes, wmi_services, wmi_system
from remediate.lab.com.run import Run
from remediate.lab.com.wmi_objects import WmiClass


def namespaces(run: Run) -> Mapping[str, Mapping[str, WmiClass]]:
    """Lower-case namespace -> lower-case class name -> class."""
    found = dict(_base(run.machine.os.release))
    if wmi_exchange.installed(run):
        found[wmi_exchange.NAMESPACE] = _table(wmi_exchange.classes())
    return found


@cache
def _base(release: str) -> Mapping[str, Mapping[str, WmiClass]]:
    cimv2 = (
        *wmi_system.classes(),
        *wmi_services.classes(),
        *wmi_processes.classes(release=release),
        *wmi_files.classes(),
    )
    registry = stdregprov.classes()
    return {"root\\cimv2": _table(cimv2), "root\\default": _table(registry)}


def _table(classes: Iterable[WmiClass]) -> Mapping[str, WmiClass]:
    return {cls.name.lower(): cls for cls in classes}
