"""What the tests tell of, and through whom."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from remediate.notify import Hook, HostLine, Occasion, Told, notify
from tests.patience import LIMIT

NOW = datetime(2026, 11, 28, 22, 5, tzinfo=UTC)
KEY = "k3y-of-the-hook"
ENVIRON: Mapping[str, str] = {
    "CHAT_SECRET": KEY,
    "SMTP_PASSWORD": "smtp-pass-99",
    "PATH": "/usr/bin:/bin",
    "HOME": "/nonexistent",
}
OCCASION = Occasion(
    kind="after",
    run="20261128-2205-7f3a",
    playbook="playbooks/kb870585.yml",
    who="anna",
    controller="ctl1",
    plan="ab12",
    window="saturday_night",
    exit_code=4,
    hosts=(HostLine(host="ex1", outcome="changed"), HostLine(host="ex2", outcome="failed", reason="the disk is full")),
    report="remediate runs report 20261128-2205-7f3a",
)


def tell(folder: Path, occasion: Occasion = OCCASION, environ: Mapping[str, str] = ENVIRON, **hook: Any) -> Told:
    """One hook is told; how it took it."""
    given = {"name": "one", "on": ("before", "after", "failed"), "timeout": LIMIT, **hook}
    (told,) = notify([Hook(**given)], occasion, environ=environ, folder=folder, now=NOW)
    return told
