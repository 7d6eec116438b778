"""WshShell.Environment: the variables of the process or the system."""

from __future__ import annotations

from remediate.lab.com.base import ComError, ComObject, text
from remediate.lab.com.run import Run

SYSTEM_KEY = "HKLM\\SYSTEM\\CurrentControlSet\\Control\\Session Manager\\Environment"


class Environment(ComObject):
    """``Environment("Process")`` of this script, or ``("System")`` in the registry."""

    default = "Item"
    prog = "WshEnvironment"

    def __init__(self, run: Run, kind: str) -> None:
        self._run = run
        self._kind = kind.upper()
        if self._kind not in ("PROCESS", "SYSTEM"):
            raise ComError(0x80070057, "The parameter is incorrect.", "WshShell.Environment")

    def _values(self) -> dict[str, str]:
        if self._kind == "PROCESS":
            return self._run.environ
        return {name: str(value.value) for name, value in self._run.machine.registry.values(SYSTEM_KEY).items()}

    def item(self, name: object) -> str:
        wanted = text(name).upper()
        return next((value for key, value in self._values().items() if key.upper() == wanted), "")

    def remove(self, name: object) -> None:
        wanted = text(name).upper()
        if self._kind == "SYSTEM":
            self._run.machine.registry.delete(SYSTEM_KEY, text(name))
        for key in [key for key in self._run.environ if key.upper() == wanted]:
            del self._run.environ[key]

    @property
    def count(self) -> int:
        return len(self._values())

    @property
    def length(self) -> int:
        return len(self._values())

    def com_items(self) -> list[object]:
        return [f"{name}={value}" for name, value in self._values().items()]
