"""Hooks as the settings declare them, what they are told, and how that went."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal, TypeAlias

from remediate.model import Json

Kind: TypeAlias = Literal["before", "after", "failed"]
KINDS: tuple[Kind, ...] = ("before", "after", "failed")


@dataclass(frozen=True, slots=True, kw_only=True)
class Mail:
    """A mail server and whom to write to. ``password``: ``env:NAME`` or ``file:PATH``."""

    server: str
    sender: str
    to: tuple[str, ...]
    port: int = 25
    starttls: bool = False
    user: str = ""
    password: str = ""
    ca: str = ""
    """File with the issuers of its certificate; the system's when empty."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Hook:
    """One of ``[[notify]]``: exactly one of webhook, mail and command is set."""

    name: str
    on: tuple[Kind, ...]
    webhook: str = field(default="", repr=False)
    """An address, or ``env:NAME`` or ``file:PATH``: it may hold a token."""
    mail: Mail | None = None
    command: tuple[str, ...] = ()
    secret: str = ""
    """Key for signing webhooks: ``env:NAME`` or ``file:PATH``."""
    timeout: float = 10.0
    """Seconds for all of it, tries and waiting included."""
    fatal: bool = False
    """Before: nothing is begun when it fails; afterwards: the exit code says so."""


@dataclass(frozen=True, slots=True, kw_only=True)
class HostLine:
    """How one host ended; "" before it began."""

    host: str
    outcome: str = ""
    reason: str = ""
    now: str = ""
    """How it was left: what is down, which restart is due. Where it ended badly, or not as it was before."""
    standing: Mapping[str, Json] = field(default_factory=dict, hash=False)
    """The same in parts, for programs."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Occasion:
    """What there is to tell. Secrets are masked already."""

    kind: Kind
    run: str
    playbook: str
    who: str
    controller: str
    plan: str = ""
    window: str = ""
    exit_code: int | None = None
    hosts: tuple[HostLine, ...] = ()
    report: str = ""
    """The command that prints the report."""
    test: bool = False

    def counts(self) -> Mapping[str, int]:
        """How many hosts ended how, in the order met."""
        found: dict[str, int] = {}
        for host in self.hosts:
            if host.outcome:
                found[host.outcome] = found.get(host.outcome, 0) + 1
        return found


@dataclass(frozen=True, slots=True, kw_only=True)
class Told:
    """How one hook took it. ``error`` is one line, without secrets."""

    name: str
    ok: bool
    error: str = ""
    fatal: bool = False
    seconds: float = field(default=0.0, compare=False)
