"""Every road to a lab host, each set up as an inventory would: the session on one end, the machine on the other."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from remediate.connections.endpoint import endpoint
from remediate.connections.sessions import Sessions
from remediate.connections.steady import SteadySession
from remediate.lab.machine import Machine
from remediate.lab.ssh_server import Served
from tests.connections.labhost import lab_host
from tests.lab.simulated import Time
from tests.lab.winrmhost import PASSWORD, winrm_host
from tests.patience import LIMIT

MODULE = """// needs: files registry services jobs hash transfer
function say(args) { note("road", "any"); return {said: args.text, folder: toolkitFolder()}; }
function fails(args) { throw fail("it is broken: " + args.text); }
function slow(args) { WScript.Sleep(args.seconds * 1000); return {}; }
function lines(args) { var i, out = []; for (i = 0; i < args.count; i++) { out.push("line " + i); } return out; }
"""


@dataclass(slots=True)
class Ground:
    """A host that serves one road; every ``session()`` is that of another controller."""

    served: Served
    time: Time
    folder: Path
    variables: Mapping[str, Any]
    opened: list[Sessions] = field(default_factory=list)

    @property
    def machine(self) -> Machine:
        return self.served.machine

    def cut(self) -> None:
        """Ends every connection of the moment; what runs on the host goes on."""
        for line in list(self.served.connections):
            line.cut()

    def session(self, sessions: Sessions | None = None, **more: Any) -> SteadySession:
        sessions = sessions or self.time.controller(self.folder / "js")
        self.opened.append(sessions)
        session = sessions.open(endpoint("ex1", {**self.variables, **more}))
        assert isinstance(session, SteadySession)
        return session

    def close(self) -> None:
        """Ends every session there is."""
        for sessions in self.opened:
            sessions.close_all()
        self.opened.clear()


@contextmanager
def ssh(folder: Path, *, variables: Mapping[str, Any] | None = None, **declared: Any) -> Iterator[Ground]:
    with lab_host(folder, **declared) as host:
        ground = Ground(host.served, host.time, folder, {**host.variables, **(variables or {})})
        try:
            yield ground
        finally:
            ground.close()


@contextmanager
def winrm(
    folder: Path, *, connection: str, transport: str, version: str = "2.1", auth: str = "ntlm", **declared: Any
) -> Iterator[Ground]:
    with winrm_host(folder, transport=transport, version=version, auth=(auth,), **declared) as host:
        variables: dict[str, Any] = {
            "ansible_connection": connection,
            "ansible_host": "127.0.0.1",
            "ansible_port": host.port,
            "ansible_user": "Administrator",
            "ansible_password": PASSWORD,
            "winrm_scheme": transport,
            "winrm_auth": auth,
            "connect_timeout": LIMIT,
            "winrm_read_timeout": LIMIT,
        }
        if transport == "https":
            variables["winrm_ca"] = str(host.authority)
        if auth == "certificate":
            pem, key = host.user_certificate()
            variables |= {"winrm_cert_pem": str(pem), "winrm_cert_key_pem": str(key)}

        ground = Ground(host.served, host.time, folder, variables)
        try:
            yield ground
        finally:
            ground.close()


Road = Callable[..., AbstractContextManager[Ground]]


def _winrm(**how: Any) -> Road:
    return lambda folder, **declared: winrm(folder, **{**how, **declared})


def _ssh(variables: Mapping[str, Any] | None = None, **how: Any) -> Road:
    return lambda folder, **declared: ssh(folder, variables=variables, **{**how, **declared})


ROADS: dict[str, Road] = {
    "ssh": _ssh(),
    "ssh without sftp": _ssh(variables={"ssh_sftp": "never"}),
    "ssh legacy": _ssh(override={"ssh": "legacy"}),
    "winrs sealed": _winrm(connection="winrm", transport="http"),
    "winrs ntlm tls": _winrm(connection="winrm", transport="https", version="2.3"),
    "winrs basic tls": _winrm(connection="winrm", transport="https", auth="basic"),
    "winrs certificate": _winrm(connection="winrm", transport="https", auth="certificate", version="2.3"),
    "psrp 2.1": _winrm(connection="psrp", transport="http"),
    "psrp 2.3": _winrm(connection="psrp", transport="https", version="2.3"),
}
WINRM = tuple(name for name in ROADS if not name.startswith("ssh"))


def module(folder: Path) -> None:
    """The scripts the suite calls."""
    (folder / "js").mkdir(parents=True, exist_ok=True)
    (folder / "js" / "probe.js").write_text(MODULE, encoding="ascii")
