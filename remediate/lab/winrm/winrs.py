"""The cmd shell of WinRM: each command is one line for the host's cmd.exe."""

from __future__ import annotations

import threading
import uuid
from typing import TYPE_CHECKING

from remediate.lab.winrm.shells import (
    Desk,
    Input,
    Pipe,
    ShellBase,
    state_xml,
    stream_xml,
)
from remediate.lab.winrm.soap import E_FAIL, NS, Fault, Request

if TYPE_CHECKING:
    import xml.etree.ElementTree as ET

CONSOLE_LIMIT = 4096
"""Bytes of input the lab believes a console to take. Bulk data needs WINRS_CONSOLEMODE_STDIN=FALSE."""
CTRL_C_EXIT = 0xC000013A


class Command:
    """One command line that runs, or has run."""

    def __init__(self, shell: CmdShell, line: str, *, console: bool) -> None:
        self.pipe = Pipe(shell.condition)
        self.input = Input(shell.condition)
        self.console = console
        self._shell = shell
        self._line = line

    def start(self) -> None:
        threading.Thread(target=self._run, name="winrs command", daemon=True).start()

    def _run(self) -> None:
        shell = self._shell
        out, err, code = shell.desk.run(self._line, self.input, shell.folder, shell.environ)
        self.pipe.put("stdout", out)
        self.pipe.put("stderr", err)
        self.pipe.finish(code)

    def stop(self) -> None:
        """A program that waits for input gets no more, and nobody hears the end of one that runs."""
        self.input.feed(b"", end=True)
        self.pipe.finish(CTRL_C_EXIT)


class CmdShell(ShellBase):
    """See ``shells.Shell``."""

    def __init__(self, desk: Desk, request: Request, user: str, address: str) -> None:
        super().__init__(desk, request, user, address)
        self._commands: dict[str, Command] = {}
        if self.folder and not desk.machine.files.is_folder(self.folder):
            raise Fault(2147942667, "The directory name is invalid.", sender=True)

    def command(self, request: Request, line: ET.Element) -> str:
        if request.options.get("WINRS_SKIP_CMD_SHELL", "FALSE").upper() == "TRUE":
            self.desk.refuse("WINRS_SKIP_CMD_SHELL")
            raise Fault(E_FAIL, "the lab always goes through cmd.exe", "w:UnsupportedFeature", sender=True)
        words = [
            line.findtext("rsp:Command", "", dict(NS)),
            *(a.text or "" for a in line.findall("rsp:Arguments", dict(NS))),
        ]
        console = request.options.get("WINRS_CONSOLEMODE_STDIN", "TRUE").upper() == "TRUE"
        command = Command(self, " ".join(words), console=console)
        number = str(uuid.uuid4()).upper()
        with self.condition:
            self._commands[number] = command
        command.start()
        return number

    def _command(self, number: str) -> Command:
        with self.condition:
            found = self._commands.get(number.upper())
        if found is None:
            raise Fault(E_FAIL, f"The command {number} does not exist.", "w:InvalidSelectors", sender=True)
        return found

    def send(self, stream: str, command_id: str, data: bytes, *, end: bool) -> None:
        command = self._command(command_id)
        if stream != "stdin":
            raise Fault(E_FAIL, f"there is no stream {stream}", "w:InvalidParameter", sender=True)
        if command.console and command.input.size + len(data) > CONSOLE_LIMIT:
            self.desk.refuse("more input than a console takes; WINRS_CONSOLEMODE_STDIN=FALSE is for such")
            raise Fault(E_FAIL, "bulk input in console mode", "w:UnsupportedFeature", sender=True)
        self.desk.took(command.input.size + len(data))
        command.input.feed(data, end=end)

    def receive(self, request: Request, command_id: str, limit: int) -> str:
        pipe = self._command(command_id).pipe
        found, done = pipe.take(request, limit, split=True)
        xml = "".join(stream_xml(name, command_id, data) for name, data in found)
        if done:
            xml += "".join(stream_xml(name, command_id, b"", end=True) for name in ("stdout", "stderr"))
        # likely: an exit code is told as the DWORD it is
        return xml + state_xml(command_id, done=done, exit_code=pipe.exit_code & 0xFFFFFFFF)

    def signal(self, command_id: str, code: str) -> None:
        command = self._command(command_id)
        command.stop()
        if code.lower().endswith("terminate"):
            with self.condition:
                self._commands.pop(command_id.upper(), None)

    def close(self) -> None:
        with self.condition:
            commands = list(self._commands.values())
            self._commands.clear()
        for command in commands:
            command.stop()
