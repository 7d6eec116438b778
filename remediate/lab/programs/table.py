"""The one table of what the lab's cmd.exe knows by name."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from types import MappingProxyType

from remediate.lab.programs import builtin, disk, net, reg, sc, system, text
from remediate.lab.programs.call import Program
from remediate.lab.programs.cscript import cscript
from remediate.lab.programs.dir import dir_


@cache
def builtin_table() -> Mapping[str, Program]:
    """cmd.exe's own commands."""
    return MappingProxyType(
        {
            "call": builtin.call_,
            "cd": builtin.cd,
            "chdir": builtin.cd,
            "cls": builtin.nothing,
            "copy": disk.copy,
            "date": builtin.date,
            "del": disk.del_,
            "dir": dir_,
            "echo": builtin.echo,
            "endlocal": builtin.nothing,
            "erase": disk.del_,
            "exit": builtin.exit_,
            "goto": builtin.goto,
            "md": disk.md,
            "mkdir": disk.md,
            "move": disk.move,
            "path": builtin.path,
            "rd": disk.rd,
            "rem": builtin.nothing,
            "ren": disk.ren,
            "rename": disk.ren,
            "rmdir": disk.rd,
            "set": builtin.set_,
            "setlocal": builtin.nothing,
            "start": builtin.start,
            "time": builtin.time,
            "title": builtin.nothing,
            "type": disk.type_,
            "ver": builtin.ver,
            **{f"{letter}:": builtin.drive for letter in "abcdefghijklmnopqrstuvwxyz"},
        }
    )


CLEARING = frozenset(
    {"cd", "chdir", "copy", "date", "del", "dir", "erase", "md", "mkdir", "move", "ren", "rename", "setlocal", "time"}
    | {"type", "ver"}
)
"""Commands that set the level to 0 when they succeed; the others leave it as it was (as seen on Windows 10)."""
CLEARING_IN_CMD = frozenset({"path", "set"})
"""Those that do so in a batch file named .cmd only."""


@cache
def program_table() -> Mapping[str, Program]:
    """Programs by their file's name without .exe; which of them a host has, its system folder says."""
    return MappingProxyType(
        {
            "attrib": disk.attrib,
            "certutil": system.certutil,
            "cscript": cscript,
            "find": text.find,
            "findstr": text.findstr,
            "hostname": system.hostname,
            "more": text.more,
            "net": net.net,
            "net1": net.net,
            "netstat": system.netstat,
            "ping": system.ping,
            "reg": reg.reg,
            "sc": sc.sc,
            "shutdown": system.shutdown,
            "sort": text.sort,
            "taskkill": system.taskkill,
            "tasklist": system.tasklist,
            "whoami": system.whoami,
        }
    )


@cache
def known_absent(release: str) -> frozenset[str]:
    """Programs such a Windows really lacks: asking for them is no gap of the lab."""
    later = {"powershell", "pwsh", "curl", "certreq", "robocopy", "timeout", "where", "icacls"}
    kits = {"sc", "reg", "tasklist", "taskkill", "shutdown", "whoami", "systeminfo", "wmic", "schtasks", "certutil"}
    return frozenset(later | kits if release == "2000" else later)
