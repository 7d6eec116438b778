"""The programs of Debian the Wine hosts are made with, and which packages are missing."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path

ROOT = Path(__file__).parents[2]
HOME = ROOT / ".remediate" / "wine"
SFTP_SERVER = "/usr/lib/openssh/sftp-server"
NEEDED: Mapping[str, tuple[str, ...]] = {
    "wine": ("/usr/lib/wine/wine64", "wine64", "wine"),
    "wine64": ("/usr/lib/wine/wineserver64", "wineserver"),
    "openssh-server": ("/usr/sbin/sshd",),
    "openssh-sftp-server": (SFTP_SERVER,),
    "openssh-client": ("ssh-keygen",),
    "gcc-mingw-w64-x86-64": ("x86_64-w64-mingw32-gcc",),
}
"""Debian package -> programs, one of which it must bring. The bare wine64 does not complain about a missing wine32."""


def program(package: str) -> str:
    """Path of the package's program; "" when it is not installed."""
    return next((found for name in NEEDED[package] if (found := shutil.which(name))), "")


def wine(*words: str) -> list[str]:
    """The command line that runs a program of Windows.

    Without random addresses, where the kernel lets us: Wine's 64-bit loader needs one page at 0x7ffe0000, and kernels
    since 2024 put the heap of such a program anywhere in a gigabyte around it (Linux commit 44c76825d6ee, also in 6.6).
    A heap that lies there, by reckoning once in 8,000 starts, ends the program before it runs; all that is seen of it
    is ERROR_INTERNAL_ERROR (1359) or exit code 1.
    """
    setarch = shutil.which("setarch")
    steady = [setarch, "-R"] if setarch else []
    if steady and subprocess.run([*steady, "true"], check=False, capture_output=True).returncode:
        steady = []
    return [*steady, program("wine"), *words]


def missing() -> tuple[str, ...]:
    """Debian packages to install before Wine hosts can be made."""
    return tuple(package for package in NEEDED if not program(package))


def environment(prefix: Path, zone: str = "UTC") -> dict[str, str]:
    """What Wine's programs run with: their prefix, a quiet Wine, no display, the host's time zone."""
    kept = {name: os.environ[name] for name in ("HOME", "PATH", "USER", "LOGNAME") if name in os.environ}
    return {**kept, "WINEPREFIX": str(prefix), "WINEDEBUG": "-all", "WINEARCH": "win64", "TZ": zone, "LANG": "C.UTF-8"}


def main() -> int:
    """Says what is missing; installs nothing."""
    absent = missing()
    if absent:
        sys.stderr.write(f"Wine hosts need: apt-get install --no-install-recommends {' '.join(absent)}\n")
    return 1 if absent else 0


if __name__ == "__main__":
    raise SystemExit(main())
