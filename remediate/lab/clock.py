"""The host's clock and time zone: real time plus a skew, and the bias now in force."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from remediate.model import Json

DAYLIGHT_DELTA = -60
"""Minutes added to the bias while daylight saving time is in force."""


def real_time() -> datetime:
    """Now, in UTC."""
    return datetime.now(UTC)


def iso(moment: datetime) -> str:
    """UTC as ISO 8601 with microseconds, the form of all times in saved state."""
    return moment.astimezone(UTC).isoformat(timespec="microseconds").replace("+00:00", "Z")


def from_iso(text: str) -> datetime:
    """The inverse of ``iso``; also takes times without an offset, as UTC."""
    moment = datetime.fromisoformat(text)
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)


@dataclass(slots=True, kw_only=True)
class Clock:
    """Bias is Windows' way round: UTC = local + bias, in minutes; 300 is New York in winter."""

    skew_seconds: float = 0.0
    bias_minutes: int = 300
    daylight: bool = False
    """Daylight saving time is in force now."""
    standard_name: str = "Eastern Standard Time"
    daylight_name: str = "Eastern Daylight Time"
    source: Callable[[], datetime] = real_time
    """Where true time comes from; tests pass their own."""

    @property
    def active_bias(self) -> int:
        return self.bias_minutes + (DAYLIGHT_DELTA if self.daylight else 0)

    def utc_now(self) -> datetime:
        return self.source() + timedelta(seconds=self.skew_seconds)

    def to_local(self, moment: datetime) -> datetime:
        """UTC to naive local time by the bias now in force, whatever the season of ``moment``.

        That is what FileTimeToLocalFileTime does, and so the FileSystemObject.
        """
        return (moment.astimezone(UTC) - timedelta(minutes=self.active_bias)).replace(tzinfo=None)

    def from_local(self, moment: datetime) -> datetime:
        return moment.replace(tzinfo=UTC) + timedelta(minutes=self.active_bias)

    def to_json(self) -> dict[str, Json]:
        return {
            "skew_seconds": self.skew_seconds,
            "bias_minutes": self.bias_minutes,
            "daylight": self.daylight,
            "standard_name": self.standard_name,
            "daylight_name": self.daylight_name,
        }
