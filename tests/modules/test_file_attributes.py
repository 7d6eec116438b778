"""Reading the files back: what proves, what blocks, what a check run shows; and the half that runs on the host."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any, cast

import pytest

from remediate.engine.params import bind
from remediate.engine.perform import perform
from remediate.engine.registry import LoadedModule, Registry
from remediate.engine.workbench import Workbench
from remediate.errors import Blocked
from remediate.kb.obstacles import Policy
from remediate.kb.route import choose
from remediate.model import Certainty, Endpoint, Json, Mode, Result, Source, State, Status, Step
from tests.kb.servers import TABLE_FILES, advisory, facts, file, role_data, supplied
from tests.modules.scripted import ScriptedSession
from tests.modules.test_diff_cases import MODULES

FIXED, BEFORE = "6.5.7232.35", "6.5.7226.0"


@pytest.fixture(scope="module")
def module() -> LoadedModule:
    return Registry([MODULES]).load("file_attributes")


def answered(versions: Mapping[str, str | None], **more: Any) -> dict[str, Any]:
    """What the host's half hands over."""
    files = {n: file(n, v) for n, v in versions.items()}
    return {
        "folder": "C:\\bin",
        "files": files,
        "language": 1033,
        "bias_minutes": -60,
        "bias_source": "registry",
    } | more


def session(answer: dict[str, Any]) -> ScriptedSession:
    def play(function: str, args: Mapping[str, Json]) -> State:
        assert function == "inspect"
        names = [str(n).lower() for n in cast("list[Json]", args["files"])]
        assert sorted(names) == sorted(TABLE_FILES), "every file of every table is asked for, once"
        return cast("State", answer)

    return ScriptedSession(answer=play)


def seen(module: LoadedModule, answer: dict[str, Any], **more: Any) -> tuple[dict[str, Any], Any]:
    params = bind(module.name, module.params_type, {"advisory": role_data(), **more}, lambda _: None)
    hands = session(answer)
    state = cast("dict[str, Any]", module.inspect(cast("Any", hands), params))
    assert hands.log == ["inspect"], "one round trip"
    return state, params


def both(version: str | None, other: str | None = None) -> dict[str, str | None]:
    return {"store.exe": version, "mdbmsg.dll": other or version}


@pytest.mark.parametrize("version", [FIXED, "6.5.7233.69", "6.5.7235.2", "6.5.7638.1", "6.0.6617.6", "6.0.6619.12"])
def test_proved(module: LoadedModule, version: str) -> None:
    state, params = seen(module, answered(both(version)))
    assert state["fixed"] is True
    assert module.diff(state, params) == []
    assert module.columns is not None
    assert module.columns(state, params) == {"after": version}


def test_later_versions_only_inform(module: LoadedModule) -> None:
    state, params = seen(module, answered(both("6.5.7233.69")))
    assert module.notes is not None
    assert module.notes(state, params) == [
        "Mdbmsg.dll 6.5.7233.69: a later update",
        "Store.exe 6.5.7233.69: a later update",
    ]


@pytest.mark.parametrize(
    ("answer", "reason", "remedy"),
    [
        (answered(both(BEFORE)), "not fixed: store.exe is 6.5.7226.0", "run the playbook"),
        (answered(both(FIXED, BEFORE)), "partial install, not fixed: Mdbmsg.dll 6.5.7226.0: older", "install it again"),
        (answered(both(FIXED, "6.5.7233.69")), "partial install, not fixed", "restart the server and verify"),
        (answered(both("6.5.6981.0")), "Exsmtp.dll (no version): could not be read", "mend what keeps"),
        (answered(both(FIXED, "absent")), "Mdbmsg.dll (no version): is not there", "install it again"),
        (answered(both(None)), "store.exe could not be read in C:\\bin", "mend what keeps"),
        (answered({}, folder=None, files={}), "could not be read in an unknown folder", "mend what keeps"),
        (answered(both("8.0.685.24")), "store.exe 8.0.685.24 is of no branch", "mend what keeps"),
    ],
)
def test_not_proved(module: LoadedModule, answer: dict[str, Any], reason: str, remedy: str) -> None:
    state, params = seen(module, answer)
    with pytest.raises(Blocked) as blocked:
        module.diff(state, params)
    assert reason in blocked.value.reason
    assert remedy in blocked.value.remedy


def test_the_right_version_is_not_enough(module: LoadedModule) -> None:
    answer = answered(both(FIXED))
    answer["files"]["store.exe"]["size"] += 1
    state, params = seen(module, answer)
    with pytest.raises(Blocked, match=r"not proved: Store\.exe .*5,132,801 bytes") as blocked:
        module.diff(state, params)
    assert "not the published file" in blocked.value.remedy
    rows = {r["file"]: r for r in state["rows"]}
    assert (rows["Store.exe"]["expected_size"], rows["Store.exe"]["seen_size"]) == (5132800, 5132801)
    assert rows["Mdbmsg.dll"]["verdict"] == "as in the article"


def test_a_wrong_time_zone_is_named(module: LoadedModule) -> None:
    answer = answered(both(FIXED))
    answer["files"]["store.exe"]["modified"] = "2004-09-16T19:42:37Z"
    state, params = seen(module, answer)
    with pytest.raises(Blocked, match="exactly a time zone apart") as blocked:
        module.diff(state, params)
    assert "daylight saving" in blocked.value.remedy
    state, params = seen(module, answer | {"bias_source": "none"})
    assert module.diff(state, params) == []


@pytest.mark.parametrize("more", [{"language": 1031}, {"language": None}])
def test_other_languages_by_version_only(module: LoadedModule, more: dict[str, Any]) -> None:
    answer = answered(both(FIXED), **more)
    answer["files"]["store.exe"]["size"] = 4_000_000
    state, params = seen(module, answer, language="" if more["language"] else "DEU")
    assert module.diff(state, params) == []
    assert module.notes is not None
    assert any("the server is DEU" in note for note in module.notes(state, params))


def test_a_check_run_shows_what_the_steps_will_bring(module: LoadedModule) -> None:
    route = choose(facts({"build": BEFORE, "sp": 1}), advisory(), supplied(["KB870585-2003-SP1"]), Policy())
    state, params = seen(module, answered(both(BEFORE)), steps=[dict(s) for s in route.steps])
    changes = {c.target: c for c in module.diff(state, params)}
    assert changes["Store.exe"].before == "6.5.7226.0, 1,000 bytes, 2004-01-01 00:00 UTC"
    assert changes["Store.exe"].after == "6.5.7232.35, 5,132,800 bytes, 2004-09-16 20:42 UTC"
    assert changes["Mdbmsg.dll"].after == "6.5.7232.35, 3,230,720 bytes, 2004-09-16 20:32 UTC"
    assert {c.certainty for c in changes.values()} == {Certainty.AFTER_APPLY}


def test_a_package_without_a_table_promises_its_level(module: LoadedModule) -> None:
    extra = {"KB836993-2003-SP2": {"command": "x"}}
    route = choose(facts({"build": BEFORE, "sp": 1}), advisory(), supplied([], extra), Policy())
    state, params = seen(module, answered(both(BEFORE)), steps=[dict(s) for s in route.steps])
    assert [(c.target, c.after) for c in module.diff(state, params)] == [
        ("store.exe", "6.5.7638.0 or later"),
        ("mdbmsg.dll", "6.5.7638.0 or later"),
    ]


def test_a_partial_install_is_blocked_whatever_the_steps(module: LoadedModule) -> None:
    state, params = seen(module, answered(both(FIXED, BEFORE)), steps=[{"package": "x", "provides": FIXED}])
    with pytest.raises(Blocked, match="partial install"):
        module.diff(state, params)


@pytest.mark.parametrize(
    ("versions", "mode", "status"),
    [
        (both(FIXED), Mode.APPLY, Status.OK),
        (both(BEFORE), Mode.CHECK, Status.PENDING),
        (both(BEFORE), Mode.APPLY, Status.BLOCKED),
        (both(FIXED, BEFORE), Mode.CHECK, Status.BLOCKED),
    ],
)
def test_through_the_engine(versions: dict[str, str | None], mode: Mode, status: Status) -> None:
    route = choose(facts({"build": BEFORE, "sp": 1}), advisory(), supplied(["KB870585-2003-SP1"]), Policy())
    step = Step(
        address="a", host="ex1", task="Verify", module="file_attributes", mode=mode,
        endpoint=Endpoint(host="ex1", connection="ssh", address="::1", port=22), source=Source("p.yml", 1, 1),
        params={"advisory": role_data(), "steps": [dict(s) for s in route.steps]},
    )  # fmt: skip
    hands = session(answered(versions))

    class Store:
        def open(self, endpoint: Endpoint) -> ScriptedSession:
            return hands

        def watch(self, host: str, say: object) -> None: ...

        def warrant(self, host: str, warrant: object) -> None: ...

        def reset(self, host: str) -> None: ...

    registry = Registry([MODULES])
    result: Result = perform(step, registry, Workbench(registry, cast("Any", Store())), lambda _: None)
    assert result.status is status, result.message
    if status is Status.BLOCKED:
        assert result.remedy
        assert result.before["rows"]


WORLD = """
var registry = %s, files = %s, wmi = %s, notes = [];
function tryValue(fn, fallback) { try { return fn(); } catch (e) { return fallback; } }
function note(source, text) { notes.push(source + ': ' + text); }
function expand(path) { return path.replace('%%ProgramFiles%%', 'C:\\\\Program Files'); }
function bias() { return { minutes: -120, source: 'registry' }; }
function regValue(path) {
  if (registry[path] === 'denied') { throw new Error('access denied'); }
  return registry.hasOwnProperty(path) ? registry[path] : null;
}
function fileInfo(path) {
  if (files[path] === 'locked') { throw new Error('locked'); }
  return { path: path, exists: files.hasOwnProperty(path), version: files[path] || '' };
}
function wmiQuery(namespace, query, names) { return wmi === null ? null : [{ Version: wmi[query] || null }]; }
"""
SETUP = "HKLM\\SOFTWARE\\Microsoft\\Exchange\\Setup\\"
LANGUAGE = "HKLM\\SYSTEM\\CurrentControlSet\\Control\\Nls\\Language\\InstallLanguage"


def on_the_host(registry: Any, files: Any, wmi: Any = None, folder: str = "") -> dict[str, Any]:
    """``inspect`` of the remote half on the lab's engine, over a world of three tables."""
    import quickjs

    context = quickjs.Context()
    context.eval(WORLD % (json.dumps(registry), json.dumps(files), json.dumps(wmi)))
    context.eval((MODULES / "file_attributes.js").read_text(encoding="ascii"))
    args = json.dumps({"folder": folder, "files": ["Store.exe", "Mdbmsg.dll"]})
    found: dict[str, Any] = json.loads(context.eval(f"JSON.stringify(inspect({args}))"))
    return found | {"notes": json.loads(context.eval("JSON.stringify(notes)"))}


def test_the_registry_says_where_the_files_are() -> None:
    files = {"D:\\Exchsrvr\\bin\\Store.exe": FIXED, "D:\\Exchsrvr\\bin\\Mdbmsg.dll": FIXED}
    found = on_the_host({SETUP + "Services": "D:\\Exchsrvr\\", LANGUAGE: "0407"}, files)
    assert found["folder"] == "D:\\Exchsrvr\\bin"
    assert {n: f["version"] for n, f in found["files"].items()} == {"store.exe": FIXED, "mdbmsg.dll": FIXED}
    assert (found["language"], found["bias_minutes"], found["bias_source"]) == (0x407, -120, "registry")
    found = on_the_host({SETUP + "Services": "denied", SETUP + "MsiInstallPath": "D:\\Exchsrvr"}, files)
    assert found["folder"] == "D:\\Exchsrvr\\bin"
    assert found["language"] is None


def test_a_given_folder_wins_and_is_expanded_there() -> None:
    found = on_the_host({}, {"C:\\Program Files\\X\\Store.exe": FIXED}, folder="%ProgramFiles%\\X\\")
    assert found["folder"] == "C:\\Program Files\\X"
    assert found["files"]["store.exe"]["version"] == FIXED
    assert found["files"]["mdbmsg.dll"]["exists"] is False


def test_no_folder_at_all_is_said() -> None:
    found = on_the_host({}, {})
    assert (found["folder"], found["files"]) == (None, {"store.exe": None, "mdbmsg.dll": None})
    assert "folder: the registry does not say where Exchange is installed" in found["notes"]


def test_a_version_the_file_does_not_give_comes_from_wmi() -> None:
    files = {"C:\\b\\Store.exe": "", "C:\\b\\Mdbmsg.dll": "locked"}
    query = "SELECT Version FROM CIM_DataFile WHERE Name='C:\\\\b\\\\Store.exe'"
    found = on_the_host({}, files, {query: FIXED}, folder="C:\\b")
    assert found["files"]["store.exe"]["version"] == FIXED
    assert found["files"]["mdbmsg.dll"] is None
    assert any("from WMI" in note for note in found["notes"])
    found = on_the_host({}, files, None, folder="C:\\b")
    assert found["files"]["store.exe"]["version"] is None
