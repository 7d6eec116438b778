"""make bench: every promise of speed and memory, as ratios measured in one run."""

from __future__ import annotations

import sys

from benchmarks import detect, economy, ledgers, memory, plans, reads, startup, winrm


def main() -> int:
    """Print one line for each promise; 1 when one is broken."""
    ratios = [
        startup.version(),
        plans.load(),
        reads.parses(),
        *economy.compliant(),
        *detect.detect(),
        *winrm.winrm(),
        ledgers.steps(),
        memory.per_host(),
    ]
    for ratio in ratios:
        print(ratio)
    return 0 if all(ratio.kept for ratio in ratios) else 1


if __name__ == "__main__":
    sys.exit(main())
