"""Faults of a host's WinRM: what happens instead of an answer, most of them once in the life of the host's state."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import TYPE_CHECKING

from remediate.lab.faults import WireFault
from remediate.lab.visit import WATCH
from remediate.lab.winrm.shells import Cut
from remediate.lab.winrm.soap import E_FAIL, Fault

if TYPE_CHECKING:
    from remediate.lab.drops import Drops
    from remediate.lab.machine import Machine

SILENCE = 120.0
"""Seconds after which http.sys closes a connection that says nothing."""
STALL_SECONDS = 60.0
"""How long a stalled Receive holds its connection; no client is that patient."""


class Strikes:
    """One host's."""

    def __init__(self, machine: Machine, drops: Drops) -> None:
        self._machine = machine
        self._drops = drops

    def _once(self, fault: WireFault) -> bool:
        return fault in self._machine.faults.winrm and self._drops.once(f"winrm {fault}")

    @property
    def quota(self) -> bool:
        """Other people's shells have used up the quota; this one lasts."""
        return WireFault.QUOTA in self._machine.faults.winrm

    @property
    def idle_seconds(self) -> float:
        """How long a connection that is logged on may be silent before it is closed."""
        return 0.3 if WireFault.IDLE_CLOSE in self._machine.faults.winrm else SILENCE

    def before_receive(self, gone: Callable[[], bool]) -> None:
        """Raises Cut or Fault where the fault of the host says so; what waits for the client stays there."""
        if self._once(WireFault.DROP):
            raise Cut
        if self._once(WireFault.STALL):
            end = time.monotonic() + STALL_SECONDS
            while time.monotonic() < end and not gone():
                time.sleep(WATCH)
            raise Cut
        if self._once(WireFault.FAULT):
            raise Fault(E_FAIL, "The WS-Management service cannot process the request: unspecified error.")

    def cuts_reply(self) -> bool:
        return self._once(WireFault.CUT_REPLY)

    def took(self, total: int) -> bool:
        """Whether the line is cut now that a command has been sent ``total`` bytes of input."""
        return self._drops.took(total)
