"""Scripting.FileSystemObject on the modelled disks."""

from __future__ import annotations

import ntpath
from collections.abc import Callable

from remediate.lab import paths
from remediate.lab.com.base import (
    FILE_EXISTS,
    FILE_NOT_FOUND,
    INVALID_CALL,
    PATH_NOT_FOUND,
    Collection,
    ComError,
    ComObject,
    flag,
    integer,
    text,
)
from remediate.lab.com.fso_copy import copy_file, copy_folder, delete_file, matching, move_into
from remediate.lab.com.fso_items import Drive, File, Folder, file_version
from remediate.lab.com.run import Run
from remediate.lab.com.streams import TextStream
from remediate.lab.com.textfile import open_text
from remediate.lab.errors import LabError

WINDOWS_FOLDER, SYSTEM_FOLDER, TEMPORARY_FOLDER = 0, 1, 2


class FileSystemObject(ComObject):
    """What scrrun.dll gives; failures have JScript's numbers (53 File not found, 58 File already exists, ...)."""

    prog = "Scripting.FileSystemObject"

    def __init__(self, run: Run) -> None:
        self._run = run
        self._files = run.machine.files

    # looking

    def file_exists(self, path: object) -> bool:
        return self._there(path, self._files.is_file)

    def folder_exists(self, path: object) -> bool:
        return self._there(path, self._files.is_folder)

    def _there(self, path: object, kind: Callable[[str], bool]) -> bool:
        """A name no path can have is simply not there."""
        try:
            return bool(text(path)) and kind(self._run.path(path))
        except LabError:
            return False

    def drive_exists(self, path: object) -> bool:
        return text(path)[:1].upper() + ":" in self._files.drives()

    def get_file(self, path: object) -> File:
        full = self._run.path(path)
        if not self._files.is_file(full):
            raise ComError(FILE_NOT_FOUND, "File not found")
        return File(self._run, self._files.real_path(full))

    def get_folder(self, path: object) -> Folder:
        full = self._run.path(path)
        if not self._files.is_folder(full):
            raise ComError(PATH_NOT_FOUND, "Path not found")
        return Folder(self._run, self._files.real_path(full))

    def get_file_version(self, path: object) -> str:
        full = self._run.path(path)
        if not self._files.is_file(full):
            raise ComError(0x80070002, "The system cannot find the file specified.")
        return file_version(self._files.stat(full))

    def get_drive(self, name: object) -> Drive:
        letter = text(name).rstrip("\\")[:2].rstrip(":").upper() + ":"
        if letter not in self._files.drives():
            raise ComError(0x800A0044, "Device unavailable")
        return Drive(self._run, letter)

    @property
    def drives(self) -> Collection:
        return Collection((Drive(self._run, name) for name in self._files.drives()), lambda d: str(d.drive_letter))

    def get_special_folder(self, which: object) -> Folder:
        root = self._run.machine.os.system_root
        known = {WINDOWS_FOLDER: root, SYSTEM_FOLDER: f"{root}\\system32"}
        known[TEMPORARY_FOLDER] = self._run.environ.get("TEMP", f"{root}\\Temp")
        if integer(which) not in known:
            raise ComError(INVALID_CALL, "Invalid procedure call or argument")
        return self.get_folder(known[integer(which)])

    # names

    def get_drive_name(self, path: object) -> str:
        return ntpath.splitdrive(text(path))[0]

    def get_parent_folder_name(self, path: object) -> str:
        return ntpath.dirname(text(path).rstrip("\\"))

    def get_file_name(self, path: object) -> str:
        return ntpath.basename(text(path).rstrip("\\"))

    def get_base_name(self, path: object) -> str:
        return ntpath.splitext(self.get_file_name(path))[0]

    def get_extension_name(self, path: object) -> str:
        return ntpath.splitext(self.get_file_name(path))[1][1:]

    def get_absolute_path_name(self, path: object) -> str:
        return self._run.path(text(path) or ".")

    def build_path(self, folder: object, name: object) -> str:
        left, right = text(folder), text(name)
        if not left or not right:
            return left + right
        return left + right if left[-1] in "\\/:" or right[0] == "\\" else f"{left}\\{right}"

    def get_temp_name(self) -> str:
        return f"rad{self._run.machine.changed * 7919 & 0xFFFFF:05X}.tmp"

    # text files

    def open_text_file(self, path: object, mode: object = 1, create: object = None, encoding: object = 0) -> TextStream:
        return open_text(self._run, self._run.path(path), integer(mode, 1), create=flag(create), form=integer(encoding))

    def create_text_file(self, path: object, overwrite: object = None, unicode: object = None) -> TextStream:
        full = self._run.path(path)
        if self._files.exists(full) and not flag(overwrite, default=True):
            raise ComError(FILE_EXISTS, "File already exists")
        return open_text(self._run, full, 2, create=True, form=-1 if flag(unicode) else 0)

    # changing

    def create_folder(self, path: object) -> Folder:
        """Atomic: of two callers exactly one gets the folder, the other 58 File already exists."""
        full = self._run.path(path)
        self._files.make_folder(full)
        return Folder(self._run, full)

    def delete_file(self, path: object, force: object = None) -> None:
        for each in matching(self._files, self._run.path, text(path), folders=False):
            delete_file(self._files, each, force=flag(force))

    def delete_folder(self, path: object, force: object = None) -> None:  # noqa: ARG002 - read-only files are not told apart below
        for each in matching(self._files, self._run.path, text(path).rstrip("\\"), folders=True):
            self._files.remove(each, tree=True)

    def move_file(self, source: object, target: object) -> None:
        for each in matching(self._files, self._run.path, text(source), folders=False):
            move_into(self._files, each, self._run.path(target), into=text(target).endswith("\\"))

    def move_folder(self, source: object, target: object) -> None:
        for each in matching(self._files, self._run.path, text(source).rstrip("\\"), folders=True):
            move_into(self._files, each, self._run.path(target), into=text(target).endswith("\\"))

    def copy_file(self, source: object, target: object, overwrite: object = None) -> None:
        for each in matching(self._files, self._run.path, text(source), folders=False):
            goal = self._run.path(target)
            into = paths.join(goal, paths.base(each)) if text(target).endswith("\\") else goal
            copy_file(self._files, each, into, overwrite=flag(overwrite, default=True))

    def copy_folder(self, source: object, target: object, overwrite: object = None) -> None:
        for each in matching(self._files, self._run.path, text(source).rstrip("\\"), folders=True):
            goal = self._run.path(target)
            into = paths.join(goal, paths.base(each)) if text(target).endswith("\\") else goal
            copy_folder(self._files, each, into, overwrite=flag(overwrite, default=True))
