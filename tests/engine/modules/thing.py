"""A thing on the host that has a value.

Examples:

    - thing: {name: a, value: "1"}
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from remediate.connections.base import Session
from remediate.errors import Blocked, Failed, NotApplicable
from remediate.model import Certainty, Change, State


@dataclass(frozen=True, kw_only=True)
class Params:
    name: str
    value: str
    needs: str = ""
    """Another thing that must be "ready"; when ``chained`` an earlier step makes it so."""
    chained: bool = False
    stubborn: bool = False
    breaks: str = ""


def inspect(session: Session, params: Params) -> State:
    needed = session.run(f"get {params.needs}").stdout if params.needs else ""
    return {"value": session.run(f"get {params.name}").stdout, "needed": needed}


def diff(state: State, params: Params) -> list[Change]:
    if params.value == "impossible":
        raise Blocked("this value is not for you", "ask for another")
    if params.value == "elsewhere":
        raise NotApplicable("there is no such thing here")
    if state["value"] == params.value:
        return []
    ready = not params.needs or state["needed"] == "ready"
    if not ready and not params.chained:
        raise Blocked(f"{params.needs} is not ready", f"make {params.needs} ready")
    certainty = Certainty.KNOWN if ready else Certainty.AFTER_APPLY
    return [
        Change(
            target=params.name,
            before=state["value"],
            after=params.value,
            certainty=certainty,
            why=f"{params.needs} is still not ready" if not ready else "",
        )
    ]


def apply(session: Session, change: Change, params: Params) -> State | None:
    if params.breaks:
        raise Failed(params.breaks, remedy="mend it")
    if not params.stubborn:
        session.run(f"set {change.target} {change.after}")
    return {"wrote": str(change.after)}


def columns(state: State, params: Params) -> Mapping[str, str]:
    return {"build": str(state["value"])}
