"""Reads an inventory file with ``plugin: lab``: hosts, groups, variables, and which packages are handed out."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Literal, cast

from remediate.errors import UserError
from remediate.lab import hostspec
from remediate.lab.fields import Fields, source_of
from remediate.lab.hostspec import HostSpec
from remediate.model import Source

_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.-]{0,62}")
_RANGE = re.compile(r"(?P<head>[^\[]*)\[(?P<first>\d+):(?P<last>\d+)\](?P<tail>[^\[]*)")
MOST_HOSTS = 2000


@dataclass(frozen=True, slots=True, kw_only=True)
class DeclaredHost:
    """One host and what only its users need to know."""

    spec: HostSpec
    vars: Mapping[str, object]
    groups: tuple[str, ...]
    packages: Mapping[str, str]
    """Package id -> package whose file is handed out in its place; "" hands out none."""
    login: Literal["password", "key"]
    image_place: Source | None = None
    """Where the name of its image is written."""


@dataclass(frozen=True, slots=True, kw_only=True)
class DeclaredGroup:
    vars: Mapping[str, object]
    children: tuple[str, ...]
    hosts: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Declaration:
    """A whole lab inventory."""

    hosts: tuple[DeclaredHost, ...]
    groups: Mapping[str, DeclaredGroup]
    vars: Mapping[str, object]
    packages: tuple[str, ...] | None
    """Package ids handed out to all; None: those the lab hands out by itself."""


def read(data: object, path: Path) -> Declaration:
    """Check ``data`` as read from ``path``; what is not known is a UserError with its place."""
    fields = Fields(data, str(path), source=Source(str(path)))
    if fields.text("plugin") != "lab":
        raise UserError(f"{path} does not say `plugin: lab`", source=fields.source)
    speed = fields.number("speed", 1.0)
    if speed <= 0:
        raise fields.wrong("speed", "above 0")
    password = fields.text("password", hostspec.PASSWORD)
    hosts = tuple(_hosts(fields.sub("hosts"), speed, password))
    if not hosts:
        raise UserError(f"{path} declares no hosts", source=fields.source)
    groups = _groups(fields.sub("groups"))
    declaration = Declaration(
        hosts=hosts,
        groups=groups,
        vars=fields.mapping("vars"),
        packages=fields.names("packages") if fields.has("packages") else None,
    )
    fields.done()
    return declaration


def _hosts(fields: Fields, speed: float, password: str) -> Iterator[DeclaredHost]:
    seen: set[str] = set()
    for pattern, entry in fields.data.items():
        source = source_of(fields.data, str(pattern), default=fields.source)
        for name in names(str(pattern), source):
            if name.lower() in seen:
                raise UserError(f"host {name} is declared twice", source=source)
            seen.add(name.lower())
            yield _host(name, entry, source, speed=speed, password=password)
            if len(seen) > MOST_HOSTS:
                raise UserError(f"more than {MOST_HOSTS} lab hosts", source=source)


def names(pattern: str, source: Source | None) -> list[str]:
    """``ex[01:03]`` -> ex01, ex02, ex03; a name without a range is itself."""
    found = _RANGE.fullmatch(pattern)
    expanded = [pattern]
    if found:
        first, last, width = int(found["first"]), int(found["last"]), len(found["first"])
        expanded = [f"{found['head']}{n:0{width}d}{found['tail']}" for n in range(first, min(last, first + 9999) + 1)]
    for name in expanded:
        if not _NAME.fullmatch(name):
            raise UserError(f"{name!r} cannot be a lab host's name", source=source, hint="letters, digits, . _ -")
    if not expanded:
        raise UserError(f"the range {pattern!r} is empty", source=source)
    return expanded


def _host(name: str, entry: object, source: Source | None, *, speed: float, password: str) -> DeclaredHost:
    fields = Fields(entry, f"host {name}", source=source)
    spec = hostspec.parse(name, fields.only(hostspec.KEYS), speed=speed, password=password, source=fields.source)
    host = DeclaredHost(
        spec=spec,
        vars=fields.mapping("vars"),
        groups=fields.names("groups"),
        packages=_replacements(fields),
        login=cast("Literal['password', 'key']", fields.choice("login", ("password", "key"), "password")),
        image_place=source_of(entry, "image", default=fields.source),
    )
    fields.done()
    return host


def _replacements(fields: Fields) -> dict[str, str]:
    sub = fields.sub("packages")
    return {package: sub.text(package) for package in sub.data}


def _groups(fields: Fields) -> dict[str, DeclaredGroup]:
    found: dict[str, DeclaredGroup] = {}
    for name in fields.data:
        sub = fields.sub(name)
        group = DeclaredGroup(vars=sub.mapping("vars"), children=sub.names("children"), hosts=sub.names("hosts"))
        sub.done()
        found[name] = group
    return found
