"""Reads remediate.toml, the defaults of a project: found in the working folder or above it."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType
from typing import TYPE_CHECKING

from remediate.errors import UserError
from remediate.language import quoting
from remediate.language.words import kind, suggestion
from remediate.model import Source

if TYPE_CHECKING:
    from remediate.notify import Hook

FILE = "remediate.toml"
KEYS = ("inventory", "forks", "roles", "modules", "ledger", "windows", "notify")
GONE: Mapping[str, str] = MappingProxyType(
    {
        "approvers": "approvals are signatures: take it out, and name people with their keys in "
        "/etc/remediate/allowed_signers; see docs/plans.md"
    }
)
"""What older versions had, and what takes its place."""
FORKS = 50
"""Hosts worked on at once unless said otherwise: waiting dominates, so this is generous."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """The defaults of a project. Paths are absolute."""

    folder: Path
    """Where remediate.toml lies, else the working folder: state is kept below it."""
    file: Path | None = None
    inventory: tuple[Path, ...] = ()
    forks: int = FORKS
    roles: tuple[Path, ...] = ()
    modules: tuple[Path, ...] = ()
    windows: Path | None = None
    """The file of change windows."""
    notify: tuple[Hook, ...] = ()
    """Whom to tell before and after a change."""
    ledger: str = ""
    """A path or a URL as written; relative paths start at ``folder``."""


def find(start: Path) -> Settings:
    """The settings that hold in ``start``; plain defaults where there is no file."""
    for folder in (start, *start.parents):
        if (folder / FILE).is_file():
            return read(folder / FILE)
    return Settings(folder=start)


def read(path: Path) -> Settings:
    """One settings file; ``UserError`` with its line for anything unknown or of the wrong type."""
    try:
        text = path.read_text(encoding="utf-8")
        data = tomllib.loads(text)
    except UnicodeDecodeError as error:
        raise UserError("this is not UTF-8 text", source=Source(str(path)), hint="save it as UTF-8") from error
    except tomllib.TOMLDecodeError as error:
        place = re.search(r" \(at line (\d+), column (\d+)\)$", str(error))
        line, column = (int(place[1]), int(place[2])) if place else (0, 0)
        hint = 'write name = "text", name = 5, name = ["a", "b"]; tables begin with [[notify]]; each name once'
        raise UserError("not valid TOML from here on", source=Source(str(path), line, column), hint=hint) from None
    for key in data:
        if key in GONE:
            raise UserError(f"{key} is no setting any more", source=_place(path, text, key), hint=GONE[key])
        if key not in KEYS:
            raise UserError(
                f"unknown setting {quoting.named(key)}",
                source=_place(path, text, key),
                hint=suggestion(key, KEYS, what="settings"),
            )
    return _checked(path, text, data)


def _checked(path: Path, text: str, data: dict[str, object]) -> Settings:
    def one_path(key: str) -> Path | None:
        found = paths(key)
        if len(found) > 1:
            raise UserError(f"{key} must be one path", source=_place(path, text, key))
        return found[0] if found else None

    def texts(key: str, what: str) -> tuple[str, ...]:
        value = data.get(key, [])
        values = [value] if isinstance(value, str) else value
        if not isinstance(values, list) or not all(isinstance(item, str) and item for item in values):
            raise UserError(f"{key} must be a {what} or a list of {what}s", source=_place(path, text, key))
        return tuple(values)

    def paths(key: str) -> tuple[Path, ...]:
        return tuple(path.parent / item for item in texts(key, "path"))

    forks = data.get("forks", FORKS)
    if not isinstance(forks, int) or isinstance(forks, bool) or forks < 1:
        raise UserError(
            f"forks must be a whole number from 1 on, not {kind(forks)}", source=_place(path, text, "forks")
        )
    ledger = data.get("ledger", "")
    if not isinstance(ledger, str) or ("ledger" in data and not ledger.strip()):
        found = kind(ledger) if not isinstance(ledger, str) else "empty text"
        raise UserError(f"ledger must be a path or a URL, not {found}", source=_place(path, text, "ledger"))
    return Settings(
        folder=path.parent,
        file=path,
        inventory=paths("inventory"),
        forks=forks,
        roles=paths("roles"),
        modules=paths("modules"),
        windows=one_path("windows"),
        notify=_hooks(path, text, data),
        ledger=ledger,
    )


def _hooks(path: Path, text: str, data: dict[str, object]) -> tuple[Hook, ...]:
    if "notify" not in data:
        return ()
    from remediate.notify.settings import read as read_hooks

    return read_hooks(data["notify"], str(path), text)


def _place(path: Path, text: str, key: str) -> Source:
    """The line a top-level key or table stands on."""
    wanted = re.compile(rf"""\s*\[*\s*["']?{re.escape(key)}["']?\s*(=|\.|\])""")
    for number, line in enumerate(text.splitlines(), 1):
        if wanted.match(line):
            return Source(str(path), number, len(line) - len(line.lstrip()) + 1)
    return Source(str(path))
