"""Exchange's mailbox and public stores on one host: mounted by the store service, one after the other, or not."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Literal, cast

from remediate.lab.paths import fold
from remediate.model import Json

if TYPE_CHECKING:
    from remediate.lab.machine import Machine

SERVICE = "MSExchangeIS"
GROUP = "First Storage Group"
MOUNTING = 0.2
"""Model seconds a store takes to be mounted."""

Kind = Literal["mailbox", "public"]
State = Literal["mounted", "dismounted", "mounting"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Database:
    """One store. ``wanted``: mounted whenever the service starts."""

    group: str
    name: str
    """``Mailbox Store (EX1)``"""
    kind: Kind
    state: State = "dismounted"
    wanted: bool = True

    @property
    def full(self) -> str:
        return f"{self.group}\\{self.name}"


class Databases:
    """The stores of a host, in order."""

    def __init__(self, machine: Machine) -> None:
        self._machine = machine
        self._all: list[Database] = []

    def all(self) -> tuple[Database, ...]:
        return tuple(self._all)

    def add(self, database: Database) -> None:
        """A store that is there from the beginning."""
        self._all.append(database)
        if database.state == "mounted":
            self._say(database, 9523, "has been started")
        self._machine.touch()

    def named(self, name: str) -> Database | None:
        """By the beginning of its name, in any case: ``Public Folder Store``."""
        return next((one for one in self._all if name and fold(one.name).startswith(fold(name))), None)

    def leave_dismounted(self, name: str) -> bool:
        """As an administrator who dismounts a store, for good; False when there is none of that name."""
        found = self.named(name)
        if found is not None:
            self._set(replace(found, state="dismounted", wanted=False))
        return found is not None

    def follow(self, service: str, state: str) -> None:
        """The store service came up or went down."""
        if fold(service) != fold(SERVICE):
            return
        for database in self.all():
            if state == "running" and database.state == "dismounted" and database.wanted:
                self._set(replace(database, state="mounting"))
                self._machine.schedule(MOUNTING, "store_mounted", {"name": database.full})
            elif state != "running" and database.state != "dismounted":
                self._set(replace(database, state="dismounted"))
                self._say(database, 9539, "was stopped")

    def mounted(self, full: str) -> None:
        """A mount is through: it worked, or the store stays away."""
        found = next((one for one in self._all if one.full == full and one.state == "mounting"), None)
        if found is None:
            return
        fault = self._machine.faults.store_dismounted
        if fault and fold(found.name).startswith(fold(fault)):
            self._set(replace(found, state="dismounted"))
            # likely: what the entry is called and says; the number is verified
            text = f"Error 0xfffffb4d starting Storage Group /DC=local/DC=contoso/cn={found.group}/cn=InformationStore"
            self._machine.eventlog.add("Application", "MSExchangeIS", 9518, "Error",
                                       f"{text} on the Microsoft Exchange Information Store.")  # fmt: skip
            return
        self._set(replace(found, state="mounted"))
        self._say(found, 9523, "has been started")

    def _say(self, database: Database, number: int, verb: str) -> None:
        """Likely: numbers and words of both entries."""
        text = f'The Microsoft Exchange Database "{database.full}" {verb}.'
        self._machine.eventlog.add("Application", "MSExchangeIS", number, "Information", text)

    def _set(self, database: Database) -> None:
        self._all = [database if one.full == database.full else one for one in self._all]
        self._machine.touch()

    def to_json(self) -> list[Json]:
        return [
            {"group": one.group, "name": one.name, "kind": one.kind, "state": one.state, "wanted": one.wanted}
            for one in self._all
        ]

    def load(self, saved: Json) -> None:
        assert isinstance(saved, list)
        self._all = [_from_json(row) for row in saved if isinstance(row, dict)]


def _from_json(row: dict[str, Json]) -> Database:
    return Database(
        group=str(row["group"]),
        name=str(row["name"]),
        kind=cast("Kind", row["kind"]),
        state=cast("State", row["state"]),
        wanted=bool(row["wanted"]),
    )
