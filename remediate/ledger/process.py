"""Whether the process behind a lock still lives, as far as this machine can know."""

from __future__ import annotations

from pathlib import Path

PROC = Path("/proc")
GONE = ("Z", "X", "x")
"""States of a process that is over although its number is still taken."""


def mark(pid: int, proc: Path = PROC) -> str:
    """What tells a process from a later one of the same number: ``BOOT/NAMESPACE/TICKS``; "" where it cannot be known.

    The boot and the namespace of process numbers are in it because machines and containers may share a host name.
    """
    place, ticks = _here(proc), _ticks(pid, proc)
    return f"{place}/{ticks}" if place and ticks else ""


def alive(controller: str, pid: int, process_start: str, *, here: str, proc: Path = PROC) -> bool | None:
    """Whether that process lives. None: it is another machine's (or one before a restart), and only its beats tell.

    ``controller`` and ``process_start`` are the holder's, ``here`` is the name of this machine.
    """
    place, _, ticks = process_start.rpartition("/")
    if controller != here or not place or place != _here(proc):
        return None
    return _ticks(pid, proc) == ticks


def _here(proc: Path) -> str:
    try:
        boot = (proc / "sys/kernel/random/boot_id").read_text(encoding="ascii").strip()
        namespace = (proc / "self/ns/pid").readlink().name
    except OSError:
        return ""
    return f"{boot}/{namespace}"


def _ticks(pid: int, proc: Path) -> str:
    """When the process began, in clock ticks since the machine did; "" when there is no such process any more."""
    try:
        text = (proc / str(pid) / "stat").read_text(encoding="utf-8", errors="replace")
    except OSError:
        return ""
    state, *rest = text[text.rindex(")") + 1 :].split()
    return "" if state in GONE else rest[18]
