"""How long `remediate --version` takes against `python -c pass`."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

from benchmarks.measure import Ratio, pairs


def version() -> Ratio:
    command = str(Path(sys.executable).with_name("remediate"))
    return pairs(
        "remediate --version / python -c pass",
        lambda: subprocess.run([command, "--version"], check=True, capture_output=True),
        lambda: subprocess.run([sys.executable, "-c", "pass"], check=True),
        runs=15,
        limit=2,
    )
