"""Bring one service into a state and a start type.

Waiting is part of it: a service counts as started when it runs, not when it was asked to. A disabled service is
never started behind your back: say ``start_mode`` too. Stopping or restarting a service that others need is
blocked, with their names, unless ``force_dependent_services`` is set; then they are stopped first, each named in
the plan, and after a restart those that ran are started again. A restart is done once for each ``once``, which is
made up for every task run unless you give it: with a fixed text the service is restarted only once on a host.

Examples:

```yaml
- name: No mail while we work
  win_service: {name: SMTPSVC, state: stopped}

- name: Restart the store
  win_service:
    name: MSExchangeIS
    state: restarted
    force_dependent_services: true
    timeout: 1200

- name: Only the start type
  win_service: {name: IMAP4Svc, start_mode: manual}
```
"""

from __future__ import annotations

import uuid
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Literal, cast

from remediate.connections.base import wait_until
from remediate.errors import Blocked, Failed
from remediate.model import Change, Effect, Json, State

if TYPE_CHECKING:
    from remediate.connections.base import Session

NEEDS = {"session": "yes"}
VOLATILE = ("pid",)
STILL_STARTING = 7
"""What WMI answers when a service took longer to report than WMI cared to wait."""


@dataclass(frozen=True, kw_only=True)
class Params:
    name: str = field(metadata={"help": "Service name or display name."})
    state: Literal["started", "stopped", "restarted"] | None = field(
        default=None, metadata={"help": "started, stopped or restarted; left out: as it is."}
    )
    start_mode: Literal["auto", "manual", "disabled"] | None = field(
        default=None, metadata={"help": "auto, manual or disabled; left out: as it is."}
    )
    force_dependent_services: bool = field(
        default=False, metadata={"help": "Also stop (and after a restart start) the services that need this one."}
    )
    timeout: float = field(default=300.0, metadata={"help": "Seconds for each start and each stop."})
    once: str = field(
        default_factory=lambda: uuid.uuid4().hex,
        metadata={"help": "Name of this restart: a restart of that name is done once. Default: a new name each time."},
    )

    def __post_init__(self) -> None:
        if self.start_mode == "disabled" and self.state in ("started", "restarted"):
            raise ValueError("a disabled service cannot be started")


def inspect(session: Session, params: Params) -> State:
    seen = dict(session.call("win_service", "inspect", {"name": params.name}))
    rows = cast("list[dict[str, Json]]", seen.pop("services"))
    found = _find(rows, params.name)
    if found is None:
        return {**seen, "exists": False, "name": params.name, "known": [row["name"] for row in rows]}
    return {
        **seen,
        "exists": True,
        **{key: found[key] for key in ("name", "state", "start_mode", "pid", "path")},
        "display_name": found["display"],
        "dependencies": found["depends"],
        "dependents": [{key: row[key] for key in ("name", "state", "start_mode")} for row in _dependents(found, rows)],
    }


def diff(state: State, params: Params) -> list[Change]:
    if not state["exists"]:
        raise Blocked(f"there is no service {params.name}", _nearest(state, params.name))
    changes = _state_changes(state, params)
    mode = params.start_mode
    if mode and state["start_mode"] != mode:
        change = Change(
            target=f"start type of {state['name']}",
            before=state["start_mode"],
            after=mode,
            details={"do": "mode", "name": state["name"], "mode": mode},
        )
        changes = [*changes, change] if mode == "disabled" else [change, *changes]
    return changes


def apply(session: Session, change: Change, params: Params) -> None:
    name, details = str(change.details["name"]), change.details
    match details["do"]:
        case "mode":
            _ask(session, "mode", {"name": name, "mode": str(details["mode"])})
        case "stop":
            _stop(session, name, params.timeout)
        case "start":
            _start(session, name, params.timeout)
        case "restart":
            others = [str(other) for other in cast("list[Json]", details["dependents"])]
            for one in [*others, name]:
                _stop(session, one, params.timeout)
            for one in [name, *reversed(others)]:
                _start(session, one, params.timeout)
            session.call("win_service", "record", {"name": params.name, "once": params.once})


def undo(session: Session, change: Change, params: Params) -> None:
    """The other way round; a restart has none."""
    name = str(change.details["name"])
    match change.details["do"]:
        case "mode":
            _ask(session, "mode", {"name": name, "mode": str(change.before)})
        case "stop":
            _start(session, name, params.timeout)
        case "start":
            _stop(session, name, params.timeout)


def _state_changes(state: State, params: Params) -> list[Change]:
    now, name = state["state"], str(state["name"])
    running = [row for row in cast("list[dict[str, Json]]", state["dependents"]) if row["state"] != "stopped"]
    if params.state is None or _reached(state, params):
        return []
    if now == "unknown":
        raise Blocked(
            f"the state of {name} cannot be read", "see the notes: neither WMI, sc.exe nor the shell could tell"
        )
    if params.state != "stopped" and state["start_mode"] == "disabled" and params.start_mode is None:
        raise Blocked(
            f"{name} is disabled", "somebody wanted it so; give start_mode: auto or manual to start it all the same"
        )
    if params.state == "started":
        if now == "paused":
            raise Blocked(f"{name} is paused", f"continue it with `net continue {name}`, or use state: restarted")
        return [_change(name, now, "running", {"do": "start"}, Effect.NONE)]
    if running and not params.force_dependent_services:
        names = ", ".join(str(row["name"]) for row in running)
        raise Blocked(
            f"{names} need {name} and are not stopped", "stop them first, or set force_dependent_services: true"
        )
    if params.state == "stopped":
        stops = [_change(str(row["name"]), row["state"], "stopped", {"do": "stop"}) for row in running]
        return [*stops, _change(name, now, "stopped", {"do": "stop"})]
    others: list[Json] = [row["name"] for row in running]
    why = f"stops and starts {', '.join(map(str, others))} too" if others else ""
    return [_change(name, now, "restarted", {"do": "restart", "dependents": others}, why=why)]


def _reached(state: State, params: Params) -> bool:
    match params.state:
        case "restarted":
            return state["last_restart"] == params.once and state["state"] == "running"
        case "started":
            return state["state"] == "running"
        case _:
            return state["state"] == "stopped"


def _change(
    name: str,
    before: Json,
    after: str,
    details: dict[str, Json],
    effect: Effect = Effect.SERVICE_RESTART,
    why: str = "",
) -> Change:
    return Change(
        target=f"service {name}",
        before=before,
        after=after,
        effect=effect,
        seconds=60.0,
        reversible=after != "restarted",
        why=why,
        details={**details, "name": name},
    )


def _ask(session: Session, function: str, args: dict[str, Json]) -> None:
    done = session.call("win_service", function, args)
    if not done["ok"] and done["code"] != STILL_STARTING:
        raise Failed(str(done["text"]), remedy="the host's system event log (Service Control Manager) has more")


def _stop(session: Session, name: str, timeout: float) -> None:
    _ask(session, "stop", {"name": name})
    _settle(session, name, "stopped", timeout)


def _start(session: Session, name: str, timeout: float) -> None:
    _ask(session, "start", {"name": name})
    _settle(session, name, "running", timeout)


def _settle(session: Session, name: str, wanted: str, timeout: float) -> None:
    """Wait while the service is on its way; a start that ends in "stopped" has failed."""

    def look() -> str | None:
        state = str(session.call("win_service", "state", {"name": name})["state"])
        return state if state in ("running", "stopped") and not (state == "running" and wanted == "stopped") else None

    state = wait_until(session, look, timeout=timeout, text=f"waiting for {name} to be {wanted}")
    if state is None:
        raise Failed(
            f"{name} was not {wanted} after {timeout:g} s",
            remedy="see its event log entries; raise timeout if it is slow",
        )
    if state != wanted:
        raise Failed(f"{name} did not start: it is stopped again", remedy="see its entries in the host's event log")


def _find(rows: list[dict[str, Json]], name: str) -> dict[str, Json] | None:
    for key in ("name", "display"):
        for row in rows:
            if str(row[key]).casefold() == name.casefold():
                return row
    return None


def _dependents(service: dict[str, Json], rows: list[dict[str, Json]]) -> list[dict[str, Json]]:
    """Whatever needs the service, also by way of others, in an order in which it can be stopped."""
    ordered: list[dict[str, Json]] = []
    seen = {str(service["name"]).casefold()}

    def visit(name: str) -> None:
        for row in rows:
            folded = str(row["name"]).casefold()
            if folded not in seen and name in {str(need).casefold() for need in cast("list[Json]", row["depends"])}:
                seen.add(folded)
                visit(folded)
                ordered.append(row)

    visit(str(service["name"]).casefold())
    return ordered


def _nearest(state: State, name: str) -> str:
    import difflib

    known = {str(one).casefold(): str(one) for one in cast("list[Json]", state["known"])}
    near = difflib.get_close_matches(name.casefold(), known, 1)
    return f"did you mean {known[near[0]]}?" if near else "win_service_info lists the services of the host"
