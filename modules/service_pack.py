"""Install one service pack with the command line you give, and wait for its end. It cannot be taken off again.

Works as hotfix does, with three differences: the unattended switches of Exchange service packs are documented nowhere,
so there is no default command; a restart of Windows may follow; and there is no way back but a restore. Without a
command the task is blocked and says what to do by hand.

Examples:

```yaml
- name: Install Service Pack 2
  service_pack:
    advisory: '{{ kb870585_advisory }}'
    package: KB836993-2003-SP2
    file: /srv/packages/E3SP2ENG.exe
    sha256: '{{ packages["KB836993-2003-SP2"].sha256 }}'
    command: '"{package}" /your /switches'
  register: installed
```
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from remediate.errors import Blocked, UserError
from remediate.kb import installing, probe, starting

if TYPE_CHECKING:
    from remediate.connections.base import Session
    from remediate.model import Change, State

NEEDS = {"session": "yes"}
VOLATILE = probe.VOLATILE
UNKNOWN = ("exit_code", "meaning", "restart_needed", "log", "adopted")


@dataclass(frozen=True, kw_only=True)
class Params(installing.InstallParams):
    """Everything is in InstallParams: what hotfix and service_pack share."""


def inspect(session: Session, params: Params) -> State:
    return installing.inspect(session, params)


def diff(state: State, params: Params) -> list[Change]:
    item = installing.work(params)
    if item.package.kind != "service_pack":
        raise UserError(f"{item.package.id} is no service pack", hint="use the module hotfix for it")
    changes = installing.diff(state, params)
    if changes and not item.command:
        raise Blocked(
            f"nobody said how {item.package.title} is installed unattended, and its switches are not documented",
            f"guided step: back up, install {item.package.title} by hand from the console, restart if it asks, run "
            f"again; or give the command line: packages: {{{item.package.id}: {{command: '\"{{package}}\" ...'}}}}",
        )
    return changes


def apply(session: Session, change: Change, params: Params) -> State:
    return starting.apply(session, change, params)


columns = installing.columns
