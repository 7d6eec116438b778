"""`remediate run` against bare paramiko over OpenSSH: one command, and ten of which each needs the answer before it.

Both are programs started anew, run the same command lines, and check the host keys; ours keeps its ledger as always.
"""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path

import yaml

from benchmarks import bare
from benchmarks.measure import Ratio, programs
from benchmarks.openssh import Fleet, missing, servers

RUNS: Sequence[tuple[int, int, float, int]] = (
    (50, 1, float("inf"), 5),
    (200, 1, 1.3, 5),
    (50, 10, 1.5, 5),
    (200, 10, 1.5, 3),
)
"""Hosts, commands, limit, how often. What the toolkit loads to start is a third of the first: it has no limit."""
ROOT = Path(__file__).parents[1]


def commands() -> Iterator[Ratio]:
    """Nothing where there is no OpenSSH, once that was said."""
    if reason := missing():
        print(f"     remediate over OpenSSH is not measured: {reason}")
        return
    with servers(max(hosts for hosts, *_ in RUNS)) as fleet:
        for run in RUNS:
            yield _measured(fleet, *run)


def _measured(fleet: Fleet, hosts: int, count: int, limit: float, runs: int) -> Ratio:
    project = Project(fleet, hosts, count)
    what = f"{hosts} hosts, {count} dependent commands" if count > 1 else f"{hosts} hosts, 1 command"
    return programs(f"{what} / bare paramiko", project.ours, project.bare, runs=runs, limit=limit)


class Project:
    """A folder with an inventory of some of the hosts and a playbook of so many commands."""

    def __init__(self, fleet: Fleet, hosts: int, count: int) -> None:
        self.fleet, self.count = fleet, count
        self.addresses = fleet.addresses[:hosts]
        self.folder = fleet.folder / f"{hosts}x{count}"
        self.folder.mkdir()
        (self.folder / "hosts.yml").write_text(yaml.safe_dump(self._inventory()), encoding="utf-8")
        (self.folder / "book.yml").write_text(yaml.safe_dump(_playbook(count)), encoding="utf-8")

    def _inventory(self) -> object:
        fleet = self.fleet
        every = {"ansible_port": fleet.port, "ansible_user": fleet.user, "ssh_known_hosts": str(fleet.known_hosts),
                 "ansible_ssh_private_key_file": str(fleet.key)}  # fmt: skip
        hosts = {f"mail{n:03}": {"ansible_host": address} for n, address in enumerate(self.addresses)}
        return {"all": {"vars": every, "hosts": hosts}}

    def ours(self) -> None:
        program = Path(sys.executable).with_name("remediate")
        self._run([str(program), "run", "book.yml", "-i", "hosts.yml", "--forks", str(bare.THREADS)])

    def bare(self) -> None:
        fleet = self.fleet
        words = [str(fleet.folder), fleet.user, str(fleet.port), str(self.count), *self.addresses]
        self._run([sys.executable, str(Path(bare.__file__)), *words])

    def _run(self, words: Sequence[str]) -> None:
        environment = {name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"}
        done = subprocess.run(words, cwd=self.folder, env=environment, capture_output=True, text=True, check=False)
        if done.returncode:
            raise RuntimeError(f"{words[:2]} ended with {done.returncode}: {(done.stdout + done.stderr)[-2000:]}")


def _playbook(count: int) -> object:
    tasks = []
    for number in range(1, count + 1):
        line = "{{ (last.stdout | int) + 1 }}" if number > 1 else "1"
        tasks.append({"name": f"command {number}", "win_command": f"echo {line}", "register": "last"})
    proof = {"name": "each was made of the answer before it", "assert": {"that": [f"last.stdout | int == {count}"]}}
    return [{"name": "Commands", "hosts": "all", "tasks": [*tasks, proof]}]


if __name__ == "__main__":
    for ratio in commands():
        print(ratio, flush=True)
