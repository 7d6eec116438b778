"""Change windows: when a host may be worked on, from rules, time zones and freezes. Pure: the time it is comes in."""

from remediate.windows.calendar import Calendar
from remediate.windows.joint import Joint
from remediate.windows.model import Opening
from remediate.windows.reader import load

__all__ = ["Calendar", "Joint", "Opening", "load"]
