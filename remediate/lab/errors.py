"""The lab's own errors: what Windows answers, as its error number and English text."""

from __future__ import annotations

from types import MappingProxyType

TEXTS = MappingProxyType(
    {
        1: "Incorrect function.",
        2: "The system cannot find the file specified.",
        3: "The system cannot find the path specified.",
        5: "Access is denied.",
        6: "The handle is invalid.",
        13: "The data is invalid.",
        15: "The system cannot find the drive specified.",
        32: "The process cannot access the file because it is being used by another process.",
        53: "The network path was not found.",
        80: "The file exists.",
        87: "The parameter is incorrect.",
        112: "There is not enough space on the disk.",
        123: "The filename, directory name, or volume label syntax is incorrect.",
        145: "The directory is not empty.",
        183: "Cannot create a file when that file already exists.",
        193: "is not a valid Win32 application.",
        1051: "A stop control has been sent to a service that other running services are dependent on.",
        1052: "The requested control is not valid for this service.",
        1053: "The service did not respond to the start or control request in a timely fashion.",
        1056: "An instance of the service is already running.",
        1058: "The service cannot be started, either because it is disabled or because it has no enabled devices "
        "associated with it.",
        1060: "The specified service does not exist as an installed service.",
        1061: "The service cannot accept control messages at this time.",
        1062: "The service has not been started.",
        1067: "The process terminated unexpectedly.",
        1068: "The dependency service or group failed to start.",
        1073: "The specified service already exists.",
        1077: "No attempts to start the service have been made since the last boot.",
        1115: "A system shutdown is in progress.",
    }
)


class LabError(Exception):
    """A refusal of the modelled Windows: ``number`` is the Win32 error code, ``text`` its English message."""

    def __init__(self, number: int, text: str = "") -> None:
        self.number = number
        self.text = text or TEXTS.get(number, f"Windows error {number}.")
        super().__init__(f"[{number}] {self.text}")


class NotModelled(LabError):
    """Something the lab does not know. Whoever reports it also writes it into ``machine.refusals``."""

    def __init__(self, text: str, number: int = 1) -> None:
        super().__init__(number, f"the lab does not model this: {text}")
