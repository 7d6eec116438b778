"""What the chained events of a run say that the tables hold: every row, every column."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping
from typing import Any, TypeAlias

from remediate.ledger.rows import INTERRUPTED, RUNNING
from remediate.ledger.runs import EMPTY, OPEN
from remediate.ledger.text import canonical, mapping

Key: TypeAlias = "tuple[str, ...]"
"""The table, the host and what else finds a row inside one run."""
Values: TypeAlias = "dict[str, Any]"

BEGUN = ("kind", "playbook", "plan_hash", "resumes", "who", "controller", "pid", "process_start", "request")
HOLDER = ("who", "controller", "pid", "process_start")
STEP = ("address", "task", "module", "key", "place")
ENDED = ("status", "seconds", "redacted", "result")
HOST = ("outcome", "reason", "remedy", "columns", "counts", "notes", "now")
PACKAGE = ("name", "version", "size")


class Told:
    """Filled event by event, in order. ``rows``: what each row holds, and the number of the newest event behind it."""

    def __init__(self, events: Iterable[Any]) -> None:
        self.rows: dict[Key, tuple[int, Values]] = {}
        self.beats = 0
        """How often the controller had given a sign of life at the least."""
        for event in events:
            self._hear(event, mapping(event.data))

    def _hear(self, event: Any, data: Mapping[str, Any]) -> None:
        match event.kind:
            case "run begun":
                self._begun(event, data)
            case "run ended":
                self._ended(event, data)
            case "step begun":
                told = {name: data.get(name, "") for name in STEP}  # steps of old ledgers have no place
                open_end = {**OPEN, "result": digest(str(OPEN["result"]))}
                self._tell(event, ("step", event.host, str(data["number"])), {**told, "begun_at": event.at, **open_end})
            case "step ended":
                values = {**_picked(data, ENDED), "ended_at": event.at}
                self._tell(event, ("step", event.host, str(data["number"])), values)
            case "host ended":
                self._host_ended(event, data)
            case "package":
                key = "package", event.host, str(data["sha256"])
                self._tell(event, key, {**_picked(data, PACKAGE), "at": event.at})
            case _:
                self._hear_of_lock(event, data)

    def _hear_of_lock(self, event: Any, data: Mapping[str, Any]) -> None:
        match event.kind:
            case "lock taken" | "lock taken over":
                self._host(event, {"locked": True})
                holder = _picked(self.rows.get(("run",), (0, {}))[1], HOLDER)
                self._tell(event, ("lock", event.host), {**holder, "since": event.at, "why": str(data.get("why", ""))})
            case "lock lost":
                if data.get("to run") != event.run:  # a run may take over from itself
                    self.rows.pop(("lock", event.host), None)
                self.beats = max(self.beats, int(data.get("with signs of life", 0)))
                if self.rows.get(("run",), (0, {}))[1].get("status") == RUNNING:
                    self._tell(event, ("run",), {"status": INTERRUPTED})
            case "lock released" | "unlocked":
                self.rows.pop(("lock", event.host), None)

    def _tell(self, event: Any, key: Key, values: Values) -> None:
        before = self.rows.get(key, (0, {}))[1]
        self.rows[key] = (event.number, {**before, **values})

    def _begun(self, event: Any, data: Mapping[str, Any]) -> None:
        still = {"number": event.number, "started": event.at, "finished": None, "status": RUNNING, "exit_code": None}
        self._tell(event, ("run",), {**_picked(data, BEGUN), "request": canonical(data.get("request")), **still})
        for host in data.get("hosts", ()):
            self._host(event, {}, str(host))

    def _ended(self, event: Any, data: Mapping[str, Any]) -> None:
        beats = {name: data[name] for name in ("beat", "beat_at") if name in data}  # not in old ledgers
        self._tell(event, ("run",), {**_picked(data, ("status", "exit_code")), "finished": event.at, **beats})
        for key in [key for key in self.rows if key[0] == "host"]:
            number, values = self.rows[key]
            self.rows[key] = (number, {**values, "locked": False})

    def _host(self, event: Any, values: Values, name: str = "") -> None:
        """A host of the run; one that joins it later comes behind the others."""
        key = "host", name or event.host
        if key not in self.rows:
            position = sum(1 for table, *_ in self.rows if table == "host")
            self._tell(event, key, {**EMPTY, "position": position})
        if values:
            self._tell(event, key, values)

    def _host_ended(self, event: Any, data: Mapping[str, Any]) -> None:
        texts = {name: canonical(data[name]) for name in ("columns", "counts", "notes")}
        texts["now"] = canonical(data.get("now", {}))  # runs before schema 0002 have none
        self._host(event, {**_picked(data, HOST), **texts, "locked": False})


def _picked(data: Mapping[str, Any], names: Iterable[str]) -> Values:
    return {name: data.get(name) for name in names}


def digest(text: str) -> str:
    """SHA-256 of a text as it is stored."""
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()
