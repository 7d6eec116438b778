"""The variables a task sees: every layer of one host and play put in its place, magic ones included."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from remediate.errors import UserError
from remediate.language import yamlfile
from remediate.language.files import VARIABLES, Files
from remediate.language.inventory import Host, Inventory
from remediate.language.template import OMIT, Templar
from remediate.language.tree import Play, Task
from remediate.language.variables import Layer, Variables
from remediate.model import Mode, Source
from remediate.secrets.known import Known
from remediate.secrets.written import secrets_written


@dataclass(frozen=True, slots=True, kw_only=True)
class Setting:
    """What is the same for every host of a run."""

    inventory: Inventory
    extra_vars: Mapping[str, object]
    mode: Mode
    playbook_folder: Path
    files: Files
    """What files are read with."""
    memory: dict[str, Mapping[str, object]]
    """Per host: what set_fact and register left, kept across plays."""
    secrets: Known = field(default_factory=Known)
    """Told of every secret that is rendered."""

    def templar(self, variables: Variables, folder: Path = Path(), *, whole: bool = False) -> Templar:
        """Renders with ``variables``; secrets in what it gives are known as such, with ``whole`` all of it."""
        return Templar(variables, folder=folder, tell=self.secrets.tell, whole=whole, files=self.files)

    def vars_file(self, path: Path) -> Mapping[str, object]:
        """A file of variables; secrets written in it are known as such."""
        found = vars_mapping(path, self.files)
        self.files.once(("secrets", str(path), self.secrets), lambda: tell_of(found, self.secrets))
        return found

    def remember(self, host: str, values: Mapping[str, object]) -> None:
        """Keep facts of ``host``; a new mapping each time, since scopes hold on to the old one."""
        self.memory[host] = {**self.memory.get(host, {}), **values}

    def forget(self, host: str) -> None:
        self.memory[host] = {}


class HostVars(Mapping[str, object]):
    """``hostvars``: other hosts' inventory variables and facts, rendered when asked for."""

    def __init__(self, setting: Setting) -> None:
        self._setting = setting

    def __getitem__(self, name: str) -> object:
        host = self._setting.inventory.hosts[name]
        facts = self._setting.memory.get(name, {})
        variables = host.variables.with_layer(Layer.FACTS, facts, trusted=False)
        return Rendered(self._setting.templar(variables.with_layer(Layer.MAGIC, _names(host), trusted=False)))

    def __iter__(self) -> Iterator[str]:
        return iter(self._setting.inventory.hosts)

    def __len__(self) -> int:
        return len(self._setting.inventory.hosts)


class Rendered(Mapping[str, object]):
    """Variables by name, each rendered when somebody asks for it."""

    def __init__(self, templar: Templar) -> None:
        self._templar = templar

    def __getitem__(self, name: str) -> object:
        if self._templar.variables.get(name) is None:
            raise KeyError(name)
        return self._templar.value(name)

    def place(self, name: str) -> Source | None:
        """Where the variable is written."""
        found = self._templar.variables.get(name)
        return found.source if found is not None else None

    def __iter__(self) -> Iterator[str]:
        return iter(self._templar.variables.names())

    def __len__(self) -> int:
        return len(list(self._templar.variables.names()))


@dataclass(frozen=True, slots=True, kw_only=True)
class PlayScope:
    """The layers of one host in one play, without what tasks add."""

    host: Host
    play: Play
    setting: Setting
    base: Variables
    overlays: tuple[tuple[Layer, Mapping[str, object]], ...] = field(default=())
    trail: tuple[str, ...] = ()
    """The includes that lead here, outermost first, each with its item; see ``place_of``."""

    def task(self, task: Task, *more: tuple[Layer, Mapping[str, object]]) -> Variables:
        """Variables for one task; ``more`` are loop and include variables, already rendered."""
        variables = self.base
        if task.role is not None:
            role = task.role
            variables = variables.with_layer(Layer.ROLE_DEFAULTS, role.defaults)
            variables = variables.with_layer(Layer.ROLE_VARS, role.vars)
            variables = variables.with_layer(Layer.ROLE_PARAMS, role.params)
            names = {"role_name": role.name, "role_path": str(role.path)}
            variables = variables.with_layer(Layer.MAGIC, names, trusted=False)
        facts = self.setting.memory.get(self.host.name, {})
        variables = variables.with_layer(Layer.TASK, task.vars).with_layer(Layer.FACTS, facts, trusted=False)
        for layer, values in (*self.overlays, *more):
            variables = variables.with_layer(layer, values, trusted=False)
        return variables


def place_of(task: Task, label: str) -> str:
    """Where a task stands, for one item of its loop; the same wherever the project's folder is."""
    owner = f"{task.role.name}/" if task.role else ""
    where = f"{owner}{Path(task.source.file).name}:{task.source.line}:{task.source.column}"
    return f"{where}[{label}]" if label else where


def play_scope(host: Host, play: Play, batch: tuple[str, ...], setting: Setting) -> PlayScope:
    """Layer inventory, role defaults, play vars, vars_files, role vars, extra vars and magic variables."""
    variables = host.variables
    for role in play.roles:
        variables = variables.with_layer(Layer.ROLE_DEFAULTS, role.defaults)
        variables = variables.with_layer(Layer.ROLE_VARS, role.vars)
    variables = variables.with_layer(Layer.PLAY, play.vars)
    variables = variables.with_layer(Layer.EXTRA, setting.extra_vars)
    variables = variables.with_layer(Layer.MAGIC, _magic(host, play, batch, setting), trusted=False)
    for written in play.vars_files:
        variables = variables.with_layer(Layer.VARS_FILES, _vars_file(written, play, variables, setting))
    return PlayScope(host=host, play=play, setting=setting, base=variables)


def _magic(host: Host, play: Play, batch: tuple[str, ...], setting: Setting) -> dict[str, object]:
    return {
        **_names(host),
        "groups": {name: list(group.hosts) for name, group in setting.inventory.groups.items()},
        "hostvars": HostVars(setting),
        "play_hosts": list(batch),
        "ansible_play_hosts": list(batch),
        "ansible_play_batch": list(batch),
        "ansible_play_name": play.name,
        "ansible_check_mode": setting.mode is Mode.CHECK,
        "playbook_dir": str(setting.playbook_folder),
        "omit": OMIT,
    }


def _names(host: Host) -> dict[str, object]:
    return {
        "inventory_hostname": host.name,
        "inventory_hostname_short": host.name.split(".")[0],
        "group_names": [g for g in host.groups if g != "all"],
    }


def _vars_file(written: object, play: Play, variables: Variables, setting: Setting) -> Mapping[str, object]:
    """The first of the alternatives that exists; a single path must exist."""
    source = yamlfile.source_of(written, play.source)
    alternatives = written if isinstance(written, list) else [written]
    tried: list[str] = []
    for name in alternatives:
        text = str(setting.templar(variables, play.folder).render(name, source))
        for candidate in (play.folder / text, play.folder / "vars" / text):
            tried.append(str(candidate))
            if setting.files.is_file(candidate):
                return setting.vars_file(candidate)
    raise UserError(f"vars file {alternatives[0]!r} is not there", source=source, hint="looked at " + ", ".join(tried))


def tell_of(values: Mapping[str, object], known: Known) -> None:
    """Tell ``known`` of every secret written in a mapping of variables or arguments."""
    for secret in secrets_written(values):
        known.tell(secret)


def vars_mapping(path: Path, files: Files) -> Mapping[str, object]:
    """A YAML file that must hold a mapping of variables; an empty file is an empty mapping."""
    data = yamlfile.load(path, files, VARIABLES)
    if data is None:
        return {}
    if not isinstance(data, dict):
        raise UserError("a vars file must be a mapping of names to values", source=Source(str(path), 1, 1))
    return data
