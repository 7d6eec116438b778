"""The settings every road to a host has."""

from __future__ import annotations

from dataclasses import dataclass

DEFAULT_FOLDER = "%SystemRoot%\\Temp\\remediate"


@dataclass(frozen=True, slots=True, kw_only=True)
class RoadOptions:
    """By the names the variables have. Times are seconds."""

    remote_folder: str = DEFAULT_FOLDER
    remote_encoding: str = ""
    """Code page of what commands print; UTF-8, else 850, when empty."""
    connect_timeout: float = 15.0
    """For each step of connecting: name and port, the server's first word, log-in, opening a channel."""
    command_timeout: float = 0.0
    """Lengthens every command's own limit to at least this, for slow hosts."""
    reconnect_timeout: float = 90.0
    """How long a connection that was lost is tried again."""
