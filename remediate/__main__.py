"""Entry point: answers --version without importing anything heavy, hands the rest to the command line."""

from __future__ import annotations

import gc
import sys

from remediate import __version__

ALIVE = 50_000
"""Objects made anew before the collector looks for cycles among them. Nearly all that a start makes stays: with
Python's own 700 the collector goes through it two hundred times, an eighth of what a short run takes."""


def main() -> int:
    """Run the command line of this process; the exit code is the design's."""
    if sys.argv[1:] in (["--version"], ["version"]):
        try:
            sys.stdout.write(f"remediate {__version__}\n")
            sys.stdout.flush()
        except (OSError, AttributeError):  # suppress() would load contextlib, a tenth of this start
            pass  # what a full disk or a closed stream means is said below
        else:
            return 0
    gc.set_threshold(ALIVE)
    from remediate.commands.cli import process

    return process(sys.argv[1:])


if __name__ == "__main__":
    sys.exit(main())
