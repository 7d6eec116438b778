"""Approvals as values: what a person signed, whose key it was, what the policy asks for, what that comes to."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime

NAMESPACE = "plan-approval@remediate"
"""What `ssh-keygen -Y` signs under: a signature made for anything else (a commit, a mail) is no approval."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Statement:
    """What is signed. Only ``plan`` and ``until`` count; the others are for those who read it later."""

    plan: str
    """``codec.substance`` of the plan."""
    until: datetime
    """The end of the plan that was looked at: the approval does not outlive it."""
    reason: str
    at: datetime
    account: str
    uid: int
    host: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Signature:
    """One approval as it was found beside a plan, and what became of checking it."""

    file: str
    """Its name, without the folder."""
    statement: Statement | None = None
    """None: it says nothing that can be read; ``fault`` tells."""
    key: str = ""
    """Fingerprint of the key, where the signature fits the statement."""
    person: str = ""
    """Whom the allowed signers say the key belongs to."""
    fault: str = ""
    """Why it counts for nothing, whatever the plan."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Rule:
    """What is asked for some hosts."""

    approvals: int = 0
    only_plans: bool = False
    """Nothing is changed but by a saved plan."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Policy:
    """``everywhere`` holds for all hosts; a group of the inventory can ask for more than that, never for less."""

    everywhere: Rule = Rule()
    groups: Mapping[str, Rule] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class Refused:
    """A signature that does not count for this plan, and why."""

    signature: Signature
    why: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Verdict:
    """What a plan needs and what it has."""

    needed: int
    given: tuple[Signature, ...] = ()
    """One for each person and key."""
    refused: tuple[Refused, ...] = ()

    @property
    def missing(self) -> int:
        """How many more people have to approve; 0: the plan may be applied."""
        return max(0, self.needed - len(self.given))

    @property
    def until(self) -> datetime | None:
        """Until when enough of those given hold; None where none is needed or some are missing."""
        ends = sorted((one.statement.until for one in self.given if one.statement), reverse=True)
        return ends[self.needed - 1] if self.needed and not self.missing else None

    @property
    def sentence(self) -> str:
        """``1 of 2 approvals are there: anna; not counted: p.json.approval-x (ben made the plan)``."""
        names = f": {', '.join(str(one.person) for one in self.given)}" if self.given else ""
        others = "; ".join(f"{one.signature.file} ({one.why})" for one in self.refused)
        counted = f"{len(self.given)} of {self.needed} approvals are there{names}"
        return f"{counted}; not counted: {others}" if others else counted
