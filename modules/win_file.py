"""Make a folder, make an empty file, remove a file or a folder, or insist that a file is there.

``directory`` makes the folder with its parents. ``touch`` makes an empty file only where nothing is: unlike a
Unix touch it leaves the time of an existing file alone, so a second run changes nothing. ``file`` changes nothing
and blocks when the file is missing. ``absent`` removes a file, or a folder with all that is in it; it refuses the
root of a drive, the Windows, Program Files and profile folders and whatever contains them, links to other places,
network paths and short (8.3) names.

Examples:

```yaml
- name: A place for the packages
  win_file: {path: 'C:\\Updates\\KB870585', state: directory}

- name: Leftovers of an earlier attempt
  win_file: {path: '%TEMP%\\unpacked', state: absent}
```
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Literal, cast

from remediate.errors import Blocked, Failed
from remediate.kb.windows import PRECIOUS, deletion_risk
from remediate.model import Change, Json, State

if TYPE_CHECKING:
    from remediate.connections.base import Session

NEEDS = {"session": "yes"}
ENTRIES_COUNTED = 5000


@dataclass(frozen=True, kw_only=True)
class Params:
    path: str = field(metadata={"help": "Full path on the host; %VAR% is expanded there."})
    state: Literal["directory", "absent", "file", "touch"] = field(
        default="file", metadata={"help": "What the path should be: directory, absent, file or touch."}
    )


def inspect(session: Session, params: Params) -> State:
    limit = ENTRIES_COUNTED if params.state == "absent" else 0
    return session.call("win_file", "inspect", {"path": params.path, "precious": list(PRECIOUS), "limit": limit})


def diff(state: State, params: Params) -> list[Change]:
    path, kind = str(state["path"]), _kind(state)
    match params.state, kind:
        case ("absent", "absent") | ("directory", "folder") | ("file" | "touch", "file"):
            return []
        case "absent", _:
            return [_removal(state, path, kind)]
        case "directory", "file":
            raise Blocked(f"{path} is a file, not a folder", "remove or rename the file first")
        case (("file" | "touch"), "folder"):
            raise Blocked(f"{path} is a folder, not a file", "name a file in it")
        case "file", _:
            raise Blocked(
                f"there is no file {path}", "bring it there with win_copy, or make an empty one with state: touch"
            )
        case "touch", _ if not state["parent_exists"]:
            raise Blocked(f"there is no folder for {path}", "make it first with win_file, state: directory")
    made = "folder" if params.state == "directory" else "empty file"
    return [Change(target=path, before="absent", after=made, details={"do": params.state})]


def apply(session: Session, change: Change, params: Params) -> None:
    done = session.call("win_file", str(change.details["do"]), {"path": change.target})
    if done.get("there"):
        raise Failed(
            f"{change.target} is still there", remedy="something may hold it open, or access is denied: " + _said(done)
        )


def _kind(state: State) -> str:
    if not state["exists"]:
        return "absent"
    return "folder" if state["folder"] else "file"


def _removal(state: State, path: str, kind: str) -> Change:
    remedy = "name the very file or folder to remove; what Windows needs is not removed by this module"
    if kind == "folder":
        risk = deletion_risk(path, [str(kept) for kept in cast("list[Json]", state["precious"])])
        if not risk and state["links"]:
            risk = "it is or contains a link to another place, whose contents would go too"
        if risk:
            raise Blocked(f"{path} is not removed: {risk}", remedy)
        more = " or more" if state["more"] else ""
        before = f"folder with {state['files']} files in {state['folders']} folders{more}"
    else:
        before = f"file of {state['size']} bytes"
    return Change(target=path, before=before, after="absent", reversible=False, details={"do": "remove"})


def _said(done: State) -> str:
    return "; ".join(str(note) for note in cast("list[Json]", done.get("_notes") or []))[:500] or "no reason given"
