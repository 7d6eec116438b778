"""What starts a saved plan when its window opens: a systemd timer with its service, and a cron line."""

from __future__ import annotations

import shlex
import sys
from collections.abc import Sequence
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING

from remediate.errors import GateClosed, UserError
from remediate.model import Source
from remediate.secrets import files

if TYPE_CHECKING:
    import argparse

    from remediate.change_windows import Calendar, Opening
    from remediate.planfile.model import Plan
    from remediate.project.outside import Outside


def write(calendar: Calendar, options: argparse.Namespace, outside: Outside, now: datetime) -> int:
    """Print the units and the line, or write the units to a folder."""
    from remediate.commands.window import coming
    from remediate.planfile import codec

    if not options.name:
        raise UserError("which plan?", hint="remediate window timer PLAN")
    plan, digest = codec.load(outside.folder / options.name)
    window = _window(plan, options.window, calendar)
    openings = coming(calendar, window, now, options.count)
    if not openings:
        raise GateClosed(f"change window {window} does not open again", hint="remediate window list")
    late = [opening for opening in openings if opening.start > plan.valid_until]
    if late:
        valid, opens = f"{plan.valid_until:%Y-%m-%d %H:%M} UTC", f"{late[0].start:%Y-%m-%d %H:%M} UTC"
        raise GateClosed(f"the plan is valid until {valid}, {window} opens {opens}", hint="plan again with --valid-for")
    command = [sys.executable, "-m", "remediate", "apply", str((outside.folder / options.name).resolve())]
    _refuse_controls([*command, str(outside.folder)])
    name = f"remediate-{digest[:12]}"
    units = {
        f"{name}.service": service(command, outside.folder, f"remediate: apply plan {digest[:12]}"),
        f"{name}.timer": timer(openings, f"remediate: {window} opens for plan {digest[:12]}"),
    }
    lines = [cron(command, outside.folder, opening) for opening in openings]
    if options.format == "json":
        _print_json(window, openings, units, lines, outside)
    if options.out:
        _save(units, outside.folder / options.out, outside, quiet=options.format == "json")
    if options.format == "json":
        return 0
    if not options.out:
        for file, text in units.items():
            outside.print(f"# {file}\n{text}")
    for line in enabling(name, options.out, lines):
        outside.print(line)
    return 0


def enabling(name: str, folder: str, lines: Sequence[str]) -> list[str]:
    """What is left to do by hand: as the user who has the keys and the ledger, not as root."""
    return [
        "# enable it for the user you are now (its keys and its ledger are used, not those of root):",
        f"#   mkdir -p ~/.config/systemd/user && cp {shlex.quote(folder or 'DIR')}/{name}.* ~/.config/systemd/user/"
        + ("" if folder else "     # -o DIR writes them"),
        "#   loginctl enable-linger     # so that it starts although you are not logged in",
        f"#   systemctl --user daemon-reload && systemctl --user enable --now {name}.timer",
        f"#   systemctl --user list-timers {name}.timer",
        "# or in a crontab (crontab -e), in the zone of this machine:",
        *lines,
    ]


def _print_json(
    window: str, openings: Sequence[Opening], units: dict[str, str], lines: Sequence[str], outside: Outside
) -> None:
    import json

    times = [{"start": opening.start.isoformat(), "end": opening.end.isoformat()} for opening in openings]
    document = {"window": window, "openings": times, "units": units, "cron": [*lines]}
    outside.print(json.dumps(document, indent=2))


def _refuse_controls(paths: Sequence[str]) -> None:
    """A line end in a path would begin a new line of the unit or of the crontab."""
    for path in paths:
        if any(not character.isprintable() for character in path):
            raise UserError(
                f"{path!r} cannot stand in a unit or a crontab", hint="rename it: printable characters only"
            )


def _window(plan: Plan, wanted: str, calendar: Calendar) -> str:
    if wanted:
        return calendar.window(wanted).name
    named = list(dict.fromkeys(name for host in plan.hosts if host.outcome == "pending" for name in host.windows))
    if len(named) != 1:
        what = f"names {len(named)} windows ({', '.join(named)})" if named else "names no window"
        raise UserError(f"the plan {what}", hint="say which: --window NAME")
    return calendar.window(named[0]).name


def _save(units: dict[str, str], folder: Path, outside: Outside, *, quiet: bool) -> None:
    try:
        folder.mkdir(parents=True, exist_ok=True)
        for file, text in units.items():
            files.write(folder / file, text.encode())
            if not quiet:
                outside.print(f"written: {folder / file}")
    except OSError as error:
        raise UserError(f"cannot be written: {error.strerror}", source=Source(str(folder))) from None


def service(command: Sequence[str], folder: Path, description: str) -> str:
    """The unit that applies the plan once; it may take as long as it takes."""
    return (
        f"[Unit]\nDescription={_specifiers(description)}\nAfter=network-online.target\nWants=network-online.target\n\n"
        f"[Service]\nType=oneshot\nWorkingDirectory={_specifiers(str(folder))}\n"
        f"ExecStart={' '.join(map(quoted, command))}\nTimeoutStartSec=infinity\n"
    )


def timer(openings: Sequence[Opening], description: str) -> str:
    """The unit that starts it at the openings; a machine that was off then does not catch up outside the window."""
    times = "".join(f"OnCalendar={opening.start:%Y-%m-%d %H:%M:%S} UTC\n" for opening in openings)
    return (
        f"[Unit]\nDescription={_specifiers(description)}\n\n"
        f"[Timer]\n{times}AccuracySec=1s\nPersistent=false\n\n[Install]\nWantedBy=timers.target\n"
    )


def quoted(word: str) -> str:
    """One argument of ExecStart, whatever is in it."""
    escaped = word.replace("\\", "\\\\").replace('"', '\\"').replace("$", "$$")
    return f'"{_specifiers(escaped)}"'


def _specifiers(text: str) -> str:
    return text.replace("%", "%%")


def cron(command: Sequence[str], folder: Path, opening: Opening) -> str:
    """A crontab line; cron knows no year, so the line looks at it."""
    start = opening.start.astimezone()
    work = f"cd {shlex.quote(str(folder))} && {shlex.join(command)}"
    line = f'[ "$(date +%Y)" = {start:%Y} ] && {work}'.replace("%", "\\%")
    return f"{start.minute} {start.hour} {start.day} {start.month} * {line}"
