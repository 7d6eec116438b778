"""Step -> Seen: inspect the host and compare. Changes nothing."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from remediate.connections.base import Session
from remediate.engine.faults import blank, ended
from remediate.engine.registry import LoadedModule
from remediate.engine.worker import Seen
from remediate.errors import HostError, Interrupted
from remediate.model import Change, Json, Result, State, Step

_Told = tuple[Mapping[str, str], tuple[str, ...]]


def look(step: Step, module: LoadedModule, params: object, session: Session) -> Seen:
    """What the host is like, and what would have to be changed on it. Only ``Interrupted`` is raised."""
    try:
        state = module.inspect(session, params)
    except Interrupted:
        raise
    except Exception as error:  # noqa: BLE001 - modules are plug-ins: a fault in one must not end the other hosts
        return unseen(step, module, error)
    return compare(step, module, params, state)


def compare(step: Step, module: LoadedModule, params: object, state: State) -> Seen:
    """What would have to be changed on a host of this State."""
    told: _Told = ({}, ())
    try:
        told = _told(module, state, params)
        changes = tuple(_judged(change, module) for change in module.diff(state, params))
    except Exception as error:  # noqa: BLE001 - the same
        return Seen(result=ended(_seen(step, state, told), error, module), over=True)
    return Seen(result=_seen(step, state, told, changes))


def _judged(change: Change, module: LoadedModule) -> Change:
    """No Change can be taken back that its module has no ``undo`` for, whatever it says."""
    return change if module.reversible or not change.reversible else replace(change, reversible=False)


def unseen(step: Step, module: LoadedModule, error: Exception) -> Seen:
    """There is no State: this is why."""
    told = error if isinstance(error, HostError) else None
    return Seen(result=ended(blank(step), error, module), over=True, unread=True, error=told)


def shown(module: LoadedModule, result: Result, state: State, params: object) -> Result:
    """The Result with the cells and notes that a further State gives; how it was before stays so."""
    cells, notes = _told(module, state, params)
    before = {"before": result.columns["before"]} if "before" in result.columns else {}
    return replace(result, columns={**result.columns, **cells, **before},
                   notes=tuple(dict.fromkeys((*result.notes, *notes))))  # fmt: skip


def _told(module: LoadedModule, state: State, params: object) -> _Told:
    """The cells and notes of a State; cells without text say nothing."""
    columns = module.columns(state, params) if module.columns else {}
    noted = state.get("_notes")
    own = tuple(_note(n) for n in noted[:50]) if isinstance(noted, list) else ()
    said = tuple(module.notes(state, params)) if module.notes else ()
    return {key: cell for key, cell in columns.items() if cell}, (*said, *own)


def _seen(step: Step, state: State, told: _Told, changes: tuple[Change, ...] = ()) -> Result:
    return replace(blank(step), before=state, after=state, columns=told[0], notes=tuple(dict.fromkeys(told[1])),
                   changes=changes)  # fmt: skip


def _note(note: Json) -> str:
    """One line of a payload's ``_notes``: {"source", "text"}."""
    text = f"{note.get('source')}: {note.get('text')}" if isinstance(note, dict) else str(note)
    return text if len(text) <= 500 else text[:497] + "..."
