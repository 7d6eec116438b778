"""File, Folder and Drive objects of the FileSystemObject."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime

from remediate.lab import paths, pe
from remediate.lab.com.base import Collection, ComError, ComObject, flag, integer, text
from remediate.lab.com.fso_copy import copy_file, copy_folder, delete_file, move_into
from remediate.lab.com.run import Run
from remediate.lab.com.streams import TextStream
from remediate.lab.com.textfile import open_text
from remediate.lab.files import FOLDER, FileEntry

SETTABLE = 1 | 2 | 4 | 32


def file_version(entry: FileEntry) -> str:
    """The version a file is modelled with, else the one in its own version resource, else ""."""
    if entry.version or entry.data is None or not pe.is_image(entry.data):
        return entry.version
    return pe.file_version(entry.data)


class Item(ComObject):
    """What files and folders share. Dates are local by the bias now in force."""

    default = "Path"

    def __init__(self, run: Run, path: str) -> None:
        self._run = run
        self._path = path
        self._files = run.machine.files

    def _entry(self) -> FileEntry:
        return self._files.stat(self._path)

    @property
    def path(self) -> str:
        return self._path

    @property
    def name(self) -> str:
        return paths.base(self._path)

    @name.setter
    def name(self, new: object) -> None:
        goal = paths.join(paths.parent(self._path), text(new))
        move_into(self._files, self._path, goal, into=False)
        self._path = goal

    @property
    def date_last_modified(self) -> datetime:
        return self._run.machine.clock.to_local(self._entry().modified).replace(microsecond=0)

    @property
    def attributes(self) -> int:
        return self._entry().attributes

    @attributes.setter
    def attributes(self, value: object) -> None:
        if integer(value) & ~(SETTABLE | FOLDER):
            raise ComError(0x800A0005, "Invalid procedure call or argument")
        self._files.touch(self._path, attributes=integer(value) & SETTABLE)

    @property
    def drive(self) -> Drive:
        return Drive(self._run, self._path[:2])

    @property
    def parent_folder(self) -> Folder | None:
        above = paths.parent(self._path)
        return Folder(self._run, above) if above else None


class File(Item):
    """One file."""

    prog = "File"

    @property
    def size(self) -> int:
        return self._entry().size

    @property
    def type(self) -> str:
        extension = paths.base(self._path).rpartition(".")[2]
        return "Application" if extension.lower() == "exe" else f"{extension.upper()} File"

    def delete(self, force: object = None) -> None:
        delete_file(self._files, self._path, force=flag(force))

    def move(self, target: object) -> None:
        goal = self._run.path(target)
        move_into(self._files, self._path, goal, into=text(target).endswith("\\"))
        self._path = paths.join(goal, self.name) if text(target).endswith("\\") else goal

    def copy(self, target: object, overwrite: object = None) -> None:
        copy_file(self._files, self._path, self._run.path(target), overwrite=flag(overwrite, default=True))

    def open_as_text_stream(self, mode: object = 1, encoding: object = 0) -> TextStream:
        return open_text(self._run, self._path, integer(mode, 1), create=False, form=integer(encoding))


class Folder(Item):
    """One folder and what is in it."""

    prog = "Folder"

    def _children(self, *, folders: bool) -> Iterator[str]:
        for name in self._files.listing(self._path):
            path = paths.join(self._path, name)
            if self._files.is_folder(path) == folders:
                yield path

    @property
    def files(self) -> Collection:
        return Collection((File(self._run, path) for path in self._children(folders=False)), lambda f: str(f.name))

    @property
    def sub_folders(self) -> Collection:
        return Collection((Folder(self._run, path) for path in self._children(folders=True)), lambda f: str(f.name))

    @property
    def date_created(self) -> datetime:
        """A folder's own date never changes here, so it is the one of its making."""
        return self.date_last_modified

    @property
    def is_root_folder(self) -> bool:
        return len(self._path) <= 3

    @property
    def size(self) -> int:
        below = sum(int(Folder(self._run, path).size) for path in self._children(folders=True))
        return below + sum(self._files.stat(path).size for path in self._children(folders=False))

    def delete(self, force: object = None) -> None:  # noqa: ARG002 - read-only files are not told apart below
        self._files.remove(self._path, tree=True)

    def move(self, target: object) -> None:
        goal = self._run.path(target)
        move_into(self._files, self._path, goal, into=text(target).endswith("\\"))
        self._path = paths.join(goal, self.name) if text(target).endswith("\\") else goal

    def copy(self, target: object, overwrite: object = None) -> None:
        copy_folder(self._files, self._path, self._run.path(target), overwrite=flag(overwrite, default=True))


class Drive(ComObject):
    """A fixed NTFS disk."""

    default = "Path"
    prog = "Drive"

    def __init__(self, run: Run, name: str) -> None:
        self._run = run
        self._name = name

    @property
    def path(self) -> str:
        return self._name

    @property
    def drive_letter(self) -> str:
        return self._name[0]

    @property
    def drive_type(self) -> int:
        return 2

    @property
    def is_ready(self) -> bool:
        return True

    @property
    def free_space(self) -> int:
        return self._run.machine.files.drive(self._name).free

    @property
    def available_space(self) -> int:
        return self._run.machine.files.drive(self._name).free

    @property
    def total_size(self) -> int:
        return self._run.machine.files.drive(self._name).total

    @property
    def file_system(self) -> str:
        return "NTFS"

    @property
    def root_folder(self) -> Folder:
        return Folder(self._run, self._name + "\\")
