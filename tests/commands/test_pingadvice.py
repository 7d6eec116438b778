"""What to try next: what each kind of trouble is told, and what a second look at a host finds."""

from __future__ import annotations

import socket

import pytest

from remediate.commands import pinging
from remediate.errors import Reach, RemoteFailed, Unreachable
from remediate.model import Endpoint, Json, Output
from tests.modules.scripted import ScriptedSession

OFF = "HKEY_LOCAL_MACHINE\\SOFTWARE\\Microsoft\\Windows Script Host\\Settings\r\n    Enabled    REG_DWORD    0x0\r\n"
ON = OFF.replace("0x0", "0x1")
OLD_OFF = "! REG.EXE VERSION 3.0\r\n\r\n    Enabled\tREG_SZ\t0\r\n"
NONE = Output("", "ERROR: The system was unable to find the specified registry key or value.", 1)
FINE = Output("", "", 0)


def place(connection: str = "ssh", port: int = 22, **options: Json) -> Endpoint:
    return Endpoint(host="ex1", connection=connection, address="127.0.0.1", port=port, options=options)


@pytest.mark.parametrize(
    ("connection", "kind", "says"),
    [
        ("ssh", "auth", "is the account locked"),
        ("ssh", "auth", "denied by policy"),
        ("winrm", "auth", "clocks within 5 minutes"),
        ("winrm", "refused", "winrm quickconfig"),
        ("psrp", "timeout", "firewall"),
        ("ssh", "refused", "port 5985 answers"),
    ],
)
def test_each_kind_of_trouble_has_a_next_thing_to_try(connection: str, kind: Reach, says: str) -> None:
    error = Unreachable("no", kind=kind, hint="look there")
    advice = pinging.unreachable(error, place(connection), lambda _: ["port 5985 answers"])
    assert advice.startswith("look there; ")
    assert says in advice


def test_ssh_is_not_told_of_winrm_and_kerberos() -> None:
    advice = pinging.unreachable(Unreachable("no", kind="auth", hint="look there"), place())
    assert "Kerberos" not in advice
    known = Unreachable("no", kind="host_key", hint="compare the fingerprint")
    assert pinging.unreachable(known, place()) == "compare the fingerprint"


def test_other_doors_of_a_host_are_found() -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]
        doors = {port: "winrm", 1: "ssh"}
        assert pinging.open_doors(place(), doors) == [f"port {port} answers: try ansible_connection: winrm"]
        assert pinging.open_doors(place(port=port), doors) == []
        assert pinging.open_doors(place(ssh_jump="gate"), doors) == [], "the jump host sees other ports than we do"


@pytest.mark.parametrize(
    ("outputs", "says"),
    [
        ([Output("", "Zugriff verweigert", 1), NONE, NONE], "C:\\Toolkit cannot be written to"),
        ([FINE, Output(OFF, "", 0), NONE], "switched off by policy: set Enabled to 1 in HKLM"),
        ([FINE, NONE, Output(OLD_OFF, "", 0)], "switched off by policy: set Enabled to 1 in HKCU"),
        ([FINE, Output(ON, "", 0), NONE], "as the error said"),
        ([FINE, NONE, NONE], "as the error said"),
    ],
)
def test_why_a_host_runs_no_script(outputs: list[Output], says: str) -> None:
    session = ScriptedSession(lambda _f, _a: {}, outputs=list(outputs))
    assert says in pinging.no_script(RemoteFailed("no answer", hint="as the error said"), session)
    assert session.outputs == []


def test_a_host_lost_while_it_is_asked_why() -> None:
    class Lost(ScriptedSession):
        def run(self, command: str, *, stdin: bytes = b"", timeout: float = 60.0) -> Output:
            raise Unreachable("gone", kind="lost")

    error = RemoteFailed("no answer", hint="as the error said")
    assert pinging.no_script(error, Lost(lambda _f, _a: {})) == "as the error said"
