"""Cuts connections at the moments a host's faults name, each once in the life of its state."""

from __future__ import annotations

from typing import TYPE_CHECKING

from remediate.lab.faults import Moment

if TYPE_CHECKING:
    from remediate.lab.machine import Machine

MARK = "drops"
STAGING_SIZE = 100_000
"""Bytes of input that no script has: more is a file to install."""
UPLOAD_SIZE = 200_000


class Drops:
    """One for each served host; what was struck is kept among the machine's marks."""

    def __init__(self, machine: Machine) -> None:
        self._machine = machine

    def pending(self, moment: Moment) -> bool:
        return moment in self._machine.faults.drop and str(moment) not in struck(self._machine)

    def strike(self, moment: Moment) -> bool:
        """True the first time ``moment`` comes on a host that has this fault."""
        with self._machine.lock:
            if not self.pending(moment):
                return False
            self._machine.marks[MARK] = [*struck(self._machine), str(moment)]
            if self._machine.faults.away:
                self._machine.down = True
                self._machine.schedule(self._machine.faults.away, "line_back")
            self._machine.touch()
            return True

    def took(self, total: int) -> bool:
        """Whether the line is cut now that a command has been sent ``total`` bytes of input."""
        if total > STAGING_SIZE and self.strike(Moment.BEFORE_STAGING):
            return True
        return total > UPLOAD_SIZE and self.strike(Moment.UPLOAD)

    def once(self, name: str) -> bool:
        """True the first time ``name`` is asked for in the life of the host's state."""
        with self._machine.lock:
            if name in struck(self._machine):
                return False
            self._machine.marks[MARK] = [*struck(self._machine), name]
            self._machine.touch()
            return True


def struck(machine: Machine) -> list[str]:
    """The moments that have cut a connection already."""
    found = machine.marks.get(MARK)
    return [str(moment) for moment in found] if isinstance(found, list) else []
