"""What a lab needs before its hosts can be reached: ports, host keys, known_hosts, package files."""

from __future__ import annotations

import hashlib
import socket
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from remediate.lab import packages
from remediate.lab.folder import LabFolder, read_json, write_json, write_whole
from remediate.lab.hostkeys import Kind, host_key, key_file, known_hosts, public_line
from remediate.lab.hostspec import HostSpec
from remediate.lab.packages import Package

if TYPE_CHECKING:
    import paramiko

CLIENT = "client"
"""Name of the key pair with which hosts that say ``login: key`` are reached."""


def key_kind(spec: HostSpec) -> Kind:
    return "rsa" if spec.override.ssh == "legacy" else "ed25519"


def port_names(specs: Iterable[HostSpec]) -> list[str]:
    """What each port of the hosts is called: SSH's as the host, WinRM's by ``winrm_port``."""
    return [name for spec in specs for name in (spec.name, *([winrm_port(spec.name)] if spec.winrm else []))]


def winrm_port(name: str) -> str:
    """What the WinRM port of host ``name`` is called; no host can be called so."""
    return f"{name} winrm"


def ports(folder: LabFolder, names: Sequence[str]) -> dict[str, int]:
    """A loopback port for each host, the same as last time; free ones are picked for new hosts."""
    kept = {name: int(str(port)) for name, port in read_json(folder.ports).items()}
    missing = [name for name in names if name not in kept]
    if missing:
        kept |= dict(zip(missing, _free_ports(len(missing), set(kept.values())), strict=True))
        write_json(folder.ports, dict(kept))
    return {name: kept[name] for name in names}


def _free_ports(count: int, taken: set[int]) -> list[int]:
    held: list[socket.socket] = []
    found: list[int] = []
    try:
        while len(found) < count:
            sock = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
            held.append(sock)
            sock.bind(("127.0.0.1", 0))
            port = int(sock.getsockname()[1])
            if port not in taken:
                found.append(port)
    finally:
        for sock in held:
            sock.close()
    return found


def write_known_hosts(folder: LabFolder, specs: Iterable[HostSpec], at: Mapping[str, int]) -> None:
    """Tell the keys of all hosts under their ports; the file is left alone when it says so already."""
    lines = {
        at[spec.name]: public_line(_told_key(folder, spec)) for spec in specs if spec.override.host_key != "unknown"
    }
    text = known_hosts(lines).encode()
    if not folder.known_hosts.exists() or folder.known_hosts.read_bytes() != text:
        write_whole(folder.known_hosts, text)


def _told_key(folder: LabFolder, spec: HostSpec) -> paramiko.PKey:
    name = f"{spec.name} before" if spec.override.host_key == "changed" else spec.name
    return host_key(folder.keys, name, key_kind(spec))


def client_key(folder: LabFolder) -> tuple[Path, str]:
    """The private key file of the lab's users, and the public line for its hosts."""
    path = key_file(folder.keys, CLIENT, "ed25519")
    return path, public_line(host_key(folder.keys, CLIENT, "ed25519"))


def package_file(folder: LabFolder, package: Package) -> tuple[Path, str]:
    """The package's file and the SHA-256 its publisher would name, built unless both are there for this definition."""
    mark = hashlib.sha256(repr((package, packages.inside(package))).encode()).hexdigest()
    path = folder.packages / package.id / package.file_name
    told = read_json(path.parent / "built.json")
    if told.get("definition") == mark and path.exists():
        return path, str(told["sha256"])
    data = packages.content(package)
    write_whole(path, data)
    published = packages.content(package.as_published()) if package.damage else data
    digest = hashlib.sha256(published).hexdigest()
    write_json(path.parent / "built.json", {"definition": mark, "sha256": digest})
    return path, digest
