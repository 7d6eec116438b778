"""Builds lab hosts from images: Windows, Exchange at its level, and what the inventory says is different."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, cast

from remediate.errors import UserError
from remediate.lab import datafile, paths
from remediate.lab.databases import GROUP, Database
from remediate.lab.fields import nearest
from remediate.lab.files import FileEntry
from remediate.lab.hostspec import HostSpec, to_json
from remediate.lab.installation import SETUP_KEY, UNINSTALL_KEY, bin_folder
from remediate.lab.laying import RENAMES, RENAMES_KEY, lay_over
from remediate.lab.osinfo import OsInfo, Release
from remediate.lab.packages import Package, content, pick
from remediate.lab.services import Kind, Service, StartMode
from remediate.lab.windows import bare_windows

if TYPE_CHECKING:
    from remediate.lab.machine import Machine

ROOMY = 2**40
STANDARD_ZONE = "eastern"


@dataclass(frozen=True, slots=True, kw_only=True)
class Library:
    """The lab's data: images, zones and services as read, packages as checked."""

    images: Mapping[str, Mapping[str, Any]]
    zones: Mapping[str, Mapping[str, Any]]
    services: Mapping[str, list[Mapping[str, Any]]]
    packages: Mapping[str, Package]


def library(packages: Mapping[str, Package]) -> Library:
    data = datafile.read("images")
    return Library(images=data["images"], zones=data["zones"], services=data["services"], packages=packages)


def check(spec: HostSpec, known: Library) -> None:
    """Raises UserError for names the lab does not know."""
    if spec.image not in known.images:
        hint = nearest(spec.image, tuple(known.images))
        raise UserError(f"host {spec.name}: no image {spec.image!r} in the lab", hint=hint)
    zone = spec.override.time_zone
    if zone and zone not in known.zones:
        hint = nearest(zone, tuple(known.zones))
        raise UserError(f"host {spec.name}: no time zone {zone!r} in the lab", hint=hint)
    for package in (*spec.override.installed, *spec.override.packages_stored):
        pick(known.packages, package, f"host {spec.name}")


def fingerprint(spec: HostSpec, known: Library) -> str:
    """Changes when the declaration of a host or anything its image is made of changes."""
    image = _whole(known, spec.image)
    made_of = (
        to_json(spec),
        image,
        known.services.get(image.get("services", "")),
        known.zones.get(spec.override.time_zone or STANDARD_ZONE),
        [repr(known.packages[name]) for name in (*image["installed"], *spec.override.installed)],
        [repr(known.packages[name]) for name in spec.override.packages_stored],
    )
    return hashlib.sha256(json.dumps(made_of, sort_keys=True, default=str).encode()).hexdigest()


def build(spec: HostSpec, known: Library, *, clock_source: Callable[[], datetime] | None = None) -> Machine:
    """A running host as ``spec`` says. Raises UserError for names the lab does not know."""
    check(spec, known)
    image = _whole(known, spec.image)
    override = spec.override
    zone = known.zones[override.time_zone or STANDARD_ZONE]
    os = OsInfo(
        release=cast("Release", image["release"]),
        service_pack=int(image["service_pack"]),
        language=override.language or 1033,
    )
    machine = bare_windows(
        spec.name, os, faults=spec.faults, bias_minutes=int(zone["bias"]), daylight=override.daylight,
        speed=spec.speed, clock_source=clock_source,
    )  # fmt: skip
    machine.clock.standard_name, machine.clock.daylight_name = str(zone["standard"]), str(zone["daylight"])
    machine.set_time_zone()
    free = machine.files.free_bytes()
    machine.files.set_free("C:", ROOMY)
    if "services" in image:
        _install_exchange(machine, image, known, override.install_path or str(image["install_path"]))
    for name in (*image["installed"], *override.installed):
        lay_over(machine, known.packages[name])
    _differences(machine, spec)
    for folder, names in override.stored.items():
        _store(machine, folder, [known.packages[name] for name in names])
    if override.free_bytes is not None:
        free = min(free, override.free_bytes) if spec.faults.disk_full else override.free_bytes
    machine.files.set_free("C:", free)
    return machine


def _whole(known: Library, name: str) -> dict[str, Any]:
    """An image with everything it is like; ``installed`` is the whole chain, oldest first."""
    image = dict(known.images[name])
    base = _whole(known, str(image.pop("like"))) if "like" in image else {"installed": []}
    installed = [*base["installed"], *image.pop("installed", [])]
    return {**base, **image, "installed": installed}


def _install_exchange(machine: Machine, image: Mapping[str, Any], known: Library, root: str) -> None:
    if root[:2].upper() not in machine.files.drives():
        machine.files.add_drive(root[0], total=ROOMY, free=40 * 2**30)
    registry = machine.registry
    registry.set(SETUP_KEY, "Services", root)
    registry.set(SETUP_KEY, "MsiInstallPath", f"{root}\\")
    for name, value in image["setup"].items():
        registry.set(SETUP_KEY, name, value)
    if image["setup"]["Services Version"] == 80:
        registry.set(SETUP_KEY.replace("\\Setup", "\\v8.0\\Setup"), "MsiInstallPath", f"{root}\\")
    registry.set(f"{UNINSTALL_KEY}\\Microsoft Exchange", "DisplayName", str(image["product"]))
    for file in image["files"]:
        moment = datetime.fromisoformat(file["modified"]).astimezone(UTC)
        entry = FileEntry(size=file["size"], modified=moment, version=file["version"])
        machine.files.put(f"{root}\\bin\\{file['name']}", entry)
    system32 = f"{machine.os.system_root}\\system32"
    words = {"root": root, "system32": system32, "common": machine.environ["CommonProgramFiles"]}
    driver = FileEntry(size=196_608, version=str(image["files"][0]["version"]))
    machine.files.put(f"{system32}\\drivers\\exifs.sys", driver)
    for row in known.services[image["services"]]:
        machine.services.add(_service(row, words))
    if image["setup"]["Services Version"] in (60, 65):
        _add_stores(machine)


def _add_stores(machine: Machine) -> None:
    """What every setup makes: a storage group with a mailbox store and a public one."""
    computer = machine.environ.get("COMPUTERNAME", machine.name.upper())
    for kind, name in (("mailbox", "Mailbox Store"), ("public", "Public Folder Store")):
        machine.databases.add(
            Database(group=GROUP, name=f"{name} ({computer})", kind=cast("Any", kind), state="mounted")
        )


def _service(row: Mapping[str, Any], words: Mapping[str, str]) -> Service:
    path = str(row["path"])
    for word, value in words.items():
        path = path.replace(f"{{{word}}}", value)
    mode = cast("StartMode", row.get("mode", "auto"))
    return Service(
        name=row["name"],
        display=row["display"],
        path=path,
        start_mode=mode,
        state="running" if mode == "auto" or row.get("kind") == "filesystem" else "stopped",
        depends=tuple(row.get("depends", ())),
        kind=cast("Kind", row.get("kind", "own")),
        start_seconds=row.get("start", 0.1),
        stop_seconds=row.get("stop", 0.05),
    )


def _differences(machine: Machine, spec: HostSpec) -> None:
    override = spec.override
    if override.cluster:
        _cluster(machine)
    if override.front_end:
        for name, mode in (("MSExchangeMTA", "disabled"), ("POP3Svc", "auto"), ("IMAP4Svc", "auto")):
            _set_service(machine, name, {"start_mode": mode, "state": "running" if mode == "auto" else "stopped"})
    for name, wanted in override.services.items():
        _set_service(machine, name, wanted)
    _dismount(machine, spec)
    for name, version in override.files.items():
        _set_file(machine, name, version)
    for key, values in override.registry.items():
        for name, value in values.items():
            machine.registry.set(key, name, value)
    for program in override.processes:
        machine.processes.create(program, f"{machine.os.system_root}\\Temp\\{program} /q")
    if override.pending_reboot:
        target = f"{machine.os.system_root}\\system32\\kernel32.dll"
        waiting = f"{machine.os.system_root}\\system32\\SET9.tmp"
        machine.files.put(waiting, machine.files.stat(target))
        machine.registry.set(RENAMES_KEY, RENAMES, [f"\\??\\{waiting}", f"!\\??\\{target}"], "REG_MULTI_SZ")


def _dismount(machine: Machine, spec: HostSpec) -> None:
    for name in spec.override.dismounted:
        if not machine.databases.leave_dismounted(name):
            raise UserError(f"host {spec.name}: there is no store {name!r}", hint="Mailbox Store, Public Folder Store")


def _store(machine: Machine, folder: str, stored: Sequence[Package]) -> None:
    """Packages an operator has laid down where the host finds them."""
    files, root = machine.files, paths.normal(folder)
    if root.startswith("\\\\"):
        files.add_share("\\".join(root.split("\\")[:4]))
    elif root[:2] not in files.drives():
        files.add_drive(root[0], total=ROOMY, free=ROOMY)
    for package in stored:
        data = content(package)
        files.put(paths.join(root, package.file_name), FileEntry(size=len(data), data=data))


def _cluster(machine: Machine) -> None:
    path = f"{machine.os.system_root}\\cluster\\clussvc.exe"
    machine.services.add(
        Service(name="ClusSvc", display="Cluster Service", path=path, state="running", depends=("RpcSs",))
    )
    machine.registry.set("HKLM\\Cluster", "ClusterName", f"{machine.name}-CLUSTER".upper()[:15])
    for name in ("MSExchangeSA", "MSExchangeIS", "MSExchangeMTA", "RESvc", "MSSEARCH"):
        if machine.services.get(name) is not None:
            machine.services.config(name, start_mode="manual")


def _set_service(machine: Machine, name: str, wanted: Mapping[str, str]) -> None:
    if machine.services.get(name) is None and "depends" in wanted:
        depends = tuple(str(wanted["depends"]).split())
        machine.services.add(Service(name=name, display=name, path=f"C:\\{name}\\{name}.exe", depends=depends))
    service = machine.services.need(name)
    mode = cast("StartMode", wanted.get("start_mode", service.start_mode))
    state = wanted.get("state", service.state)
    machine.services.add(replace(service, start_mode=mode, state=cast("Any", state), pid=0))
    shared = any(each.pid == service.pid for each in machine.services.all())
    if service.pid and not shared:
        machine.processes.exit(service.pid)


def _set_file(machine: Machine, name: str, version: str) -> None:
    path = f"{bin_folder(machine)}\\{name}"
    if not version:
        machine.files.remove(path)
    else:
        old = machine.files.stat(path) if machine.files.is_file(path) else FileEntry(size=100_000)
        machine.files.put(path, replace(old, version=version))
