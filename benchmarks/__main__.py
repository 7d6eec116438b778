"""make bench: every promise of speed and memory, as ratios measured in one run."""

from __future__ import annotations

import gc
import sys
from collections.abc import Iterator

from benchmarks import commands, detect, economy, ledgers, memory, plans, reads, startup, winrm
from benchmarks.measure import Ratio
from remediate.__main__ import ALIVE


def main() -> int:
    """Print one line for each promise as it is measured; 1 when one is broken."""
    gc.set_threshold(ALIVE)  # as the program has it; for both sides
    kept = True
    for ratio in _ratios():
        print(ratio, flush=True)
        kept = kept and ratio.kept
    return 0 if kept else 1


def _ratios() -> Iterator[Ratio]:
    yield startup.version()
    yield plans.load()
    yield reads.parses()
    yield from economy.compliant()
    yield from commands.commands()
    yield from detect.detect()
    yield from winrm.winrm()
    yield ledgers.steps()
    yield memory.per_host()


if __name__ == "__main__":
    sys.exit(main())
