"""What somebody asked for, as the command line hands it on: every word of it read already."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from types import MappingProxyType

from remediate.reports.choose import Wishes


@dataclass(frozen=True, slots=True, kw_only=True)
class Gates:
    """What is said about change windows."""

    windows: str = ""
    """The file of them; "": the project's."""
    patient: bool = False
    """Wait until they open."""
    longest: timedelta | None = None
    """Wait no longer than this in all."""
    override: str = ""
    """Why a closed one is gone through."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Login:
    """How to log in where the inventory does not say it."""

    user: str = ""
    ask_password: bool = False
    host_key: str = ""
    """strict, accept-new, or "": as the inventory says."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """One command that looks at hosts or changes them."""

    playbook: str
    """As written: a file, or the name of a shipped one."""
    inventory: tuple[str, ...] = ()
    limit: str = ""
    tags: frozenset[str] = frozenset()
    skip_tags: frozenset[str] = frozenset()
    start_at_task: str = ""
    variables: Mapping[str, object] = field(default_factory=lambda: MappingProxyType({}))
    """Those above all others, ``-e``; with ``retry`` what that option is short for."""
    retry: bool = False
    login: Login = Login()
    forks: int = 0
    """Hosts worked on at once; 0: as many as the project says."""
    gates: Gates = Gates()
    wishes: Wishes = field(default_factory=Wishes)
    repeat_unfinished: bool = False
    """Do commands again that were begun and whose end nobody knows."""
