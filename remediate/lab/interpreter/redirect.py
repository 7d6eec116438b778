"""Where the streams of a shell go: to its caller, a pipe, a file or nowhere."""

from __future__ import annotations

from typing import TYPE_CHECKING

from remediate.lab import paths
from remediate.lab.errors import LabError
from remediate.lab.interpreter.state import NUL, Item, ShellState
from remediate.model import Json

if TYPE_CHECKING:
    from remediate.lab.machine import Machine


def enter(machine: Machine, shell: ShellState, redirects: Json) -> Item:
    """Point the streams where ``redirects`` say; the item that puts them back. LabError for a file that cannot be."""
    before: dict[str, Json] = dict(shell.targets)
    back: Item = {"do": "restore", "targets": before}
    targets = dict(shell.targets)
    assert isinstance(redirects, list)
    for each in redirects:
        assert isinstance(each, dict)
        fd, mode, to = str(each["fd"]), str(each["mode"]), str(each["to"])
        if mode == "&":
            targets[fd] = targets.get(to, NUL)
        elif mode == "<":
            back["stdin"] = shell.stdin.decode("latin-1")
            shell.stdin = _read(machine, shell, to)
            shell.inner += 1
        else:
            targets[fd] = _open(machine, shell, to, append=mode == ">>")
    shell.targets = targets
    return back


def leave(shell: ShellState, item: Item) -> None:
    saved = item["targets"]
    assert isinstance(saved, dict)
    shell.targets = {fd: str(target) for fd, target in saved.items()}
    if "stdin" in item:
        shell.stdin = str(item["stdin"]).encode("latin-1")
        shell.inner -= 1


def _is_nul(name: str) -> bool:
    return paths.base(name.replace("/", "\\")).lower().rstrip(":") in ("nul", "con")


def _read(machine: Machine, shell: ShellState, name: str) -> bytes:
    return b"" if _is_nul(name) else machine.files.read(paths.resolve(name, shell.folder))


def _open(machine: Machine, shell: ShellState, name: str, *, append: bool) -> str:
    if _is_nul(name):
        return NUL
    path = paths.resolve(name, shell.folder)
    if not append or not machine.files.is_file(path):
        machine.files.write(path, b"")
    return path


def write(machine: Machine, shell: ShellState, fd: int, data: bytes) -> None:
    """To wherever the stream goes now. What a full disk does not take is lost, and said on standard error."""
    target = shell.targets.get(str(fd), NUL)
    if target in shell.buffers:
        shell.buffers[target] += data
    elif target != NUL and data:
        with machine.lock:
            machine.files.append(target, data)


def flush(machine: Machine, shell: ShellState, written: list[tuple[int, bytes]]) -> None:
    """Hand on what a program wrote, neighbouring pieces of a stream together."""
    joined: list[tuple[int, list[bytes]]] = []
    for fd, data in written:
        if joined and joined[-1][0] == fd:
            joined[-1][1].append(data)
        else:
            joined.append((fd, [data]))
    written.clear()
    for fd, pieces in joined:
        try:
            write(machine, shell, fd, b"".join(pieces))
        except LabError as error:
            text = (error.text + "\r\n").encode(machine.os.oem_codepage, "replace")
            if shell.targets.get("2") != shell.targets.get(str(fd)):
                write(machine, shell, 2, text)
            raise
