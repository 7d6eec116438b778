"""Change windows: when a host may be worked on, from rules, time zones and freezes. Pure: the time it is comes in."""

from remediate.change_windows.calendar import Calendar
from remediate.change_windows.joint import Joint
from remediate.change_windows.model import Opening
from remediate.change_windows.reader import load

__all__ = ["Calendar", "Joint", "Opening", "load"]
