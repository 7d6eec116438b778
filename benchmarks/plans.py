"""How long it takes to read and check a plan of a thousand servers against reading the same bytes as JSON."""

from __future__ import annotations

import json
import tempfile
from datetime import UTC, datetime, timedelta
from pathlib import Path

from benchmarks.measure import Ratio, pairs
from remediate.planfile import codec
from remediate.planfile.model import FORMAT, Command, InputFile, Plan, PlannedChange, PlannedHost, PlannedStep
from remediate.planfile.states import packed, unpacked

HOSTS, STEPS, FILES = 1000, 14, 60


def plan() -> Plan:
    """A plan as the reference playbook makes one: many steps with the same facts, few with something of their own."""
    made = datetime(2026, 11, 25, 12, 0, tzinfo=UTC)
    return Plan(
        format=FORMAT, remediate="1", made=made, valid_until=made + timedelta(days=7), user="ann", controller="ctl1",
        approvals=1, asked=Command(playbook="playbooks/kb870585.yml", inventory=("inventory/servers.yml",)),
        inputs=tuple(InputFile(kind="role", path=f"roles/r/{n}.yml", sha256="0" * 64, size=n) for n in range(60)),
        hosts=tuple(map(_host, range(HOSTS))),
    )  # fmt: skip


def _host(number: int) -> PlannedHost:
    facts = {
        "exchange": {"store_build": "6.5.7226.0", "product": "Exchange Server 2003", "service_pack": 1},
        "services": [{"name": f"Service{n}", "state": "running", "start": "auto", "pid": n} for n in range(40)],
        "files": {f"file{n}.dll": {"version": "6.5.7226.0", "size": 4096 * n, "utc": "2004-06-05T01:02:03Z"}
                  for n in range(FILES)},
    }  # fmt: skip
    change = PlannedChange(target="KB870585", before="6.5.7226.0", after="6.5.7232.35", effect="service restart",
                           seconds=600.0, reversible=False, certainty="known", why="its route")  # fmt: skip
    steps, earlier = [], dict[str, object]()
    for n in range(STEPS):
        state, unchanged = packed({**facts, "step": n}, earlier)
        earlier.update(state)
        steps.append(PlannedStep(address=f"KB870585/kb870585/task {n}@ex{number}", task=f"task {n}", module="hotfix",
                                 status="pending" if n == 9 else "ok", changes=(change,) if n == 9 else (),
                                 state=state, unchanged=unchanged))  # fmt: skip
    return PlannedHost(host=f"ex{number}", outcome="pending", steps=tuple(steps),
                       columns={"product": "Exchange Server 2003 SP1", "route": "KB870585-2003-SP1"})  # fmt: skip


def load() -> Ratio:
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "plan.json"
        codec.save(plan(), path)
        size = path.stat().st_size / 1e6
        return pairs(
            f"load and verify a plan of {HOSTS} hosts ({size:.0f} MB) / json.loads",
            lambda: [unpacked(host.steps) for host in codec.load(path)[0].hosts],
            lambda: json.loads(path.read_bytes()),
            runs=7,
            limit=1.5,
        )
