"""Prove that the files of an article's table are in place: these attributes, or later ones. Changes nothing.

Reads the files back in one round trip and compares them with the table of the branch the server is on. Inside the
branch a later version is accepted and mentioned; at exactly the table's version, size and UTC date (to the minute,
the table has no seconds) must match too. All files count: one that lags behind is a partial install, not "fixed".
Servers in another language than English are compared by version only, because sizes and dates are of the English
files. On a service pack that contains the fix the table does not apply: store.exe has to be of that service pack, and
its companions of its build.

The registered result holds ``fixed``, ``branch``, ``build`` and ``rows``: per file what the article says
(``expected_version``, ``expected_size``, ``expected_date``), what is there (``seen_version``, ``seen_size``,
``seen_date``), ``verdict`` and ``note``.

With ``steps`` of the route a check run shows what the steps will bring about instead of complaining that it is not
there.

Examples:

```yaml
- name: The files of the article are in place
  file_attributes:
    advisory: '{{ kb870585_advisory }}'
    steps: '{{ chosen.steps }}'
  register: proof
```
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from typing import TYPE_CHECKING, Any, cast

from remediate.errors import Blocked
from remediate.kb import languages, verify
from remediate.kb.advisory import Advisory, load
from remediate.kb.builds import readable
from remediate.kb.facts import FileSeen, file_seen
from remediate.model import Certainty, Change, Json, State

if TYPE_CHECKING:
    from remediate.connections.base import Session

NEEDS = {"session": "yes"}
PROVES = True
VOLATILE = ("bias_minutes", "bias_source")


@dataclass(frozen=True, kw_only=True)
class Params:
    advisory: dict[str, Any] = field(metadata={"help": "The article as data, from the role's vars."})
    folder: str = field(default="", metadata={"help": "Their folder; empty: as the registry says."})
    language: str = field(
        default="", metadata={"help": "Language of the files (ENU, DEU, ...); empty: the server's own."}
    )
    steps: list[dict[str, Any]] = field(
        default_factory=list, metadata={"help": "Steps of the route that run before this one."}
    )


def inspect(session: Session, params: Params) -> State:
    advisory = load(params.advisory)
    names = [advisory.key_file, *advisory.same_level, *(f.name for p in advisory.packages for f in p.files)]
    unique = list({n.lower(): n for n in names}.values())
    seen = session.call("file_attributes", "inspect", {"folder": params.folder, "files": cast("Json", unique)})
    return {**seen, **_judged(advisory, seen, params.language)}


def diff(state: State, params: Params) -> list[Change]:
    """[] when proved; Changes where the route's steps are still to bring it about; else Blocked with the table."""
    bad = [r for r in _rows(state) if r["verdict"] not in verify.GOOD]
    if state["fixed"] and not bad:
        return []
    if params.steps and (not state["fixed"] or params.steps[0].get("adopts")):
        return _expected(state, load(params.advisory), params.steps[-1])
    raise Blocked(_complaint(state, bad), _remedy(state, bad))


def apply(session: Session, change: Change, params: Params) -> State:
    raise Blocked(change.why, "see why the earlier step did not bring it about, then run again")


def columns(state: State, params: Params) -> Mapping[str, str]:
    planned = params.steps and not state["fixed"]
    return {} if planned else {"after": str(state["build"] or "unknown")}


def notes(state: State, params: Params) -> Sequence[str]:
    rows = _rows(state)
    said = [f"{r['file']} {r['seen_version']}: {r['note']}" for r in rows if r["verdict"] in verify.GOOD and r["note"]]
    if state["compared_language"] != languages.ENGLISH:
        shown = state["compared_language"] or "of unknown language"
        said.append(f"the server is {shown}; the article's sizes and dates are of the English files")
    return said


def _judged(advisory: Advisory, seen: State, language: str) -> dict[str, Json]:
    raw = seen.get("files")
    files = {str(n).lower(): file_seen(str(n), f) for n, f in raw.items()} if isinstance(raw, Mapping) else {}
    own = languages.name(language) or languages.name(seen.get("language"))
    key = files.get(advisory.key_file.lower()) or FileSeen(name=advisory.key_file)
    branch = advisory.branch_of(key.version) if key.version else None
    rows: tuple[verify.Row, ...] = ()
    if branch:
        known = seen.get("bias_source") not in (None, "none")
        rows = verify.rows(advisory, branch, files, language=own, bias_known=known)
    return {
        "key_file": advisory.key_file,
        "build": key.text,
        "branch": branch.id if branch else "",
        "branch_name": branch.name if branch else "",
        "fixed": bool(branch and key.version and branch.fixed(key.version)),
        "fixed_at": str(branch.fixed_at or "") if branch else "",
        "compared_language": own,
        "rows": [cast("Json", asdict(row)) for row in rows],
    }


def _rows(state: State) -> list[Mapping[str, Json]]:
    rows = state["rows"]
    return [row for row in rows if isinstance(row, Mapping)] if isinstance(rows, list) else []


def _expected(state: State, advisory: Advisory, step: Mapping[str, Any]) -> list[Change]:
    """What the last step of the route is to bring, file by file."""
    promised = {str(f["name"]): _cell(f["version"], f["size"], str(f["date"])[:16].replace("T", " "))
                for f in step.get("files", [])}  # fmt: skip
    promised = promised or dict.fromkeys(advisory.same_level or (advisory.key_file,), f"{step['provides']} or later")
    raw = state.get("files")
    files = raw if isinstance(raw, Mapping) else {}
    changes = []
    for name, after in promised.items():
        seen = file_seen(name, files.get(name.lower()))
        moment = f"{seen.modified:%Y-%m-%d %H:%M}" if seen.modified else ""
        why = f"{name} is {seen.text or 'not readable'}; {step['package']} should have brought {step['provides']}"
        before = _cell(seen.text, seen.size, moment) if seen.text else None
        changes.append(Change(target=name, before=before, after=after, certainty=Certainty.AFTER_APPLY, why=why))
    return changes


def _cell(version: object, size: int | None, date: str) -> str:
    parts = [str(version), f"{size:,} bytes" if size is not None else "", f"{date} UTC" if date else ""]
    return ", ".join(p for p in parts if p)


def _complaint(state: State, bad: list[Mapping[str, Json]]) -> str:
    key = state["key_file"]
    if not state["build"]:
        return f"{key} could not be read in {state.get('folder') or 'an unknown folder'}, so nothing is proved"
    if not readable(state["build"]) or not state["branch"]:
        return f"{key} {state['build']} is of no branch this article knows"
    listed = "; ".join(f"{r['file']} {r['seen_version'] or '(no version)'}: {r['note'] or r['verdict']}" for r in bad)
    if not state["fixed"]:
        return f"not fixed: {key} is {state['build']}, its branch is fixed from {state['fixed_at'] or 'nowhere'}"
    if any(r["verdict"] in verify.PARTIAL for r in bad):
        return f"partial install, not fixed: {listed}"
    return f"not proved: {listed}"


def _remedy(state: State, bad: list[Mapping[str, Json]]) -> str:
    verdicts = {r["verdict"] for r in bad}
    if not state["branch"] or "unreadable" in verdicts:
        return "mend what keeps the files from being read (rights, path, WMI), then verify again"
    if not state["fixed"]:
        return "run the playbook to bring the fix"
    if verdicts & verify.PARTIAL:
        return "restart the server and verify; if it stays so, take the update off, install it again and verify"
    if any("zone" in str(r["note"]) for r in bad):
        return "set the server's time zone and daylight saving right, then verify again"
    return (
        "the version is right, but this is not the published file: compare it with the one inside the package, and "
        "install the package again when in doubt"
    )
