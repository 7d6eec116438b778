"""A hook that failed, in one line that cannot steer a terminal."""

from __future__ import annotations

import re

LONGEST = 300
_UNSAFE = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028-\u202e\u2066-\u2069]+")


class HookFailed(Exception):
    """Why a hook could not be told; the text holds no secret."""


def line(text: str) -> str:
    """``text`` on one line, bounded. Not shared with the reports: hooks import nothing of theirs."""
    flat = " ".join(_UNSAFE.sub(" ", text).split())
    return flat if len(flat) <= LONGEST else flat[: LONGEST - 3] + "..."
