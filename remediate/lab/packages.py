"""Packages the lab's installers run: real PE32 files with version data, and what each would do in a manifest behind."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, replace
from typing import Any, Literal, cast

from remediate.errors import UserError
from remediate.lab import datafile, pe
from remediate.lab.fields import Fields, nearest
from remediate.model import Json

_MAGIC = b"REMEDIATE-LAB-PACKAGE-1"
PACKER = "6.0.2900.2180"
"""Version of the packer of that time, which is no build of Exchange."""

Kind = Literal["hotfix", "superseding", "rollup", "service_pack"]


@dataclass(frozen=True, slots=True, kw_only=True)
class PackageFile:
    name: str
    version: str
    size: int
    modified: str
    """UTC, ISO 8601 with Z."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Package:
    """One package: what its file says of itself, which servers it takes, and what its installer does."""

    id: str
    kb: str
    title: str
    kind: Kind
    file_name: str
    """As documented or plausible; two packages may share one."""
    product: Literal["2000", "2003"]
    at_least: str
    below: str
    """store.exe builds the installer lets pass: at_least <= build < below."""
    provides: str
    """Build of store.exe afterwards, and the version of the package file."""
    files: tuple[PackageFile, ...]
    services: tuple[str, ...]
    """Stopped with everything that depends on them."""
    registry_key: str
    """Below HKLM; "" writes none."""
    uninstall_folder: str
    """Below %windir%; "" when it cannot be removed."""
    log: str
    switches: Literal["old", "new"] = "new"
    language: int = 1033
    restart: bool = False
    seconds: float = 0.6
    """What the installer takes by itself, besides the stops and starts of services."""
    command: str = ""
    """Command line the operator says with it, with {package} for its path; "" where none is needed."""
    size: int = 300_000
    setup: Mapping[str, int] = field(default_factory=dict)
    """service_pack and build, as the Exchange Setup key shall have them; empty for hotfixes."""
    damage: Literal["", "flipped", "page"] = ""
    """What happened to the file on its way to the operator."""
    packed: bool = False
    """Its file is a packer's program and says nothing of what it brings."""
    published: str = ""
    """Id of the package a damaged file was before."""
    supplied: bool = True
    """Inventories hand it to the playbook unless they choose themselves."""

    def as_published(self) -> Package:
        """The sound package a damaged one was; itself when it is sound."""
        return replace(self, id=self.published, published="", damage="", supplied=True) if self.damage else self


def build_number(version: str) -> tuple[int, ...]:
    """``6.5.7226`` as numbers, padded to four."""
    parts = tuple(int(part) for part in version.split("."))
    return parts + (0,) * (4 - len(parts))


def catalogue() -> dict[str, Package]:
    """Every package the lab can build, by id."""
    data: dict[str, dict[str, object]] = datafile.read("packages")
    found: dict[str, Package] = {}
    for name, entry in data.items():
        like = entry.pop("like", "")
        merged = {**data[str(like)], "published": like, **entry} if like else entry
        found[name] = _package(name, merged)
    return found


def pick(packages: Mapping[str, Package], name: str, what: str) -> Package:
    """The package called ``name``; a UserError that says ``what`` asked for it otherwise."""
    if name not in packages:
        raise UserError(f"{what}: no package {name!r} in the lab", hint=nearest(name, tuple(packages)))
    return packages[name]


def content(package: Package) -> bytes:
    """The bytes of the package's file; equal packages give equal bytes."""
    if package.damage == "page":
        return b"<html><head><title>Hotfix Request</title></head><body>Please sign in.</body></html>\r\n" * 40
    if package.damage == "flipped":
        sound = content(package.as_published())
        return sound[:100_000] + bytes([sound[100_000] ^ 0xFF]) + sound[100_001:]
    return _program(package, package.size, removes=False)


def uninstaller(package: Package) -> bytes:
    """The bytes of the spuninst.exe that takes ``package`` off again."""
    return _program(package, 2_000, removes=True)


def inside(package: Package) -> dict[str, str]:
    """What a package's file says of itself: likely as Microsoft's do, and that it is the lab's."""
    if package.packed:
        return {
            "CompanyName": "Microsoft Corporation",
            "FileDescription": "Win32 Cabinet Self-Extractor (lab package, not Microsoft's)",
            "InternalName": "Wextract",
            "OriginalFilename": "WEXTRACT.EXE",
            "ProductName": "Microsoft(R) Windows(R) Operating System",
        }
    product = {"2000": "Exchange 2000 Server", "2003": "Exchange Server 2003"}[package.product]
    return {
        "CompanyName": "Microsoft Corporation",
        "FileDescription": f"{package.title} (lab package, not Microsoft's)",
        "InternalName": f"KB{package.kb}",
        "OriginalFilename": package.file_name,
        "ProductName": f"Microsoft {product}",
        "Applies To": product,
        "KB Article Number": package.kb,
        "Proc. Architecture": "x86",
        "Package Type": package.kind,
        "Installer Engine": "update.exe",
        "Support Link": f"http://support.microsoft.com?kbid={package.kb}",
    }


def _program(package: Package, size: int, *, removes: bool) -> bytes:
    noise = hashlib.shake_256(package.id.encode()).digest(size)
    strings = inside(package)
    image = pe.build(
        pe.Image(
            version=PACKER if package.packed else package.provides,
            code=noise,
            language=package.language,
            strings=strings,
        )
    )
    told = {"package": to_json(package), "removes": removes, "sha256": hashlib.sha256(image).hexdigest()}
    manifest = json.dumps(told, sort_keys=True)
    return image + manifest.encode() + len(manifest).to_bytes(4, "little") + _MAGIC


@dataclass(frozen=True, slots=True)
class Read:
    """A package found in a file."""

    package: Package
    whole: bool
    """False when its bytes are not the ones it was built with."""
    removes: bool
    """It is the package's spuninst.exe."""


def read(data: bytes) -> Read | None:
    """The package in ``data``; None when it is no package of the lab."""
    if not pe.is_image(data) or not data.endswith(_MAGIC):
        return None
    end = len(data) - len(_MAGIC) - 4
    start = end - int.from_bytes(data[end : end + 4], "little")
    manifest = json.loads(data[start:end])
    whole = hashlib.sha256(data[:start]).hexdigest() == manifest["sha256"]
    return Read(from_json(manifest["package"]), whole, bool(manifest["removes"]))


def to_json(package: Package) -> dict[str, Json]:
    return dict(asdict(package))


def from_json(saved: Mapping[str, object]) -> Package:
    """What ``to_json`` gave, also after a way through JSON text."""
    entry: dict[str, Any] = dict(saved)
    files = tuple(PackageFile(**item) for item in entry.pop("files"))
    return Package(files=files, services=tuple(entry.pop("services")), **entry)


def _package(name: str, data: Mapping[str, object]) -> Package:
    fields = Fields(data, f"package {name}")
    accepts = fields.sub("accepts")
    setup = fields.sub("setup")
    package = Package(
        id=name,
        kb=fields.text("kb"),
        title=fields.text("title"),
        kind=cast("Kind", fields.choice("kind", ("hotfix", "superseding", "rollup", "service_pack"))),
        file_name=fields.text("file_name"),
        product=cast("Literal['2000', '2003']", fields.choice("product", ("2000", "2003"))),
        at_least=accepts.text("at_least"),
        below=accepts.text("below"),
        provides=fields.text("provides"),
        files=tuple(_file(Fields(item, f"package {name}: file")) for item in fields.sequence("files")),
        services=fields.names("services"),
        registry_key=fields.text("registry_key"),
        uninstall_folder=fields.text("uninstall_folder"),
        log=fields.text("log"),
        switches=cast("Literal['old', 'new']", fields.choice("switches", ("old", "new"), "new")),
        language=fields.whole("language", 1033),
        restart=fields.flag("restart"),
        seconds=fields.number("seconds", 0.6),
        command=fields.text("command"),
        size=fields.whole("size", 300_000),
        setup={key: setup.whole(key) for key in ("service_pack", "build") if setup.has(key)},
        damage=cast("Literal['', 'flipped', 'page']", fields.choice("damage", ("flipped", "page"))),
        packed=fields.flag("packed"),
        published=fields.text("published"),
        supplied=fields.flag("supplied", default=True) and not fields.has("published"),
    )
    accepts.done()
    fields.done()
    return package


def _file(fields: Fields) -> PackageFile:
    found = PackageFile(
        name=fields.text("name"),
        version=fields.text("version"),
        size=fields.whole("size"),
        modified=fields.text("modified"),
    )
    fields.done()
    return found
