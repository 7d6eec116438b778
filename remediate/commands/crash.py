"""An error nobody foresaw: one line on the screen, the traceback and the versions in a log file."""

from __future__ import annotations

import importlib.metadata
import platform
import tempfile
import traceback
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path

from remediate import __version__
from remediate.commands.outside import Outside
from remediate.reports.text import one_line

PACKAGES = ("paramiko", "cryptography", "pydantic", "jinja2", "pyyaml", "rich", "quickjs-ng")


def report(error: Exception, argv: Sequence[str], outside: Outside) -> int:
    """Write the log, say where it is, and give the exit code: 1, for no host's outcome is known from here."""
    path = _write(_page(error, argv), outside.folder)
    where = f"details are in {path}" if path else "no log could be written"
    outside.complain(f"error: unexpected: {type(error).__name__}: {one_line(str(error), 300)} ({where})")
    return 1


def _page(error: Exception, argv: Sequence[str]) -> str:
    lines = [
        f"remediate {__version__}, Python {platform.python_version()}, {platform.platform()}",
        f"command: {' '.join(_without_values(argv))}",
        *(f"{name} {_version(name)}" for name in PACKAGES),
        "",
        "".join(traceback.format_exception(error)),
    ]
    return "\n".join(lines)


def _without_values(argv: Sequence[str]) -> list[str]:
    """The command line without the variables on it: they may be secrets."""
    words = list(argv)
    hidden = [False, *(word in ("-e", "--extra-vars") for word in words)]
    return [
        "..." if hide else "--extra-vars=..." if word.startswith("--extra-vars=") else word
        for word, hide in zip(words, hidden, strict=False)
    ]


def _version(package: str) -> str:
    try:
        return importlib.metadata.version(package)
    except importlib.metadata.PackageNotFoundError:
        return "is not installed"


def _write(page: str, folder: Path) -> Path | None:
    """The log beside the project's other state, or in the temporary folder where that cannot be written."""
    name = f"crash-{datetime.now(UTC):%Y%m%dT%H%M%S}-"
    for place in (folder / ".remediate" / "logs", None):
        try:
            if place:
                place.mkdir(parents=True, exist_ok=True)
            with tempfile.NamedTemporaryFile(
                "w", prefix=name, suffix=".log", dir=place, delete=False, encoding="utf-8", errors="backslashreplace"
            ) as log:
                log.write(page)
            return Path(log.name)
        except OSError:
            continue
    return None
