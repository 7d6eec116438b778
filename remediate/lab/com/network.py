"""WScript.Network and Shell.Application: small objects with a few members each."""

from __future__ import annotations

from collections.abc import Callable

from remediate.lab.com.base import ComObject, text
from remediate.lab.com.run import Run
from remediate.lab.errors import LabError


class Network(ComObject):
    """Who and where the script is."""

    prog = "WScript.Network"

    def __init__(self, run: Run) -> None:
        self._run = run

    @property
    def computer_name(self) -> str:
        return self._run.environ.get("COMPUTERNAME", self._run.machine.name.upper())

    @property
    def user_name(self) -> str:
        return self._run.environ.get("USERNAME", "Administrator")

    @property
    def user_domain(self) -> str:
        return self._run.environ.get("USERDOMAIN", self.computer_name)


class ShellApplication(ComObject):
    """The service members of the shell's dispatch object: ask without WMI."""

    prog = "Shell.Application"

    def __init__(self, run: Run) -> None:
        self._services = run.machine.services

    def is_service_running(self, name: object) -> bool:
        service = self._services.get(text(name))
        return service is not None and service.state == "running"

    def service_start(self, name: object, _persistent: object = None) -> bool:
        return self._try(lambda: self._services.start(text(name)))

    def service_stop(self, name: object, _persistent: object = None) -> bool:
        return self._try(lambda: self._services.stop(text(name)))

    def can_start_stop_service(self, name: object) -> bool:
        return self._services.get(text(name)) is not None

    @staticmethod
    def _try(work: Callable[[], None]) -> bool:
        try:
            work()
        except LabError:
            return False
        return True
