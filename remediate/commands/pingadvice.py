"""The next thing to try for a host that does not answer: what the error knows, and what a second look at it tells."""

from __future__ import annotations

import contextlib
import re
import socket
from collections.abc import Callable, Iterable, Mapping
from types import MappingProxyType
from typing import TYPE_CHECKING

from remediate.errors import HostError, Unreachable
from remediate.model import Endpoint

if TYPE_CHECKING:
    from remediate.connections.base import Session

DOORS: Mapping[int, str] = MappingProxyType(
    {22: "ssh", 5985: "winrm, ansible_port: 5985", 5986: "winrm, ansible_port: 5986"}
)
"""Ports a Windows host is usually reached by, and the ``ansible_connection`` each means."""
KNOCK = 2.0
"""Seconds one such port is waited for."""

_WINRM: Mapping[str, str] = MappingProxyType(
    {
        "refused": "`winrm quickconfig` on the host sets it up; WinRM 1.1 listens on 80 and 443, 2.0 on 5985, 5986",
        "timeout": "does the host's firewall let WinRM in (`netsh firewall set portopening TCP 5985 WinRM`)?",
    }
)
_LOCKED = "is the account locked, disabled or expired (`net user NAME`)?"
_POLICY = (
    "is it denied by policy to log on from the network (`secpol.msc`, user rights: Deny access to this computer from "
    "the network)?"
)
_KERBEROS = "with Kerberos: are the clocks within 5 minutes of each other, is the host named as in its SPN?"
_DENIED = "is the account in the host's group Administrators, and is remote access denied by policy?"

_FOLDER_TEST = 'mkdir "{folder}" 2>nul & echo 1> "{folder}\\ping.tmp" && del "{folder}\\ping.tmp"'
_POLICY_TEST = 'cmd /c reg query "{root}\\SOFTWARE\\Microsoft\\Windows Script Host\\Settings" /v Enabled'


def open_doors(endpoint: Endpoint, doors: Mapping[int, str] = DOORS) -> list[str]:
    """Which of the usual ports answer although the one asked for does not. Nothing is sent to them."""
    found = []
    for port, road in doors.items():
        if port == endpoint.port or endpoint.options.get("ssh_jump"):
            continue
        with contextlib.suppress(OSError, UnicodeError), socket.create_connection((endpoint.address, port), KNOCK):
            found.append(f"port {port} answers: try ansible_connection: {road}")
    return found


def unreachable(error: Unreachable, endpoint: Endpoint, doors: Callable[[Endpoint], Iterable[str]] = open_doors) -> str:
    """What to try when nobody could log in."""
    said = [error.hint]
    winrm = endpoint.connection != "ssh"
    if winrm:
        said.append(_WINRM.get(error.kind, ""))
    if error.kind == "auth":
        said += [_LOCKED, _POLICY, _KERBEROS if winrm else ""]
    if error.kind in ("denied", "quota"):
        said.append(_DENIED)
    if error.kind in ("refused", "timeout", "protocol"):
        said += doors(endpoint)
    return joined(said)


def no_script(error: HostError, session: Session) -> str:
    """What to try when the host runs commands and no script; asks the host why, in two commands that change nothing."""
    said = []
    try:
        folder = session.folder
        if session.run(_FOLDER_TEST.format(folder=folder), timeout=30).exit_code:
            said.append(
                f"{folder} cannot be written to: give the account rights there, free space on its drive, or name "
                "another folder by remote_folder"
            )
        said += [_switched_off(root) for root in ("HKLM", "HKCU") if _disabled(session, root)]
    except HostError:
        return error.hint
    return joined(said or [error.hint])


def _switched_off(root: str) -> str:
    return (
        f"Windows Script Host is switched off by policy: set Enabled to 1 in {root}\\SOFTWARE\\Microsoft\\Windows "
        "Script Host\\Settings, or have the policy changed for this host"
    )


def _disabled(session: Session, root: str) -> bool:
    """Whether a registry value says that no script may run; the same words in every language of Windows."""
    output = session.run(_POLICY_TEST.format(root=root), timeout=30)
    return (
        output.exit_code == 0 and re.search(r"Enabled\s+REG_\w+\s+(0x)?0\s*$", output.stdout, re.MULTILINE) is not None
    )


def joined(said: Iterable[str]) -> str:
    """Several pieces of advice as one text, each once."""
    return "; ".join(dict.fromkeys(text.rstrip(".") for text in said if text))
