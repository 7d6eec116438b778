"""Keeps secrets out of everything that leaves the program: masks what was told to be one in every text of an event."""

from __future__ import annotations

import dataclasses
import json
from collections.abc import Iterable, Mapping
from enum import Enum
from functools import cache
from pathlib import PurePath
from typing import TYPE_CHECKING, Any

from remediate.model import MASK, Secret
from remediate.secrets.known import Known

if TYPE_CHECKING:
    from remediate.events import Event, Sink
    from remediate.model import Result

OPEN_FIELDS = ("before", "after")
"""Fields of our own values that hold whatever a host or a playbook says, numbers too."""


def censored(result: Result) -> Result:
    """A ``no_log`` result without anything the task read, wrote or said."""
    hidden = "hidden by no_log" if result.message else ""
    return dataclasses.replace(
        result, message=hidden, remedy="", changes=(), before={}, after={}, extra={}, columns={}, notes=()
    )


class Redactor:
    """Masks what is known to be secret when it is asked. What keys are called says nothing: hosts name them."""

    def __init__(self, secrets: Known | Iterable[str] = ()) -> None:
        self._known = secrets if isinstance(secrets, Known) else Known()
        if not isinstance(secrets, Known):
            for secret in secrets:
                self._known.tell(secret)

    def text(self, text: str) -> str:
        """``text`` with every known secret masked."""
        return self._known.text(text)

    def printed(self, text: str) -> str:
        """What is about to be printed, masked once more with all that is known by now; JSON stays JSON."""
        shown = self._known.text(text)
        if shown == text or not text.startswith(("{", "[")):
            return shown
        try:
            document = json.loads(text)
        except ValueError:
            return shown
        return json.dumps(self.value(document), indent=2)

    def value(self, value: Any) -> Any:
        """``value`` (text, mapping, list, tuple, dataclass, nested) without secrets, of the same type.

        Where there is none in it that may be ``value`` itself: nobody may change what is handed back.
        """
        kind: Any = type(value)
        if kind is str:
            return self._known.text(value)
        if value is None or kind is bool or isinstance(value, Enum | PurePath):
            return value
        if isinstance(value, int | float):
            return MASK if value in self._known else value
        if isinstance(value, Secret):
            return value.shown
        if isinstance(value, Mapping):
            return {self.value(key): self.value(item) for key, item in value.items()} if value else {}
        if isinstance(value, list | tuple):
            items = [self.value(item) for item in value]
            return items if isinstance(value, list) else tuple(items)
        names = _fields(kind)
        if names is not None:
            return self._ours(value, names)
        return self._known.text(str(value))

    def _ours(self, value: Any, names: Iterable[str]) -> Any:
        """One of our own values. Its numbers (seconds, lines, counts) are none of a host or a user."""
        masked = {}
        for name in names:
            item = getattr(value, name)
            if name == "counts" or (isinstance(item, int | float) and name not in OPEN_FIELDS):
                continue
            found = self.value(item)
            if found is not item and (isinstance(item, Secret) or found != item):
                masked[name] = found
        return dataclasses.replace(value, **masked) if masked else value


@cache
def _fields(kind: type) -> tuple[str, ...] | None:
    """The names of a dataclass; None for other types."""
    return tuple(field.name for field in dataclasses.fields(kind)) if dataclasses.is_dataclass(kind) else None


class Redacting:
    """A sink in front of another one: what comes out at the far end holds no known secret."""

    def __init__(self, sink: Sink, redactor: Redactor) -> None:
        self._sink = sink
        self._redactor = redactor

    def receive(self, event: Event) -> None:
        from remediate.events import StepFinished

        if isinstance(event, StepFinished) and event.result.no_log:
            event = StepFinished(result=censored(event.result))
        self._sink.receive(self._redactor.value(event))

    def close(self) -> None:
        self._sink.close()
