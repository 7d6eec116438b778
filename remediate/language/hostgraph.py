"""Hosts and groups while an inventory is being read: who is in what, with which variables, written where."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from remediate.errors import UserError
from remediate.language.yamlfile import Map, lay
from remediate.model import Source


@dataclass(slots=True)
class GroupDraft:
    """One group; ``hosts`` and ``children`` are its own, in the order written."""

    vars: list[Map] = field(default_factory=list)
    """Each mapping as it was written, the later over the earlier."""
    hosts: dict[str, None] = field(default_factory=dict)
    children: dict[str, Source] = field(default_factory=dict)


@dataclass(slots=True)
class Graph:
    """Grows while files are read; not touched any more afterwards."""

    hosts: dict[str, list[Map]] = field(default_factory=dict)
    """The variables written at each host, the later mapping over the earlier."""
    groups: dict[str, GroupDraft] = field(default_factory=dict)

    def group(self, name: str) -> GroupDraft:
        """The group of that name, made when it is not there yet."""
        return self.groups.setdefault(name, GroupDraft())

    def add_host(self, name: str, group: str, variables: Mapping[str, object]) -> None:
        """Put a host into a group, its variables over those it has already."""
        lay(self.hosts.setdefault(name, []), variables)
        self.group(group).hosts[name] = None

    def add_vars(self, group: str, variables: Mapping[str, object]) -> None:
        """Variables of a group over those it has already."""
        lay(self.group(group).vars, variables)

    def add_child(self, parent: str, child: str, source: Source) -> None:
        """Make ``child`` a subgroup. Raises UserError when that closes a circle."""
        self.group(child)
        self.group(parent).children.setdefault(child, source)
        circle = self._path(child, parent)
        if circle:
            raise UserError(f"groups contain each other: {' -> '.join([*circle, child])}", source=source)

    def _path(self, start: str, goal: str) -> list[str]:
        """Group names from ``start`` down to ``goal``; empty when it is not below."""
        todo = [[start]]
        seen = {start}
        while todo:
            path = todo.pop()
            if path[-1] == goal:
                return path
            for child in self.groups[path[-1]].children:
                if child not in seen:
                    seen.add(child)
                    todo.append([*path, child])
        return []


def depths(graph: Graph) -> dict[str, int]:
    """How deep each group lies at most below ``all``, which is 0."""
    parents: dict[str, list[str]] = {name: [] for name in graph.groups}
    for name, draft in graph.groups.items():
        for child in draft.children:
            parents[child].append(name)
    found: dict[str, int] = {"all": 0}
    todo = [name for name in graph.groups if name != "all"]
    while todo:
        name = todo[-1]
        unknown = [parent for parent in parents[name] if parent not in found]
        if unknown:
            todo += unknown
            continue
        found[name] = 1 + max((found[parent] for parent in parents[name]), default=0)
        todo.pop()
    return found


def members(graph: Graph) -> dict[str, dict[str, None]]:
    """Every group's hosts, its own and those of all groups below."""
    found: dict[str, dict[str, None]] = {}
    depth = depths(graph)
    for name in sorted(graph.groups, key=lambda name: -depth[name]):
        hosts = dict(graph.groups[name].hosts)
        for child in graph.groups[name].children:
            hosts.update(found[child])
        found[name] = hosts
    return found
