"""The one table of what events do: name -> function, carried out by ``Machine.advance``."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

from remediate.lab import installer_steps, restart, shell
from remediate.lab.machine import Deed, Machine
from remediate.model import Json


def deeds() -> Mapping[str, Deed]:
    """All deeds of the lab; a part with deeds of its own is merged in here."""
    return MappingProxyType(
        {
            "service_started": _service_started,
            "service_stopped": _service_stopped,
            "store_mounted": _store_mounted,
            "process_exit": _process_exit,
            "shell_step": shell.go_on,
            "line_back": _line_back,
            "shut_down": restart.shut_down,
            "boot": restart.boot,
            installer_steps.DEED: installer_steps.step,
        }
    )


def _line_back(machine: Machine, _: Mapping[str, Json]) -> None:
    machine.down = False


def _service_started(machine: Machine, args: Mapping[str, Json]) -> None:
    machine.services.started(str(args["name"]))


def _service_stopped(machine: Machine, args: Mapping[str, Json]) -> None:
    machine.services.stopped(str(args["name"]))


def _store_mounted(machine: Machine, args: Mapping[str, Json]) -> None:
    machine.databases.mounted(str(args["name"]))


def _process_exit(machine: Machine, args: Mapping[str, Json]) -> None:
    machine.processes.exit(int(str(args["pid"])), int(str(args["code"])))
