"""Turns an inventory file with ``plugin: lab`` into an ordinary inventory, and makes sure that its hosts answer."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path

from remediate.lab import control, declaration, ground
from remediate.lab.declaration import Declaration, DeclaredHost
from remediate.lab.folder import LabFolder, lab_folder
from remediate.lab.packages import Package, catalogue, pick
from remediate.lab.winrm.settings import client_variables

LANGUAGES = {1031: "DEU", 1036: "FRA", 1041: "JPN"}
"""Three-letter codes of packages that are not English (1033, ENU)."""
PATIENCE = {"connect_timeout": 120, "command_timeout": 600, "reconnect_timeout": 300, "winrm_read_timeout": 120}
"""Seconds. The hosts share one machine with whoever asks them: everyday limits would only show how busy that is."""


def silent(text: str) -> None:
    """Says nothing."""


def expand(
    data: Mapping[str, object],
    path: Path,
    *,
    state_root: Path,
    start: bool,
    say: Callable[[str], None] = silent,
) -> Mapping[str, object]:
    """The inventory in ``data`` (read from ``path``) as ``all: {vars, hosts, children}``.

    ``state_root`` is the folder of all labs; with ``start`` the lab's daemon is made to run and every port answers when
    this returns. ``say`` is told what was built anew and why. Raises UserError.
    """
    folder = lab_folder(path, state_root)
    declared = declaration.read(data, path)
    known = catalogue()
    if start:
        control.up_declared(declared, folder, say=say)
    else:
        control.prepare(declared, folder)
    at = ground.ports(folder, ground.port_names(host.spec for host in declared.hosts))
    supplied = _supplied(declared, known)
    shared = {name: _package(folder, known[name]) for name in supplied}
    hosts = {host.spec.name: _host(host, at, folder, shared, known) for host in declared.hosts}
    common = {
        **PATIENCE,
        **declared.vars,
        "ansible_connection": "ssh",
        "ssh_known_hosts": str(folder.known_hosts),
        "packages": shared,
    }
    return {"all": {"vars": common, "hosts": hosts, "children": _groups(declared)}}


def _supplied(declared: Declaration, known: Mapping[str, Package]) -> list[str]:
    if declared.packages is None:
        return [name for name, package in known.items() if package.supplied]
    return [pick(known, name, "packages").id for name in declared.packages]


def _package(folder: LabFolder, package: Package) -> dict[str, str]:
    """What an operator would write of it: the hash is the publisher's, also where the file was damaged since."""
    file, digest = ground.package_file(folder, package)
    told = {"file": str(file), "sha256": digest, "version": package.provides}
    if package.language in LANGUAGES:
        told["language"] = LANGUAGES[package.language]
    if package.command:
        told["command"] = package.command
    return told


def _host(
    host: DeclaredHost,
    at: Mapping[str, int],
    folder: LabFolder,
    shared: Mapping[str, dict[str, str]],
    known: Mapping[str, Package],
) -> dict[str, object]:
    told: dict[str, object] = {
        "ansible_host": "127.0.0.1",
        "ansible_port": at[host.spec.name],
        "ansible_user": host.spec.user,
    }
    if host.spec.connection != "ssh":
        told |= _winrm(host, at, folder)
    elif host.login == "key":
        told["ansible_ssh_private_key_file"] = str(ground.client_key(folder)[0])
    else:
        told["ansible_password"] = host.spec.password
    if host.spec.override.ssh == "legacy":
        told["ssh_legacy"] = True
    if host.packages:
        told["packages"] = _replaced(host, folder, shared, known)
    return told | dict(host.vars)


def _winrm(host: DeclaredHost, at: Mapping[str, int], folder: LabFolder) -> dict[str, object]:
    from remediate.lab.winrm import tls

    spec = host.spec
    assert spec.winrm is not None
    told: dict[str, object] = {"ansible_port": at[ground.winrm_port(spec.name)]}
    authority, certificate = "", ("", "")
    if spec.winrm.transport == "https":
        authority = str(tls.authority(folder.keys))
    if spec.winrm.auth[0] == "certificate":
        pem, key = tls.user_certificate(folder.keys, spec.user)
        certificate = (str(pem), str(key))
    else:
        told["ansible_password"] = spec.password
    variables = client_variables(spec.connection, spec.winrm, authority=authority, certificate=certificate)
    return told | variables


def _replaced(
    host: DeclaredHost, folder: LabFolder, shared: Mapping[str, dict[str, str]], known: Mapping[str, Package]
) -> dict[str, dict[str, str]]:
    """The operator's mistakes: he took this file for that package, so its hash is noted with the version he wanted."""
    packages = dict(shared)
    for name, other in host.packages.items():
        packages.pop(name, None)
        if other:
            told = _package(folder, pick(known, other, f"host {host.spec.name}: packages"))
            meant = {"version": known[name].provides} if name in known else {}
            packages[name] = told | meant
    return packages


def _groups(declared: Declaration) -> dict[str, object]:
    members: dict[str, list[str]] = {name: list(group.hosts) for name, group in declared.groups.items()}
    for host in declared.hosts:
        for name in host.groups:
            members.setdefault(name, []).append(host.spec.name)
    found: dict[str, object] = {}
    for name, hosts in members.items():
        group = declared.groups.get(name)
        told: dict[str, object] = {"hosts": {host: {} for host in hosts}}
        if group is not None and group.vars:
            told["vars"] = group.vars
        if group is not None and group.children:
            told["children"] = {child: {} for child in group.children}
        found[name] = told
    return found
