"""Ends with the command it runs, not with the last process that holds its output: programs a command leaves behind on
Wine keep the Unix files they began with, which on Windows they do not get. Standard library only, started by sshd."""

from __future__ import annotations

import os
import select
import subprocess
import sys

STEP = 0.02


def main(words: list[str]) -> int:
    process = subprocess.Popen(words, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    assert process.stdout is not None
    assert process.stderr is not None
    ends = {process.stdout.fileno(): 1, process.stderr.fileno(): 2}
    while ends:
        over = process.poll() is not None
        ready, _, _ = select.select(list(ends), [], [], 0 if over else STEP)
        for end in ready:
            data = os.read(end, 65536)
            if not data:
                del ends[end]
            while data and end in ends:
                data = data[os.write(ends[end], data) :]
        if over and not ready:
            break
    return process.wait() & 0xFF


if __name__ == "__main__":
    os._exit(main(sys.argv[1:]))
