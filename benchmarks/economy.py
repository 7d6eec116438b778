"""Connections and remote executions a compliant host costs in a run of the reference playbook."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from benchmarks.detect import ROOT, lab
from benchmarks.measure import Ratio
from remediate.engine.registry import Registry
from remediate.engine.run import RunRequest, run
from remediate.lab import control
from remediate.language.playbook import SearchPath
from remediate.model import Mode


def compliant() -> list[Ratio]:
    playbook = ROOT / "playbooks" / "kb870585.yml"
    with lab(1) as (folder, hosts):
        wanted = RunRequest(
            playbook=playbook,
            inventory=hosts,
            search=SearchPath(roles=(ROOT / "roles",), playbook=playbook),
            modules=Registry([ROOT / "modules"]),
            mode=Mode.APPLY,
        )
        before = counters(folder)
        summary = run(wanted, [])
        after = counters(folder)
    if summary.exit_code:
        raise RuntimeError(str(summary))
    executions, logons = after[0] - before[0], after[1] - before[1]
    return [
        Ratio(
            what="remote executions of a compliant host", ours=executions, theirs=1, ratio=executions, limit=2, unit=""
        ),
        Ratio(what="connections of a compliant host", ours=logons, theirs=1, ratio=logons, limit=1, unit=""),
    ]


def counters(folder: Path) -> tuple[int, int]:
    status: Any = control.status(folder / "lab.yml", folder / "state")
    host = status["hosts"][0]
    return int(host["executions"]), int(host["logons"])
