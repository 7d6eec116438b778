"""What a knowledge base article says, as checked data: products, branches, packages with their file tables.

The data lives in ``roles/kbNNNNNN/vars/main.yml``; another article needs another such file and no code. Shapes are
checked here, how the parts fit together in ``kb.consistency``. Builds are file versions of ``key_file``.
"""

from __future__ import annotations

import difflib
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, fields, is_dataclass
from datetime import UTC, datetime, timedelta
from functools import lru_cache
from typing import TYPE_CHECKING, Annotated, Any, ClassVar, Literal, get_args, get_origin, get_type_hints

from remediate.errors import UserError
from remediate.kb.builds import Build, Range
from remediate.kb.inside import Files, Inside, Sure
from remediate.model import Source

if TYPE_CHECKING:
    from pydantic import TypeAdapter
    from pydantic_core import CoreSchema

Kind = Literal["hotfix", "superseding", "rollup", "service_pack"]

_STRICT: dict[str, str] = {"extra": "forbid"}


class _UtcMinute:
    """Marks a datetime as UTC without seconds, the precision of the file tables."""

    def __get_pydantic_core_schema__(self, _source: Any, handler: Callable[[Any], CoreSchema]) -> CoreSchema:
        from pydantic_core import core_schema

        return core_schema.no_info_after_validator_function(_utc_minute, handler(datetime))


def _utc_minute(value: datetime) -> datetime:
    if value.utcoffset() != timedelta(0):
        raise ValueError("a file table's date is UTC: write it as 2004-09-16T20:32Z")
    if value.second or value.microsecond:
        raise ValueError("a file table's date has no seconds")
    return value.astimezone(UTC)


@dataclass(frozen=True, slots=True, kw_only=True)
class FileAttributes:
    """One line of an article's file table. Sizes and dates are those of the English package."""

    __pydantic_config__: ClassVar[dict[str, str]] = _STRICT

    name: str
    version: Build
    size: int
    """Bytes."""
    date: Annotated[datetime, _UtcMinute()]
    """UTC, to the minute: the tables have no seconds."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Product:
    __pydantic_config__: ClassVar[dict[str, str]] = _STRICT

    id: str
    name: str
    release: str
    """Major and minor of its file versions: ``6.5``."""
    services_version: int
    """What its setup wrote in the registry: 65."""
    called: tuple[str, ...] = ()
    """Further names its package files may use."""
    architecture: str = "x86"
    """Of its programs, and so of its packages."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Branch:
    """Builds of one product that share a line of hotfixes: one service pack level, as a rule."""

    __pydantic_config__: ClassVar[dict[str, str]] = _STRICT

    id: str
    name: str
    product: str
    builds: Range
    service_packs: tuple[int, ...]
    """What the registry may say where such a build is installed."""
    fixed_at: Build | None = None
    """First repaired build of the branch; None when nothing in it is repaired."""
    table: str = ""
    """Package whose file table describes the repaired state."""
    prerelease: tuple[Range, ...] = ()
    """Builds of unknown content: numbered in this branch, made for a later one."""
    note: str = ""

    def fixed(self, build: Build) -> bool:
        return self.fixed_at is not None and self.builds.reaches(build, self.fixed_at)


@dataclass(frozen=True, slots=True, kw_only=True)
class Windows:
    __pydantic_config__: ClassVar[dict[str, str]] = _STRICT

    version: str
    """``5.0`` is Windows 2000, ``5.2`` Windows Server 2003."""
    service_pack: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Service:
    __pydantic_config__: ClassVar[dict[str, str]] = _STRICT

    name: str
    display: str
    restarted: bool = False
    """Whether installing is expected to restart it."""
    sure: Sure = "verified"
    note: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Package:
    """Something that can be installed, with what it needs and what it brings about."""

    __pydantic_config__: ClassVar[dict[str, str]] = _STRICT

    id: str
    kb: str
    title: str
    kind: Kind
    product: str
    requires: Range
    """Builds it may be installed over."""
    provides: Build
    """Build that is there afterwards."""
    sure: Sure
    """How well ``provides`` is known."""
    files: tuple[FileAttributes, ...] = ()
    command: str = ""
    """Command line; ``{package}`` is the staged file. Empty: only the operator can say it."""
    windows: tuple[Windows, ...] = ()
    """Windows releases it runs on; empty when nothing is said."""
    update_key: str = ""
    """Where it registers below the product's updates key: ``Exchange Server 2003\\SP2``."""
    seconds: int = 600
    """Expected duration."""
    limit_seconds: int = 3600
    """When waiting for it stops making sense."""
    restart: Literal["none", "possible", "expected"] = "none"
    reversible: bool = True
    language: str = "ENU"
    free_bytes: int = 0
    """Room it needs on the system drive and on the one the product is on."""
    obtain: str = ""
    """Where it is to be had."""
    inside: Inside = field(default_factory=Inside)
    """What its file says of itself, where that is not what follows from the rest."""
    cautions: tuple[str, ...] = ()

    @property
    def number(self) -> str:
        return self.kb.removeprefix("KB")


@dataclass(frozen=True, slots=True, kw_only=True)
class Traces:
    """What an installed package leaves; ``{number}`` is its article number, ``{update_key}`` its own key."""

    __pydantic_config__: ClassVar[dict[str, str]] = _STRICT

    registry_keys: tuple[str, ...] = ()
    uninstall_folders: tuple[str, ...] = ()
    logs: tuple[str, ...] = ()
    """Newest spelling first."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Advisory:
    __pydantic_config__: ClassVar[dict[str, str]] = _STRICT

    kb: str
    title: str
    article: str
    summary: str
    products: tuple[Product, ...]
    branches: tuple[Branch, ...]
    packages: tuple[Package, ...]
    key_file: str
    """File whose version is the build of the server."""
    key_service: str = ""
    """Service that runs it: without both, only the administration tools are there."""
    same_level: tuple[str, ...] = ()
    """Files that are of one build (the first three parts) once everything is in place."""
    services: tuple[Service, ...] = ()
    """In the order in which they start."""
    traces: Traces = Traces()
    exit_codes: Mapping[int, str] = field(default_factory=lambda: {0: "installed"})
    """Codes that mean success, with their meaning; every other code is a failure."""
    installers: tuple[str, ...] = ()
    """Process names of installers; none may be running."""
    package_files: Files = field(default_factory=Files)
    cautions: tuple[str, ...] = ()

    def package(self, wanted: str) -> Package | None:
        return next((p for p in self.packages if p.id == wanted), None)

    def registry_keys(self, package: Package) -> tuple[str, ...]:
        """Every spelling under which ``package`` may be registered."""
        return _filled(self.traces.registry_keys, package) if package.update_key else ()

    def uninstall_folders(self, package: Package) -> tuple[str, ...]:
        """Every spelling of the folder that takes ``package`` off again; none when nothing can."""
        return _filled(self.traces.uninstall_folders, package) if package.reversible else ()

    def logs(self, package: Package) -> tuple[str, ...]:
        return _filled(self.traces.logs, package)

    def product(self, wanted: str) -> Product | None:
        return next((p for p in self.products if p.id == wanted), None)

    def branch_of(self, build: Build) -> Branch | None:
        return next((b for b in self.branches if build in b.builds), None)

    def table_of(self, branch: Branch) -> tuple[FileAttributes, ...]:
        """The file table of the branch's repaired state; empty when the article has none."""
        found = self.package(branch.table)
        return found.files if found else ()


def load(data: object, source: Source | None = None) -> Advisory:
    """The advisory in ``data`` (plain dicts and lists); ``UserError`` names the path of the first thing wrong in it."""
    from pydantic import ValidationError

    from remediate.kb.consistency import check

    if isinstance(data, Advisory):
        return data
    try:
        advisory = _adapter().validate_python(data)
    except ValidationError as error:
        first = error.errors(include_url=False)[0]
        raise _explained([*first["loc"]], first["msg"], first["type"], first.get("input"), source) from None
    for path, problem in check(advisory):
        raise UserError(f"advisory: {_path(path)}: {problem}", source=source)
    return advisory


def _filled(patterns: tuple[str, ...], package: Package) -> tuple[str, ...]:
    return tuple(p.replace("{number}", package.number).replace("{update_key}", package.update_key) for p in patterns)


@lru_cache(maxsize=1)
def _adapter() -> TypeAdapter[Advisory]:
    from pydantic import TypeAdapter

    return TypeAdapter(Advisory)


def _explained(where: list[Any], message: str, kind: str, got: object, source: Source | None) -> UserError:
    hint = ""
    if kind == "unexpected_keyword_argument":
        known = _keys(where[:-1])
        near = difflib.get_close_matches(str(where[-1]), known, 1)
        message, hint = "unknown key", f"did you mean {near[0]!r}?" if near else "known here: " + ", ".join(known)
    elif kind == "missing":
        message = "is missing"
    else:
        message = message.removeprefix("Value error, ")
        message = message[:1].lower() + message[1:] + (f" (got {got!r:.60})" if not isinstance(got, dict) else "")
    return UserError(f"advisory: {_path(where)}: {message}", source=source, hint=hint)


def _path(where: list[Any]) -> str:
    """``["packages", 2, "files", 0, "date"]`` -> ``packages[2].files[0].date``"""
    text = "".join(f"[{p}]" if isinstance(p, int) else f".{p}" for p in where)
    return text.lstrip(".") or "the whole"


def _keys(where: list[Any]) -> list[str]:
    """The keys known at that place of the data."""
    at: Any = Advisory
    for part in where:
        if isinstance(part, int):
            at = get_args(at)[0]
        elif is_dataclass(at):
            hints = get_type_hints(at)
            at = hints.get(str(part), at)
        if get_origin(at) is not tuple and not is_dataclass(at):
            at = next((a for a in get_args(at) if is_dataclass(a)), at)
    return [f.name for f in fields(at)] if is_dataclass(at) else []
