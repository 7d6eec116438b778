"""What can be made to go wrong on one lab host, as checked data."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass
from enum import StrEnum
from typing import Literal, cast

from remediate.errors import UserError
from remediate.lab.fields import Fields, nearest, source_of
from remediate.model import Json, Source

MOST_SKEW = 50 * 365 * 86_400
"""Seconds a clock can be wrong: a board whose battery is dead begins somewhere behind 1980."""
MOST_BIAS = 1440


class Moment(StrEnum):
    """When the connection is cut; each moment cuts once in the life of a host's state."""

    BEFORE_STAGING = "before_staging"
    """As the first file that is no script is opened for writing."""
    UPLOAD = "upload"
    """In the middle of such a file."""
    AFTER_START = "after_start"
    """Right after an installer was started, before the execution that started it is answered."""
    POLLING = "polling"
    """Instead of the first answer given while an installer runs; that one does not end before."""
    SERVICE_RESTART = "service_restart"
    """While the installer has services stopped."""
    BEFORE_VERIFICATION = "before_verification"
    """At the first execution after one that could see the installer's end."""


class WireFault(StrEnum):
    """What is wrong with a host's WinRM. All but the last two strike one Receive, once."""

    DROP = "drop"
    """It ends without an answer."""
    CUT_REPLY = "cut_reply"
    """Half of its answer arrives."""
    STALL = "stall"
    """It is never answered."""
    FAULT = "fault"
    """It is answered by a fault."""
    IDLE_CLOSE = "idle_close"
    """Connections are closed after a moment's silence."""
    QUOTA = "quota"
    """No shell is to be had: others hold all that the user may have."""


@dataclass(frozen=True, slots=True, kw_only=True)
class InstallerExit:
    """The installer undoes its work and ends with ``code``; ``extended`` is the code its log names (0: none)."""

    code: int
    extended: int = 0
    keeps: Literal["none", "some", "all"] = "none"
    """What it does not undo: some of its files (the first half), or all of them and its traces. With code 3010, no
    failure, one file waits for the restart unless it keeps all."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ServiceLate:
    """``name`` stays START_PENDING for ``seconds`` more than usual."""

    name: str
    seconds: float


@dataclass(frozen=True, slots=True, kw_only=True)
class ClockFault:
    """``skew_seconds`` ahead of true time; ``bias_minutes`` replaces the bias in force (UTC = local + bias)."""

    skew_seconds: float = 0.0
    bias_minutes: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Faults:
    """Everything wrong with one host; the defaults are a host in good health."""

    installer_exit: InstallerExit | None = None
    installer_leaves: tuple[str, ...] = ()
    """Files (by name) the installer reports as done but leaves as they were."""
    installer_hangs: bool = False
    """The installer stops its services, then nothing more happens."""
    installer_killed: bool = False
    """Once its services are stopped, somebody ends it and all it belongs to: no exit code is left."""
    installer_silent: bool = False
    """Starting the package gives a process that ends well at once: no log, no update.exe, nothing done."""
    installer_never_starts: bool = False
    """Starting the package gives a process that ends at once: no log, no update.exe."""
    service_fails: str = ""
    """This service does not start again once it was stopped."""
    service_late: ServiceLate | None = None
    service_disabled: str = ""
    """The installer leaves this service stopped and Disabled."""
    store_dismounted: str = ""
    """This store does not mount again once the store service was stopped: ``Public Folder Store``."""
    cdoexm: Literal["works", "absent"] = "works"
    """Whether scripts can ask Exchange for its stores."""
    drop: tuple[Moment, ...] = ()
    away: float = 0.0
    """Model seconds for which nothing gets through once the connection was cut at such a moment; the host goes on."""
    wmi: Literal["works", "broken", "query_fails"] = "works"
    """broken: no connection to any namespace; query_fails: it connects, and every query raises."""
    taskkill: Literal["works", "fails"] = "works"
    """fails: tasklist.exe and taskkill.exe end with an error, as (likely) where WMI does not work."""
    sftp: Literal["works", "absent"] = "works"
    winrm: tuple[WireFault, ...] = ()
    certificate: Literal["works", "expired", "other_name"] = "works"
    """What WinRM shows over HTTPS; it is always signed by the lab's own authority."""
    disk_full: bool = False
    """Nothing larger than a few KB can be written to the system drive."""
    clock: ClockFault | None = None

    def to_json(self) -> dict[str, Json]:
        """The mapping ``parse`` accepts; defaults left out."""
        found: dict[str, Json] = dict(self._mappings())
        for name in (*FLAGS, "away"):
            if getattr(self, name):
                found[name] = getattr(self, name)
        for name in WORDS:
            if getattr(self, name) not in ("", "works"):
                found[name] = getattr(self, name)
        for name in ("installer_leaves", "drop", "winrm"):
            if getattr(self, name):
                found[name] = [str(word) for word in getattr(self, name)]
        return found

    def _mappings(self) -> Iterator[tuple[str, dict[str, Json]]]:
        for name in ("installer_exit", "service_late", "clock"):
            value = getattr(self, name)
            if value:
                yield name, asdict(value)


FLAGS = ("installer_hangs", "installer_killed", "installer_silent", "installer_never_starts", "disk_full")
WORDS = ("service_fails", "service_disabled", "store_dismounted", "cdoexm", "wmi", "taskkill", "sftp", "certificate")


def parse(data: object, what: str = "faults", *, source: Source | None = None) -> Faults:
    """Faults as written in an inventory; ``what`` names the place for people. Raises UserError."""
    fields = Fields({} if data is None else data, what, source=source)
    faults = Faults(
        installer_exit=_installer_exit(fields),
        installer_leaves=fields.names("installer_leaves"),
        installer_hangs=fields.flag("installer_hangs"),
        installer_killed=fields.flag("installer_killed"),
        installer_silent=fields.flag("installer_silent"),
        installer_never_starts=fields.flag("installer_never_starts"),
        service_fails=fields.text("service_fails"),
        service_late=_service_late(fields),
        service_disabled=fields.text("service_disabled"),
        store_dismounted=fields.text("store_dismounted"),
        cdoexm=cast("Literal['works', 'absent']", _word(fields, "cdoexm", ("works", "absent"))),
        drop=tuple(Moment(name) for name in _known(fields, "drop", "moment", [str(moment) for moment in Moment])),
        away=fields.number("away"),
        winrm=tuple(WireFault(name) for name in _known(fields, "winrm", "fault", [str(fault) for fault in WireFault])),
        certificate=cast(
            "Literal['works', 'expired', 'other_name']",
            _word(fields, "certificate", ("works", "expired", "other_name")),
        ),
        wmi=cast("Literal['works', 'broken', 'query_fails']", _word(fields, "wmi", ("works", "broken", "query_fails"))),
        taskkill=cast("Literal['works', 'fails']", _word(fields, "taskkill", ("works", "fails"))),
        sftp=cast("Literal['works', 'absent']", _word(fields, "sftp", ("works", "absent"))),
        disk_full=fields.flag("disk_full"),
        clock=_clock(fields),
    )
    fields.done()
    return faults


def _word(fields: Fields, key: str, known: tuple[str, ...]) -> str:
    return fields.choice(key, known, "works")


def _installer_exit(fields: Fields) -> InstallerExit | None:
    if not fields.has("installer_exit"):
        return None
    sub = fields.sub("installer_exit")
    if not sub.has("code"):
        raise sub.wrong("code", "the exit code")
    keeps = cast("Literal['none', 'some', 'all']", sub.choice("keeps", ("none", "some", "all"), "none"))
    found = InstallerExit(code=sub.whole("code"), extended=sub.whole("extended"), keeps=keeps)
    sub.done()
    return found


def _service_late(fields: Fields) -> ServiceLate | None:
    if not fields.has("service_late"):
        return None
    sub = fields.sub("service_late")
    found = ServiceLate(name=sub.text("name"), seconds=sub.number("seconds"))
    sub.done()
    if not found.name or found.seconds <= 0:
        raise UserError(f"{sub.what} needs a name and seconds above 0", source=sub.source)
    return found


def _clock(fields: Fields) -> ClockFault | None:
    if not fields.has("clock"):
        return None
    sub = fields.sub("clock")
    bias = sub.whole("bias_minutes") if sub.has("bias_minutes") else None
    found = ClockFault(skew_seconds=sub.number("skew_seconds"), bias_minutes=bias)
    if abs(found.skew_seconds) > MOST_SKEW:
        raise sub.wrong("skew_seconds", f"within {MOST_SKEW:,} seconds (50 years)")
    if bias is not None and abs(bias) > MOST_BIAS:
        raise sub.wrong("bias_minutes", f"within {MOST_BIAS} minutes (a day)")
    sub.done()
    return found


def _known(fields: Fields, key: str, what: str, known: list[str]) -> tuple[str, ...]:
    for name in fields.names(key):
        if name not in known:
            where = source_of(fields.data, key, default=fields.source)
            raise UserError(f"{fields.what}: {key} knows no {what} {name!r}", source=where, hint=nearest(name, known))
    return fields.names(key)


def from_json(data: Mapping[str, Json]) -> Faults:
    """What ``to_json`` gave."""
    return parse(data, "faults of a saved host")
