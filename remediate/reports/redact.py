"""Keeps secrets out of everything that leaves the program: replaces known secret values in every string of an event."""

from __future__ import annotations

import dataclasses
import json
import re
from collections.abc import Iterable, Mapping
from enum import Enum
from pathlib import PurePath
from typing import TYPE_CHECKING, Any

from remediate.model import Secret

if TYPE_CHECKING:
    from remediate.events import Event, Sink
    from remediate.model import Result

MASK = "****"
SHORT = 4
"""Secrets shorter than this are masked only where they stand alone: else they would eat parts of other words."""

_SECRET_NAME = re.compile(r"(^|_)(pass(word|wd|phrase)?|pwd|secret|token)$", re.IGNORECASE)


def names_a_secret(name: str) -> bool:
    """Whether a variable of this name holds a secret: ``ansible_password``, ``ansible_ssh_pass``, ``api_token``."""
    return bool(_SECRET_NAME.search(name))


def secrets_in(value: object, name: str = "") -> set[str]:
    """Every secret value inside ``value``: ``Secret`` objects, and texts under a name that says so."""
    if isinstance(value, Secret):
        return {value.reveal()}
    if isinstance(value, str):
        return {str(value)} if names_a_secret(name) and "{{" not in value else set()
    if isinstance(value, Mapping):
        return set().union(*(secrets_in(item, str(key)) for key, item in value.items()))
    if isinstance(value, list | tuple):
        return set().union(*(secrets_in(item, name) for item in value))
    return set()


def _spellings(secret: str) -> set[str]:
    """The forms in which a secret can turn up in output: itself, its lines, as JSON, as Python writes it."""
    forms = {
        secret,
        secret.strip(),
        json.dumps(secret)[1:-1],
        json.dumps(secret, ensure_ascii=False)[1:-1],
        repr(secret)[1:-1],
    }
    if "\n" in secret:
        forms |= {line.strip() for line in secret.splitlines() if len(line.strip()) >= SHORT}
    return {form for form in forms if form}


def _pattern(secrets: Iterable[str]) -> re.Pattern[str] | None:
    forms = {form for secret in secrets for form in _spellings(secret)}
    parts = [
        re.escape(form) if len(form) >= SHORT else rf"(?<![^\W_]){re.escape(form)}(?![^\W_])"
        for form in sorted(forms, key=lambda form: (-len(form), form))
    ]
    return re.compile("|".join(parts)) if parts else None


def censored(result: Result) -> Result:
    """A ``no_log`` result without anything the task read, wrote or said."""
    hidden = "hidden by no_log" if result.message else ""
    return dataclasses.replace(
        result, message=hidden, remedy="", changes=(), before={}, after={}, extra={}, columns={}, notes=()
    )


class Redactor:
    """Replaces every secret it was told of. Longer secrets win where one contains another."""

    def __init__(self, secrets: Iterable[str] = ()) -> None:
        self._secrets = set(secrets)
        self._find = _pattern(self._secrets)

    def add(self, secrets: Iterable[str]) -> None:
        """Learn further secrets (a password that was typed in)."""
        self._secrets |= set(secrets)
        self._find = _pattern(self._secrets)

    def text(self, text: str) -> str:
        """``text`` with every known secret masked."""
        return self._find.sub(MASK, text) if self._find else text

    def value(self, value: Any) -> Any:
        """A copy of ``value`` (text, mapping, list, tuple, dataclass, nested) without secrets; the same type."""
        if isinstance(value, Secret):
            return MASK
        if isinstance(value, Enum) or value is None or isinstance(value, bool | int | float | PurePath):
            return value
        if isinstance(value, str):
            return self.text(value)
        if isinstance(value, Mapping):
            return {self.value(key): self._under(key, item) for key, item in value.items()}
        if isinstance(value, list):
            return [self.value(item) for item in value]
        if isinstance(value, tuple):
            return tuple(self.value(item) for item in value)
        if dataclasses.is_dataclass(value) and not isinstance(value, type):
            fields = {f.name: self.value(getattr(value, f.name)) for f in dataclasses.fields(value)}
            return dataclasses.replace(value, **fields)
        return self.text(str(value))

    def _under(self, key: object, item: object) -> object:
        return MASK if isinstance(item, str) and item and names_a_secret(str(key)) else self.value(item)


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
