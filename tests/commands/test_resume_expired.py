"""A plan whose time is over is finished where it was begun, and begun nowhere."""

from __future__ import annotations

import io
from datetime import timedelta
from pathlib import Path
from typing import Any, cast

import pytest

from remediate.change.of_run import while_valid
from remediate.change.work import Work
from remediate.errors import GateClosed
from remediate.project.outside import Outside
from tests.commands.driver import Screen
from tests.planfile.plans import MADE, host, plan

PLAN = plan(host("begun"), host("waiting"))


def left(begun: set[str], *, late: bool) -> tuple[tuple[str, ...], str]:
    said = Screen()
    now = PLAN.valid_until + timedelta(seconds=1 if late else 0)
    outside = Outside(stdin=io.StringIO(), stdout=Screen(), stderr=said, environ={}, folder=Path(), now=lambda: now)
    work = Work(kind="apply", request=cast("Any", None), hosts=PLAN.pending, kept={}, planned=PLAN.hosts, begun=begun)
    return while_valid(work, PLAN, outside).hosts, said.getvalue()


def test_in_time_every_host_goes_on() -> None:
    assert left({"begun"}, late=False) == (("begun", "waiting"), "")
    assert PLAN.made == MADE


def test_afterwards_only_those_begun() -> None:
    hosts, said = left({"begun"}, late=True)
    assert hosts == ("begun",)
    assert said == "the plan has expired; left alone, for nothing was begun there: waiting\n"


def test_afterwards_nothing_is_begun() -> None:
    with pytest.raises(GateClosed, match="the plan was valid until"):
        left(set(), late=True)
