"""The host's disks: files and folders under case-insensitive NT paths, with a limit on space."""

from __future__ import annotations

import base64
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from datetime import UTC, datetime

from remediate.lab import paths
from remediate.lab.clock import from_iso, iso, real_time
from remediate.lab.errors import LabError, NotModelled
from remediate.model import Json

READ_ONLY, HIDDEN, SYSTEM, FOLDER, ARCHIVE = 1, 2, 4, 16, 32
LONGEST = 259
"""Characters of a path: MAX_PATH without its end mark. A folder must leave room for a name of 8.3 in it."""
LARGE = 4096
"""Contents above this many bytes go through ``keep``/``fetch`` when the tree is saved."""


@dataclass(frozen=True, slots=True, kw_only=True)
class FileEntry:
    """One file or folder. ``data`` None: only the attributes are modelled, reading it is refused."""

    size: int = 0
    modified: datetime = datetime(2003, 3, 25, 12, 0, tzinfo=UTC)
    """UTC."""
    version: str = ""
    data: bytes | None = None
    attributes: int = ARCHIVE

    @property
    def folder(self) -> bool:
        return bool(self.attributes & FOLDER)

    @property
    def hidden(self) -> bool:
        return bool(self.attributes & HIDDEN)


@dataclass(slots=True)
class _Node:
    path: str
    entry: FileEntry
    children: set[str]


@dataclass(slots=True, kw_only=True)
class Drive:
    """A fixed disk; bytes."""

    total: int
    free: int


class FileTree:
    """All files of a host. Methods take any spelling of an absolute path and raise LabError with Windows' number."""

    def __init__(
        self,
        *,
        now: Callable[[], datetime] = real_time,
        changed: Callable[[], None] = lambda: None,
        held: Callable[[str], int] = lambda _: 0,
    ) -> None:
        self._nodes: dict[str, _Node] = {}
        self._drives: dict[str, Drive] = {}
        self.now = now
        self.changed = changed
        self.held = held
        """For a path: 0, or the error number of deleting a file some process holds (5 its image, 32 an open file)."""

    # drives

    def add_drive(self, letter: str, *, total: int, free: int) -> None:
        root = letter[0].upper() + ":\\"
        self._drives[root[:2]] = Drive(total=total, free=free)
        if paths.fold(root) not in self._nodes:
            entry = FileEntry(attributes=FOLDER | HIDDEN | SYSTEM, modified=self.now())
            self._nodes[paths.fold(root)] = _Node(root, entry, set())
        self.changed()

    def add_share(self, name: str) -> None:
        """A share of some server, as this host sees it: ``\\\\server\\share``."""
        root = paths.normal(name)
        self._drives[paths.volume(root)] = Drive(total=2**40, free=2**40)
        if paths.fold(root) not in self._nodes:
            self._nodes[paths.fold(root)] = _Node(root, FileEntry(attributes=FOLDER, modified=self.now()), set())
        self.changed()

    def drives(self) -> tuple[str, ...]:
        """("C:", ...)"""
        return tuple(sorted(name for name in self._drives if not name.startswith("\\")))

    def drive(self, path: str) -> Drive:
        drive = self._drives.get(paths.volume(path))
        if drive is None:
            raise LabError(53 if path.startswith("\\") else 15)
        return drive

    def free_bytes(self, path: str = "C:") -> int:
        return self.drive(path).free

    def set_free(self, path: str, free: int) -> None:
        self.drive(path).free = free
        self.changed()

    # looking

    def _find(self, path: str) -> _Node | None:
        return self._nodes.get(paths.fold(paths.normal(path)))

    def _need(self, path: str) -> _Node:
        node = self._find(path)
        if node is None:
            above = paths.parent(paths.normal(path))
            if path.startswith("\\\\") and paths.volume(paths.normal(path)) not in self._drives:
                raise LabError(53)
            raise LabError(2 if not above or self.is_folder(above) else 3)
        return node

    def exists(self, path: str) -> bool:
        """A file or a folder is there; a name no path can have is simply not there."""
        try:
            return self._find(path) is not None
        except LabError:
            return False

    def is_folder(self, path: str) -> bool:
        return self.exists(path) and self._need(path).entry.folder

    def is_file(self, path: str) -> bool:
        return self.exists(path) and not self._need(path).entry.folder

    def stat(self, path: str) -> FileEntry:
        return self._need(path).entry

    def real_path(self, path: str) -> str:
        """The path in the spelling it was created with."""
        return self._need(path).path

    def read(self, path: str) -> bytes:
        entry = self._need(path).entry
        if entry.folder:
            raise LabError(5)
        if entry.data is None and entry.size:
            raise NotModelled(f"the content of {path}")
        return entry.data or b""

    def listing(self, path: str) -> tuple[str, ...]:
        """Names in a folder, sorted without regard to case as NTFS does."""
        node = self._need(path)
        if not node.entry.folder:
            raise LabError(3)
        return tuple(paths.base(self._nodes[key].path) for key in sorted(node.children))

    def walk(self) -> Iterator[tuple[str, FileEntry]]:
        """Every path with its entry, parents first."""
        for key in sorted(self._nodes):
            yield self._nodes[key].path, self._nodes[key].entry

    # changing

    def put(self, path: str, entry: FileEntry) -> None:
        """Lay ``entry`` down, making its folders and replacing what is there."""
        full = paths.normal(path)
        above = paths.parent(full)
        if above and not self.is_folder(above):
            self.put(above, FileEntry(attributes=FOLDER, modified=self.now()))
        self._store(full, entry)

    def write(self, path: str, data: bytes, modified: datetime | None = None, version: str = "") -> None:
        """Write a whole file; its folder must exist. LabError 32 while a process holds the file."""
        full = paths.normal(path)
        if self.held(full):
            raise LabError(32)
        self._write(full, data, modified, version)

    def append(self, path: str, data: bytes) -> None:
        """Write at the end of a file by the process that holds it."""
        self._write(paths.normal(path), self.read(path) + data, None, "")

    def _write(self, full: str, data: bytes, modified: datetime | None, version: str) -> None:
        old = self._find(full)
        if old is not None and (old.entry.folder or old.entry.attributes & READ_ONLY):
            raise LabError(5)
        if not self.is_folder(paths.parent(full)):
            raise LabError(3)
        attributes = old.entry.attributes if old else ARCHIVE
        self._store(
            full,
            FileEntry(
                size=len(data), modified=modified or self.now(), version=version, data=data, attributes=attributes
            ),
        )

    def _store(self, full: str, entry: FileEntry) -> None:
        if len(full) > LONGEST - (12 if entry.folder else 0):
            raise LabError(3)
        drive = self.drive(full)
        key = paths.fold(full)
        old = self._nodes.get(key)
        if old is not None and old.entry.folder != entry.folder:
            raise LabError(5)
        growth = entry.size - (old.entry.size if old else 0)
        if growth > drive.free:
            raise LabError(112)
        drive.free -= growth
        if old is not None:
            old.entry = entry
        else:
            self._nodes[key] = _Node(full, entry, set())
            above = self._nodes.get(paths.fold(paths.parent(full)))
            if above is not None:
                above.children.add(key)
        self.changed()

    def touch(self, path: str, *, modified: datetime | None = None, attributes: int | None = None) -> None:
        """Change a file's date or attributes only."""
        node = self._need(path)
        entry = node.entry
        if attributes is not None:
            entry = replace(entry, attributes=attributes & ~FOLDER | entry.attributes & FOLDER)
        node.entry = replace(entry, modified=modified) if modified else entry
        self.changed()

    def make_folder(self, path: str) -> None:
        """Raises LabError 183 when something of that name is there, 3 when the folder above is not."""
        full = paths.normal(path)
        if self._find(full) is not None:
            raise LabError(183)
        if not self.is_folder(paths.parent(full)):
            raise LabError(3)
        self._store(full, FileEntry(attributes=FOLDER, modified=self.now()))

    def make_folders(self, path: str) -> None:
        """As ``make_folder``, with all folders above, and content when they are there."""
        full = paths.normal(path)
        if not self.is_folder(full):
            self.put(full, FileEntry(attributes=FOLDER, modified=self.now()))

    def remove(self, path: str, *, tree: bool = False) -> None:
        """Remove a file, an empty folder (else LabError 145), or with ``tree`` everything below too.

        LabError 5 or 32 while a process holds a file: its running image, or an open one.
        """
        node = self._need(path)
        if not paths.parent(node.path):
            raise LabError(5)
        if number := self.held(node.path):
            raise LabError(number)
        self._remove(node, tree=tree)

    def _remove(self, node: _Node, *, tree: bool) -> None:
        if node.children and not tree:
            raise LabError(145)
        for child in sorted(node.children):
            self.remove(self._nodes[child].path, tree=True)
        self._forget(node)

    def _forget(self, node: _Node) -> None:
        key = paths.fold(node.path)
        self.drive(node.path).free += node.entry.size
        self._nodes[paths.fold(paths.parent(node.path))].children.discard(key)
        del self._nodes[key]
        self.changed()

    def rename(self, old: str, new: str) -> None:
        """Move a file or folder with all below it. Raises LabError 183 when the new name is taken."""
        node, target = self._need(old), paths.normal(new)
        there = self._find(target)
        if there is not None and there is not node:
            raise LabError(183)
        if not self.is_folder(paths.parent(target)) or not paths.parent(node.path):
            raise LabError(3)
        if paths.fold(target + "\\").startswith(paths.fold(node.path + "\\")) and there is not node:
            raise LabError(32)
        moved = [(node.path, node.entry), *self._below(node)]
        if any(self.held(path) == 32 for path, _ in moved) or (
            node.entry.folder and any(self.held(p) for p, _ in moved)
        ):
            raise LabError(5 if node.entry.folder else 32)
        for path, _ in reversed(moved):
            self._forget(self._need(path))
        for path, entry in moved:
            self._store(target + path[len(node.path) :], entry)

    def _below(self, node: _Node) -> Iterator[tuple[str, FileEntry]]:
        for key in sorted(node.children):
            child = self._nodes[key]
            yield child.path, child.entry
            yield from self._below(child)

    # saving

    def to_json(self, keep: Callable[[bytes], str] | None = None) -> dict[str, Json]:
        """``keep`` may take large contents away and name them; without it they are written out in base64."""
        drives: dict[str, Json] = {name: [d.total, d.free] for name, d in sorted(self._drives.items())}
        files: dict[str, Json] = {path: _entry_to_json(entry, keep) for path, entry in self.walk()}
        return {"drives": drives, "files": files}

    def load(self, saved: Json, fetch: Callable[[str], bytes] | None = None) -> None:
        """Fill an empty tree from what ``to_json`` wrote."""
        assert isinstance(saved, dict)
        drives, files = saved["drives"], saved["files"]
        assert isinstance(drives, dict)
        assert isinstance(files, dict)
        for name, values in drives.items():
            assert isinstance(values, list)
            if name.startswith("\\"):
                self.add_share(name)
            else:
                self.add_drive(name, total=2**62, free=2**62)
        for path, value in files.items():
            entry = _entry_from_json(value, fetch)
            self._store(path, entry)
        for name, values in drives.items():
            assert isinstance(values, list)
            self._drives[name] = Drive(total=int(str(values[0])), free=int(str(values[1])))


def _entry_to_json(entry: FileEntry, keep: Callable[[bytes], str] | None) -> Json:
    out: dict[str, Json] = {"modified": iso(entry.modified), "attributes": entry.attributes}
    if not entry.folder:
        out["size"] = entry.size
    if entry.version:
        out["version"] = entry.version
    if entry.data is not None and keep is not None and len(entry.data) > LARGE:
        out["blob"] = keep(entry.data)
    elif entry.data is not None:
        out["data"] = base64.b64encode(entry.data).decode("ascii")
    return out


def _entry_from_json(value: Json, fetch: Callable[[str], bytes] | None) -> FileEntry:
    assert isinstance(value, dict)
    data: bytes | None = None
    if "blob" in value:
        if fetch is None:
            raise NotModelled(f"content {value['blob']} that was kept apart")
        data = fetch(str(value["blob"]))
    elif "data" in value:
        data = base64.b64decode(str(value["data"]))
    return FileEntry(
        size=int(str(value.get("size", 0))),
        modified=from_iso(str(value["modified"])),
        version=str(value.get("version", "")),
        data=data,
        attributes=int(str(value["attributes"])),
    )
