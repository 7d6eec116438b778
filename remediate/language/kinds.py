"""What is wrong with a value that is not of the wanted kind, in words of our own; pydantic finds out what it is."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from remediate.language.words import kind, suggestion

_WANTED: Mapping[str, str] = {
    "bool": "true or false",
    "int": "a whole number",
    "float": "a number",
    "string": "text",
    "list": "a list",
    "tuple": "a list",
    "dict": "a mapping",
    "mapping": "a mapping",
    "dataclass": "a mapping",
    "finite": "a number",
}
"""How the types of pydantic's errors begin, and what is wanted then."""
_QUOTED = re.compile(r"'([^']*)'")


def wrong(error: Mapping[str, Any], *, quiet: bool = False) -> tuple[str, str]:
    """What to say of one of pydantic's errors, and a hint; ``quiet``: the value is not repeated."""
    got, name = error.get("input"), str(error["type"])
    shown = "" if quiet or not isinstance(got, str | int | float) else f", not {_short(got)}"
    if name == "literal_error":
        choices = _QUOTED.findall(str(error.get("ctx", {}).get("expected", "")))
        return f"must be one of its words{shown}", "" if quiet else suggestion(str(got), choices, what="there are")
    if name in ("value_error", "assertion_error"):
        return f"{error.get('ctx', {}).get('error') or error['msg']}", ""
    if name.startswith("missing"):
        return "is missing", ""
    if name.startswith(("unexpected", "extra_forbidden")):
        return "is not known", ""
    wanted = _WANTED.get(name.partition("_")[0], "of another kind")
    return f"must be {wanted}{shown or (f', not {kind(got)}' if not quiet else '')}", ""


def _short(value: object) -> str:
    text = repr(str(value) if isinstance(value, str) else value)
    return text if len(text) <= 60 else text[:57] + "..."


def too_small(value: object, least: object) -> str:
    """What is wrong with a number of seconds below ``least`` (0 says: none); "" for nothing."""
    if not isinstance(least, int | float) or not isinstance(value, int | float) or value == 0 or value >= least:
        return ""
    return f"must be 0 or at least {least:g} seconds, not {value!r}"
