"""What the remote halves read out of the words of command-line tools, whatever the language of the host."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.modules.halves import answer

CASES = yaml.safe_load((Path(__file__).parent / "cases" / "texts.yml").read_text(encoding="utf-8"))

OLD_HOST = """
var asked = [];
shellRun = function (line) { asked.push(line); return {exit_code: 1, stdout: "'shutdown' is not recognized"}; };
bootBy = function () { return BOOT; };
wmiAlive = function () { return true; };
wmiCall = function (object, method, inputs) { asked.push([object, method, inputs.Flags]); return {ReturnValue: CODE}; };
GetObject = function (name) { asked.push(name); return {ExecQuery: function () { return ['the system']; }}; };
Enumerator = function (rows) {
  var i = 0;
  this.atEnd = function () { return i >= rows.length; };
  this.moveNext = function () { i++; };
  this.item = function () { return rows[i]; };
};
var plain = reboot;
reboot = function (args) { return {done: plain(args), asked: asked}; };
"""


@pytest.mark.parametrize("case", CASES, ids=lambda case: f"{case['script']} {case['gives']}")
def test_text(case: dict[str, Any]) -> None:
    prints = f"shellRun = function () {{ return {{exit_code: 0, stdout: {json.dumps(case['prints'])}}}; }};"
    assert answer(case["script"], case["function"], case["args"], prints) == case["gives"]


def old_host(boot: str, code: int = 0) -> Any:
    stand_ins = OLD_HOST.replace("BOOT", json.dumps(boot)).replace("CODE", str(code))
    args = {"source": "wmi", "value": "2004-10-01T08:00:00Z", "delay": 2, "message": "KB 870585"}
    return answer("win_reboot", "reboot", args, stand_ins)


def test_windows_2000_is_restarted_by_wmi_with_the_privilege_it_takes() -> None:
    seen = old_host("2004-10-01T08:00:02Z")
    assert seen["done"] == {"ok": True, "text": "Win32Shutdown answered 0"}
    command, moniker, call = seen["asked"]
    assert command == 'shutdown -r -f -t 2 -c "KB 870585"'
    assert moniker == "winmgmts:{impersonationLevel=impersonate,(Shutdown)}!\\\\.\\root\\cimv2"
    assert call == ["the system", "Win32Shutdown", 6]


def test_a_refused_order_is_told() -> None:
    assert old_host("2004-10-01T08:00:00Z", 1314)["done"] == {"ok": False, "text": "Win32Shutdown answered 1314"}


def test_an_order_repeated_after_the_restart_restarts_nothing() -> None:
    assert old_host("2004-10-05T20:10:00Z") == {"done": {"ok": True, "text": "restarted already"}, "asked": []}
