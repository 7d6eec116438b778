"""One account over a run, those it went on with and those that went on with it: who did what, when, how it ended."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from remediate.errors import UserError

if TYPE_CHECKING:
    from remediate.ledger.rows import RunRow
    from remediate.ledger.store import Ledger

MOST = 100
"""Runs that are told of together."""
OF_RUN = ("id", "kind", "who", "controller", "started", "finished", "state", "exit_code", "resumes")


def family(ledger: Ledger, row: RunRow) -> list[RunRow]:
    """The runs that belong together, each behind the one it goes on with. One that is gone is left out."""
    first, seen = row, {row.id}
    while first.resumes and first.resumes not in seen and len(seen) < MOST:
        try:
            first = ledger.run(first.resumes)
        except UserError:
            break
        seen.add(first.id)
    found = [first]
    for one in found:
        known = {run.id for run in found}
        found += [ledger.run(name) for name in ledger.resumed_by(one.id) if name not in known and len(found) < MOST]
    return found


def account(documents: Sequence[Mapping[str, Any]]) -> dict[str, Any] | None:
    """What the documents of several runs tell together; None where there is one only."""
    if len(documents) < 2:
        return None
    names = dict.fromkeys(host["host"] for document in documents for host in document["hosts"])
    return {
        "runs": [{name: document["run"][name] for name in OF_RUN} for document in documents],
        "hosts": [_host(name, documents) for name in names],
        "packages": _all(documents, "packages"),
        "remarks": _all(documents, "remarks"),
    }


def _all(documents: Sequence[Mapping[str, Any]], name: str) -> list[dict[str, Any]]:
    return [{**one, "run": document["run"]["id"]} for document in documents for one in document[name]]


def _host(name: str, documents: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    """A host as the last run left it, as the first one found it, and all that was done in between."""
    told = [(str(one["run"]["id"]), host) for one in documents for host in one["hosts"] if host["host"] == name]
    met = (one for one in reversed(told) if one[1]["outcome"] or one[1]["steps"] or one[1]["under_way"])
    run, last = next(met, told[-1])
    before = next((cell for _, host in told if (cell := host["columns"].get("before"))), "")
    files: list[Any] = next((host["files"] for _, host in reversed(told) if host["files"]), [])
    notes = dict.fromkeys(str(note) for _, host in told for note in host.get("notes") or ())
    steps = [{**step, "run": number, "under_way": host["under_way"]} for number, host in told for step in host["steps"]]
    return {
        **last,
        "outcome_run": run,
        "columns": {**last["columns"], **({"before": before} if before else {})},
        "notes": list(notes),
        "files": files,
        "steps": list(_steps(steps)),
    }


def _steps(steps: Sequence[dict[str, Any]]) -> Iterator[dict[str, Any]]:
    """Each in its order; what was done before says by which run, and when."""
    done: dict[str, dict[str, Any]] = {}
    for step in steps:
        place = str(step["place"] or step["address"])
        if not step["recalled"]:
            if step["status"]:
                done[place] = step
            yield {**step, "done_by": None}
            continue
        first = done.get(place)
        yield {**step, "done_by": first and {"run": first["run"], "at": first["ended"], "number": first["number"]}}
