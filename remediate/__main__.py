"""Entry point: answers --version without importing anything heavy, hands the rest to the command line."""

from __future__ import annotations

import sys
from contextlib import suppress

from remediate import __version__


def main() -> int:
    """Run the command line of this process; the exit code is the design's."""
    if sys.argv[1:] in (["--version"], ["version"]):
        with suppress(OSError, AttributeError):  # what a full disk or a closed stream means is said below
            sys.stdout.write(f"remediate {__version__}\n")
            sys.stdout.flush()
            return 0
    from remediate.commands.cli import process

    return process(sys.argv[1:])


if __name__ == "__main__":
    sys.exit(main())
