"""Reads a playbook piece by piece, so that one mistake does not hide the next; for ``lint`` only.

The reader itself stops at the first mistake. Here a mistake is written down, what it stands in is put aside, and
reading goes on with the rest: the other keys of a task, the other tasks of a file, the other files.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from functools import partial
from pathlib import Path

from remediate.errors import UserError
from remediate.language import fields, keywords, playbook
from remediate.language.roles import read_roles
from remediate.language.setting import Found, SearchPath, Setting
from remediate.language.taskargs import Modules, short
from remediate.language.tasks import read_tasks
from remediate.language.tree import Node, Role
from remediate.language.yamlfile import Map, Seq, load
from remediate.model import Source

SECTIONS = ("pre_tasks", "tasks", "post_tasks", "handlers")
MOST = 200
"""Mistakes written down; nobody reads more."""


class Pieces:
    """Collects the mistakes and the nodes that could be read."""

    def __init__(self, modules: Modules, search: SearchPath) -> None:
        self.errors: list[UserError] = []
        self.nodes: list[Node] = []
        self._modules = modules
        self._search = search
        self._visited: set[str] = set()

    def read(self, path: Path) -> None:
        """Everything reachable from a playbook."""
        self._file(path)

    def _note(self, error: UserError) -> None:
        if len(self.errors) < MOST:
            self.errors.append(error)

    def _setting(self, path: Path) -> Setting:
        """A setting for a file met on its own; that of a role knows the role."""
        role = None
        if path.parent.name in ("tasks", "handlers"):
            folder = path.parent.parent
            role = Role(name=folder.name, path=folder, source=Source(str(path)))
        return Setting(search=self._search, modules=self._modules, folder=path.parent, found=Found(), role=role)

    def _file(self, path: Path) -> None:
        """A file of plays or of tasks; each is visited once."""
        if str(path) in self._visited or len(self.errors) >= MOST:
            return
        self._visited.add(str(path))
        try:
            data = load(path, self._search.files)
        except UserError as error:
            self._note(error)
            return
        setting = self._setting(path)
        if not isinstance(data, Seq):
            return
        if any(isinstance(entry, Map) and ("hosts" in entry or _imports(entry)) for entry in data):
            for entry in data:
                self._play(entry, setting)
        else:
            self._tasks(data, setting, handlers=path.parent.name == "handlers")

    def _trouble(self, error: UserError, here: Source) -> bool:
        """Go where the mistake is; False when it is in this very file and must be taken apart here."""
        where = error.source.file if error.source else here.file
        if where == here.file:
            return False
        path = Path(where)
        before = len(self.errors)
        if self._search.files.is_file(path):
            self._file(path)
        if len(self.errors) == before:
            self._note(error)
        return True

    def _play(self, entry: object, setting: Setting) -> None:
        if not isinstance(entry, Map):
            return
        imported = _imports(entry)
        if imported:
            self._apart(entry, lambda data: list(playbook.imported(data, imported, setting)), {imported})
            return
        bare = _without(entry, {*SECTIONS, "roles"})
        self._apart(bare, lambda data: [playbook.play_of(data, setting)], {"hosts"})
        inside = self._inside(entry, setting)
        for role in self._listing(entry, "roles"):
            self._role(role, entry.value_source("roles"), inside)
        for section in SECTIONS:
            self._tasks(self._listing(entry, section), inside, handlers=section == "handlers")

    def _inside(self, entry: Map, setting: Setting) -> Setting:
        """The setting in an entry; the one around it when the entry's own keywords are wrong (noted elsewhere)."""
        try:
            return setting.within(entry)
        except UserError:
            return setting

    def _listing(self, entry: Map, key: str) -> Seq:
        try:
            return fields.listing(entry, key)
        except UserError as error:
            self._note(error)
            return Seq()

    def _role(self, entry: object, place: Source, setting: Setting) -> None:
        def read(data: object) -> Sequence[Node]:
            one = Seq()
            one.put(data, source)
            return read_roles(one, replace(setting, found=Found()))

        source = getattr(entry, "source", place)
        data = entry if isinstance(entry, Map) else Map(source=source)
        self._apart(data, read if data is entry else lambda _: read(entry), {"role", "name"})

    def _tasks(self, entries: Seq, setting: Setting, *, handlers: bool) -> None:
        for index, entry in enumerate(entries):
            self._task(entry, entries.item_source(index), setting, handlers=handlers)

    def _task(self, entry: object, place: Source, setting: Setting, *, handlers: bool) -> None:
        def read(data: object) -> Sequence[Node]:
            one = Seq()
            one.put(data, place)
            return read_tasks(one, setting, handlers=handlers)

        if not isinstance(entry, Map):
            self._apart(Map(source=place), lambda _: read(entry), set())
        elif "block" in entry:
            self._block(entry, setting, read, handlers=handlers)
        else:
            self._apart(entry, read, self._needed(entry), blank=True)

    def _needed(self, entry: Map) -> set[str]:
        """The keys a task cannot miss: its module, or whatever was meant to be one."""
        strange = {str(key) for key in keywords.strange(entry, keywords.HANDLER)}
        known = {key for key in strange if self._modules.has(short(key))}
        return {"action"} | (known or strange)

    def _block(self, entry: Map, setting: Setting, read: Callable[[object], Sequence[Node]], *, handlers: bool) -> None:
        try:
            self.nodes += read(entry)
        except UserError:
            parts = ("block", "rescue", "always")
            self._apart(_without(entry, {*parts}), partial(_own_keywords, setting), set())
            inside = self._inside(entry, setting)
            for key in parts:
                self._tasks(self._listing(entry, key), inside, handlers=handlers)

    def _apart(
        self, data: Map, read: Callable[[Map], Sequence[object]], keep: set[str], *, blank: bool = False
    ) -> None:
        """Read; while there is a mistake, note it and read again without the key it is under.

        Keys to ``keep`` end it, or are emptied where ``blank`` is set; what is read then is not what was written, and
        not kept.
        """
        whole = True
        for _ in range(2 * len(data) + 1):
            try:
                nodes = [node for node in read(data) if isinstance(node, Node)]
            except UserError as error:
                if self._trouble(error, data.source):
                    return
                self._note(error)
                key = _key_at(data, error.source)
                if key is None or (key in keep and (not blank or not data[key])):
                    return
                whole = whole and key not in keep
                data = _blanked(data, key) if key in keep else _without(data, {key})
            else:
                self.nodes += nodes if whole else []
                return


def _imports(entry: Map) -> str:
    return next((str(key) for key in entry if short(str(key)) == "import_playbook"), "")


def _own_keywords(setting: Setting, data: Map) -> Sequence[Node]:
    """What a block says besides its tasks; gives no node, raises for a mistake."""
    keywords.check(data, keywords.BLOCK)
    setting.within(data)
    return ()


def _without(data: Map, keys: set[str]) -> Map:
    """A copy that lacks some keys, places kept."""
    copy = Map(source=data.source)
    for key, value in data.items():
        if key not in keys:
            copy.put(key, value, data.key_source(key), data.value_source(key))
    return copy


def _blanked(data: Map, key: str) -> Map:
    """A copy with nothing under one key."""
    copy = _without(data, set())
    copy.put(key, None, data.key_source(key), data.value_source(key))
    return copy


def _key_at(data: Map, source: Source | None) -> str | None:
    """The key whose text a position is in: the last one that begins before it."""
    if source is None:
        return None
    before = [
        (place.line, place.column, str(key))
        for key in data
        if ((place := data.key_source(key)).line, place.column) <= (source.line, source.column)
    ]
    return max(before)[2] if before else None
