"""WshShell.Exec: a program whose streams the script holds."""

from __future__ import annotations

from remediate.lab import shell
from remediate.lab.com.base import ComError, ComObject
from remediate.lab.com.run import Run
from remediate.lab.com.streams import TextStream
from remediate.lab.errors import LabError


class Exec(ComObject):
    """The program runs when the script first asks for what came of it, with all input written until then."""

    prog = "WshScriptExec"

    def __init__(self, run: Run, command: str) -> None:
        try:
            shell.check_program(run.machine, command, folder=run.folder, environ=run.environ)
        except LabError as error:
            raise ComError(0x80070000 | error.number, error.text, "WshShell.Exec") from None
        self._run = run
        self._command = command
        self._input: list[bytes] = []
        self._done: shell.Done | None = None
        codepage = run.machine.os.oem_codepage
        self._in = TextStream(sink=lambda words: self._input.append(run.encode(words)))
        self._out = TextStream(source=lambda: self._result().stdout.decode(codepage))
        self._err = TextStream(source=lambda: self._result().stderr.decode(codepage))

    def _result(self) -> shell.Done:
        if self._done is None:
            run = self._run
            self._done = shell.start_and_wait(
                run.machine,
                self._command,
                stdin=b"".join(self._input),
                folder=run.folder,
                environ=run.environ,
                parent=run.pid,
            )
            run.check_time()
        return self._done

    @property
    def std_in(self) -> TextStream:
        return self._in

    @property
    def std_out(self) -> TextStream:
        return self._out

    @property
    def std_err(self) -> TextStream:
        return self._err

    @property
    def exit_code(self) -> int:
        return self._result().exit_code

    @property
    def status(self) -> int:
        """1: finished. Asking runs it."""
        self._result()
        return 1

    @property
    def process_id(self) -> int:
        return self._run.pid
