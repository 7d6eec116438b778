"""What a list of tasks inherits from everything around it, and what it is read with."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from pathlib import Path

from remediate.errors import UserError
from remediate.language import fields
from remediate.language.files import Files
from remediate.language.taskargs import Modules
from remediate.language.template import check, check_condition
from remediate.language.tree import Role, Task
from remediate.language.yamlfile import Map
from remediate.model import Source

IMPORT_LIMIT = 50
"""Files that may import each other, one inside the other."""


@dataclass(frozen=True, slots=True)
class SearchPath:
    """Where roles and files are looked for: beside the playbook (its file or folder) first, then in ``roles``."""

    roles: tuple[Path, ...] = ()
    playbook: Path = Path()
    files: Files = field(default_factory=Files, compare=False, repr=False)
    """What reads them."""

    @property
    def folder(self) -> Path:
        """The playbook's folder."""
        return self.playbook if self.files.is_folder(self.playbook) else self.playbook.parent


@dataclass(slots=True)
class Found:
    """What reading a play's tasks brings to light besides nodes; grows while the play is read."""

    roles: list[Role] = field(default_factory=list)
    handlers: list[Task] = field(default_factory=list)
    used: set[object] = field(default_factory=set)
    kept: dict[Path, Map] = field(default_factory=dict)
    """Variables of roles, read once however often a role is used."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Setting:
    """Inherited by every task of a list."""

    search: SearchPath
    modules: Modules
    folder: Path
    found: Found
    role: Role | None = None
    when: tuple[str, ...] = ()
    tags: frozenset[str] = frozenset()
    vars: Map = field(default_factory=Map)
    notify: tuple[str, ...] = ()
    ignore_errors: object = False
    ignore_unreachable: object = False
    check_mode: bool | None = None
    no_log: bool = False
    timeout: float = 0.0
    chain: tuple[str, ...] = ()
    """Files that led here, outermost first."""
    roles: tuple[str, ...] = ()
    """Roles that led here, outermost first."""
    at_run_time: bool = False

    def within(self, data: Map) -> Setting:
        """The setting inside a play, block, import or role entry that has these keywords."""
        own_vars = fields.variables(data)
        check(own_vars)
        return replace(
            self,
            when=(*self.when, *(fields.conditions(data, "when") or ())),
            tags=self.tags | set(fields.names(data, "tags", commas=True)),
            vars=self.vars.merged(own_vars),
            notify=(*self.notify, *fields.names(data, "notify")),
            ignore_errors=tolerance(data, "ignore_errors", self.ignore_errors),
            ignore_unreachable=tolerance(data, "ignore_unreachable", self.ignore_unreachable),
            check_mode=fields.boolean(data, "check_mode", self.check_mode),
            no_log=bool(fields.boolean(data, "no_log", self.no_log)),
            timeout=fields.number(data, "timeout", self.timeout),
        )

    def entering(self, path: Path, source: Source) -> Setting:
        """The setting inside another file. Raises UserError when that file led here."""
        name = str(path)
        if name in self.chain:
            way = " -> ".join([*self.chain[self.chain.index(name) :], name])
            raise UserError(
                f"{path.name} imports itself: {way}",
                source=source,
                hint="imports are read before anything runs and never end here; use include_tasks with a condition",
            )
        if len(self.chain) >= IMPORT_LIMIT:
            raise UserError(f"more than {IMPORT_LIMIT} files import each other", source=source)
        return replace(self, chain=(*self.chain, name), folder=path.parent)


def tolerance(data: Map, name: str, default: object) -> object:
    """``ignore_errors`` and its like: a boolean, or a condition that is decided when the task fails."""
    value = data.get(name)
    if value is None:
        return default
    if not isinstance(value, bool | str):
        raise fields.wrong(data, name, "true, false or a condition")
    if isinstance(value, str):
        check_condition(value, data.value_source(name))
    return value
