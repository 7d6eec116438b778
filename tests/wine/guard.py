"""Owns the processes of one Wine host: starts them, and stops them when whoever asked for the host is gone."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
from pathlib import Path

from tests.patience import LIMIT, until
from tests.wine import tools

KEEPER = "C:\\windows\\launcher.exe"


def main(folder: Path, zone: str, program: Path) -> int:
    """Runs until standard input ends: the other end of that pipe dies with the tests, however they die."""
    os.chdir(program)
    prefix = folder / "prefix"
    environment = tools.environment(prefix, zone)
    quiet = {"stdin": subprocess.DEVNULL, "stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL}
    try:
        subprocess.Popen(tools.wine(KEEPER), env=environment, cwd=prefix / "drive_c", **quiet)  # type: ignore[call-overload]
        until((prefix / "drive_c" / "ready.txt").exists)
        sshd = [
            tools.program("openssh-server"),
            "-D",
            "-f",
            str(folder / "sshd_config"),
            "-E",
            str(folder / "sshd.log"),
        ]
        subprocess.Popen(sshd, env={"PATH": os.environ["PATH"]}, **quiet)  # type: ignore[call-overload]
        sys.stdout.write("up\n")
        sys.stdout.flush()
        sys.stdin.read()
    finally:
        stop(folder)
    return 0


def stop(folder: Path) -> None:
    """Ends every process of the host and takes its folder away; also of a host whose guard was killed."""
    prefix = folder / "prefix"
    if prefix.is_dir():
        subprocess.run([tools.program("wine64"), "-k"], env=tools.environment(prefix), check=False, timeout=LIMIT,
                       stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)  # fmt: skip
    for pid in processes(folder):
        try:
            os.kill(pid, signal.SIGKILL)
        except ProcessLookupError:
            continue
    shutil.rmtree(folder, ignore_errors=True)


def processes(folder: Path) -> list[int]:
    """Those whose command line or environment names the host's folder, this one and its guard left out."""
    found = []
    name = os.fsencode(folder)
    for entry in Path("/proc").iterdir():
        if not entry.name.isdigit() or int(entry.name) == os.getpid():
            continue
        try:
            command = (entry / "cmdline").read_bytes()
            ours = b"sshd" in command and name + b"/sshd_config" in command
            ours = ours or b"WINEPREFIX=" + name + b"/prefix\0" in (entry / "environ").read_bytes()
        except OSError:
            continue
        if ours:
            found.append(int(entry.name))
    return found


if __name__ == "__main__":
    raise SystemExit(main(Path(sys.argv[1]), sys.argv[2], tools.ROOT))
