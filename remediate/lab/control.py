"""Starts, asks, resets and stops the daemon of a lab."""

from __future__ import annotations

import json
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import cast

from remediate.errors import UserError
from remediate.lab import declaration, ground, hostspec
from remediate.lab.declaration import Declaration
from remediate.lab.folder import LabFolder, is_locked, lab_folder, locked, read_json, write_json
from remediate.lab.hostspec import HostSpec
from remediate.lab.sourcemark import source_mark
from remediate.model import Json

START_LIMIT = 300.0
ANSWER_LIMIT = 120.0
STOP_LIMIT = 60.0
"""Seconds; what comes to nothing is noticed at once, and a busy machine takes its time for a hundred hosts."""


def up(data: Mapping[str, object], path: Path, state_root: Path, *, say: Callable[[str], None]) -> dict[str, Json]:
    """Make the hosts of the inventory in ``data`` (read from ``path``) answer; their status. Raises UserError."""
    up_declared(declaration.read(data, path), lab_folder(path, state_root), say=say)
    return status(path, state_root)


def up_declared(declared: Declaration, folder: LabFolder, *, say: Callable[[str], None]) -> None:
    """Make the declared hosts answer; ``say`` is told what was built anew, and why."""
    with locked(folder.root / "lock"):
        changed = _prepare(declared, folder)
        if running(folder) and read_json(folder.daemon).get("source") != source_mark():
            say("lab: its code changed, its process is started anew")
            _stop(folder)
        notes: Json = []
        if not running(folder):
            notes = _start(folder)
        elif changed:
            notes = ask(folder, {"do": "declare"})["notes"]
    for note in notes if isinstance(notes, list) else []:
        say(f"lab: {note}")


def prepare(declared: Declaration, folder: LabFolder) -> None:
    """Ports, keys and known_hosts for the declared hosts, without starting anything; a running lab is left alone."""
    with locked(folder.root / "lock"):
        specs = declared_specs(declared, folder)
        at = ground.ports(folder, ground.port_names(specs))
        if not running(folder):
            ground.write_known_hosts(folder, specs, at)


def _prepare(declared: Declaration, folder: LabFolder) -> bool:
    """Write down what shall be; True when it differs from last time. Names the lab does not know are UserErrors."""
    specs = declared_specs(declared, folder)
    plan: dict[str, Json] = {"hosts": [hostspec.to_json(spec) for spec in specs]}
    if read_json(folder.plan) == plan:
        return False
    from remediate.lab import images, packages

    known = images.library(packages.catalogue())
    for spec, host in zip(specs, declared.hosts, strict=True):
        try:
            images.check(spec, known)
        except UserError as error:
            error.source = error.source or host.image_place
            raise
    write_json(folder.plan, plan)
    return True


def declared_specs(declared: Declaration, folder: LabFolder) -> list[HostSpec]:
    """The hosts, with the lab's own key pair authorized where they are reached by key."""
    return [
        replace(host.spec, authorized_keys=(*host.spec.authorized_keys, ground.client_key(folder)[1]))
        if host.login == "key"
        else host.spec
        for host in declared.hosts
    ]


def status(path: Path, state_root: Path) -> dict[str, Json]:
    """``folder``, ``running``, ``pid`` and per host name, address, port, image, build, services, installers, refusals.

    Of a lab that does not run, the state its hosts were left in.
    """
    folder = lab_folder(path, state_root)
    alive = running(folder)
    rows = ask(folder, {"do": "status"})["hosts"] if alive else _at_rest(folder)
    at = read_json(folder.ports)
    hosts: list[Json] = [
        {"address": "127.0.0.1", "port": at.get(str(row["name"])), **_winrm_port(at, str(row["name"])), **row}
        for row in (rows if isinstance(rows, list) else [])
        if isinstance(row, dict)
    ]
    return {
        "folder": str(folder.root),
        "running": alive,
        "pid": read_json(folder.daemon).get("pid") if alive else None,
        "hosts": hosts,
    }


def _winrm_port(at: Mapping[str, Json], name: str) -> dict[str, Json]:
    found = at.get(ground.winrm_port(name))
    return {"winrm_port": found} if found else {}


def _at_rest(folder: LabFolder) -> list[Json]:
    from remediate.lab import images, packages
    from remediate.lab.keeper import describe
    from remediate.lab.store import Store

    store, known = Store(folder), images.library(packages.catalogue())
    rows = read_json(folder.plan).get("hosts", [])
    specs = [hostspec.from_json(row) for row in (rows if isinstance(rows, list) else []) if isinstance(row, dict)]
    loaded = [(spec, store.load(spec.name, images.fingerprint(spec, known))) for spec in specs]
    return [describe(spec, machine) for spec, machine in loaded if not isinstance(machine, str)]


def reset(path: Path, state_root: Path, hosts: Sequence[str] = ()) -> list[str]:
    """Put hosts (all unless named) back to their images; their names. A lab that does not run stays down."""
    folder = lab_folder(path, state_root)
    with locked(folder.root / "lock"):
        if running(folder):
            names = ask(folder, {"do": "reset", "hosts": list(hosts)})["hosts"]
            return [str(name) for name in names] if isinstance(names, list) else []
        found = [file.stem for file in sorted(folder.hosts.glob("*.json")) if not hosts or file.stem in hosts]
        for name in found:
            (folder.hosts / f"{name}.json").unlink(missing_ok=True)
        return found


def down(path: Path, state_root: Path) -> bool:
    """Stop the lab; its hosts keep their state. False when it did not run."""
    folder = lab_folder(path, state_root)
    with locked(folder.root / "lock"):
        if not running(folder):
            return False
        _stop(folder)
        return True


def running(folder: LabFolder) -> bool:
    """Whether a daemon has this lab: it holds a lock the system takes from it when it dies, however it dies."""
    return is_locked(folder.root / "daemon.lock")


def _start(folder: LabFolder) -> Json:
    """Start the daemon and wait until its ports are open; its notes."""
    command = [sys.executable, "-m", "remediate.lab.daemon", str(folder.root)]
    try:
        # it leaves this process by itself and closes these pipes when it is ready or has failed
        done = subprocess.run(command, capture_output=True, text=True, timeout=START_LIMIT, check=False)  # noqa: S603
    except subprocess.TimeoutExpired as error:
        raise UserError(f"the lab did not start in {START_LIMIT:.0f} s", hint=f"see {folder.log}") from error
    try:
        answer = json.loads(done.stdout.strip().splitlines()[-1])
    except (IndexError, ValueError) as error:
        why = (done.stderr.strip().splitlines() or ["no reason given"])[-1]
        raise UserError(f"the lab did not start: {why}", hint=f"see {folder.log}") from error
    return cast("Json", answer["notes"])


def ask(folder: LabFolder, request: Mapping[str, Json]) -> dict[str, Json]:
    """Send a request to the daemon; its answer. Waits for one that is just starting."""
    deadline = time.monotonic() + ANSWER_LIMIT
    while True:
        try:
            return _ask_once(folder, request)
        except (OSError, ValueError) as error:
            if time.monotonic() > deadline or not running(folder):
                text = f"the lab in {folder.root} does not answer: {error}"
                raise UserError(text, hint="`remediate lab down` ends it") from error
            time.sleep(0.05)


def _ask_once(folder: LabFolder, request: Mapping[str, Json]) -> dict[str, Json]:
    told = read_json(folder.daemon)
    line = json.dumps({**request, "token": told.get("token")}).encode() + b"\n"
    with socket.create_connection(("127.0.0.1", int(str(told.get("port", 0)))), timeout=ANSWER_LIMIT) as sock:
        sock.sendall(line)
        with sock.makefile("rb") as answers:
            answer = json.loads(answers.readline())
    if not isinstance(answer, dict) or "error" in answer:
        raise ValueError(f"unexpected answer {answer!r}"[:200])
    return answer


def _stop(folder: LabFolder) -> None:
    """End the daemon: asked first, by force when it does not go."""
    pid = read_json(folder.daemon).get("pid")
    try:
        _ask_once(folder, {"do": "stop"})
    except (OSError, ValueError):
        _signal(pid, signal.SIGTERM)
    if not _ended(folder, STOP_LIMIT):
        _signal(pid, signal.SIGKILL)
        if not _ended(folder, STOP_LIMIT):
            raise UserError(f"the lab's process {pid} does not end", hint=f"see {folder.log}")


def _ended(folder: LabFolder, limit: float) -> bool:
    deadline = time.monotonic() + limit
    while running(folder):
        if time.monotonic() > deadline:
            return False
        time.sleep(0.02)
    return True


def _signal(pid: Json, number: signal.Signals) -> None:
    """The pid is the lock holder's: it is written right after the lock was taken."""
    if isinstance(pid, int):
        try:
            os.kill(pid, number)
        except ProcessLookupError:
            return
