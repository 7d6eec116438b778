"""``python -m tests.es3 [FILE...]``: prints what is wrong as file:line:column; all remote halves when none is named."""

from __future__ import annotations

import sys
from pathlib import Path

from tests.es3.lint import Linter, remote_files


def main(arguments: list[str]) -> int:
    linter = Linter()
    files = [Path(argument).resolve() for argument in arguments] or remote_files()
    messages = [message for file in files for message in linter.check(file)]
    sys.stdout.write("".join(f"{message}\n" for message in messages))
    return 1 if messages else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
