"""``remediate window``: when hosts may be worked on, and how to start a plan by itself then."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from typing import TYPE_CHECKING, Any

from remediate.commands import options as common
from remediate.commands.parser import Parser
from remediate.errors import GateClosed, UserError

if TYPE_CHECKING:
    import argparse

    from remediate.commands.outside import Outside
    from remediate.windows import Calendar, Opening

VIEWS = ("list", "next", "check", "timer")
MOST = 100


def parser() -> Parser:
    page = Parser(
        "window",
        "Show change windows: which are open, when the next ones open, what freezes them; and write what starts a\n"
        "saved plan by itself when its window opens. Contacts no host.",
        examples=[
            "remediate window list                              every window: open or closed, and until when",
            "remediate window next saturday_night --count 5     its next openings",
            "remediate window check saturday_night              exit code 0 when it is open, 3 when not",
            "remediate window check --at 2026-12-24T23:00+01:00",
            "remediate window timer saturday.json -o units/     systemd units (and a cron line) for the next opening",
        ],
        exits=(0, 1, 3),
    )
    page.add_argument("view", choices=VIEWS, metavar="list | next | check | timer", help="what to show")
    page.add_argument("name", nargs="?", default="", metavar="NAME", help="the window; for timer: the plan file")
    page.add_argument("--windows", default="", metavar="FILE", help="their file (default windows.yml by the inventory)")
    page.add_argument("--window", default="", metavar="NAME", help="timer: the window, where the plan names several")
    page.add_argument("--count", type=int, default=1, metavar="N", help="so many openings (default 1)")
    page.add_argument("--at", default="", metavar="TIME", help="as if it were that time, as in 2026-12-24T23:00+01:00")
    page.add_argument("-o", "--out", default="", metavar="DIR", help="timer: write the units there")
    common.hosts(page)
    common.json_and_color(page)
    return page


def main(options: argparse.Namespace, outside: Outside) -> int:
    from remediate.commands.calendars import calendar_of

    if not 1 <= options.count <= MOST:
        raise UserError(f"--count is from 1 to {MOST}")
    now = _at(options.at) if options.at else outside.now()
    calendar = calendar_of(options, outside)
    if options.view == "timer":
        from remediate.commands import timer

        return timer.write(calendar, options, outside, now)
    names = [options.name] if options.name else list(calendar.names())
    for name in names:
        calendar.window(name)
    if options.view == "check":
        return _check(calendar, names, now, outside)
    rows = [_row(calendar, name, now, options.count) for name in names]
    if options.format == "json":
        import json

        outside.print(json.dumps({"now": now.isoformat(), "windows": rows}, indent=2))
        return 0
    for line in (_listed if options.view == "list" else _openings)(rows):
        outside.print(line)
    return 0


def _at(text: str) -> datetime:
    try:
        found = datetime.fromisoformat(text)
    except ValueError:
        raise UserError(f"--at: {text!r} is no time", hint="as in 2026-12-24T23:00+01:00") from None
    if found.tzinfo is None:
        raise UserError("--at: the offset is missing", hint=f"as in {text}+01:00, or {text}Z for UTC")
    return found


def _check(calendar: Calendar, names: list[str], now: datetime, outside: Outside) -> int:
    """0 when every one is open."""
    from remediate.control.admission import closed

    for name in names:
        opening = calendar.current(name, now)
        if opening is None:
            raise GateClosed(closed(calendar, name, now), hint=f"remediate window next {name}")
        outside.print(f"{name} is open until {_both(calendar, name, opening.end)}")
    return 0


def coming(calendar: Calendar, name: str, now: datetime, count: int) -> list[Opening]:
    """The next openings, the current one not among them."""
    found: list[Opening] = []
    after = now
    while len(found) < count and (opening := calendar.upcoming(name, after)):
        found.append(opening)
        after = opening.start
    return found


def _row(calendar: Calendar, name: str, now: datetime, count: int) -> dict[str, Any]:
    from remediate.language.periods import written

    window, current = calendar.window(name), calendar.current(name, now)
    return {
        "window": name,
        "title": window.title,
        "time_zone": window.zone.key,
        "duration": written(window.duration),
        "state": "open" if current else "frozen" if calendar.frozen(name, now) else "closed",
        "freeze": calendar.frozen(name, now),
        "open_until": _both(calendar, name, current.end) if current else "",
        "next": [
            {"start": opening.start.isoformat(), "end": opening.end.isoformat(),
             "local": _both(calendar, name, opening.start)}
            for opening in coming(calendar, name, now, count)
        ],
    }  # fmt: skip


def _both(calendar: Calendar, name: str, moment: datetime) -> str:
    """A time in the window's own zone and in UTC."""
    local = moment.astimezone(calendar.window(name).zone)
    return f"{local:%a %Y-%m-%d %H:%M %Z} ({moment:%H:%M} UTC)"


def _listed(rows: list[dict[str, Any]]) -> Iterator[str]:
    titles = ("window", "state", "duration", "zone", "")
    cells = [titles, *((row["window"], row["state"], row["duration"], row["time_zone"], _when(row)) for row in rows)]
    widths = [max(len(row[n]) for row in cells) for n in range(len(titles))]
    for row in cells:
        yield "  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip()


def _when(row: dict[str, Any]) -> str:
    freeze = f"freeze: {row['freeze']}; " if row["freeze"] else ""
    if row["open_until"]:
        return f"until {row['open_until']}"
    return freeze + (f"opens {row['next'][0]['local']}" if row["next"] else "does not open again")


def _openings(rows: list[dict[str, Any]]) -> Iterator[str]:
    for row in rows:
        if row["open_until"]:
            yield f"{row['window']}: open until {row['open_until']}"
        for opening in row["next"]:
            yield f"{row['window']}: opens {opening['local']}"
        if not row["next"]:
            yield f"{row['window']}: does not open again"
