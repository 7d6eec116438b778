"""The untrusted State of ``exchange_facts`` as typed values: whatever is missing, broken or absurd becomes None."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

from remediate.kb import languages
from remediate.kb.builds import Build, readable
from remediate.kb.verdicts import Verdict, of

WEAK_SOURCES = frozenset({"registry", "directory", "ad"})
"""Sources that know the service pack's build and nothing of hotfixes."""


@dataclass(frozen=True, slots=True, kw_only=True)
class FileSeen:
    """One file on the host; every field None when it could not be read."""

    name: str
    exists: bool | None = None
    version: Build | None = None
    text: str = ""
    """The version as the host gave it."""
    size: int | None = None
    modified: datetime | None = None
    """UTC."""


@dataclass(frozen=True, slots=True, kw_only=True)
class JobSeen:
    """A detached installation of this toolkit, found on the host."""

    name: str
    phase: str
    exit_code: int | None
    settled: bool
    package: str
    verdict: Verdict | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Server:
    """What is known of one server. None means: no source could say."""

    installed: bool | None
    named: str
    services_version: int | None
    service_pack: int | None
    build: Build | None
    """Version of the advisory's key file; None when only weak sources had one."""
    build_text: str
    build_source: str
    front_end: bool | None
    cluster: bool | None
    files: Mapping[str, FileSeen]
    """By lower-case name."""
    traces: tuple[str, ...]
    """Registry keys and uninstall folders of updates, as found."""
    windows: str
    windows_service_pack: int | None
    language: str
    """Three letters; "" when unknown."""
    free: Mapping[str, int | None]
    reboot: bool | None
    reboot_sources: tuple[str, ...]
    renames: tuple[str, ...]
    """Destinations of the file renames waiting for the next start."""
    installers: tuple[str, ...] | None
    jobs: tuple[JobSeen, ...]
    services: frozenset[str] | None
    """Lower-case names."""
    utc: datetime | None
    bias_known: bool
    tried: tuple[str, ...]
    """What was said about sources that failed."""


def read(facts: object, key_file: str) -> Server:
    """``facts`` as the module left them -> Server. Never raises, whatever is in there."""
    product, system, pending = (_map(facts, key) for key in ("exchange", "os", "pending"))
    files = {n.lower(): _file(n.lower(), f) for n, f in _map(facts, "files").items()}
    key = files.get(key_file.lower()) or FileSeen(name=key_file.lower())
    own = key_file.lower() == "store.exe"
    text = (_text(product.get("store_build")) if own else "") or key.text
    source = _text(product.get("store_build_source")) if own else ""
    time, disk = _map(facts, "time"), _map(facts, "disk")
    return Server(
        installed=_flag(product.get("installed")),
        named=_text(product.get("product")),
        services_version=_whole(product.get("services_version")),
        service_pack=_whole(product.get("service_pack")),
        build=None if source.lower() in WEAK_SOURCES else readable(text),
        build_text=text,
        build_source=source or "file",
        front_end=_flag(product.get("front_end")),
        cluster=_flag(product.get("cluster")),
        files=files,
        traces=(*map(str, _map(facts, "hotfixes")), *_texts(_get(facts, "uninstall_folders"))),
        windows=_text(system.get("version")),
        windows_service_pack=_whole(system.get("service_pack")),
        language=languages.name(product.get("language")) or languages.name(system.get("language")),
        free={"system drive": _whole(disk.get("system_free")), "installation drive": _whole(disk.get("install_free"))},
        reboot=_flag(pending.get("reboot")),
        reboot_sources=tuple(_texts(pending.get("sources"))),
        renames=tuple(_renames(pending.get("renames"))),
        installers=_installers(_get(facts, "installers_running")),
        jobs=tuple(_jobs(_get(facts, "jobs"))),
        services=_services(_get(facts, "services")),
        utc=moment(time.get("utc")),
        bias_known=_whole(time.get("bias_minutes")) is not None and _text(time.get("bias_source")) != "none",
        tried=tuple(_notes(facts, key_file)),
    )


def file_seen(name: str, info: object) -> FileSeen:
    """One ``fileInfo`` of the host's side -> FileSeen."""
    return _file(name.lower(), info)


def moment(value: object) -> datetime | None:
    """``2004-09-16T20:32:10Z`` -> UTC datetime, or None."""
    if not isinstance(value, str):
        return None
    try:
        found = datetime.fromisoformat(value.strip())
        return found.astimezone(UTC) if found.tzinfo else None
    except (ValueError, OverflowError):
        return None


def _file(name: str, info: object) -> FileSeen:
    if not isinstance(info, Mapping):
        return FileSeen(name=name)
    text = _text(info.get("version"))
    return FileSeen(
        name=name,
        exists=_flag(info.get("exists")),
        version=readable(text),
        text=text,
        size=_whole(info.get("size")),
        modified=moment(info.get("modified")),
    )


def _get(value: object, key: str) -> object:
    return value.get(key) if isinstance(value, Mapping) else None


def _map(value: object, key: str) -> Mapping[str, object]:
    found = _get(value, key)
    return {str(k): v for k, v in found.items()} if isinstance(found, Mapping) else {}


def _text(value: object) -> str:
    return value.strip()[:200] if isinstance(value, str) else ""


def _flag(value: object) -> bool | None:
    return value if isinstance(value, bool) else None


def _whole(value: object) -> int | None:
    if isinstance(value, float) and value.is_integer():
        return int(value)
    return value if isinstance(value, int) and not isinstance(value, bool) else None


def _list(value: object) -> Sequence[object]:
    return value if isinstance(value, list | tuple) else ()


def _texts(value: object) -> Iterator[str]:
    return (t for t in map(_text, _list(value)) if t)


def _renames(value: object) -> Iterator[str]:
    """An entry without a destination only deletes a leftover at the next start."""
    for one in _list(value):
        to = _text(_get(one, "to")) if isinstance(one, Mapping) else _text(one)
        if to:
            yield to


def _installers(value: object) -> tuple[str, ...] | None:
    if value is None:
        return None
    return tuple(n for one in _list(value) if (n := _text(_get(one, "name")) or _text(one)))


def _jobs(value: object) -> Iterator[JobSeen]:
    for one in _list(value):
        if name := _text(_get(one, "name")):
            record = _get(one, "record")
            yield JobSeen(
                name=name,
                phase=_text(_get(one, "phase")).lower(),
                exit_code=_whole(_get(one, "exit_code")),
                settled=bool(_get(one, "settled")),
                package=_text(_get(record, "package")),
                verdict=of(one) if isinstance(one, Mapping) else None,
            )


def _services(value: object) -> frozenset[str] | None:
    if not isinstance(value, list | tuple):
        return None
    return frozenset(_text(_get(one, "name")).lower() for one in value)


def _notes(facts: object, key_file: str) -> Iterator[str]:
    for one in _list(_get(facts, "_notes")):
        source, text = (_text(_get(one, "source")), _text(_get(one, "text"))) if isinstance(one, Mapping) else ("", "")
        said = f"{source}: {text}" if source else _text(one)
        if any(word in said.lower() for word in (key_file.lower(), "store_build", "wmi", "file")):
            yield said
