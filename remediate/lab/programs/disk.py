"""Commands on files: type, del, ren, copy, move, md, rd, attrib."""

from __future__ import annotations

from dataclasses import replace

from remediate.lab import paths
from remediate.lab.errors import LabError
from remediate.lab.files import HIDDEN, READ_ONLY, SYSTEM
from remediate.lab.programs.call import Call

NO_FILE = "The system cannot find the file specified."
SYNTAX = "The syntax of the command is incorrect."
FLAGS = {"r": READ_ONLY, "h": HIDDEN, "s": SYSTEM, "a": 32}


def operands(call: Call) -> tuple[list[str], set[str]]:
    """Paths and switches (lower case) of a command."""
    words = call.words
    switches = {word.lower() for word in words if word.startswith("/")}
    return [word.replace('"', "") for word in words if not word.startswith("/")], switches


def matching(call: Call, pattern: str, *, folders: bool = False) -> list[str]:
    """Full paths a pattern means; wildcards only in its last part."""
    files = call.machine.files
    full_head, _, last = pattern.replace("/", "\\").rpartition("\\")
    if "*" not in last and "?" not in last:
        path = call.path(pattern)
        return [files.real_path(path)] if files.exists(path) and (folders or files.is_file(path)) else []
    folder = call.path(full_head + "\\" if full_head or pattern.startswith("\\") else ".")
    if not files.is_folder(folder):
        return []
    wanted = paths.wildcard(last)
    found = [paths.join(folder, n) for n in files.listing(folder) if wanted.fullmatch(paths.fold(n))]
    return [path for path in found if folders or files.is_file(path)]


def type_(call: Call) -> int:
    names, _ = operands(call)
    if not names:
        call.err(SYNTAX)
        return 1
    found = [path for name in names for path in matching(call, name)]
    for path in found:
        data = call.machine.files.read(path)
        if data.startswith(b"\xff\xfe"):  # cmd.exe shows UTF-16 files by their mark
            data = data.decode("utf-16", "replace").encode(call.codepage, "replace")
        call.raw(data)
    if not found:
        raise LabError(2 if call.machine.files.is_folder(paths.parent(call.path(names[0])) or "C:\\") else 3)
    return 0


def del_(call: Call) -> int:
    """Missing files are only mentioned; the exit code stays 0, as on Windows."""
    names, switches = operands(call)
    files = call.machine.files
    if not names:
        call.err(SYNTAX)
        return 1
    if switches - {"/q", "/f", "/a", "/p"}:
        return call.refuse(f"del {' '.join(sorted(switches))}")
    for name in names:
        folder = files.is_folder(call.path(name)) if "*" not in name and "?" not in name else False
        found = matching(call, paths.join(call.path(name), "*") if folder else name)
        for path in found:
            if files.stat(path).attributes & READ_ONLY and "/f" not in switches:
                call.err(f"{path}\r\nAccess is denied.")
            else:
                files.remove(path)
        if not found:
            call.err(f"Could Not Find {call.path(name)}")
    return 0


def ren(call: Call) -> int:
    names, _ = operands(call)
    if len(names) != 2 or "\\" in names[1] or ":" in names[1]:
        call.err(SYNTAX)
        return 1
    if "*" in "".join(names):
        return call.refuse("ren with wildcards")
    old = call.path(names[0])
    new = paths.join(paths.parent(old), names[1])
    if not call.machine.files.exists(old):
        raise LabError(2)
    if call.machine.files.exists(new) and paths.fold(new) != paths.fold(old):
        call.err("A duplicate file name exists, or the file\r\ncannot be found.")
        return 1
    call.machine.files.rename(old, new)
    return 0


def copy(call: Call) -> int:
    """One file or wildcards to a file or folder; joining with + is not modelled."""
    names, switches = operands(call)
    if len(names) not in (1, 2) or any("+" in name for name in names):
        return call.refuse("copy of this form")
    if switches - {"/y", "/-y", "/b", "/v", "/a"}:
        return call.refuse(f"copy {' '.join(sorted(switches))}")
    files = call.machine.files
    target = call.path(names[1] if len(names) == 2 else ".")
    found = matching(call, names[0])
    if not found:
        raise LabError(2)
    for path in found:
        goal = paths.join(target, paths.base(path)) if files.is_folder(target) else target
        if paths.fold(goal) == paths.fold(path):
            call.err("The file cannot be copied onto itself.")
            call.out("        0 file(s) copied.")
            return 1
        if not files.is_folder(paths.parent(goal)):
            raise LabError(3)
        files.put(goal, replace(files.stat(path)))
    call.out(f"        {len(found)} file(s) copied.")
    return 0


def move(call: Call) -> int:
    names, switches = operands(call)
    files = call.machine.files
    if len(names) != 2 or switches - {"/y", "/-y"}:
        return call.refuse("move of this form")
    found = matching(call, names[0], folders=True)
    if not found:
        raise LabError(2)
    target = call.path(names[1])
    for path in found:
        goal = paths.join(target, paths.base(path)) if files.is_folder(target) else target
        if files.is_file(goal) and files.is_file(path) and paths.fold(goal) != paths.fold(path):
            files.remove(goal)
        files.rename(path, goal)
        if files.is_folder(goal):
            call.out("        1 dir(s) moved.")
    if all(not files.is_folder(path) for path in found) and len(found) > 1:
        for path in found:
            call.out(path)
    return 0


def md(call: Call) -> int:
    """Makes folders with those above them."""
    names, _ = operands(call)
    if not names:
        call.err(SYNTAX)
        return 1
    for name in names:
        path = call.path(name)
        if call.machine.files.exists(path):
            call.err(f"A subdirectory or file {name} already exists.")
            return 1
        call.machine.files.make_folders(path)
    return 0


def rd(call: Call) -> int:
    names, switches = operands(call)
    files = call.machine.files
    if not names:
        call.err(SYNTAX)
        return 1
    for name in names:
        path = call.path(name)
        if files.is_file(path):
            raise LabError(267, "The directory name is invalid.")
        files.remove(path, tree="/s" in switches)
    return 0


def attrib(call: Call) -> int:
    """``attrib [+r|-r ...] file``: shows or changes; /s is not modelled."""
    changes = [word for word in call.words if word[:1] in "+-" and word[1:].lower() in FLAGS]
    names = [word.replace('"', "") for word in call.words if word not in changes]
    if any(name.startswith("/") for name in names):
        return call.refuse("attrib with switches")
    found = [path for name in names or ["*"] for path in matching(call, name, folders=bool(changes))]
    if not found:
        call.out(f"File not found - {call.path(names[0]) if names else call.shell.folder}")
        return 0
    for path in found:
        attributes = call.machine.files.stat(path).attributes
        if changes:
            for change in changes:
                bit = FLAGS[change[1:].lower()]
                attributes = attributes | bit if change[0] == "+" else attributes & ~bit
            call.machine.files.touch(path, attributes=attributes)
        else:
            shown = "".join(letter if attributes & bit else " " for letter, bit in (("A", 32), ("S", 4), ("H", 2)))
            call.out(f"{shown[0]}  {shown[1:]}{'R' if attributes & READ_ONLY else ' '}     {path}")
    return 0
