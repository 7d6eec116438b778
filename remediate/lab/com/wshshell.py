"""WScript.Shell: registry values, environment, and starting programs."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from remediate.lab.com.base import NOT_A_MEMBER, Collection, ComError, ComObject, Refused, flag, integer, signed, text
from remediate.lab.com.run import Run
from remediate.lab.com.wshenv import Environment
from remediate.lab.errors import LabError, NotModelled
from remediate.lab.eventlog import EntryType
from remediate.lab.registry import RegData, RegValue, normal_key

if TYPE_CHECKING:
    from remediate.lab.com.wshexec import Exec

NO_FILE = 0x80070002
WRITABLE = ("REG_SZ", "REG_EXPAND_SZ", "REG_DWORD", "REG_BINARY")


def expand(words: str, environ: dict[str, str]) -> str:
    """``%NAME%`` by ``environ``, without regard to case; unknown ones stay as they are."""
    if "%" not in words:
        return words
    known = {name.upper(): value for name, value in environ.items()}
    return re.sub(r"%([^%]+)%", lambda m: known.get(m[1].upper(), m[0]), words)


def as_variant(value: RegValue, environ: dict[str, str]) -> object:
    """A registry value as RegRead hands it out: DWORD signed, lists as SAFEARRAY, EXPAND_SZ expanded."""
    if isinstance(value.value, int):
        return signed(value.value)
    if isinstance(value.value, bytes | list):
        return list(value.value)
    return expand(value.value, environ) if value.type == "REG_EXPAND_SZ" else value.value


class WshShell(ComObject):
    """What wshom.ocx gives without a desktop."""

    prog = "WScript.Shell"

    def __init__(self, run: Run) -> None:
        self._run = run
        self._registry = run.machine.registry

    # registry

    def reg_read(self, path: object) -> object:
        key, name = self._split(path, "read")
        found = self._registry.get(key, name)
        if found is None:
            raise self._cannot_open(path, "reading")
        return as_variant(found, self._run.environ)

    def reg_write(self, path: object, value: object, kind: object = "REG_SZ") -> None:
        key, name = self._split(path, "write")
        word = text(kind).upper()
        if word not in WRITABLE:
            raise ComError(0x80070057, "The parameter is incorrect.", "WshShell.RegWrite")
        self._registry.set(key, name, _data(value, word), word)

    def reg_delete(self, path: object) -> None:
        key, name = self._split(path, "delete")
        try:
            if text(path).endswith("\\"):
                self._registry.delete_key(key)
            else:
                self._registry.delete(key, name)
        except LabError as error:
            words = f'Unable to remove registry key "{text(path)}".'
            raise ComError(0x80070000 | error.number, words, "WshShell.RegDelete") from None

    def _split(self, path: object, verb: str) -> tuple[str, str]:
        given = text(path)
        key, _, name = given.rpartition("\\")
        try:
            normal_key(key)
        except LabError:
            words = f'Invalid root in registry key "{given}".'
            raise ComError(NO_FILE, words, f"WshShell.Reg{verb.title()}") from None
        return key, name

    def _cannot_open(self, path: object, verb: str) -> ComError:
        words = f'Unable to open registry key "{text(path)}" for {verb}.'
        return ComError(NO_FILE, words, "WshShell.RegRead")

    # environment

    def expand_environment_strings(self, words: object) -> str:
        return expand(text(words), self._run.environ)

    def environment(self, kind: object = "SYSTEM") -> Environment:
        return Environment(self._run, text(kind))

    @property
    def current_directory(self) -> str:
        return self._run.folder

    @current_directory.setter
    def current_directory(self, value: object) -> None:
        path = self._run.path(value)
        if not self._run.machine.files.is_folder(path):
            raise ComError(NO_FILE, "The system cannot find the file specified.")
        self._run.folder = path

    @property
    def special_folders(self) -> Collection:
        raise Refused(NOT_A_MEMBER, "Object doesn't support this property or method", "WshShell.SpecialFolders")

    # programs

    def run(self, command: object, _style: object = None, wait: object = None) -> int:
        """Exit code when ``wait``, else 0 at once. A program that is not found is an error, as ShellExecute's."""
        from remediate.lab import shell

        run = self._run
        line = expand(text(command), run.environ)
        try:
            if flag(wait) and not run.machine.in_deed:
                done = shell.start_and_wait(run.machine, line, folder=run.folder, environ=run.environ, parent=run.pid)
                run.check_time()
                return done.exit_code
            shell.start(run.machine, line, folder=run.folder, environ=run.environ, parent=run.pid)
        except NotModelled:
            raise
        except LabError as error:
            raise ComError(0x80070000 | error.number, error.text, "WshShell.Run") from None
        if flag(wait):
            run.refuse(f"WshShell.Run that waits, in a detached script: {line}")
        return 0

    def exec(self, command: object) -> Exec:
        from remediate.lab.com.wshexec import Exec

        return Exec(self._run, expand(text(command), self._run.environ))

    def log_event(self, kind: object, message: object, _target: object = None) -> bool:
        number = integer(kind)
        word: EntryType = "Error" if number == 1 else "Warning" if number == 2 else "Information"
        self._run.machine.eventlog.add("Application", "WSH", number, word, text(message))
        return True


def _data(value: object, kind: str) -> RegData:
    if kind == "REG_DWORD":
        return integer(value) & 0xFFFFFFFF
    if kind == "REG_BINARY":
        return (integer(value) & 0xFFFFFFFF).to_bytes(4, "little")
    return text(value)
