"""The script host and its COM objects, case by case as data."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import yaml

from remediate.lab.faults import parse as parse_faults
from remediate.lab.services import Service
from tests.lab.bare import Bare, plain

HELP = r"""
function e(fn) {
  try { fn(); } catch (x) { WScript.Echo((x.number >>> 0).toString(16) + " " + x.description); return; }
  WScript.Echo("no error");
}
"""
WMI_HELP = r"""
var w;
try { w = GetObject("winmgmts:"); } catch (x) { w = null; }
function q(wql) {
  var r, i, row, k;
  for (r = new Enumerator(w.ExecQuery(wql)); !r.atEnd(); r.moveNext()) {
    row = [];
    for (i = 1; i < arguments.length; i++) { k = r.item()[arguments[i]]; row.push(k === null ? "null" : String(k)); }
    WScript.Echo(row.join("|"));
  }
}
"""
SETUPS = {
    "script": HELP,
    "fso": HELP + 'var f = new ActiveXObject("Scripting.FileSystemObject");\n',
    "wmi": HELP + WMI_HELP,
}


def cases() -> list[Any]:
    found = []
    for group in SETUPS:
        rows = yaml.safe_load((Path(__file__).parent / "cases" / f"{group}.yml").read_text("utf-8"))
        found += [pytest.param(group, row, id=f"{group}: {row['name']}") for row in rows]
    return found


def host(case: dict[str, Any]) -> Bare:
    bare = Bare("2000" if case.get("host") == "2000" else "2003", faults=parse_faults(case.get("faults")))
    bare.chain()
    bare.write(case.get("files", {}))
    for key, values in case.get("registry", {}).items():
        for name, value in values.items():
            bare.machine.registry.set(key, name, value)
    for name in case.get("drivers", ()):
        bare.machine.services.add(Service(name=name, kind="filesystem", state="running"))
    for log, source, number, kind, message in case.get("events", ()):
        bare.machine.eventlog.add(log, source, number, kind, message)
    return bare


@pytest.mark.parametrize(("group", "case"), cases())
def test_case(group: str, case: dict[str, Any]) -> None:
    bare = host(case)
    result = bare.script(SETUPS[group] + case["script"], *case.get("args", ()), stdin=case.get("stdin", "").encode())
    expected = case["out"].replace("BOOTSIZE", str(bare.machine.files.stat("C:\\boot.ini").size))
    assert plain(result.stderr) == ""
    assert plain(result.stdout).removesuffix("\n") == expected
    assert result.exit_code == case.get("quit", 0)
    wanted = case.get("refused", [])
    assert len(bare.machine.refusals) == len(wanted), bare.machine.refusals
    for words, line in zip(wanted, bare.machine.refusals, strict=True):
        assert words in line
