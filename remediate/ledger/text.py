"""Text and JSON in the one form the ledger stores and hashes."""

from __future__ import annotations

import hashlib
import json
import math
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import cast

from remediate.model import Json


def storable(text: str) -> str:
    """``text`` as any database takes it: NUL and lone surrogates are written out."""
    return text.encode("utf-8", "backslashreplace").decode("utf-8").replace("\0", "\\x00")


def plain(value: object) -> Json:
    """``value`` as plain JSON: mappings with text keys, lists, and text for whatever JSON has no word for."""
    if isinstance(value, float) and not math.isfinite(value):
        return str(value)
    if isinstance(value, str):
        return str(value)
    if value is None or isinstance(value, bool | int | float):
        return value
    if isinstance(value, Mapping):
        return {str(key): plain(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [plain(item) for item in value]
    return str(value)


def canonical(value: object) -> str:
    """The only spelling of ``value``: sorted keys, no blanks, ASCII."""
    return json.dumps(plain(value), sort_keys=True, separators=(",", ":"), ensure_ascii=True, allow_nan=False)


def digest(value: object) -> str:
    """SHA-256 of the canonical form, in hex."""
    return hashlib.sha256(canonical(value).encode("ascii")).hexdigest()


def mapping(text: str) -> dict[str, Json]:
    """A mapping that was stored as canonical JSON."""
    return cast("dict[str, Json]", json.loads(text))


def stamp(moment: datetime) -> str:
    """``2026-11-25T23:49:01.123456Z``: sorts as it happened. ``moment`` must know its time zone."""
    return moment.astimezone(UTC).replace(tzinfo=None).isoformat(timespec="microseconds") + "Z"


def moment(text: str) -> datetime:
    """The aware time of a stamp."""
    return datetime.fromisoformat(text)


def is_stamp(text: str) -> bool:
    """Whether ``text`` is one."""
    try:
        return stamp(moment(text)) == text
    except (ValueError, TypeError):
        return False
