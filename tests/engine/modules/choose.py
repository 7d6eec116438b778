"""A pure chooser: says back what it was given.

Examples:

    - choose: {answer: yes}
"""

from __future__ import annotations

from dataclasses import dataclass

from remediate.connections.base import Session
from remediate.model import Change, State

NEEDS = {"session": "no"}


@dataclass(frozen=True, kw_only=True)
class Params:
    answer: str
    steps: list[str] | None = None


def inspect(session: Session, params: Params) -> State:
    return {"answer": params.answer, "steps": list(params.steps or [])}


def diff(state: State, params: Params) -> list[Change]:
    return []
