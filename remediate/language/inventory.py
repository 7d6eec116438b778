"""The inventory: hosts, their groups, and their variables each with its origin."""

from __future__ import annotations

import functools
import itertools
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

from remediate.errors import UserError
from remediate.language import inventoryini, inventoryyaml, patterns, quoting
from remediate.language.files import INVENTORY, Files
from remediate.language.files import text as text_of
from remediate.language.hostgraph import Graph, depths, members
from remediate.language.ranges import host_names
from remediate.language.variables import Layer, Variables
from remediate.language.varsfiles import sheets
from remediate.language.words import kind, suggestion
from remediate.language.yamlfile import Map, load_text, source_of
from remediate.model import Source

Plugin = Callable[[Mapping[str, object], Path], Mapping[str, object]]
"""Turns a file with ``plugin: NAME`` into an ordinary YAML inventory."""

_Read = Callable[[Path, str, str], Sequence[Map]]
_OTHERS = ("group_vars", "host_vars", "windows.yml")
"""Beside the hosts: variables, and change windows."""
_IGNORED = (
    ".pyc",
    ".pyo",
    ".swp",
    ".bak",
    "~",
    ".rpm",
    ".md",
    ".txt",
    ".rst",
    ".orig",
    ".cfg",
    ".retry",
    ".js",
    ".ics",
)


@dataclass(frozen=True, slots=True)
class Host:
    """One host; ``groups`` are all it is in, outermost first, without ``all``."""

    name: str
    groups: tuple[str, ...]
    variables: Variables


@dataclass(frozen=True, slots=True, kw_only=True)
class Group:
    """One group; ``hosts`` includes those of the groups below, in inventory order."""

    name: str
    hosts: tuple[str, ...]
    children: tuple[str, ...]
    depth: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Inventory:
    """Everything read, ready to choose from; group_vars are looked for in ``folders``, then ``playbook_folders``."""

    hosts: Mapping[str, Host]
    groups: Mapping[str, Group]
    graph: Graph
    folders: tuple[Path, ...] = ()
    playbook_folders: tuple[Path, ...] = ()
    files: Files = field(default_factory=Files, compare=False, repr=False)
    """What it was read with, and reads what belongs to it."""
    _selected: dict[tuple[str, str], tuple[Host, ...]] = field(
        default_factory=dict, init=False, compare=False, repr=False
    )

    def with_playbook_vars(self, folder: Path) -> Inventory:
        """The same hosts with group_vars and host_vars beside the playbook over those beside the inventory."""
        if folder in self.playbook_folders:
            return self
        folders = (*self.playbook_folders, folder)
        return replace(
            self, playbook_folders=folders, hosts=_hosts(self.graph, self.groups, self.folders, folders, self.files)
        )

    def select(self, pattern: str, limit: str = "", source: Source | None = None) -> tuple[Host, ...]:
        """The hosts of ``pattern`` that are also in ``limit``, in inventory order. Raises UserError."""
        if (pattern, limit) not in self._selected:
            self._selected[pattern, limit] = self._select(pattern, limit, source)
        return self._selected[pattern, limit]

    def _select(self, pattern: str, limit: str, source: Source | None) -> tuple[Host, ...]:
        names = patterns.Names(tuple(self.hosts), {name: group.hosts for name, group in self.groups.items()})
        chosen = patterns.select(pattern, names, source)
        if limit:
            within = set(patterns.select(limit, names, Source("--limit")))
            chosen = tuple(name for name in chosen if name in within)
        return tuple(self.hosts[name] for name in chosen)


def load(sources: Sequence[Path], *, plugins: Mapping[str, Plugin], files: Files | None = None) -> Inventory:
    """Read inventory files and folders, later ones over earlier ones. Raises UserError.

    A source that is no file but holds a comma is a list of host names.
    """
    reader, graph = files or Files(), Graph()
    graph.group("all")
    graph.group("ungrouped")
    graph.add_child("all", "ungrouped", Source("inventory"))
    folders: list[Path] = []
    for source in sources:
        if "," in str(source) and not reader.kind(source):
            for name in filter(None, str(source).split(",")):
                for host in host_names(name.strip(), Source("--inventory"))[0]:
                    graph.add_host(host, "ungrouped", {})
            continue
        for path in _files(source, reader):
            _read(path, graph, plugins, reader)
            folders.append(path.parent)
        folders.append(source if reader.is_folder(source) else source.parent)
    groups = _groups(graph)
    unique = tuple(dict.fromkeys(folders))
    return Inventory(
        hosts=_hosts(graph, groups, unique, (), reader), groups=groups, graph=graph, folders=unique, files=reader
    )


def _files(source: Path, files: Files) -> Iterator[Path]:
    if not files.kind(source):
        raise UserError(
            f"there is no inventory {str(source)!r}", hint=_siblings(source, files) or "name a file or folder with -i"
        )
    if not files.is_folder(source):
        yield source
        return
    found = False
    for name in files.names(source):
        if name.startswith(".") or name in _OTHERS:
            continue
        if not files.is_folder(source / name) and name.endswith(_IGNORED):
            continue
        found = True
        yield from _files(source / name, files)
    if not found:
        raise UserError("the inventory folder holds no inventory file", source=Source(str(source)))


def _siblings(source: Path, files: Files) -> str:
    if not files.is_folder(source.parent):
        return ""
    return suggestion(source.name, files.names(source.parent), what="there are")


def _read(path: Path, graph: Graph, plugins: Mapping[str, Plugin], files: Files) -> None:
    text = text_of(files, path, INVENTORY)
    place = Source(str(path), 1, 1)
    if not text.strip():
        raise UserError("the inventory file is empty", source=Source(str(path)))
    if text.startswith("#!"):
        raise UserError("inventory scripts are not supported yet", source=place, hint="use YAML, INI or a plugin")
    if not _is_yaml(path, text):
        inventoryini.read(text, graph, str(path))
        return
    data = load_text(text, str(path))
    if data is None:
        raise UserError("the inventory file is empty", source=Source(str(path)))
    if not isinstance(data, Map):
        raise UserError(
            f"an inventory must be a mapping of groups, not {kind(data)}",
            source=source_of(data, place),
            hint="begin with 'all:' and 'hosts:' below it",
        )
    if "plugin" in data:
        data = _expanded(data, path, plugins)
    inventoryyaml.read(data, graph, place)


def _is_yaml(path: Path, text: str) -> bool:
    if path.suffix in (".yml", ".yaml", ".json"):
        return True
    if path.suffix == ".ini":
        return False
    lines = (line for line in text.splitlines() if line.strip() and line.strip()[0] not in "#;")
    return bool(re.match(r"---|[\w.-]+\s*:\s*(#.*)?\Z|\{", next(lines, "")))


def _expanded(data: Map, path: Path, plugins: Mapping[str, Plugin]) -> Map:
    name = str(data["plugin"])
    if name not in plugins:
        raise UserError(
            f"there is no inventory plugin {quoting.named(name)}",
            source=data.value_source("plugin"),
            hint=suggestion(name, plugins, what="plugins"),
        )
    made = plugins[name](data, path)
    everything = made.get("all")
    if isinstance(everything, Mapping):
        placed = {part: _placed(value, data.get(part), data.value_source(part)) for part, value in everything.items()}
        made = {**made, "all": Map(placed, data.source)}
    return Map(made, data.source)


def _placed(made: object, written: object, place: Source) -> object:
    """What a plugin made, with the places of what it was made from: each value's own line, else the one above it.

    Variables are written under ``vars`` of a host and stand beside its other values afterwards.
    """
    if isinstance(made, Map) or not isinstance(made, dict):
        return made
    own = written if isinstance(written, Map) else Map(source=place)
    found = Map(source=place)
    for key, value in made.items():
        holder = own if key in own or not isinstance(own.get("vars"), Map) else own["vars"]
        at = holder.value_source(key) if key in holder else place
        found.put(key, _placed(value, holder.get(key), at), holder.key_source(key) if key in holder else place, at)
    return found


def _groups(graph: Graph) -> dict[str, Group]:
    depth, inside = depths(graph), members(graph)
    grouped = {host for name, hosts in inside.items() if name not in ("all", "ungrouped") for host in hosts}
    order = list(graph.hosts)
    result: dict[str, Group] = {}
    for name, draft in graph.groups.items():
        if name == "all":
            hosts = tuple(order)
        elif name == "ungrouped":
            hosts = tuple(host for host in order if host not in grouped)
        else:
            hosts = tuple(host for host in order if host in inside[name])
        result[name] = Group(name=name, hosts=hosts, children=tuple(draft.children), depth=depth[name])
    return result


def _hosts(
    graph: Graph, groups: Mapping[str, Group], folders: tuple[Path, ...], playbook: tuple[Path, ...], files: Files
) -> dict[str, Host]:
    ordered = sorted((group for group in groups.values() if group.name != "all"), key=lambda g: _rank(graph, g))
    of_host: dict[str, list[str]] = {name: [] for name in graph.hosts}
    for group in ordered:
        for host in group.hosts:
            of_host[host].append(group.name)
    read = functools.cache(functools.partial(sheets, files))
    shared: dict[tuple[str, ...], Variables] = {}
    result: dict[str, Host] = {}
    for name, inline in graph.hosts.items():
        names = tuple(of_host[name])
        if names not in shared:
            shared[names] = _group_variables(graph, names, (folders, playbook), read)
        variables = shared[names].with_layers(Layer.INVENTORY, inline)
        for folder in (*folders, *playbook):
            variables = variables.with_layers(Layer.INVENTORY, read(folder, "host_vars", name))
        result[name] = Host(name, names, variables)
    return result


def _rank(graph: Graph, group: Group) -> tuple[int, int, str]:
    """Who wins among groups: deeper, then higher ansible_group_priority, then later in the alphabet."""
    written = [sheet["ansible_group_priority"] for sheet in graph.groups[group.name].vars
               if "ansible_group_priority" in sheet]  # fmt: skip
    priority = written[-1] if written else 1
    return group.depth, priority if isinstance(priority, int) else 1, group.name


def _group_variables(
    graph: Graph, names: tuple[str, ...], places: tuple[tuple[Path, ...], ...], read: _Read
) -> Variables:
    """Ansible's order: inline all, inline groups, then the files of all, then the files of the groups."""
    variables = Variables()
    for name in ("all", *names):
        variables = variables.with_layers(Layer.INVENTORY, graph.groups[name].vars)
    for folder in itertools.chain(*places):
        variables = variables.with_layers(Layer.INVENTORY, read(folder, "group_vars", "all"))
    for folders in places:
        for name in names:
            for folder in folders:
                variables = variables.with_layers(Layer.INVENTORY, read(folder, "group_vars", name))
    return variables
