"""``remediate window``: what is open, what comes next, exit codes, and the units that start a plan by themselves."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from remediate.change_windows import Opening
from remediate.commands import timer
from remediate.commands.cli import run
from remediate.planfile import codec
from remediate.planfile.model import FORMAT, Command, Plan, PlannedHost
from remediate.project.outside import Outside
from tests.commands.driver import Done, Screen

WINDOWS = """\
windows:
  saturday_night:
    title: Berlin
    time_zone: Europe/Berlin
    start: 2026-01-03 22:00
    rule: FREQ=WEEKLY;BYDAY=SA
    duration: 4h
  once:
    time_zone: America/New_York
    start: 2026-06-01 20:00
    duration: 90m
freezes:
  - {name: year end, from: 2026-12-19, to: 2027-01-06, windows: [saturday_night]}
"""
WEDNESDAY = datetime(2026, 11, 25, 12, 0, tzinfo=UTC)
SATURDAY = datetime(2026, 11, 28, 22, 30, tzinfo=UTC)
CHRISTMAS = datetime(2026, 12, 26, 21, 30, tzinfo=UTC)


@pytest.fixture
def project(tmp_path: Path) -> Path:
    folder = tmp_path / "inventory"
    folder.mkdir()
    (folder / "servers.yml").write_text("all: {hosts: {ex1: }}\n", encoding="utf-8")
    (folder / "windows.yml").write_text(WINDOWS, encoding="utf-8")
    (tmp_path / "remediate.toml").write_text("inventory = 'inventory/servers.yml'\n", encoding="utf-8")
    return tmp_path


def window(project: Path, *words: str, now: datetime = WEDNESDAY) -> Done:
    out, err = Screen(), Screen()
    outside = Outside(stdin=Screen(), stdout=out, stderr=err, environ={}, folder=project, now=lambda: now)
    return Done(run(("window", *words), outside), out.getvalue(), err.getvalue())


def test_list(project: Path) -> None:
    assert window(project, "list").out.splitlines() == [
        "window          state   duration  zone              when                                        title",
        "saturday_night  closed  4h        Europe/Berlin     opens Sat 2026-11-28 22:00 CET (21:00 UTC)  Berlin",
        "once            closed  1h 30m    America/New_York  does not open again within five years",
    ]
    assert "saturday_night  open    4h        Europe/Berlin     until Sun 2026-11-29 02:00 CET (01:00 UTC)" in (
        window(project, "list", now=SATURDAY).out
    )
    assert "freeze: year end; opens Sat 2027-01-09 22:00 CET (21:00 UTC)" in window(project, "list", now=CHRISTMAS).out


def test_a_day_of_the_week_is_said_where_utc_has_another(project: Path) -> None:
    assert window(project, "next", "once", "--at", "2026-05-01T00:00Z").out == (
        "once: opens Mon 2026-06-01 20:00 EDT (Tue 00:00 UTC) for 1h 30m\n"
    )


def test_next(project: Path) -> None:
    assert window(project, "next", "saturday_night", "--count", "5").out.splitlines() == [
        "saturday_night: opens Sat 2026-11-28 22:00 CET (21:00 UTC) for 4h",
        "saturday_night: opens Sat 2026-12-05 22:00 CET (21:00 UTC) for 4h",
        "saturday_night: opens Sat 2026-12-12 22:00 CET (21:00 UTC) for 4h",
        "saturday_night: opens Sat 2027-01-09 22:00 CET (21:00 UTC) for 4h",
        "saturday_night: opens Sat 2027-01-16 22:00 CET (21:00 UTC) for 4h",
    ]
    assert "once: does not open again within five years" in window(project, "next").out
    assert window(project, "next", "saturday_night", now=CHRISTMAS).out.splitlines()[0] == (
        "saturday_night: frozen: year end"
    )


def test_check_is_for_scripts(project: Path) -> None:
    done = window(project, "check", "saturday_night", now=SATURDAY)
    assert (done.code, done.out) == (0, "saturday_night is open until Sun 2026-11-29 02:00 CET (01:00 UTC)\n")
    done = window(project, "check", "saturday_night")
    assert done.code == 3
    assert done.err.startswith(
        "error: change window saturday_night is closed; it opens Sat 2026-11-28 22:00 CET (21:00 UTC)\n"
    )
    done = window(project, "check", "saturday_night", now=CHRISTMAS)
    assert done.code == 3
    assert "is closed (freeze: year end); it opens Sat 2027-01-09 22:00 CET (21:00 UTC)" in done.err


def test_check_of_all_needs_all(project: Path) -> None:
    done = window(project, "check", now=SATURDAY)
    assert done.code == 3
    assert done.out.startswith("saturday_night is open")
    assert "change window once is closed; it does not open again" in done.err


def test_at_is_another_time(project: Path) -> None:
    assert window(project, "check", "saturday_night", "--at", "2026-11-28T23:59:59+01:00").code == 0
    assert window(project, "check", "saturday_night", "--at", "2026-11-29T02:00:00+01:00").code == 3
    assert window(project, "check", "saturday_night", "--at", "2026-11-28T21:00Z").code == 0


def test_json(project: Path) -> None:
    document = json.loads(window(project, "list", "--format", "json", now=CHRISTMAS).out)
    assert document["now"] == "2026-12-26T21:30:00+00:00"
    assert document["windows"][0] == {
        "window": "saturday_night",
        "title": "Berlin",
        "time_zone": "Europe/Berlin",
        "duration": "4h",
        "state": "frozen",
        "freeze": "year end",
        "open_until": "",
        "next": [
            {
                "start": "2027-01-09T21:00:00+00:00",
                "end": "2027-01-10T01:00:00+00:00",
                "local": "Sat 2027-01-09 22:00 CET (21:00 UTC)",
                "length": "4h",
            }
        ],
    }
    done = window(project, "check", "saturday_night", "--format", "json")
    assert done.code == 3
    assert json.loads(done.out)["windows"][0]["state"] == "closed"


@pytest.mark.parametrize(
    ("words", "error"),
    [
        (
            ["next", "saturday_nigth"],
            "there is no change window 'saturday_nigth'\n  hint: did you mean 'saturday_night'?",
        ),
        (
            ["check", "--at", "2026-11-28T23:00"],
            "--at: the offset is missing\n  hint: as in 2026-11-28T23:00+01:00, or",
        ),
        (["check", "--at", "tonight"], "--at: 'tonight' is no time\n  hint: as in 2026-12-24T23:00+01:00"),
        (["check", "--at", "9999-12-31T23:59-12:00"], "--at: the year 9999 is out of all reason"),
        (["next", "--count", "0"], "--count is from 1 to 100"),
        (["next", "--count", "many"], "--count must be a whole number"),
        (["list", "--windows", "gone.yml"], "gone.yml: no such file"),
        (["list", "-i", "inventory/srvers.yml"], "there is no inventory inventory/srvers.yml\n  hint: did you mean"),
        (["timer"], "which plan?"),
        (["timer", "gone.json"], "gone.json: the plan cannot be read: No such file or directory"),
    ],
    ids=lambda value: " ".join(value) if isinstance(value, list) else "",
)
def test_wrong_words(words: list[str], error: str, project: Path) -> None:
    done = window(project, *words)
    assert done.code == 1
    assert done.err.startswith(f"error: {error}")


def test_where_the_file_is_found(project: Path) -> None:
    other = WINDOWS.replace("once:", "elsewhere:")
    (project / "elsewhere.yml").write_text(other, encoding="utf-8")
    assert "elsewhere" in window(project, "list", "--windows", "elsewhere.yml").out
    assert "elsewhere" not in window(project, "list").out
    with (project / "remediate.toml").open("a", encoding="utf-8") as settings:
        settings.write("windows = 'elsewhere.yml'\n")
    assert "elsewhere" in window(project, "list").out
    (project / "remediate.toml").write_text("", encoding="utf-8")
    assert "once" in window(project, "list", "-i", "inventory").out


def test_no_file_at_all(project: Path) -> None:
    (project / "inventory" / "windows.yml").unlink()
    done = window(project, "list")
    assert done.code == 1
    assert done.err.startswith("error: there is no file of change windows\n  hint: looked for inventory/windows.yml;")


def test_a_folder_of_inventories_does_not_take_windows_for_hosts(project: Path) -> None:
    (project / "inventory" / "company.ics").write_text("BEGIN:VCALENDAR\n", encoding="utf-8")
    out, err = Screen(), Screen()
    outside = Outside(stdin=Screen(), stdout=out, stderr=err, environ={}, folder=project)
    assert run(("inventory", "list", "-i", "inventory"), outside) == 0
    assert [line.split()[0] for line in out.getvalue().splitlines()] == ["host", "ex1"]


def test_what_an_ics_file_says_cannot_steer_the_terminal(project: Path) -> None:
    event = "DTSTART:20261125T000000Z\r\nDURATION:P1D\r\nSUMMARY:\x1b[31mred\x07"
    text = f"BEGIN:VCALENDAR\r\nBEGIN:VEVENT\r\n{event}\r\nEND:VEVENT\r\nEND:VCALENDAR\r\n"
    (project / "inventory" / "company.ics").write_text(text, encoding="utf-8")
    with (project / "inventory" / "windows.yml").open("a", encoding="utf-8") as file:
        file.write("  - {name: company, ics: company.ics}\n")
    for words in (["list"], ["next"], ["check"]):
        done = window(project, *words)
        assert "red" in done.out + done.err
        assert not re.search(r"[\x00-\x09\x0b-\x1f\x7f]", done.out + done.err)


# The timer


def plan(folder: Path, name: str = "saturday.json", windows: tuple[str, ...] = ("saturday_night",)) -> Path:
    """A saved plan with one host, bound to these windows."""
    host = PlannedHost(host="ex1", outcome="pending", windows=windows)
    made = Plan(
        format=FORMAT,
        remediate="0",
        made=WEDNESDAY,
        valid_until=WEDNESDAY + timedelta(days=20),
        user="root",
        controller="here",
        approvals=0,
        asked=Command(playbook="site.yml", inventory=("inventory/servers.yml",)),
        inputs=(),
        hosts=(host,),
    )
    codec.save(made, folder / name)
    return folder / name


def test_units_are_printed(project: Path) -> None:
    plan(project)
    done = window(project, "timer", "saturday.json", "--window", "saturday_night", "--count", "2")
    assert done.code == 0, done.err
    assert re.search(
        r"^OnCalendar=2026-11-28 21:00:00 UTC\nOnCalendar=2026-12-05 21:00:00 UTC$", done.out, re.MULTILINE
    )
    assert "\nPersistent=false\n" in done.out
    assert "\nType=oneshot\n" in done.out
    assert f"\nWorkingDirectory={project}\n" in done.out
    assert f'"apply" "{project}/saturday.json"\n' in done.out
    assert "systemctl --user enable --now remediate-" in done.out
    assert [line for line in done.out.splitlines() if line.endswith("apply " + str(project / "saturday.json"))]


def test_units_are_written(project: Path) -> None:
    plan(project)
    done = window(project, "timer", "saturday.json", "-o", "units")
    assert done.code == 0, done.err
    kinds = sorted(path.suffix for path in (project / "units").iterdir())
    assert kinds == [".service", ".timer"]
    assert len({path.stem for path in (project / "units").iterdir()}) == 1
    assert "OnCalendar" not in done.out
    assert done.out.count("written: ") == 2


def test_the_timer_as_json(project: Path) -> None:
    plan(project)
    document = json.loads(window(project, "timer", "saturday.json", "--format", "json").out)
    assert document["openings"] == [{"start": "2026-11-28T21:00:00+00:00", "end": "2026-11-29T01:00:00+00:00"}]
    assert len(document["units"]) == 2
    assert len(document["cron"]) == 1


@pytest.mark.parametrize(
    ("windows", "words", "now", "code", "error"),
    [
        ((), [], WEDNESDAY, 1, "the plan names no window\n  hint: say which: --window NAME"),
        (("saturday_night", "once"), [], WEDNESDAY, 1, "the plan names 2 windows (saturday_night, once)"),
        (("gone",), [], WEDNESDAY, 1, "there is no change window 'gone'"),
        (("saturday_night",), ["--window", "onec"], WEDNESDAY, 1, "there is no change window 'onec'\n  hint: did you"),
        (("once",), [], WEDNESDAY, 3, "change window once does not open again"),
        (("saturday_night",), [], CHRISTMAS, 3, "the plan is valid until 2026-12-15 12:00 UTC, saturday_night opens"),
        (("saturday_night",), ["--count", "9"], WEDNESDAY, 3, "the plan is valid until 2026-12-15 12:00 UTC"),
        (("saturday_night",), ["-o", "remediate.toml"], WEDNESDAY, 1, "remediate.toml: cannot be written"),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_no_timer(
    windows: tuple[str, ...], words: list[str], now: datetime, code: int, error: str, project: Path
) -> None:
    plan(project, windows=windows)
    done = window(project, "timer", "saturday.json", *words, now=now)
    assert done.code == code
    assert done.err.startswith(f"error: {error}")


def test_a_line_end_in_a_path_is_refused(project: Path) -> None:
    plan(project, "a\nExecStart=b.json")
    done = window(project, "timer", "a\nExecStart=b.json")
    assert done.code == 1
    assert "cannot stand in a unit or a crontab" in done.err
    assert done.out == ""


AWKWARD = ("plain", "with blank", "50% off", 'say "hi"', "it's", "$HOME & co", "back\\slash", "%n$$;#", "ümläut")
OPENING = Opening("w", datetime(2026, 11, 28, 21, 0, tzinfo=UTC), datetime(2026, 11, 29, 1, 0, tzinfo=UTC))


def systemd_words(line: str) -> list[str]:
    """ExecStart as systemd.service(5) reads it: quotes, C escapes, then specifiers and variables."""
    words = re.findall(r'"((?:[^"\\]|\\.)*)"', line)
    assert line == " ".join(f'"{word}"' for word in words)
    unescaped = [re.sub(r"\\(.)", r"\1", word) for word in words]
    assert not [word for word in unescaped if re.search(r"(?<!%)(%%)*%(?!%)", word)]
    return [word.replace("%%", "%").replace("$$", "$") for word in unescaped]


@pytest.mark.parametrize("name", AWKWARD)
def test_awkward_names_come_through(name: str) -> None:
    command = ["/usr/bin/python3", "-m", "remediate", "apply", f"/srv/{name}/plan.json"]
    text = timer.service(command, Path("/srv") / name, name)
    (line,) = re.findall(r"^ExecStart=(.*)$", text, re.MULTILINE)
    assert systemd_words(line) == command


@pytest.fixture
def berlin(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.setenv("TZ", "Europe/Berlin")
    time.tzset()
    yield
    monkeypatch.undo()
    time.tzset()


@pytest.mark.usefixtures("berlin")
@pytest.mark.parametrize("name", AWKWARD)
def test_cron_looks_at_the_year_and_leaves_words_whole(name: str, tmp_path: Path) -> None:
    folder = tmp_path / name
    folder.mkdir()
    line = timer.cron(["printf", "%s|", f"{name}/plan.json"], folder, OPENING)
    minute, hour, day, month, weekday, command = line.split(" ", 5)
    assert (minute, hour, day, month, weekday) == ("0", "22", "28", "11", "*")
    assert not re.search(r"(?<!\\)%", command), "cron takes a bare % for the end of the command"
    shell = command.replace("\\%", "%")
    assert '"$(date +%Y)" = 2026' in shell
    this_year = shell.replace('"$(date +%Y)"', "2026")
    done = subprocess.run(["/bin/sh", "-c", f"{this_year}; pwd"], capture_output=True, text=True, check=True, cwd="/")
    assert done.stdout == f"{name}/plan.json|{folder}\n"
    another = shell.replace('"$(date +%Y)"', "2027")
    assert subprocess.run(["/bin/sh", "-c", another], capture_output=True, text=True, check=False).stdout == ""


@pytest.mark.skipif(not shutil.which("systemd-analyze"), reason="there is no systemd-analyze here")
@pytest.mark.parametrize("name", AWKWARD)
def test_systemd_finds_no_fault_with_the_units(name: str, tmp_path: Path) -> None:
    folder = tmp_path / name
    folder.mkdir()
    program = shutil.which("true") or "/bin/true"
    units = {
        "remediate-x.service": timer.service([program, "apply", f"{folder}/plan.json"], folder, f"plan {name}"),
        "remediate-x.timer": timer.timer([OPENING, OPENING], f"plan {name}"),
    }
    for file, text in units.items():
        (tmp_path / file).write_text(text, encoding="utf-8")
    done = systemd("verify", *(str(tmp_path / file) for file in units))
    assert not [line for line in (done.stdout + done.stderr).splitlines() if "remediate-x" in line], done.stderr


@pytest.mark.skipif(not shutil.which("systemd-analyze"), reason="there is no systemd-analyze here")
def test_systemd_reads_the_time_as_meant() -> None:
    (time_text,) = re.findall(r"^OnCalendar=(.*)$", timer.timer([OPENING], "x"), re.MULTILINE)
    done = systemd("calendar", "--base-time=2026-11-25", time_text)
    assert (
        "(in UTC): Sat 2026-11-28 21:00:00 UTC" in done.stdout
        or "Next elapse: Sat 2026-11-28 21:00:00 UTC" in done.stdout
    )


def systemd(*words: str) -> Any:
    return subprocess.run(
        ["systemd-analyze", *words],
        capture_output=True,
        text=True,
        check=False,
        env={"PATH": "/usr/bin:/bin", "TZ": "UTC"},
    )
