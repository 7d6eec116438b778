"""What holds for every window: random rules, zones, durations and freezes, against models that are slow and plain."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from itertools import pairwise
from zoneinfo import ZoneInfo

from hypothesis import assume, given, settings
from hypothesis import strategies as st

from remediate.change_windows.calendar import Calendar
from remediate.change_windows.events import fixed
from remediate.change_windows.model import LONGEST, Freeze, Window
from remediate.change_windows.rules import read, starts
from remediate.change_windows.wallclock import moment
from remediate.errors import UserError

ZONES = (
    "Europe/Berlin",
    "America/New_York",
    "Australia/Lord_Howe",
    "Asia/Kolkata",
    "Pacific/Apia",
    "America/St_Johns",
    "Africa/Casablanca",
    "UTC",
)
MINUTE = timedelta(minutes=1)
DAYS = ("MO", "TU", "WE", "TH", "FR", "SA", "SU")


def wall(year: int, month: int = 1, day: int = 1, hour: int = 0) -> datetime:
    """A wall-clock time."""
    return datetime(year, month, day, hour)  # noqa: DTZ001 - of no zone yet


def to_the_minute(found: datetime) -> datetime:
    return found.replace(second=0, microsecond=0)


zones = st.sampled_from(ZONES).map(ZoneInfo)
walls = st.datetimes(wall(2009), wall(2030)).map(to_the_minute)
durations = st.integers(1, 3 * 1440).map(lambda minutes: minutes * MINUTE)
rules = st.one_of(
    st.builds("FREQ=DAILY;INTERVAL={}".format, st.integers(1, 9)),
    st.builds("FREQ=WEEKLY;INTERVAL={};BYDAY={}".format, st.integers(1, 3), st.sampled_from(DAYS)),
    st.builds("FREQ=MONTHLY;BYDAY={}{}".format, st.sampled_from(("1", "2", "3", "4", "-1")), st.sampled_from(DAYS)),
    st.builds("FREQ=MONTHLY;BYMONTHDAY={}".format, st.integers(1, 28)),
    st.builds("FREQ=YEARLY;BYMONTH={};BYMONTHDAY={}".format, st.integers(1, 12), st.integers(1, 28)),
)


@st.composite
def windows(draw: st.DrawFn) -> Window:
    zone, start = draw(zones), draw(walls)
    return Window(
        name="it",
        title="",
        zone=zone,
        start=start,
        rules=tuple(read(text, start, zone, None) for text in draw(st.lists(rules, min_size=1, max_size=2))),
        without=frozenset(),
        also=(),
        duration=draw(durations),
    )


@st.composite
def freezes(draw: st.DrawFn, around: datetime) -> Freeze:
    start = around + draw(st.integers(-3000, 12000)) * MINUTE
    end = start + draw(st.integers(1, 4000)) * MINUTE
    return Freeze(name="f", windows=frozenset(), spans=fixed("f", start, end, draw(st.none() | zones)))


def shown(moment: datetime, window: Window) -> datetime:
    """What the clocks of the window show."""
    return moment.astimezone(window.zone).replace(tzinfo=None)


@settings(max_examples=150)
@given(windows(), st.integers(0, 1500))
def test_openings_are_ordered_apart_and_as_long_as_said(window: Window, days: int) -> None:
    found = Calendar({"it": window}, ())
    after = window.start.replace(tzinfo=UTC) + timedelta(days=days)
    openings = list(found.openings("it", after, after + timedelta(days=60)))
    for one, next_one in pairwise(openings):
        assert one.end < next_one.start
    for opening in openings:
        assert opening.end - opening.start >= window.duration
        if len(window.rules) == 1 and window.duration < timedelta(hours=20):
            assert opening.end - opening.start == window.duration or _is_after_a_gap(opening.start, window)
        if shown(opening.start, window).time() != window.start.time():
            assert _is_after_a_gap(opening.start, window)


def _is_after_a_gap(start: datetime, window: Window) -> bool:
    """Whether the clocks jumped forward just at ``start``, and over the time the window asks for."""
    last, first = shown(start - MINUTE, window), shown(start, window)
    if first - last <= MINUTE:
        return False
    asked = (datetime.combine(day, window.start.time()) for day in {last.date(), last.date() + timedelta(days=1)})
    return any(last < wall < first for wall in asked)


@settings(max_examples=150)
@given(windows(), st.integers(-10, 1500), st.data())
def test_current_and_upcoming_agree_with_openings(window: Window, days: int, data: st.DataObject) -> None:
    found = Calendar({"it": window}, data.draw(st.lists(freezes(window.start), max_size=3)))
    now = window.start.replace(tzinfo=UTC) + timedelta(days=days, minutes=data.draw(st.integers(0, 1440)))
    openings = list(found.openings("it", now - timedelta(days=1), now + timedelta(days=800)))
    assume(all(opening.end - opening.start <= LONGEST for opening in openings))  # not one that hardly ever closes
    current = next((o for o in openings if o.start <= now < o.end), None)
    assert found.current("it", now) == current
    later = next((o for o in openings if o.start > now), None)
    if later is not None:
        assert found.upcoming("it", now) == later
    edge = next((o.end for o in openings if o.end > now), None)
    if edge is not None:
        at_the_end = found.current("it", edge)
        assert at_the_end is None or at_the_end.start == edge


@settings(max_examples=60)
@given(windows(), st.data())
def test_freezes_against_a_model_that_looks_at_every_minute(window: Window, data: st.DataObject) -> None:
    frozen = data.draw(st.lists(freezes(window.start), min_size=1, max_size=4))
    cut, whole = Calendar({"it": window}, frozen), Calendar({"it": window}, ())
    first = window.start.replace(tzinfo=UTC) - timedelta(days=1)
    minutes = [first + number * MINUTE for number in range(5 * 1440)]
    plain = [*whole.openings("it", minutes[0], minutes[-1])]
    ends = [span for freeze in frozen for span in freeze.spans(minutes[0], minutes[-1], window.zone)]

    def model(now: datetime) -> bool:
        is_open = any(o.start <= now < o.end for o in plain)
        return is_open and not any(span.start <= now < span.end for span in ends)

    openings = [*cut.openings("it", minutes[0], minutes[-1])]
    assert [any(o.start <= now < o.end for o in openings) for now in minutes] == [model(now) for now in minutes]
    for now in minutes[:: 1440 // 7]:
        assert (cut.current("it", now) is not None) == model(now)
        assert bool(cut.frozen("it", now)) == any(span.start <= now < span.end for span in ends)


@settings(max_examples=300)
@given(zones, st.datetimes(wall(1975), wall(2037)).map(to_the_minute))
def test_a_moment_shows_its_wall_clock_or_is_the_first_after_the_gap(zone: ZoneInfo, asked: datetime) -> None:
    found = moment(asked, zone)
    clocks = found.astimezone(zone).replace(tzinfo=None)
    before = (found - timedelta(seconds=1)).astimezone(zone).replace(tzinfo=None)
    if clocks == asked:
        assert not _shown_earlier(found, zone)
    else:
        assert before < asked < clocks


def _shown_earlier(found: datetime, zone: ZoneInfo) -> bool:
    """Whether clocks showed the same before; changes of clocks are multiples of five minutes, and within a day."""
    wanted = found.astimezone(zone).replace(tzinfo=None)
    steps = (found - number * 5 * MINUTE for number in range(1, 26 * 12))
    return any(step.astimezone(zone).replace(tzinfo=None) == wanted for step in steps)


FREQUENCIES = ("DAILY", "WEEKLY", "MONTHLY", "YEARLY", "HOURLY", "X")
NUMBERED = ("INTERVAL", "COUNT", "BYMONTH", "BYMONTHDAY", "BYYEARDAY", "BYWEEKNO", "BYSETPOS", "BYHOUR")
numbers = st.integers(-400, 400).map(str)


@settings(max_examples=100)
@given(
    st.dictionaries(st.sampled_from(NUMBERED), numbers, max_size=3),
    st.sampled_from(FREQUENCIES),
    st.sampled_from(("", ";BYDAY=2TU", ";BYDAY=MO", ";BYDAY=", ";UNTIL=20260101", ";WKST=SU", ";;", ";=")),
)
def test_any_rule_is_read_or_refused(parts: dict[str, str], frequency: str, more: str) -> None:
    text = ";".join([f"FREQ={frequency}", *(f"{name}={value}" for name, value in parts.items())]) + more
    start = wall(2026, 1, 3, 22)
    try:
        rule = read(text, start, UTC, None)
    except UserError:  # anything else is a failure
        return
    assert start <= next(starts(rule, start, wall(2126)))
