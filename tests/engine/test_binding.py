"""Which windows a host is bound to: every place that gives it one counts, whichever wins as a variable."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import pytest

from remediate.change.asked import Asked
from remediate.change.bindings import bindings_of
from remediate.project.outside import Outside
from tests.commands.driver import Screen, remediate
from tests.language.files import lay

ALWAYS = "{time_zone: UTC, start: 2001-01-01 00:00, rule: FREQ=DAILY, duration: 24h}"
OPEN_ONLY = f"windows: {{open: {ALWAYS}}}\n"
NOON = datetime(2026, 11, 25, 12, 0, tzinfo=UTC)
PLAY = "- {hosts: all, gather_facts: false, tasks: [{win_command: {cmd: whoami}}]}\n"
BOUND = "all: {hosts: {w1: {change_window: closed}}}\n"
GROUP = "all: {children: {berlin: {hosts: {w1: }, vars: {change_window: closed}}}}\n"
INI = "[berlin]\nw1 {vars}\n[berlin:vars]\nchange_window=closed\n"
OPEN = "change_window: open\n"


@pytest.mark.parametrize(
    ("files", "words"),
    [
        ({"lab.yml": BOUND, "x.yml": BOUND.replace("closed", "open")}, ("-i", "lab.yml", "-i", "x.yml")),
        ({"lab.yml": BOUND, "x.yml": BOUND.replace("closed", '""')}, ("-i", "lab.yml", "-i", "x.yml")),
        ({"lab.yml": BOUND, "x.yml": BOUND.replace("closed", "open")}, ("-i", "x.yml", "-i", "lab.yml")),
        ({"lab.yml": BOUND, "b/x.yml": BOUND.replace("closed", "open")}, ("-i", "lab.yml", "-i", "b")),
        ({"lab.yml": BOUND, "host_vars/w1.yml": OPEN}, ("-i", "lab.yml")),
        ({"lab.yml": BOUND, "host_vars/w1.yml": "change_window: null\n"}, ("-i", "lab.yml")),
        ({"lab.yml": GROUP, "host_vars/w1/a.yml": OPEN, "host_vars/w1/b.yml": OPEN}, ("-i", "lab.yml")),
        ({"lab.yml": GROUP, "group_vars/berlin.yml": OPEN}, ("-i", "lab.yml")),
        ({"lab.yml": GROUP, "x.yml": GROUP.replace("closed", "open")}, ("-i", "lab.yml", "-i", "x.yml")),
        ({"lab.yml": GROUP, "x.yml": BOUND.replace("closed", "open")}, ("-i", "lab.yml", "-i", "x.yml")),
        ({"lab.ini": INI.format(vars="change_window=open")}, ("-i", "lab.ini")),
        ({"lab.ini": INI.format(vars="") + "change_window=open\n"}, ("-i", "lab.ini")),
        ({"lab.yml": "all: {hosts: {w1: }}\n", "group_vars/all/a.yml": "change_window: closed\n",
          "group_vars/all/b.yml": OPEN}, ("-i", "lab.yml")),
        ({"lab.yml": BOUND, "group_vars/all.yml": OPEN, "host_vars/w1.yml": OPEN}, ("-i", "lab.yml")),
        ({"lab.yml": "all: {hosts: {w1: }}\n", "play.yml": PLAY.replace("hosts: all", "hosts: all, vars: "
          "{change_window: closed}")}, ("-i", "lab.yml", "-e", "change_window=open")),
    ],
)  # fmt: skip
def test_no_place_lifts_what_another_binds_a_host_to(
    files: dict[str, str], words: tuple[str, ...], tmp_path: Path
) -> None:
    lay(tmp_path, {"windows.yml": OPEN_ONLY, "play.yml": PLAY, **files})
    done = remediate("run", "play.yml", *words, folder=tmp_path)
    assert (done.code, done.out) == (1, "")
    assert "closed" in done.err


@pytest.mark.parametrize("order", [("lab.yml", "b/x.yml"), ("b/x.yml", "lab.yml")])
def test_no_file_of_windows_opens_what_the_one_of_another_inventory_closes(
    order: tuple[str, ...], tmp_path: Path
) -> None:
    outside = Outside(stdin=Screen(), stdout=Screen(), stderr=Screen(), environ={}, folder=tmp_path)
    night = "windows: {night: {time_zone: UTC, start: 2001-01-06 22:00, duration: 1h}}\n"
    lay(
        tmp_path,
        {"lab.yml": BOUND, "windows.yml": night, "b/x.yml": BOUND, "b/windows.yml": f"windows: {{night: {ALWAYS}}}\n"},
    )
    joint = bindings_of(["night"], Asked(playbook="play.yml", inventory=order), outside)
    assert joint.current("night", NOON) is None
