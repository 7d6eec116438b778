"""Recorded runs through every report: lines, tables, the screen, the JSON document."""

from __future__ import annotations

import io
import json

import pytest
from pydantic import TypeAdapter
from rich.console import Console as RichConsole

from remediate.events import Sink
from remediate.model import HostSummary, Mode, Outcome, RunSummary
from remediate.reports.console import Console, closing_table
from remediate.reports.document import RunDocument
from remediate.reports.jsonreport import JsonReport
from remediate.reports.plain import Plain
from remediate.reports.redact import Redacting, Redactor
from tests.reports.recorded import Case, cases

each_case = pytest.mark.parametrize("case", cases(), ids=lambda case: case.name)


def replay(case: Case, sink: Sink) -> None:
    guarded = Redacting(sink, Redactor(case.secrets))
    for event in case.recorded():
        guarded.receive(event)
    guarded.close()


def as_plain(case: Case) -> str:
    lines: list[str] = []
    replay(case, Plain(lines.append, verbosity=case.verbosity, diff=case.diff))
    return "\n".join(lines) + "\n"


def as_console(case: Case, *, color: bool = False, live: bool = False) -> str:
    stream = io.StringIO()
    rich = RichConsole(
        file=stream,
        width=case.width,
        height=24,
        force_terminal=color or live,
        highlight=False,
        markup=False,
        emoji=False,
    )
    replay(case, Console(rich, clock=lambda: 0.0, verbosity=case.verbosity, diff=case.diff, live=live))
    return stream.getvalue()


def as_json(case: Case) -> str:
    written: list[str] = []
    replay(case, JsonReport(written.append, states=case.verbosity > 0))
    assert len(written) == 1, "one document per run"
    return written[0]


def stripped(text: str) -> str:
    return "\n".join(line.rstrip() for line in text.splitlines()) + "\n"


@each_case
def test_plain_lines(case: Case) -> None:
    text = as_plain(case)
    if case.plain:
        assert text == case.plain
    assert all(ord(character) >= 32 or character == "\n" for character in text)


@each_case
def test_console_text(case: Case) -> None:
    text = stripped(as_console(case))
    if case.console:
        assert text == case.console


@pytest.mark.parametrize("width", [60, 80, 100, 160])
def test_tables_keep_to_the_width(width: int) -> None:
    long = HostSummary(
        host="exchange-server-in-berlin",
        outcome=Outcome.NOT_APPLICABLE,
        columns={"product": "Exchange Server 2003 SP1", "route": "superseding update", "after": "6.5.7233.69 " * 3},
    )
    stream = io.StringIO()
    rich = RichConsole(file=stream, width=width)
    rich.print(closing_table(RunSummary(mode=Mode.APPLY, hosts=(long, long), seconds=1)))
    lines = stream.getvalue().splitlines()
    assert all(len(line) <= width for line in lines)
    assert "".join(lines).count("not applicable") == 2, "the outcome is never folded"


@each_case
def test_the_document_keeps_its_schema(case: Case) -> None:
    document = json.loads(as_json(case))
    TypeAdapter(RunDocument).validate_python(document, strict=True, extra="forbid")
    assert document["hosts"][0]["outcome"] == case.events[-1]["summary"]["hosts"][0]["outcome"]


@each_case
def test_nothing_forbidden_gets_out(case: Case) -> None:
    outputs = (as_plain(case), as_console(case), as_json(case), as_console(case, live=True))
    for forbidden in case.never:
        assert not any(forbidden in output for output in outputs)


def test_exit_code_stands_in_the_document() -> None:
    codes = {case.name: json.loads(as_json(case))["exit_code"] for case in cases()}
    assert codes["two_hosts"] == 0
    assert codes["dry_run_verbose_diff"] == 2
    assert codes["trouble"] == 4


def test_live_screen_shows_work_and_gives_the_cursor_back() -> None:
    (case,) = [case for case in cases() if case.name == "two_hosts"]
    text = as_console(case, live=True)
    assert "\x1b[?25l" in text
    assert text.rindex("\x1b[?25h") > text.rindex("\x1b[?25l")
    assert "2 hosts: 1 compliant, 1 changed" in text


def test_colour_is_an_extra_and_never_the_only_sign() -> None:
    for case in cases():
        assert "\x1b[" not in as_console(case)
