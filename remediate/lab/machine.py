"""One modelled Windows host: its whole state, JSON in and out, and the queue of what happens later."""

from __future__ import annotations

import bisect
import hashlib
import json
import threading
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import TypeAlias

from remediate.lab import fingerprint
from remediate.lab.clock import Clock, from_iso, iso
from remediate.lab.databases import Databases
from remediate.lab.errors import LabError
from remediate.lab.eventlog import EventLog
from remediate.lab.faults import Faults
from remediate.lab.faults import parse as parse_faults
from remediate.lab.files import FileTree
from remediate.lab.osinfo import OsInfo
from remediate.lab.processes import Processes
from remediate.lab.registry import Registry
from remediate.lab.services import ServiceTable
from remediate.model import Json

Deed: TypeAlias = "Callable[[Machine, Mapping[str, Json]], None]"
"""What an event does when its time has come. Runs under the machine's lock, must not wait."""

REFUSALS_KEPT = 200


@dataclass(frozen=True, slots=True, order=True)
class Event:
    """Something that happens later; ``number`` keeps events of the same moment in their order."""

    at: datetime
    number: int
    do: str = field(compare=False)
    args: Mapping[str, Json] = field(compare=False)


class Machine:
    """All state of one host. Whoever reads or writes more than one value holds ``lock`` and calls ``advance`` first."""

    def __init__(
        self,
        name: str,
        os: OsInfo,
        *,
        faults: Faults | None = None,
        clock: Clock | None = None,
        speed: float = 1.0,
        deeds: Mapping[str, Deed] | None = None,
    ) -> None:
        self.name = name
        self.os = os
        self.faults = faults or Faults()
        self.clock = clock or Clock()
        self.speed = float(speed)
        """Model seconds per real second: 10 makes an installer of 20 s take 2 s."""
        self.lock = threading.RLock()
        self.processes = Processes(self)
        self.files = FileTree(now=self.now, changed=self.touch, held=self.processes.holds)
        self.registry = Registry(changed=self.touch)
        self.eventlog = EventLog(now=self.now, changed=self.touch)
        self.services = ServiceTable(self)
        self.databases = Databases(self)
        self.environ: dict[str, str] = {}
        self.boot_time: datetime = self.clock.utc_now()
        self.down = False
        """The host is restarting or off: nothing answers. ``advance`` still brings it back when its time has come."""
        self.marks: dict[str, Json] = {}
        """Small things the lab's own parts remember with the host (drops already done, packages started)."""
        self.events: list[Event] = []
        self.refusals: list[str] = []
        self.changed = 0
        """Counts every change of state; ``on_change`` is called with the machine after each."""
        self.on_change: Callable[[Machine], None] | None = None
        self.pause: Callable[[threading.Condition, float], object] = threading.Condition.wait
        """Lets so many seconds pass while it waits on the condition of ``lock``; tests have a clock of their own."""
        self.monotonic: Callable[[], float] = time.monotonic
        """Seconds, for limits and idleness, which no clock that is set may touch; tests pass their own."""
        self._deeds = deeds
        self._moment: datetime | None = None
        self._numbers = 0
        self._condition = threading.Condition(self.lock)

    # time

    def now(self) -> datetime:
        """UTC by the host's clock; inside a deed the moment it was due, however late it is carried out."""
        return self._moment or self.clock.utc_now()

    def schedule(self, delay_seconds: float, do: str, args: Mapping[str, Json] | None = None) -> Event:
        """Put a deed into the queue, ``delay_seconds`` of model time from now."""
        with self.lock:
            self._numbers += 1
            at = self.now() + timedelta(seconds=delay_seconds / self.speed)
            event = Event(at, self._numbers, do, dict(args or {}))
            bisect.insort(self.events, event)
            self.touch()
            return event

    def cancel(self, event: Event) -> None:
        """Take an event out of the queue, if it is still there."""
        with self.lock:
            if event in self.events:
                self.events.remove(event)
                self.touch()

    def advance(self) -> None:
        """Carry out everything that is due. Cheap when nothing is."""
        with self.lock:
            while self._moment is None and self.events and self.events[0].at <= self.clock.utc_now():
                event = self.events.pop(0)
                self._carry_out(event)
                self.touch()

    def _carry_out(self, event: Event) -> None:
        deed = self.deeds().get(event.do)
        if deed is None:
            self.refuse(f"event {event.do}: nobody handles it")
            return
        self._moment = event.at
        try:
            deed(self, event.args)
        except LabError as error:
            self.refuse(f"event {event.do} {dict(event.args)}: {error}")
        finally:
            self._moment = None

    def deeds(self) -> Mapping[str, Deed]:
        if self._deeds is None:
            from remediate.lab.deeds import deeds

            self._deeds = deeds()
        return self._deeds

    @property
    def in_deed(self) -> bool:
        """True while an event is being carried out: nothing may wait then."""
        return self._moment is not None

    def wait(self, seconds: float) -> None:
        """Let real time pass, in model seconds, with the lock released however often this thread holds it."""
        if self.in_deed:
            raise LabError(1, "the lab cannot wait inside an event")
        with self._condition:
            self.pause(self._condition, seconds / self.speed)
        self.advance()

    def wait_until(self, done: Callable[[], bool], limit: float, step: float = 0.25) -> bool:
        """Wait until ``done()``, at most ``limit`` model seconds; True when it was done."""
        self.advance()
        left = limit
        while not done():
            if left <= 0:
                return False
            self.wait(min(step, left))
            left -= step
        return True

    # changes

    def touch(self) -> None:
        """State changed."""
        self.changed += 1
        if self.on_change is not None:
            self.on_change(self)

    def refuse(self, text: str) -> None:
        """Note something the lab does not know, so that the gap shows."""
        with self.lock:
            self.refusals.append(f"{iso(self.now())} {text}"[:1000])
            del self.refusals[:-REFUSALS_KEPT]
            self.touch()

    def set_clock(self, now: datetime) -> None:
        """Somebody sets the host's clock: what is under way there neither ends earlier nor later for it."""
        with self.lock:
            self.advance()
            by = now - self.clock.utc_now()
            self.clock.skew_seconds += by.total_seconds()
            self.events = [replace(event, at=event.at + by) for event in self.events]
            self.touch()

    def set_time_zone(self, *, bias_minutes: int | None = None, daylight: bool | None = None) -> None:
        """Change the bias, and the registry with it."""
        if bias_minutes is not None:
            self.clock.bias_minutes = bias_minutes
        if daylight is not None:
            self.clock.daylight = daylight
        key = "HKLM\\SYSTEM\\CurrentControlSet\\Control\\TimeZoneInformation"
        self.registry.set(key, "Bias", self.clock.bias_minutes)
        self.registry.set(key, "ActiveTimeBias", self.clock.active_bias)
        self.registry.set(key, "StandardBias", 0)
        self.registry.set(key, "DaylightBias", -60)
        self.registry.set(key, "StandardName", self.clock.standard_name)
        self.registry.set(key, "DaylightName", self.clock.daylight_name)

    def fingerprint(self) -> str:
        """Hash of everything that lasts; equal before and after a dry run. See ``lab/fingerprint.py``."""
        with self.lock:
            self.advance()
            text = json.dumps(fingerprint.lasting(self), sort_keys=True)
        return hashlib.sha256(text.encode()).hexdigest()

    # saving

    def to_json(self, keep: Callable[[bytes], str] | None = None) -> dict[str, Json]:
        """The whole state; ``keep`` as in ``FileTree.to_json``."""
        with self.lock:
            return {
                "name": self.name,
                "os": self.os.to_json(),
                "faults": self.faults.to_json(),
                "clock": self.clock.to_json(),
                "speed": self.speed,
                "environ": dict(self.environ),
                "boot_time": iso(self.boot_time),
                "down": self.down,
                "marks": dict(self.marks),
                "events": [[iso(e.at), e.do, dict(e.args)] for e in self.events],
                "refusals": list(self.refusals),
                "files": self.files.to_json(keep),
                "registry": self.registry.to_json(),
                "services": self.services.to_json(),
                "databases": self.databases.to_json(),
                "processes": self.processes.to_json(),
                "eventlog": self.eventlog.to_json(),
            }

    @classmethod
    def from_json(
        cls,
        saved: Mapping[str, Json],
        *,
        fetch: Callable[[str], bytes] | None = None,
        deeds: Mapping[str, Deed] | None = None,
        clock_source: Callable[[], datetime] | None = None,
    ) -> Machine:
        """A machine as ``to_json`` left it; what became due meanwhile happens at its next ``advance``."""
        clock = Clock(**_mapping(saved["clock"]))  # type: ignore[arg-type]
        if clock_source is not None:
            clock.source = clock_source
        machine = cls(
            str(saved["name"]),
            OsInfo.from_json(_mapping(saved["os"])),
            faults=parse_faults(saved["faults"]),
            clock=clock,
            speed=float(str(saved["speed"])),
            deeds=deeds,
        )
        machine.files.load(saved["files"], fetch)
        machine.registry.load(saved["registry"])
        machine.services.load(saved["services"])
        machine.databases.load(saved.get("databases", []))
        machine.processes.load(saved["processes"])
        machine.eventlog.load(saved["eventlog"])
        machine.environ = {name: str(value) for name, value in _mapping(saved["environ"]).items()}
        machine.boot_time = from_iso(str(saved["boot_time"]))
        machine.down = bool(saved["down"])
        machine.marks = _mapping(saved["marks"])
        machine.refusals = [str(line) for line in _rows(saved["refusals"])]
        for row in _rows(saved["events"]):
            at, do, args = _rows(row)
            machine._numbers += 1
            machine.events.append(Event(from_iso(str(at)), machine._numbers, str(do), _mapping(args)))
        machine.changed = 0
        return machine


def _mapping(value: Json) -> dict[str, Json]:
    assert isinstance(value, dict)
    return value


def _rows(value: Json) -> list[Json]:
    assert isinstance(value, list)
    return value
