"""How much memory each further host costs: peak of a run over many hosts against a run over few."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

from benchmarks.detect import lab, request
from benchmarks.measure import Ratio

FEW, MANY = 5, 50


def peak(folder: Path, file: Path, limit: str) -> int:
    """Peak memory in KiB of a process of its own that runs the hosts in ``limit``."""
    code = f"from pathlib import Path; from benchmarks.memory import inside; inside(Path({str(folder)!r}), {limit!r})"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, cwd=file)
    return int(done.stdout.split()[-1])


def inside(folder: Path, limit: str) -> None:
    """Run in a child: the lab is up already, its inventory is read once more."""
    from remediate.engine.run import run
    from remediate.lab.inventory import expand
    from remediate.language import inventory

    root = folder / "state"
    plugins = {"lab": lambda data, path: expand(data, path, state_root=root, start=True)}
    hosts = inventory.load([folder / "lab.yml"], plugins=plugins)
    summary = run(request(folder, hosts, limit), [])
    if summary.exit_code:
        raise RuntimeError(str(summary))
    print(re.search(r"VmHWM:\s+(\d+) kB", Path("/proc/self/status").read_text())[1])  # type: ignore[index]


def per_host() -> Ratio:
    root = Path(__file__).parents[1]
    with lab(MANY) as (folder, _):
        few = peak(folder, root, f"all[0:{FEW - 1}]")
        many = peak(folder, root, "all")
    each = (many - few) / (MANY - FEW) / 1024
    return Ratio(what=f"memory for each further host ({FEW} -> {MANY}), in MB", ours=each, theirs=1.0, ratio=each,
                 limit=1, unit="MB")  # fmt: skip
