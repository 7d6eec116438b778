"""Makes text from hosts fit to be shown: control characters visible, length bounded, one line where one is wanted."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pydantic import JsonValue

LONGEST = 4_000
"""Characters of one text a report shows; what is longer is cut and says so."""
MOST_ITEMS = 200
"""Entries kept of one list or mapping inside a State."""
DEEPEST = 12

_UNSAFE = re.compile(
    r"[\x00-\x08\x0b-\x1f\x7f-\x9f"  # controls, without tab and line feed
    r"\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069"  # bidirectional overrides
    r"\u2028\u2029\ud800-\udfff\ufeff]"  # separators, lone surrogates, byte order mark
)
"""What could steer a terminal or lie to a reader."""


def _escaped(match: re.Match[str]) -> str:
    code = ord(match.group())
    return f"\\x{code:02x}" if code < 0x100 else f"\\u{code:04x}"


def visible(text: str) -> str:
    """``text`` with every control character written out (``\\x1b``); line ends and tabs stay."""
    return _UNSAFE.sub(_escaped, text.replace("\r\n", "\n"))


def bounded(text: str, limit: int = LONGEST) -> str:
    """``text``, cut behind ``limit`` characters with a note of how many more there were."""
    if len(text) <= limit:
        return text
    return f"{text[:limit]}... ({len(text) - limit} more characters)"


def one_line(text: str, limit: int = LONGEST) -> str:
    """``text`` safe and on a single line: runs of white space become one blank."""
    return bounded(" ".join(visible(text).split()), limit)


def safe(text: str, limit: int = LONGEST) -> str:
    """``text`` safe and bounded, its lines kept."""
    return bounded(visible(text), limit)


def plain_value(value: object) -> str:
    """A value of a Change or a State as a person writes it: ``-`` for nothing, words for booleans."""
    if value is None:
        return "-"
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, str):
        return one_line(value) or '""'
    if isinstance(value, Mapping):
        return one_line(", ".join(f"{key} {plain_value(item)}" for key, item in value.items())) or "-"
    if isinstance(value, list | tuple):
        return one_line(", ".join(plain_value(item) for item in value)) or "-"
    return one_line(json.dumps(value, default=str))


def duration(seconds: float) -> str:
    """Seconds as people say them: ``0.4 s``, ``42 s``, ``3 min``, ``2 h 05 min``."""
    if seconds < 10:
        return f"{seconds:.1f} s"
    if seconds < 120:
        return f"{seconds:.0f} s"
    minutes = round(seconds / 60)
    return f"{minutes} min" if minutes < 120 else f"{minutes // 60} h {minutes % 60:02d} min"


def counted(number: int, one: str, many: str = "") -> str:
    """``1 host``, ``2 hosts``."""
    return f"{number} {one if number == 1 else many or one + 's'}"


def trimmed(value: object, depth: int = 0) -> JsonValue:
    """``value`` as plain JSON, bounded in depth, in entries per list and in characters per text."""
    if value is None or isinstance(value, bool | int | float):
        return value
    if isinstance(value, Mapping | list | tuple) and depth >= DEEPEST:
        return "..."
    if isinstance(value, Mapping):
        kept: dict[str, JsonValue] = {
            str(key): trimmed(item, depth + 1) for key, item in list(value.items())[:MOST_ITEMS]
        }
        if len(value) > MOST_ITEMS:
            kept["..."] = f"{len(value) - MOST_ITEMS} more"
        return kept
    if isinstance(value, list | tuple):
        items: list[JsonValue] = [trimmed(item, depth + 1) for item in value[:MOST_ITEMS]]
        return [*items, f"... {len(value) - MOST_ITEMS} more"] if len(value) > MOST_ITEMS else items
    return bounded(str(value))
