"""A deed: done each time, with an outcome a check run cannot know.

Examples:

    - deed: {say: hello}
"""

from __future__ import annotations

from dataclasses import dataclass

from remediate.connections.base import Session
from remediate.errors import Unreachable
from remediate.model import Change, State

ACTION = True
UNKNOWN = ("stdout",)


@dataclass(frozen=True, kw_only=True)
class Params:
    say: str
    lost: bool = False


def inspect(session: Session, params: Params) -> State:
    return {}


def diff(state: State, params: Params) -> list[Change]:
    return [Change(target="deed", before=None, after=params.say)]


def apply(session: Session, change: Change, params: Params) -> State | None:
    if params.lost:
        raise Unreachable("the wire was cut", kind="lost", hint="look at the switch")
    return {"stdout": session.run(f"say {params.say}").stdout}
