"""One Step at a time: what a caller on another machine relies on."""

from __future__ import annotations

import pickle
import threading
from dataclasses import replace
from pathlib import Path

import pytest

from remediate.engine.control import Control, Intent
from remediate.engine.perform import perform
from remediate.engine.registry import Registry
from remediate.engine.workbench import Workbench
from remediate.errors import Deferred, Unreachable
from remediate.model import Endpoint, Mode, Output, Result, Secret, Status, Step
from tests.engine.world import MODULES, World
from tests.patience import LIMIT

ENDPOINT = Endpoint(host="h1", connection="ssh", address="127.0.0.1", port=22, password=Secret("hunter2"))
STEP = Step(
    address="p/t@h1",
    host="h1",
    task="t",
    module="thing",
    params={"name": "a", "value": "1"},
    endpoint=ENDPOINT,
    mode=Mode.APPLY,
)


def done(step: Step, world: World, modules: Path = MODULES, control: Control | None = None) -> Result:
    registry = Registry([modules])
    return perform(step, registry, Workbench(registry, world), world.receive, control)


def test_nothing_can_be_undone_that_its_module_has_no_way_back_for() -> None:
    """``doc`` says so of the module, and the plan of each of its changes."""
    registry = Registry([MODULES])
    (change,) = done(STEP, World({"h1": {}})).changes
    assert (registry.load("thing").reversible, change.reversible) == (False, False)


def test_steps_and_results_survive_pickling() -> None:
    world = World({"h1": {}})
    step = pickle.loads(pickle.dumps(replace(STEP, endpoint=replace(ENDPOINT, password=None))))
    result = done(step, world)
    assert result.status is Status.CHANGED
    assert pickle.loads(pickle.dumps(result)) == result
    assert result.before["value"] == ""
    assert result.after["value"] == "1"
    assert result.extra == {"wrote": "1"}


def test_a_step_with_a_secret_is_not_written_down_by_accident() -> None:
    with pytest.raises(TypeError, match="a secret is not written down"):
        pickle.dumps(STEP)


def test_a_second_time_changes_nothing() -> None:
    world = World({"h1": {}})
    for _ in range(2):
        result = done(STEP, world)
    assert result.status is Status.OK
    assert world.log == ["h1: set a 1"]


def test_check_mode_stops_after_the_difference() -> None:
    world = World({"h1": {}})
    result = done(replace(STEP, mode=Mode.CHECK), world)
    assert result.status is Status.PENDING
    assert [(c.target, c.before, c.after) for c in result.changes] == [("a", "", "1")]
    assert world.log == []


def test_a_secret_is_never_shown_by_the_step() -> None:
    assert "hunter2" not in repr(STEP)


def test_a_host_without_an_endpoint_is_unreachable() -> None:
    world = World({"h1": {}})
    result = done(replace(STEP, endpoint=None), world)
    assert result.status is Status.UNREACHABLE
    assert "ansible_host" in result.remedy


def test_wrong_arguments_are_the_users_error() -> None:
    result = done(replace(STEP, params={"name": "a", "vlaue": "1"}), World({}))
    assert (result.status, result.message) == (Status.FAILED, "thing has no argument 'vlaue'")
    assert "did you mean 'value'" in result.remedy


def test_a_fault_in_a_module_fails_its_host_and_names_the_line(tmp_path: Path) -> None:
    text = (MODULES / "thing.py").read_text().replace('session.run(f"get {params.name}").stdout, "needed"',
                                                      'state["nosuch"], "needed"')  # fmt: skip
    (tmp_path / "thing.py").write_text(text.replace("def inspect(", "state: dict[str, str] = {}\n\n\ndef inspect("))
    world = World({"h1": {}})
    result = done(STEP, world, tmp_path)
    assert result.status is Status.FAILED
    assert "thing.py:" in result.message
    assert "KeyError" in result.message


def test_a_step_that_outlives_its_timeout_is_cut_off() -> None:
    world = World({"h1": {}})
    cut = threading.Event()
    world.sessions["h1"].close = cut.set  # type: ignore[method-assign]

    def run(command: str, *, stdin: bytes = b"", timeout: float = 60.0) -> Output:
        cut.wait(LIMIT)
        raise Unreachable("the connection is gone", kind="lost")

    world.sessions["h1"].run = run  # type: ignore[method-assign]
    result = done(replace(STEP, timeout=0.05), world)
    assert result.status is Status.FAILED
    assert "timeout of 0.05 s" in result.message


THREE = '''"""Three changes, the second of which goes wrong."""
from dataclasses import dataclass

from remediate.errors import Blocked, Failed
from remediate.model import Change


@dataclass(frozen=True)
class Params:
    how: str


def inspect(session, params):
    if params.how == "unread" and session.log:
        raise KeyError("now")
    session.log.append("looked")
    return {}


def diff(state, params):
    return [Change(target=name, before=None, after=1) for name in "abc"]


def apply(session, change, params):
    if change.target == "b" and params.how not in ("proof", "unread"):
        raise {"failed": Failed("no"), "blocked": Blocked("no", "do"), "fault": KeyError("no")}[params.how]
'''


@pytest.mark.parametrize(
    ("how", "fates"),
    [
        ("failed", ["done", "tried", "not begun"]),
        ("fault", ["done", "tried", "not begun"]),
        ("blocked", ["done", "not begun", "not begun"]),
        ("proof", ["tried", "tried", "tried"]),
        ("unread", ["tried", "tried", "tried"]),
    ],
)
def test_what_became_of_each_change(tmp_path: Path, how: str, fates: list[str]) -> None:
    (tmp_path / "three.py").write_text(THREE)
    world = World({"h1": {}})
    step = replace(STEP, module="three", params={"how": how})
    result = done(step, world, tmp_path)
    assert [fate.value for fate in result.fates] == fates
    assert (result.status.bad, len(result.changes), result.touched) == (True, 3, True)


def test_what_was_not_permitted_is_not_begun() -> None:
    class Shut(Control):
        def permit(self, intent: Intent) -> None:
            raise Deferred("not now")

    world = World({"h1": {}})
    result = done(STEP, world, control=Shut())
    assert (result.status, [fate.value for fate in result.fates]) == (Status.DEFERRED, ["not begun"])
