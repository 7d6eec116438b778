"""Install one hotfix, rollup or update of the same branch, and wait for its end. Nothing newer is ever overwritten.

The installer runs detached on the host: a lost connection or a killed controller neither ends nor repeats it, and
whoever comes next finds it and waits. Right before it starts, the host itself checks once more that the files are those
seen, that the package is whole and that no other installer runs. Success is what the files say, not what the exit code
says. Follow it with services_restored, which also marks the work as dealt with.

The registered result holds the facts as exchange_facts gives them, ``job``, ``exit_code``, ``meaning``,
``restart_needed``, ``log`` and ``adopted``.

Examples:

```yaml
- name: Install the hotfix
  hotfix:
    advisory: '{{ kb870585_advisory }}'
    package: KB870585-2003-SP1
    file: /srv/packages/Exchange2003-KB870585-x86-ENU.exe
    sha256: '{{ packages["KB870585-2003-SP1"].sha256 }}'
  register: installed

- name: Bring back the services it stopped
  services_restored: {job: '{{ installed.job }}'}
```
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from remediate.errors import UserError
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
    package = installing.work(params).package
    if package.kind == "service_pack":
        raise UserError(f"{package.id} is a service pack", hint="use the module service_pack for it")
    return installing.diff(state, params)


def apply(session: Session, change: Change, params: Params) -> State:
    return starting.apply(session, change, params)


def undo(session: Session, change: Change, params: Params) -> State:
    return starting.undo(session, params)


columns = installing.columns
