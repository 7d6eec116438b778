"""Read a registry key or one of its values.

Changes nothing. With ``name`` the registered result holds ``exists``, ``type`` (REG_SZ, REG_DWORD, ...) and
``value``; without it ``exists``, ``properties`` (value name to ``type`` and ``value``; the key's default value is
called "") and ``sub_keys``.

Examples:

```yaml
- name: Is the hotfix registered?
  win_reg_stat: {path: 'HKLM:\\SOFTWARE\\Microsoft\\Updates\\Exchange Server 2003\\SP2\\KB870585'}
  register: proof

- name: Which Windows is it?
  win_reg_stat: {path: 'HKLM:\\SOFTWARE\\Microsoft\\Windows NT\\CurrentVersion', name: ProductName}
  register: product
```
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from remediate.kb.windows import registry_key
from remediate.model import Change, State

if TYPE_CHECKING:
    from remediate.connections.base import Session

NEEDS = {"session": "yes"}


@dataclass(frozen=True, kw_only=True)
class Params:
    path: str = field(metadata={"help": "Key, beginning with HKLM:\\, HKCU:\\, HKCR:\\, HKU:\\ or HKCC:\\."})
    name: str | None = field(default=None, metadata={"help": 'Value to read; "" is the default value of the key.'})

    def __post_init__(self) -> None:
        registry_key(self.path)


def inspect(session: Session, params: Params) -> State:
    return session.call("win_regedit", "stat", {"key": registry_key(params.path), "name": params.name})


def diff(state: State, params: Params) -> list[Change]:
    return []
