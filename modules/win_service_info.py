"""List services with state, start type, dependencies and dependents.

Changes nothing. The registered result holds ``exists`` (did any match) and ``services``, a list of ``name``,
``display_name``, ``state`` (running, stopped, start pending, stop pending, paused, unknown), ``start_mode``
(auto, manual, disabled, boot, system, unknown), ``pid``, ``path``, ``dependencies`` and ``depended_by``.

Examples:

```yaml
- name: What of Exchange is here?
  win_service_info: {name: 'MSExchange*'}
  register: exchange

- debug: {msg: '{{ exchange.services | selectattr("state", "eq", "running") | map(attribute="name") | list }}'}
```
"""

from __future__ import annotations

from dataclasses import dataclass, field
from fnmatch import fnmatchcase
from typing import TYPE_CHECKING, cast

from remediate.model import Change, Json, State

if TYPE_CHECKING:
    from remediate.connections.base import Session

NEEDS = {"session": "yes"}
VOLATILE = ("services.*.pid",)


@dataclass(frozen=True, kw_only=True)
class Params:
    name: str = field(default="*", metadata={"help": "Service or display name; * and ? stand for anything."})


def inspect(session: Session, params: Params) -> State:
    seen = dict(session.call("win_service_info", "inspect", {}))
    rows = cast("list[dict[str, Json]]", seen.pop("services"))
    chosen: list[Json] = [_shown(row, rows) for row in rows if _matches(row, params.name)]
    return {**seen, "exists": bool(chosen), "services": chosen}


def diff(state: State, params: Params) -> list[Change]:
    return []


def _matches(row: dict[str, Json], pattern: str) -> bool:
    return any(fnmatchcase(str(row[key]).casefold(), pattern.casefold()) for key in ("name", "display"))


def _shown(row: dict[str, Json], rows: list[dict[str, Json]]) -> Json:
    name = str(row["name"]).casefold()
    users: list[Json] = [r["name"] for r in rows if name in _folded(r["depends"])]
    return {
        "name": row["name"],
        "display_name": row["display"],
        "state": row["state"],
        "start_mode": row["start_mode"],
        "pid": row["pid"],
        "path": row["path"],
        "dependencies": row["depends"],
        "depended_by": users,
    }


def _folded(names: Json) -> set[str]:
    return {str(name).casefold() for name in names} if isinstance(names, list) else set()
