"""Reads a file of change windows and freezes; every mistake is a UserError at its line."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError, available_timezones

from remediate.change_windows import rules
from remediate.change_windows.calendar import Calendar
from remediate.change_windows.events import fixed
from remediate.change_windows.ics import from_ics
from remediate.change_windows.model import LONGEST, Freeze, Rule, Window
from remediate.errors import UserError
from remediate.language import fields, quoting
from remediate.language.periods import period, written
from remediate.language.words import kind, suggestion
from remediate.language.yamlfile import Map, Seq, source_of
from remediate.language.yamlfile import load as load_yaml
from remediate.model import AND, Source

KEYS = ("windows", "freezes")
WINDOW_KEYS = ("title", "time_zone", "start", "rule", "rules", "except", "also", "duration")
FREEZE_KEYS = ("name", "from", "to", "time_zone", "windows", "ics")
TIME = "as in 2026-01-03 22:00"


def load(path: Path) -> Calendar:
    """The calendar of one file."""
    data = load_yaml(path)
    if not isinstance(data, Map):
        raise UserError(f"a file of windows is a mapping, not {kind(data)}", source=Source(str(path), 1, 1),
                        hint="it begins with `windows:`")  # fmt: skip
    _known(data, KEYS)
    windows: dict[str, Window] = {}
    for name, value in fields.mapping(data, "windows").items():
        place = fields.mapping(data, "windows").key_source(name)
        if not isinstance(value, Map):
            raise UserError(f"window {name!r} must be a mapping, not {kind(value)}", source=place)
        if AND in str(name):
            raise UserError(f"window {name!r}: ' and ' stands between two windows, not in a name", source=place)
        windows[str(name)] = _window(str(name), value)
    if not windows:
        raise UserError("there is no window in it", source=data.source, hint="see docs/change-windows.md")
    return Calendar(windows, [_freeze(entry, path.parent, windows) for entry in _entries(data, "freezes")])


def _known(data: Map, keys: tuple[str, ...]) -> None:
    for key in data:
        if key not in keys:
            raise UserError(
                f"unknown key {quoting.named(key)}",
                source=data.key_source(key),
                hint=suggestion(str(key), keys),
            )


def _entries(data: Map, key: str) -> list[Map]:
    value = data.get(key)
    if value is None:
        return []
    if not isinstance(value, Seq):
        raise fields.wrong(data, key, "a list", "each entry begins with '- '")
    for number, entry in enumerate(value):
        if not isinstance(entry, Map):
            raise UserError(f"an entry of {key} is a mapping, not {kind(entry)}", source=value.item_source(number))
    return list(value)


def _window(name: str, data: Map) -> Window:
    _known(data, WINDOW_KEYS)
    for key in ("time_zone", "start", "duration"):
        if key not in data:
            raise UserError(f"window {name!r} needs {key}", source=data.source)
    zone = _zone(data)
    start = _time(fields.text(data, "start"), data.value_source("start"))
    duration = period(fields.text(data, "duration"))
    if duration is None or duration > LONGEST:
        raise fields.wrong(data, "duration", f"from 1m to {written(LONGEST)}", "write it as 4h, 90m or 1d12h")
    return Window(
        name=name,
        title=fields.text(data, "title"),
        zone=zone,
        start=start,
        rules=_rules(data, start, zone),
        without=frozenset(time.date() for time in _times(data, "except")),
        also=_times(data, "also"),
        duration=duration,
        source=data.source,
    )


def _rules(data: Map, start: datetime, zone: ZoneInfo) -> tuple[Rule, ...]:
    if "rule" in data and "rules" in data:
        raise UserError("a window has a rule or rules, not both", source=data.key_source("rules"))
    key = "rules" if "rules" in data else "rule"
    texts = fields.names(data, key)
    if key in data and not texts:
        raise UserError(f"{key} is empty", source=data.value_source(key), hint="leave it out: then it opens once")
    return tuple(rules.read(text, start, zone, source_of(text, data.value_source(key))) for text in texts)


def _times(data: Map, key: str) -> tuple[datetime, ...]:
    return tuple(_time(text, source_of(text) or data.value_source(key)) for text in fields.names(data, key))


def _zone(data: Map) -> ZoneInfo:
    name = fields.text(data, "time_zone")
    try:
        return ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        hint = suggestion(name, sorted(available_timezones()), what="zones") if len(name) < 40 else ""
        raise UserError(f"there is no time zone {name!r}", source=data.value_source("time_zone"),
                        hint=hint or "a name of the IANA database, as in Europe/Berlin") from None  # fmt: skip


def _time(text: str, source: Source) -> datetime:
    """A date, or a date and a time, of the wall clock."""
    try:
        found = datetime.fromisoformat(text.strip())
    except ValueError:
        raise UserError(f"{text!r} is neither a date nor a time", source=source, hint=TIME) from None
    if found.tzinfo is not None:
        raise UserError(f"{text!r} has a zone of its own", source=source, hint="write the wall-clock time of time_zone")
    if not date(1970, 1, 1) <= found.date() <= date(2200, 1, 1):
        raise UserError(f"{text!r} is out of all reason", source=source, hint=TIME)
    return found.replace(second=0, microsecond=0)


def _freeze(data: Map, folder: Path, windows: dict[str, Window]) -> Freeze:
    _known(data, FREEZE_KEYS)
    name = fields.text(data, "name") or "freeze"
    zone = _zone(data) if "time_zone" in data else None
    meant = fields.names(data, "windows")
    for window in meant:
        if window not in windows:
            hint = suggestion(window, windows, what="windows")
            source = source_of(window, data.value_source("windows"))
            raise UserError(f"there is no window {window!r}", source=source, hint=hint)
    if "ics" in data:
        if "from" in data or "to" in data:
            raise UserError("a freeze has an ics file, or from and to, not both", source=data.source)
        spans = from_ics(name, folder / fields.text(data, "ics"), zone, data.value_source("ics"))
        return Freeze(name=name, windows=frozenset(meant), spans=spans)
    for key in ("from", "to"):
        if key not in data:
            raise UserError(f"a freeze needs {key}, or an ics file", source=data.source)
    start, end = _bounds(data)
    return Freeze(name=name, windows=frozenset(meant), spans=fixed(name, start, end, zone))


def _bounds(data: Map) -> tuple[datetime, datetime]:
    """Wall-clock times; a ``to`` that is a date holds for the whole of that day."""
    start = _time(fields.text(data, "from"), data.value_source("from"))
    text = fields.text(data, "to")
    end = _time(text, data.value_source("to"))
    if len(text.strip()) <= len("2026-01-06"):
        end += timedelta(days=1)
    if end <= start:
        raise UserError("a freeze ends after it begins", source=data.value_source("to"))
    return start, end
