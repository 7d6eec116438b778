"""What a host shows, and how that differs from what it showed first.

Examples:

    - gauge: {name: a}
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from remediate.connections.base import Session
from remediate.errors import Blocked
from remediate.model import Change, Standing, State


@dataclass(frozen=True, kw_only=True)
class Params:
    name: str
    refuses: str = ""


def inspect(session: Session, params: Params) -> State:
    return {"value": session.run(f"get {params.name}").stdout}


def diff(state: State, params: Params) -> list[Change]:
    if params.refuses and state["value"] == params.refuses:
        raise Blocked(f"{params.name} is {params.refuses}", "mend it")
    return []


def columns(state: State, params: Params) -> Mapping[str, str]:
    return {"build": str(state["value"])}


def standing(first: State, now: State, params: Params) -> Standing:
    if now["value"] == "absurd":
        raise KeyError("a host said something absurd")
    moved = now["value"] != first["value"]
    return Standing(
        alerts=(f"MOVED: {params.name} was {first['value']}, is {now['value']}",) if moved else (),
        told=(f"{params.name} {now['value']}",),
        columns={"build": str(now["value"])},
        data={"name": params.name, "moved": moved},
    )
