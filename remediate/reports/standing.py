"""How a host was left, as reports, the ledger and hooks have it: one line, its parts, and data; all bounded."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from remediate.model import HostSummary, Standing
from remediate.reports.document import StandingDocument
from remediate.reports.text import bounded, one_line, safe, trimmed

MOST = 50
"""Alerts and facts kept of one host."""


def as_json(now: Standing | None) -> StandingDocument | None:
    """The whole of it; None where nobody looked again."""
    if now is None:
        return None
    data = trimmed(dict(now.data))
    return {
        "line": line(now),
        "alerts": [bounded(text) for text in now.alerts[:MOST]],
        "told": [bounded(text) for text in now.told[:MOST]],
        "remedy": bounded(now.remedy),
        "unread": bounded(now.unread),
        "data": data if isinstance(data, dict) else {},
    }


def line(now: Standing | None) -> str:
    """``DOWN NOW: MSExchangeIS, MSExchangeMTA; restart due (3010)``; "" where nobody looked again."""
    return one_line(now.line) if now else ""


def shown(host: HostSummary) -> str:
    """What is said of a host at the end of a run: all of it where it did not end well, else only what is amiss."""
    if host.now is None:
        return ""
    return safe(host.now.line if host.outcome.bad or host.now.unread else "; ".join(host.now.alerts))


def kept(told: Mapping[str, Any]) -> str:
    """The line of what a ledger keeps of a host."""
    return one_line(str((told.get("now") or {}).get("line") or ""))
