"""Set or delete one value of the registry, or make or delete a key.

Without ``name`` the task is about the key itself. Deleting a key takes all below it along and therefore needs
``delete_key: true``; keys that Windows cannot live without are refused. A value is compared by its data and its type;
where WMI is broken the type of a text cannot be read and only the data are compared.

Examples:

```yaml
- name: More diagnostic logging
  win_regedit:
    path: 'HKLM:\\SYSTEM\\CurrentControlSet\\Services\\MSExchangeIS\\Diagnostics'
    name: 9002 Rules
    data: 5
    type: dword

- name: Forget an old setting
  win_regedit: {path: 'HKLM:\\SOFTWARE\\Contoso', name: Server, state: absent}
```
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Literal

from remediate.errors import Blocked, Failed
from remediate.kb.windows import registry_key, registry_risk
from remediate.model import Change, Json, State

if TYPE_CHECKING:
    from remediate.connections.base import Session

NEEDS = {"session": "yes"}
TYPES = {
    "string": "REG_SZ",
    "expandstring": "REG_EXPAND_SZ",
    "dword": "REG_DWORD",
    "multistring": "REG_MULTI_SZ",
    "binary": "REG_BINARY",
}


@dataclass(frozen=True, kw_only=True)
class Params:
    path: str = field(metadata={"help": "Key, beginning with HKLM:\\, HKCU:\\, HKCR:\\, HKU:\\ or HKCC:\\."})
    name: str | None = field(default=None, metadata={"help": "Value in the key; left out: the key itself."})
    data: int | str | list[int | str] | None = field(
        default=None,
        metadata={"help": "What to write: text, number (also 0x...), list of texts, or bytes as list or hex text."},
    )
    type: Literal["string", "expandstring", "dword", "multistring", "binary"] = field(
        default="string", metadata={"help": "Type of the value."}
    )
    state: Literal["present", "absent"] = field(default="present", metadata={"help": "present or absent."})
    delete_key: bool = field(default=False, metadata={"help": "Needed to delete a whole key."})

    def __post_init__(self) -> None:
        registry_key(self.path)
        if self.name and "\\" in self.name:
            raise ValueError("a value name with a backslash cannot be handled: keys belong into path")
        if self.name is None and self.data is not None:
            raise ValueError("data needs the name of a value")
        if self.state == "absent" and self.name is None and not self.delete_key:
            raise ValueError("delete_key: true is needed to delete a whole key")
        if self.state == "present" and self.name is not None:
            self.wanted()

    def wanted(self) -> Json:
        """``data`` as the host holds it: text, number, list of texts, or list of bytes. ValueError when it is not."""
        data = self.data
        if self.type == "dword":
            return _number(data)
        if self.type == "binary":
            return list(_bytes(data))
        items = data if isinstance(data, list) else [] if data is None else [data]
        if self.type == "multistring":
            return [str(item) for item in items]
        if len(items) > 1 or isinstance(data, list):
            raise ValueError(f"a {self.type} takes one text, not a list")
        return str(items[0]) if items else ""


def inspect(session: Session, params: Params) -> State:
    """The value with its type; ``expanded`` is a text with variables as the host would read it back."""
    text = (
        params.wanted()
        if params.type == "expandstring" and params.state == "present" and params.name is not None
        else ""
    )
    args: dict[str, Json] = {"key": registry_key(params.path), "name": params.name, "text": text}
    return session.call("win_regedit", "inspect", args)


def diff(state: State, params: Params) -> list[Change]:
    key = registry_key(params.path)
    if params.name is None:
        return _key_changes(state, key, params)
    target = f"{key}\\{params.name}"
    before = _shown(state["value"], state["type"]) if state["exists"] else "absent"
    old: dict[str, Json] = {"exists": state["exists"], "type": state["type"], "value": state["value"]}
    if params.state == "absent":
        gone = Change(target=target, before=before, after="absent", details={"do": "remove", "old": old})
        return [gone] if state["exists"] else []
    kind, value = TYPES[params.type], params.wanted()
    # likely: WshShell hands out a text with variables expanded, and not the same on every version
    readings = (value, state["expanded"]) if params.type == "expandstring" else (value,)
    if state["exists"] and state["value"] in readings and state["type"] in (kind, ""):
        return []
    details: dict[str, Json] = {"do": "write", "type": kind, "value": value, "old": old}
    return [Change(target=target, before=before, after=_shown(value, kind), details=details)]


def apply(session: Session, change: Change, params: Params) -> None:
    args: dict[str, Json] = {"key": registry_key(params.path), "name": params.name}
    args |= {name: change.details[name] for name in ("type", "value") if name in change.details}
    done = session.call("win_regedit", str(change.details["do"]), args)
    if done.get("gone") is False:
        raise Failed(f"{change.target} is still there", remedy="see who may delete it: regedit, Permissions")


def undo(session: Session, change: Change, params: Params) -> None:
    """Puts a value back as it was read; a key that was made is left, a deleted key is lost."""
    old = change.details.get("old")
    if not isinstance(old, dict):
        raise Blocked(f"{change.target} cannot be put back", "restore it from a backup of the registry")
    args: dict[str, Json] = {"key": registry_key(params.path), "name": params.name}
    if old["exists"]:
        kind = old["type"] or TYPES["string"]
        session.call("win_regedit", "write", {**args, "type": kind, "value": old["value"]})
    else:
        session.call("win_regedit", "remove", args)


def _key_changes(state: State, key: str, params: Params) -> list[Change]:
    there = bool(state["key_exists"])
    if params.state == "present":
        made = Change(target=key, before="absent", after="present", reversible=False, details={"do": "create"})
        return [] if there else [made]
    if not there:
        return []
    if risk := registry_risk(key):
        raise Blocked(f"{key} is not deleted: {risk}", "name the very key or value to delete")
    why = "with all keys and values below it"
    return [Change(target=key, before="present", after="absent", reversible=False, why=why, details={"do": "remove"})]


def _number(data: object) -> int:
    try:
        number = data if isinstance(data, int) else int(str(data), 0)
    except ValueError:
        raise ValueError(f"a dword takes a number, not {data!r}") from None
    if not 0 <= number <= 0xFFFFFFFF:
        raise ValueError(f"a dword is 0 to 4294967295, not {number}")
    return number


def _bytes(data: object) -> bytes:
    try:
        if isinstance(data, list):
            return bytes(item if isinstance(item, int) else int(item, 0) for item in data)
        return bytes.fromhex(re.sub(r"^hex:|[,\s]", "", "" if data is None else str(data)))
    except ValueError:
        raise ValueError("binary takes bytes: a list of 0 to 255, or hex text such as be,ef or beef") from None


def _shown(value: Json, kind: Json) -> str:
    text = bytes(value).hex(",") if kind == "REG_BINARY" and isinstance(value, list) else repr(value)  # type: ignore[arg-type]
    return f"{text} ({kind})" if kind else text
