"""What installers of the Update.exe family say at their end, in words: exit codes, the log's own codes and messages."""

from __future__ import annotations

import re
from dataclasses import dataclass

MASK = 1603
"""The catch-all: the line before it in the log gives the true code [verified]."""

RESTART = (3010, 1641)
"""Exit codes that say that Windows has to be restarted, or is being restarted [verified for Windows Installer]."""

# Windows' own error numbers mean the same everywhere; what this installer means by them is inferred.
EXIT_CODES = {
    1: ("the installer did not accept its command line or could not begin", "run it by hand once to see its message"),
    2: ("a file was not found", "see whether the package was removed from the host; stage it again"),
    5: ("access was denied", "use an account that is administrator of the server"),
    112: ("the disk is full", "free some space on the system drive and run again"),
    193: ("the package is not a program for this Windows", "get the x86 package again and compare its hash"),
    1602: ("the installation was cancelled on the server", "find out who cancelled it, then run again"),
    MASK: ("the installation failed (1603 stands for every cause, the log names the true one)", "see the log"),
    1392: ("the package file is damaged", "get it again and compare its hash"),
    1618: ("another installation is in progress", "wait for it to end, then run again"),
    1633: ("the package is for another platform", "take the x86 package"),
    1641: ("the installer has begun a restart of Windows", "wait for the server, then run again"),
    -1073741502: ("Windows could not initialise the program: the session had no room for it", "restart the SSH server"),
    9009: ("the package could not be run as a program", "compare its hash with what Microsoft gave out"),
}  # fmt: skip
EXTENDED = {
    # verified: seen with trouble of the cryptographic service and of catroot2
    0xF01E: ("the package's catalogue could not be installed",
             "see that the service Cryptographic Services runs and that catroot2 is sound, then run again"),
    # verified that it was seen in a failed update; what it means exactly is not
    0xF201: ("the update failed while it was being put in place",
             "see the lines above it in the log"),
}  # fmt: skip
PHASES = (
    (r"\bstarting\b.*\bservice|\bservice\b.*\bis (running|start pending)", "starting services"),
    (r"\bstop\w*\b.*\bservice|\bservice\b.*\bstop", "stopping services"),
    (r"\bcop(y|ied|ying)\b|replac", "copying files"),
    (r"uninstall|backup|back up", "saving what it replaces"),
    (r"regist", "writing the registry"),
)


@dataclass(frozen=True, slots=True)
class LogEnd:
    """What the end of an installer's log says; None or "" where it says nothing."""

    extended: int | None
    message: str
    """The last message that a person at the screen would have seen."""
    incomplete: bool


def read_log(tail: str) -> LogEnd:
    """``tail``: the last part of the log, in any mix of line ends; earlier runs may stand above the last one."""
    tail = re.split(r"started with following command line", tail, flags=re.IGNORECASE)[-1]  # likely: how a run begins
    codes = re.findall(r"extended error code\s*=\s*0x([0-9a-f]{1,8})", tail, re.IGNORECASE)
    messages = re.findall(r"message displayed to the user:\s*([^\r\n]*)", tail, re.IGNORECASE)
    return LogEnd(
        extended=int(codes[-1], 16) if codes else None,
        message=messages[-1].strip()[:300] if messages else "",
        incomplete="installation did not complete" in tail.lower(),
    )


def explain(code: int, log: LogEnd) -> tuple[str, str]:
    """What a failing exit code means, with what the log adds; and what to do."""
    signed = code - (1 << 32) if code >= 1 << 31 else code
    meaning, remedy = EXIT_CODES.get(signed, ("the installation failed", "see the log for the cause"))
    parts = [f"exit code {code}: {meaning}"]
    if log.extended is not None:
        known = EXTENDED.get(log.extended) or EXIT_CODES.get(log.extended)
        parts.append(
            f"the log names 0x{log.extended:X}" + (f", {known[0]}" if known else ", a code with no public meaning")
        )
        remedy = known[1] if known else remedy
    if log.message:
        parts.append(f"it said: {log.message}")
    if log.incomplete:
        parts.append("the installer itself says that the installation did not complete")
    return "; ".join(parts), remedy


def phase(tail: str) -> str:
    """What the installer is doing, by the last line of its log that tells."""
    for line in reversed(tail.splitlines()[-40:]):
        for pattern, words in PHASES:
            if re.search(pattern, line, re.IGNORECASE):
                return words
    return "working"
