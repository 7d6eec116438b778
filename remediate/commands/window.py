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

    from remediate.change_windows import Calendar, Opening
    from remediate.project.outside import Outside

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
    from remediate.change_windows import load
    from remediate.project.project import Project
    from remediate.project.windowfile import find

    if not 1 <= options.count <= MOST:
        raise UserError(f"--count is from 1 to {MOST}")
    now = _at(options.at) if options.at else outside.now()
    project = Project.around(outside.folder, outside.files)
    calendar = load(find(options.windows, options.inventory, project, outside.folder))
    if options.view == "timer":
        from remediate.commands import timer

        return timer.write(calendar, options, outside, now)
    names = [options.name] if options.name else list(calendar.names())
    for name in names:
        calendar.window(name)
    if options.view == "check":
        return _check(calendar, names, now, outside, as_json=options.format == "json")
    rows = [_row(calendar, name, now, options.count) for name in names]
    if options.format == "json":
        _print_json(rows, now, outside)
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
        example = found.isoformat(timespec="minutes")
        raise UserError("--at: the offset is missing", hint=f"as in {example}+01:00, or {example}Z for UTC")
    if not 1970 <= found.year <= 2200:
        raise UserError(f"--at: the year {found.year} is out of all reason", hint="as in 2026-12-24T23:00+01:00")
    return found


def _check(calendar: Calendar, names: list[str], now: datetime, outside: Outside, *, as_json: bool) -> int:
    """0 when every one is open, 3 when one is not: then the error says which, why, and when it opens."""
    from remediate.change.admission import closed

    shut = [name for name in names if calendar.current(name, now) is None]
    if as_json:
        _print_json([_row(calendar, name, now, 1) for name in names], now, outside)
    for name in names:
        opening = calendar.current(name, now)
        if opening is not None and not as_json:
            outside.print(f"{name} is open until {calendar.shown(name, opening.end)}")
    if shut:
        lines = [closed(calendar, name, now) for name in shut]
        raise GateClosed("\n".join(lines), hint=f"remediate window next {shut[0]}")
    return 0


def _print_json(rows: list[dict[str, Any]], now: datetime, outside: Outside) -> None:
    import json

    outside.print(json.dumps({"now": now.isoformat(), "windows": rows}, indent=2))


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
        "open_until": calendar.shown(name, current.end) if current else "",
        "next": [
            {"start": opening.start.isoformat(), "end": opening.end.isoformat(),
             "local": calendar.shown(name, opening.start), "length": written(opening.end - opening.start)}
            for opening in coming(calendar, name, now, count)
        ],
    }  # fmt: skip


def _listed(rows: list[dict[str, Any]]) -> Iterator[str]:
    from remediate.reports.plain import aligned
    from remediate.reports.text import one_line

    cells: list[tuple[str, ...]] = [("window", "state", "duration", "zone", "when", "title")]
    keys = ("window", "state", "duration", "time_zone")
    cells += [(*(one_line(row[key]) for key in keys), one_line(_when(row)), one_line(row["title"])) for row in rows]
    yield from aligned(cells)


def _when(row: dict[str, Any]) -> str:
    freeze = f"freeze: {row['freeze']}; " if row["freeze"] else ""
    if row["open_until"]:
        return f"until {row['open_until']}"
    return freeze + (f"opens {row['next'][0]['local']}" if row["next"] else "does not open again within five years")


def _openings(rows: list[dict[str, Any]]) -> Iterator[str]:
    from remediate.reports.text import one_line

    for row in rows:
        name = one_line(row["window"])
        if row["open_until"]:
            yield f"{name}: open until {row['open_until']}"
        if row["freeze"]:
            yield f"{name}: frozen: {one_line(row['freeze'])}"
        for opening in row["next"]:
            yield f"{name}: opens {opening['local']} for {opening['length']}"
        if not row["next"]:
            yield f"{name}: does not open again within five years"
