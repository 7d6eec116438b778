"""The mini PowerShell, pipeline by pipeline as data, through pypsrp and PSRP 2.1 and 2.3."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import yaml
from pypsrp.complex_objects import PSInvocationState
from pypsrp.powershell import PowerShell, RunspacePool

from tests.lab.winrm.straight import Straight, error_ids, errors

VERSIONS = ((2, 1), (2, 3))


def cases() -> list[Any]:
    rows = yaml.safe_load((Path(__file__).parent / "cases" / "powershell.yml").read_text("utf-8"))
    return [
        pytest.param(row, version, id=f"{row['name']} {version[0]}.{version[1]}")
        for row in rows
        for version in ([tuple(row["version"])] if "version" in row else VERSIONS)
    ]


@pytest.mark.parametrize(("case", "version"), cases())
def test_case(case: dict[str, Any], version: tuple[int, int]) -> None:
    straight = Straight(version)
    straight.host.write(case.get("files", {}))
    with straight.pool() as pool:
        for step in case["steps"]:
            check(step, carried_out(pool, step), "2" if version < (2, 2) else "5")
    refusals = straight.machine.refusals
    if "refused" in case or "refused_count" in case:
        wanted = case.get("refused", [""] * case.get("refused_count", 0))
        assert len(refusals) == len(wanted), refusals
        assert [words for words, line in zip(wanted, refusals, strict=True) if words not in line] == []


def carried_out(pool: RunspacePool, step: dict[str, Any]) -> PowerShell:
    shell = PowerShell(pool)
    for text in step.get("statements", [step["script"]] if "script" in step else []):
        shell.add_script(text).add_statement()
    if "command" in step:
        shell.add_cmdlet(step["command"])
    for word in step.get("words", []):
        shell.add_argument(word)
    for name, value in step.get("named", {}).items():
        shell.add_parameter(name, value)
    shell.invoke(input=([value] for value in step["input"]) if "input" in step else None)
    return shell


def check(step: dict[str, Any], shell: PowerShell, version: str) -> None:
    expected = step["version_output"][version] if "version_output" in step else step.get("output", [])
    output = [value if isinstance(value, bool | int | str | None) else str(value) for value in shell.output]
    assert output == expected, (step, errors(shell))
    assert (shell.state == PSInvocationState.FAILED) is step.get("failed", False), step
    if "errors_like" in step:
        assert len(errors(shell)) == len(step["errors_like"]), errors(shell)
        assert [
            like for like, error in zip(step["errors_like"], errors(shell), strict=True) if like not in error
        ] == [], errors(shell)
    else:
        assert errors(shell) == step.get("errors", []), step
    assert "ids" not in step or error_ids(shell) == step["ids"]
