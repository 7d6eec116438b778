"""An error nobody foresaw: one line on the screen, the traceback and the versions in a log file."""

from __future__ import annotations

import importlib.metadata
import platform
import re
import tempfile
import traceback
from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path

from remediate import __version__
from remediate.project.outside import Outside
from remediate.reports.text import one_line
from remediate.secrets import files
from remediate.secrets.logins import SHORTEST, logins
from remediate.secrets.names import names_a_secret

_VARIABLES = re.compile(r"-[hkv]*e|--extra-vars(?:=|\Z)")
"""How a word begins that gives variables, or says that the next one does; ``-h``, ``-k`` and ``-v`` take no value."""
PACKAGES = ("paramiko", "cryptography", "pydantic", "jinja2", "pyyaml", "rich", "quickjs-ng")


def report(error: Exception, argv: Sequence[str], outside: Outside, *, code: int = 1) -> int:
    """Write the log, say where it is, and give the exit code."""
    for secret in _of_environment(outside.environ):
        outside.secrets.tell(secret)
    path = _write(outside.secrets.text(_page(error, argv)), outside.folder)
    where = f"details are in {path}" if path else "no log could be written"
    outside.complain(f"error: unexpected: {type(error).__name__}: {one_line(str(error), 300)} ({where})")
    return code


def _of_environment(environ: Mapping[str, str]) -> Iterator[str]:
    """What a library may have taken from there, and quote."""
    for name, value in environ.items():
        yield from logins(value)
        if names_a_secret(name) and len(value) >= SHORTEST:
            yield value


def _page(error: Exception, argv: Sequence[str]) -> str:
    lines = [
        f"remediate {__version__}, Python {platform.python_version()}, {platform.platform()}",
        f"command: {' '.join(without_variables(argv))}",
        *(f"{name} {_version(name)}" for name in PACKAGES),
        "",
        "".join(traceback.format_exception(error)),
    ]
    return "\n".join(lines)


def without_variables(argv: Sequence[str]) -> Iterator[str]:
    """The command line without the variables on it, however ``-e`` is written: they may be secrets."""
    follows = False
    for word in argv:
        found = _VARIABLES.match(word)
        if follows or found is None:
            yield "..." if follows else word
            follows = False
        else:
            follows = found.end() == len(word) and not word.endswith("=")
            yield found.group() + ("" if follows else "...")


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
                files.own_folder(place)
            with tempfile.NamedTemporaryFile(
                "w", prefix=name, suffix=".log", dir=place, delete=False, encoding="utf-8", errors="backslashreplace"
            ) as log:
                log.write(page)
            return Path(log.name)
        except OSError:
            continue
    return None
