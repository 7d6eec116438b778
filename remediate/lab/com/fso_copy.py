"""What FileSystemObject's delete, move and copy have in common: wildcards, and the errors of taken names."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

from remediate.lab import paths
from remediate.lab.com.base import FILE_EXISTS, FILE_NOT_FOUND, PATH_NOT_FOUND, PERMISSION_DENIED, ComError
from remediate.lab.files import READ_ONLY, FileTree


def matching(files: FileTree, full: Callable[[object], str], pattern: str, *, folders: bool) -> list[str]:
    """The files (or folders) a path with wildcards in its last part means; none at all is an error."""
    missing = ComError(*((PATH_NOT_FOUND, "Path not found") if folders else (FILE_NOT_FOUND, "File not found")))
    there = files.is_folder if folders else files.is_file
    head, _, last = pattern.replace("/", "\\").rpartition("\\")
    if "*" not in last and "?" not in last:
        path = full(pattern)
        if not there(path):
            raise missing
        return [path]
    folder = full(head + "\\" if head else ".")
    names = files.listing(folder) if files.is_folder(folder) else ()
    wanted = paths.wildcard(last)
    found = [paths.join(folder, name) for name in names if wanted.fullmatch(paths.fold(name))]
    found = [path for path in found if there(path)]
    if not found:
        raise missing
    return found


def delete_file(files: FileTree, path: str, *, force: bool) -> None:
    if files.stat(path).attributes & READ_ONLY and not force:
        raise ComError(PERMISSION_DENIED, "Permission denied")
    files.remove(path)


def move_into(files: FileTree, source: str, target: str, *, into: bool) -> None:
    """A target ending in a backslash is a folder to move into; a taken name is never replaced."""
    goal = paths.join(target, paths.base(source)) if into else target
    if files.exists(goal) and paths.fold(goal) != paths.fold(source):
        raise ComError(FILE_EXISTS, "File already exists")
    files.rename(source, goal)


def copy_file(files: FileTree, source: str, target: str, *, overwrite: bool) -> None:
    """Date, version and attributes go along, as with CopyFile."""
    if files.is_folder(target):
        raise ComError(PERMISSION_DENIED, "Permission denied")
    if not files.is_folder(paths.parent(target)):
        raise ComError(PATH_NOT_FOUND, "Path not found")
    if files.exists(target):
        if not overwrite:
            raise ComError(FILE_EXISTS, "File already exists")
        if files.stat(target).attributes & READ_ONLY:
            raise ComError(PERMISSION_DENIED, "Permission denied")
    files.put(target, replace(files.stat(source)))


def copy_folder(files: FileTree, source: str, target: str, *, overwrite: bool) -> None:
    if files.is_folder(target) and not overwrite:
        raise ComError(FILE_EXISTS, "File already exists")
    files.make_folders(target)
    for name in files.listing(source):
        each, goal = paths.join(source, name), paths.join(target, name)
        work = copy_folder if files.is_folder(each) else copy_file
        work(files, each, goal, overwrite=overwrite)
