"""Who is let into a change window, to the second."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from remediate.change.admission import Admission
from remediate.change.durations import Durations, key
from remediate.change_windows import Joint, load
from remediate.engine.control import Intent
from remediate.engine.registry import Registry
from remediate.errors import Deferred
from remediate.model import Change, Effect, Mode, Step

Windows = Callable[..., Joint]

OPENS = datetime(2026, 11, 28, 21, 0, tzinfo=UTC)
CLOSES = OPENS + timedelta(hours=1)
HOTFIX = Registry([Path(__file__).parents[2] / "modules"]).load("hotfix")
INSTALL = Change(target="KB", before="1", after="2", effect=Effect.SERVICE_RESTART, seconds=600)
START = Change(target="POP3Svc", before="stopped", after="running")


WINDOWS = """
windows:
  night: {time_zone: UTC, start: 2026-11-28 21:00, duration: 1h}
"""
FREEZE = "freezes:\n  - {name: year end, from: 2026-11-28, to: 2026-11-29}\n"


@pytest.fixture
def windows(tmp_path: Path) -> Windows:
    """A file with one window that opens once; frozen, if wanted."""

    def made(*, frozen: bool = False) -> Joint:
        file = tmp_path / f"windows-{frozen}.yml"
        file.write_text(WINDOWS + FREEZE * frozen, encoding="utf-8")
        return Joint([load(file)])

    return made


def admission(joint: Joint, now: datetime, *, seconds: float = 600.0, begun: bool = False) -> Admission:
    return Admission(joint, lambda: now, {"ex1": seconds}, Durations(), {"ex1"} if begun else set())


def entered(control: Admission, window: str = "night") -> str:
    try:
        control.enter("ex1", window)
    except Deferred as gate:
        return gate.message
    return ""


def permitted(control: Admission, *changes: Change) -> str:
    step = Step(address="a@ex1", host="ex1", task="t", module="hotfix", params={}, endpoint=None,
                mode=Mode.APPLY)  # fmt: skip
    try:
        control.permit(Intent(step=step, module=HOTFIX, before={}, changes=changes))
    except Deferred as gate:
        return gate.message
    return ""


@pytest.mark.parametrize(
    ("now", "says"),
    [
        (OPENS - timedelta(seconds=1), "is closed; it opens"),
        (OPENS, ""),
        (CLOSES - timedelta(seconds=600), ""),
        (CLOSES - timedelta(seconds=599), "does not fit: the host needs 10 min, night closes in 10 min"),
        (CLOSES, "is closed; it does not open again"),
    ],
)
def test_entering(windows: Windows, now: datetime, says: str) -> None:
    assert says in entered(admission(windows(), now))
    assert bool(entered(admission(windows(), now))) is bool(says)


def test_without_a_window_and_with_a_freeze(windows: Windows) -> None:
    assert entered(admission(windows(), OPENS - timedelta(days=1)), window="") == ""
    assert "(freeze: year end)" in entered(admission(windows(frozen=True), OPENS))


def test_a_host_with_nothing_to_do_is_looked_at_whenever(windows: Windows) -> None:
    control = Admission(windows(), lambda: CLOSES, {}, Durations(), set())
    assert entered(control) == ""
    assert "is closed" in permitted(control, INSTALL), "what turns up all the same is not begun"


def test_what_was_begun_is_finished_and_nothing_further_begun(windows: Windows) -> None:
    after = admission(windows(), CLOSES + timedelta(hours=1), begun=True)
    assert entered(after) == ""
    assert permitted(after, START) == ""
    assert "is closed" in permitted(after, INSTALL)
    late = admission(windows(), CLOSES - timedelta(seconds=60), begun=True)
    assert entered(late) == ""
    assert "KB needs 10 min" in permitted(late, INSTALL)
    assert permitted(late) == ""


def test_the_whole_host_has_to_fit_when_its_first_change_comes(windows: Windows) -> None:
    control = admission(windows(), CLOSES - timedelta(seconds=700), seconds=650)
    assert entered(control) == ""
    assert permitted(control, INSTALL) == ""
    assert "the host needs" in permitted(admission_entered(windows(), CLOSES - timedelta(seconds=640), 650), INSTALL)


def admission_entered(joint: Joint, now: datetime, seconds: float) -> Admission:
    """A host that came in with time enough, and comes to its first change later."""
    times = [CLOSES - timedelta(seconds=1000), now]
    control = Admission(
        joint, lambda: times.pop(0) if len(times) > 1 else times[0], {"ex1": seconds}, Durations(), set()
    )
    control.enter("ex1", "night")
    return control


def test_durations_are_learned_from_three_runs_on() -> None:
    history = {key("hotfix", ["KB"]): (900.0, 1200.0, 700.0)}
    assert Durations(lambda name: history.get(name, ())).of("hotfix", [INSTALL]) == 1200.0
    assert Durations(lambda name: history.get(name, ())[:2]).of("hotfix", [INSTALL]) == 600.0
    assert Durations().of("hotfix", []) == 0.0
