"""What a host's road loads: each its own library, and of that no more than is used."""

from __future__ import annotations

import subprocess
import sys

OPENED = """
import sys
from concurrent.futures import ThreadPoolExecutor
from remediate.connections.endpoint import endpoint
from remediate.connections.sessions import Sessions

with Sessions() as sessions, ThreadPoolExecutor(8) as pool:
    list(pool.map(lambda n: sessions.open(endpoint(f"h{n}", {"ansible_connection": CONNECTION})), range(8)))
print(*sorted({"paramiko", "invoke", "pypsrp"} & sys.modules.keys()))
import invoke
"""


def loaded(connection: str) -> str:
    """Of the libraries above those that eight hosts of the road loaded; whoever asks for invoke afterwards gets it."""
    code = OPENED.replace("CONNECTION", repr(connection))
    return subprocess.run([sys.executable, "-c", code], check=True, capture_output=True, text=True).stdout.strip()


def test_ssh_loads_paramiko_without_the_task_runner_it_can_do_without() -> None:
    assert loaded("ssh") == "paramiko"


def test_winrm_loads_nothing_of_ssh() -> None:
    assert loaded("winrm") == "pypsrp"
