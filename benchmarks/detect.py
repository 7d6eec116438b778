"""Detecting 50 hosts over SSH against a bare thread pool that connects and runs one command on the same 50."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory

import paramiko
import yaml

from benchmarks.measure import Ratio, pairs
from remediate.connections.endpoint import endpoint
from remediate.connections.scripts import Scripts
from remediate.connections.sessions import Sessions
from remediate.engine.registry import Registry
from remediate.engine.run import RunRequest, run
from remediate.engine.scope import vars_mapping
from remediate.kb.advisory import load as load_advisory
from remediate.kb.probe import questions
from remediate.lab import control
from remediate.lab.hostspec import PASSWORD
from remediate.lab.inventory import expand
from remediate.language import inventory
from remediate.language.files import Files
from remediate.language.inventory import Inventory
from remediate.language.playbook import SearchPath
from remediate.language.template import Templar
from remediate.model import Mode

HOSTS = 50
ROOT = Path(__file__).parents[1]
ADVISORY = ROOT / "roles" / "kb870585" / "vars" / "main.yml"
REMOTE = r"C:\WINDOWS\Temp\remediate"
SCRIPT = rf"{REMOTE}\bench.js"
PLAYBOOK = """
- hosts: all
  vars_files: [{advisory}]
  tasks:
    - exchange_facts: {{advisory: "{{{{ kb870585_advisory }}}}"}}
"""


@contextmanager
def lab(hosts: int, **declared: object) -> Iterator[tuple[Path, Inventory]]:
    """A lab of compliant servers in its own process, each ``declared`` so; the folder it lives in and its inventory."""
    with TemporaryDirectory() as name:
        folder = Path(name)
        file = folder / "lab.yml"
        images = {f"mail{n:03}": {"image": "exchange2003-sp2", **declared} for n in range(hosts)}
        file.write_text(yaml.safe_dump({"plugin": "lab", "hosts": images}))
        root = folder / "state"
        plugins = {"lab": lambda data, path: expand(data, path, state_root=root, start=True)}
        try:
            yield folder, inventory.load([file], plugins=plugins)
        finally:
            control.down(file, root)


def request(folder: Path, hosts: Inventory, limit: str = "") -> RunRequest:
    """A run that gathers the facts of every host and does nothing else."""
    playbook = folder / "facts.yml"
    playbook.write_text(PLAYBOOK.format(advisory=ADVISORY))
    return RunRequest(
        playbook=playbook,
        inventory=hosts,
        search=SearchPath(playbook=playbook),
        modules=Registry([ROOT / "modules"]),
        mode=Mode.APPLY,
        forks=HOSTS,
        limit=limit,
    )


def ours(folder: Path, hosts: Inventory) -> None:
    summary = run(request(folder, hosts), [])
    if summary.exit_code:
        raise RuntimeError(str([h.reason for h in summary.hosts if h.reason][:1]))


def ports(hosts: Inventory) -> Sequence[int]:
    found = [h.variables.get("ansible_port") for h in hosts.hosts.values()]
    return [int(str(v.value)) for v in found if v is not None]


def stage(folder: Path, hosts: Inventory) -> None:
    """Put the very script the toolkit runs on every host, so that the bare pool has the same command to run."""
    advisory = load_advisory(vars_mapping(ADVISORY, Files())["kb870585_advisory"])
    args = questions(advisory, "")
    script = folder / "bench.js"
    build = Scripts((ROOT / "modules",)).build
    script.write_text(build("exchange_facts", "inspect", args, nonce="bench", folder=REMOTE, script=""))

    def one(name: str) -> None:
        templar = Templar(hosts.hosts[name].variables)
        values = {n: templar.value(n) for n in templar.variables.names() if n != "packages"}
        sessions.open(endpoint(name, values)).put(script, SCRIPT)

    with Sessions() as sessions, ThreadPoolExecutor(10) as pool:
        list(pool.map(one, hosts.hosts))


def bare(hosts: Inventory, known_hosts: paramiko.HostKeys, command: str) -> None:
    """The same hosts as paramiko does it with nothing around it: connect, check the key, one command, close."""

    def one(port: int) -> int:
        transport = paramiko.Transport(("127.0.0.1", port))
        try:
            transport.start_client(timeout=30)
            if not known_hosts.check(f"[127.0.0.1]:{port}", transport.get_remote_server_key()):
                raise RuntimeError("host key")
            transport.auth_password("Administrator", PASSWORD)
            channel = transport.open_session()
            channel.exec_command(command)
            channel.shutdown_write()
            while channel.recv(65536):
                pass
            return channel.recv_exit_status()
        finally:
            transport.close()

    with ThreadPoolExecutor(HOSTS) as pool:
        codes = list(pool.map(one, ports(hosts)))
    if any(codes):
        raise RuntimeError(f"a bare command failed: {codes}")


def detect() -> list[Ratio]:
    """Against the same script (what the toolkit adds), and against ``ver`` (what the modelled hosts' own work adds:
    fifty of them share the cores of this machine, which servers of flesh and blood do not)."""
    with lab(HOSTS) as (folder, hosts):
        known = paramiko.HostKeys(str(next(folder.rglob("known_hosts"))))
        stage(folder, hosts)
        same = pairs(
            f"detect {HOSTS} hosts / bare paramiko, the same script",
            lambda: ours(folder, hosts),
            lambda: bare(hosts, known, f'cscript //nologo "{SCRIPT}"'),
            runs=5,
            limit=1.3,
        )
        least = pairs(
            f"detect {HOSTS} hosts / bare paramiko, only `ver`",
            lambda: ours(folder, hosts),
            lambda: bare(hosts, known, "ver"),
            runs=3,
            limit=float("inf"),
        )
    return [same, least]
