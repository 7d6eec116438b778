"""Read what is known of one file or folder: size, version, time, attributes, and its SHA-256 when asked for.

Changes nothing. The registered result holds ``stat`` with: ``exists``, ``isdir``, ``isreg``, ``path``, ``size``
(bytes), ``version`` (of a program, else empty), ``modified`` (UTC, ISO 8601), ``attributes`` and ``checksum``
(SHA-256, lower-case hex; empty unless ``get_checksum`` is set and it is a file).

Examples:

```yaml
- name: Look at the store
  win_stat: {path: 'C:\\Program Files\\Exchsrvr\\bin\\store.exe'}
  register: store

- debug: {msg: 'store.exe is {{ store.stat.version }}'}
  when: store.stat.exists
```
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, cast

from remediate.model import Change, Json, State

if TYPE_CHECKING:
    from remediate.connections.base import Session

NEEDS = {"session": "yes"}
VOLATILE = ("stat.lastaccesstime",)


@dataclass(frozen=True, kw_only=True)
class Params:
    path: str = field(metadata={"help": "File or folder on the host; %VAR% is expanded there."})
    get_checksum: bool = field(default=False, metadata={"help": "Also work out the SHA-256 (reads the whole file)."})


def inspect(session: Session, params: Params) -> State:
    seen = dict(session.call("win_stat", "inspect", {"path": params.path}))
    stat = cast("dict[str, Json]", seen["stat"])
    checksum = session.hash(str(stat["path"])) if params.get_checksum and stat["isreg"] else ""
    return {**seen, "stat": {**stat, "checksum": checksum}}


def diff(state: State, params: Params) -> list[Change]:
    return []
