"""How a server is left, from two looks at it; and which files do not belong together."""

from __future__ import annotations

import copy
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from remediate.kb.mixture import mixed
from remediate.kb.standing import standing
from tests.kb.servers import advisory, facts

JOB = "KB870585-2003-SP1-abababababab"
UP = [
    {"name": "MSExchangeIS", "state": "running", "start_mode": "auto", "depends": ["MSExchangeSA"]},
    {"name": "MSExchangeSA", "state": "running", "start_mode": "auto", "depends": []},
]
DOWN = [{**service, "state": "stopped"} for service in UP]
STORES = [{"name": "G\\A", "state": "mounted"}, {"name": "G\\B", "state": "dismounted"}]
NEW = {"store.exe": "6.5.7232.35", "mdbmsg.dll": "6.5.7232.35"}


def server(build: str = "6.5.7226.0", files: dict[str, Any] | None = None, **more: Any) -> dict[str, Any]:
    found = facts({"build": build, "sp": 1, "files": files or {}})
    return {**found, "services": UP, "stores": STORES, **copy.deepcopy(more)}


def job(**more: Any) -> dict[str, Any]:
    files = [{"name": name, "path": name, "version": "6.5.7226.0"} for name in ("store.exe", "mdbmsg.dll")]
    record = {"package": "KB870585-2003-SP1", "files": files}
    return {"name": JOB, "phase": "finished", "exit_code": 0, "settled": False, "started": "2026-01-31T20:10:00Z",
            "record": record, **more}  # fmt: skip


FIRST = server()
STARTING = [{**UP[0], "state": "start pending"}, UP[1]]
MIXED = "files that do not belong together: store.exe 6.5.7232.35, mdbmsg.dll 6.5.7226.0"
CASES: dict[str, tuple[dict[str, Any], tuple[str, ...]]] = {
    "as before": (server(), ()),
    "down, behind what it depends on": (server(services=DOWN), ("DOWN NOW: MSExchangeSA, MSExchangeIS",)),
    "disabled, paused and gone": (
        server(services=[{**UP[0], "state": "stopped", "start_mode": "disabled"}, {**UP[1], "state": "paused"}]),
        ("DOWN NOW: MSExchangeSA (paused), MSExchangeIS (disabled)",),
    ),
    "a service that is gone": (server(services=UP[:1]), ("DOWN NOW: MSExchangeSA (gone)",)),
    "still starting": (server(services=STARTING), ("still starting: MSExchangeIS",)),
    "services that nobody can list": (server(services=None), ("which services run could not be read",)),
    "an installer that runs": (
        server(services=DOWN, jobs=[job(phase="running", exit_code=None)]),
        (f"an installer still runs: job {JOB} since 2026-01-31T20:10:00Z", "DOWN NOW: MSExchangeSA, MSExchangeIS"),
    ),
    "an installer that outlived its job": (
        server(jobs=[job(phase="lost", exit_code=None)], installers_running=[{"name": "update.exe"}]),
        (f"an installer still runs: job {JOB} since 2026-01-31T20:10:00Z",),
    ),
    "somebody's installer": (server(installers_running=[{"name": "setup.exe"}]), ("an installer runs: setup.exe",)),
    "a mixture that is served": (
        server("6.5.7232.35", {"mdbmsg.dll": "6.5.7226.0"}, jobs=[job()]),
        (f"{MIXED}, and mail is served on them",),
    ),
    "a mixture nobody serves, by a job dealt with in this run": (
        server("6.5.7232.35", {"mdbmsg.dll": "6.5.7226.0"}, jobs=[job(settled=True)], services=DOWN),
        ("DOWN NOW: MSExchangeSA, MSExchangeIS", MIXED),
    ),
    "a store": (
        server(stores=[{"name": "G\\A", "state": "dismounted"}, STORES[1]]), ("NOT MOUNTED: G\\A (dismounted)",),
    ),
    "a store of a service that is down says nothing new": (
        server(services=DOWN, stores=[{"name": "G\\A", "state": "dismounted"}]),
        ("DOWN NOW: MSExchangeSA, MSExchangeIS",),
    ),
    "3010": (server("6.5.7232.35", jobs=[job(exit_code=3010)]), ("restart due (3010)",)),
    "1641": (server("6.5.7232.35", jobs=[job(exit_code=1641)]), ("restart due (1641)",)),
    "3010, and the restart has come": (
        server("6.5.7232.35", jobs=[job(exit_code=3010)], os={"boot": "2026-01-31T20:20:00Z"}), (),
    ),
    "files that wait": (
        server(pending={"reboot": True, "sources": ["PendingFileRenameOperations"],
                        "renames": [{"from": "x", "to": "C:\\Exchsrvr\\bin\\Store.exe"}]}),
        ("restart due (PendingFileRenameOperations): store.exe waits for it",),
    ),
}  # fmt: skip


@pytest.mark.parametrize("name", CASES)
def test_what_a_person_must_know(name: str) -> None:
    now, alerts = CASES[name]
    assert standing(FIRST, now, advisory()).alerts == alerts


def test_files_that_changed_are_told_beside_those_of_the_level() -> None:
    now = server("6.5.7232.35", {"exsmtp.dll": "6.5.7226.0", "mdbtask.dll": "absent", "mdbrole.dll": None})
    told = standing(FIRST, now, advisory()).told
    assert told[0] == "services as before"
    assert told[1].startswith("store.exe 6.5.7232.35, mdbmsg.dll 6.5.7232.35, ")
    assert "exsmtp.dll" not in told[1]
    assert "mdbtask.dll is not there" in told[1]
    assert "mdbrole.dll unreadable" in told[1]


def test_an_earlier_runs_job_says_what_ran_before_it() -> None:
    """The first look of this run found the services down already."""
    left = job(services_before=UP)
    first = server(services=DOWN, jobs=[left])
    found = standing(first, server(services=DOWN, jobs=[left]), advisory())
    assert found.alerts == ("DOWN NOW: MSExchangeSA, MSExchangeIS",)
    assert found.data["services_down"] == ["MSExchangeSA", "MSExchangeIS"]


def test_stores_nobody_can_tell_of_are_said_and_not_guessed() -> None:
    found = standing(FIRST, server(stores=None), advisory())
    assert found.alerts == ()
    assert "whether these stores are mounted could not be read: G\\A" in found.told


def test_a_restart_from_before_is_nothing_of_this_run() -> None:
    old = job(exit_code=3010, settled=True)
    assert standing(server(jobs=[old]), server(jobs=[old]), advisory()).alerts == ()


JSON: Any = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=8,
)
ABSURD: Any = st.dictionaries(st.sampled_from(sorted(FIRST)), JSON, max_size=6)


JUDGED = {"judged": {"ok": True, "exit_code": 0, "at": "2026-01-31T20:20:00Z", "files": []}}


@pytest.mark.parametrize(
    ("jobs", "since"),
    [
        ([job()], "it has ended since, with exit code 0"),
        ([job(exit_code=1603)], "it has ended since, with exit code 1603"),
        ([job(phase="running", exit_code=None)], ""),
        ([job(**JUDGED)], ""),
        ([], ""),
    ],
    ids=["ended", "ended badly", "runs", "judged by the walk", "none"],
)
def test_an_installer_that_ended_after_it_was_given_up(jobs: list[Any], since: str) -> None:
    found = standing(FIRST, server("6.5.7232.35", NEW, jobs=jobs), advisory())
    assert found.since == since
    assert found.remedy.startswith("run again: its end is judged") is bool(since)


@given(first=ABSURD, now=ABSURD)
def test_whatever_a_host_says_it_is_words(first: dict[str, Any], now: dict[str, Any]) -> None:
    for one, other in ((first, now), (FIRST, now), ({**FIRST, **first}, {**FIRST, **now})):
        found = standing(one, other, advisory())
        assert all(isinstance(text, str) for text in (*found.alerts, *found.told, found.remedy))


@pytest.mark.parametrize(
    ("files", "jobs", "found"),
    [
        (NEW, [job()], ()),
        ({}, [job()], ()),
        ({"store.exe": "6.5.7232.35"}, [job()], ("store.exe 6.5.7232.35", "mdbmsg.dll 6.5.7226.0")),
        ({"store.exe": "6.5.7232.35"}, [], ("store.exe 6.5.7232.35", "mdbmsg.dll 6.5.7226.0")),
        ({"mdbmsg.dll": "6.5.7226.9"}, [job()], ()),
        ({"store.exe": None}, [job()], ()),
    ],
    ids=["all new", "all old", "half", "half, and no job tells", "another revision of the same build", "unreadable"],
)
def test_files_that_do_not_belong_together(files: dict[str, Any], jobs: list[Any], found: tuple[str, ...]) -> None:
    state = server(files={"mdbmsg.dll": "6.5.7226.0", **files}, jobs=jobs)
    assert mixed(advisory(), state, jobs) == found


def test_what_a_job_found_it_need_not_answer_for() -> None:
    before = [{"name": "store.exe", "version": "6.5.7226.0"}, {"name": "mdbmsg.dll", "version": "6.5.7233.69"}]
    one = job(record={"package": "KB870585-2003-SP1", "files": before})
    state = server(files={"mdbmsg.dll": "6.5.7233.69"})
    assert mixed(advisory(), state, [one]) == ()
    assert mixed(advisory(), state, [job()]) == ("store.exe 6.5.7226.0", "mdbmsg.dll 6.5.7233.69")


def test_a_package_of_which_some_files_came() -> None:
    """Not only those of the key file's build: the rest of the table counts as well."""
    names = ("exsmtp.dll", "mdbevent.dll", "mdbmsg.dll", "mdbrole.dll", "mdbtask.dll", "store.exe")
    files = [{"name": name, "version": "6.5.6944.0"} for name in names]
    rtm = job(record={"package": "KB870585-2003-RTM", "files": files})
    state = server("6.5.6981.0", {"mdbtask.dll": "6.5.6944.0"})
    assert "mdbtask.dll 6.5.6944.0" in mixed(advisory(), state, [rtm])
    assert "store.exe 6.5.6981.0" in mixed(advisory(), state, [rtm])
