"""One lab host as its inventory declares it: image, overrides, faults, and how it is reached."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal, cast

from remediate.errors import UserError
from remediate.lab.faults import Faults
from remediate.lab.faults import parse as parse_faults
from remediate.lab.fields import Fields, source_of
from remediate.lab.winrm import settings
from remediate.lab.winrm.settings import WinrmSpec
from remediate.model import Json, Source

PASSWORD = "Lab-Passw0rd"  # noqa: S105 - hosts of the lab listen on loopback only; a common word would be blotted out everywhere


@dataclass(frozen=True, slots=True, kw_only=True)
class Override:
    """What differs from the image; the defaults change nothing."""

    language: int = 0
    """Windows LCID of the server; 0 leaves 1033."""
    time_zone: str = ""
    """A zone of images.yml."""
    daylight: bool = False
    """Daylight saving time is in force on this host now."""
    install_path: str = ""
    front_end: bool = False
    """No MTA, but POP3 and IMAP4, as front-end servers are usually set up."""
    cluster: bool = False
    """A node: ClusSvc runs, Exchange's services are Manual."""
    pending_reboot: bool = False
    installed: tuple[str, ...] = ()
    """Packages laid over the image, in order."""
    stored: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    """Folder of the host (``D:\\kb``) or of a share it sees (``\\\\files\\kb``) -> packages that lie there."""
    files: Mapping[str, str] = field(default_factory=dict)
    """File name -> version; "" takes the file away."""
    registry: Mapping[str, Mapping[str, str | int]] = field(default_factory=dict)
    """Key -> value name -> text or DWORD."""
    services: Mapping[str, Mapping[str, str]] = field(default_factory=dict)
    """Service -> start_mode, state (running | stopped); with ``depends`` (names) one more than the image has."""
    dismounted: tuple[str, ...] = ()
    """Stores somebody has dismounted for good: ``Public Folder Store``."""
    processes: tuple[str, ...] = ()
    """Programs that also run: ``update.exe``."""
    free_bytes: int | None = None
    sftp: bool = True
    ssh: Literal["modern", "legacy"] = "modern"
    host_key: Literal["known", "unknown", "changed"] = "known"
    """What the lab's known_hosts says of the host's key."""

    @property
    def packages_stored(self) -> tuple[str, ...]:
        return tuple(name for names in self.stored.values() for name in names)


@dataclass(frozen=True, slots=True, kw_only=True)
class HostSpec:
    """All that makes a host, and nothing of its state."""

    name: str
    image: str
    override: Override = field(default_factory=Override)
    faults: Faults = field(default_factory=Faults)
    speed: float = 1.0
    user: str = "Administrator"
    password: str = PASSWORD
    authorized_keys: tuple[str, ...] = ()
    """Public keys in OpenSSH form that may log on besides the password."""
    connection: settings.Connection = "ssh"
    """The road the inventory tells clients to take; SSH is open in any case."""
    winrm: WinrmSpec | None = None
    """Its WinRM, where it has one."""


KEY_STATES = ("known", "unknown", "changed")
KEYS = ("image", "override", "faults", "speed", "user", "password", "authorized_keys", "connection", "winrm")


def parse(
    name: str, data: object, *, speed: float = 1.0, password: str = PASSWORD, source: Source | None = None
) -> HostSpec:
    """A host of an inventory, only the keys in ``KEYS``; ``speed`` and ``password`` where it says none. UserError."""
    fields = Fields(data, f"host {name}", source=source)
    if not fields.has("image"):
        raise UserError(
            f"host {name}: image is missing",
            source=fields.source,
            hint="say image: exchange2003-sp1, or another of docs/lab.md",
        )
    spec = HostSpec(
        name=name,
        image=fields.text("image"),
        override=_override(fields),
        faults=parse_faults(fields.mapping("faults"), f"host {name}: faults", source=source_of(data, "faults")),
        speed=fields.number("speed", speed),
        user=fields.text("user", "Administrator"),
        password=fields.text("password", password),
        authorized_keys=fields.names("authorized_keys"),
        connection=settings.connection(fields),
        winrm=settings.parse(fields),
    )
    if spec.speed <= 0:
        raise fields.wrong("speed", "above 0")
    fields.done()
    return spec


def _override(fields: Fields) -> Override:
    sub = fields.sub("override")
    override = Override(
        language=sub.whole("language"),
        time_zone=sub.text("time_zone"),
        daylight=sub.flag("daylight"),
        install_path=sub.text("install_path"),
        front_end=sub.flag("front_end"),
        cluster=sub.flag("cluster"),
        pending_reboot=sub.flag("pending_reboot"),
        installed=sub.names("installed"),
        stored=_stored(sub),
        files=_files(sub),
        registry=_registry(sub),
        services=_services(sub),
        dismounted=sub.names("dismounted"),
        processes=sub.names("processes"),
        free_bytes=sub.whole("free_bytes") if sub.has("free_bytes") else None,
        sftp=sub.flag("sftp", default=True),
        ssh=cast("Literal['modern', 'legacy']", sub.choice("ssh", ("modern", "legacy"), "modern")),
        host_key=cast("Literal['known', 'unknown', 'changed']", sub.choice("host_key", KEY_STATES, "known")),
    )
    sub.done()
    return override


def _files(fields: Fields) -> dict[str, str]:
    sub = fields.sub("files")
    return {name: sub.text(name) for name in sub.data}


def _stored(fields: Fields) -> dict[str, tuple[str, ...]]:
    sub = fields.sub("stored")
    return {folder: sub.names(folder) for folder in sub.data}


def _registry(fields: Fields) -> dict[str, dict[str, str | int]]:
    found: dict[str, dict[str, str | int]] = {}
    sub = fields.sub("registry")
    for key in sub.data:
        values = sub.sub(key)
        found[key] = {
            name: values.whole(name) if isinstance(values.data[name], int) else values.text(name)
            for name in values.data
        }
    return found


def _services(fields: Fields) -> dict[str, dict[str, str]]:
    found: dict[str, dict[str, str]] = {}
    sub = fields.sub("services")
    for name in sub.data:
        values = sub.sub(name)
        mode = values.choice("start_mode", ("auto", "manual", "disabled"))
        state = values.choice("state", ("running", "stopped"))
        depends = " ".join(values.names("depends"))
        values.done()
        words = (("start_mode", mode), ("state", state), ("depends", depends))
        found[name] = {key: value for key, value in words if value}
    return found


def to_json(spec: HostSpec) -> dict[str, Json]:
    """The mapping ``parse`` accepts, with the name beside it."""
    override = spec.override
    told: dict[str, Json] = {
        name: getattr(override, name)
        for name in ("language", "time_zone", "daylight", "install_path", "front_end", "cluster", "pending_reboot",
                     "free_bytes", "sftp", "ssh", "host_key")
    }  # fmt: skip
    told |= {"installed": list(override.installed), "processes": list(override.processes)}
    told |= {"files": dict(override.files)}
    told |= {"stored": {folder: list(names) for folder, names in override.stored.items()}}
    told |= {"registry": {key: dict(values) for key, values in override.registry.items()}}
    told |= {"services": {key: _told(values) for key, values in override.services.items()}}
    told |= {"dismounted": list(override.dismounted)}
    return {
        "name": spec.name,
        "image": spec.image,
        "override": told,
        "faults": spec.faults.to_json(),
        "speed": spec.speed,
        "user": spec.user,
        "password": spec.password,
        "authorized_keys": list(spec.authorized_keys),
        "connection": spec.connection,
        "winrm": spec.winrm.to_json() if spec.winrm else None,
    }


def _told(service: Mapping[str, str]) -> dict[str, Json]:
    return {key: list(value.split()) if key == "depends" else value for key, value in service.items()}


def from_json(saved: Mapping[str, Json]) -> HostSpec:
    """What ``to_json`` gave."""
    rest = {key: value for key, value in saved.items() if key != "name"}
    return parse(str(saved["name"]), rest)
