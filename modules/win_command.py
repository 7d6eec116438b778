"""Run one command on the host, each time, unless ``creates`` or ``removes`` says it is done already.

The command goes through the host's ``cmd.exe``, so ``&``, ``|``, ``>`` and ``%VAR%`` work in ``cmd`` and in the
free form; ``argv`` hands over each argument as it stands. The registered result holds ``stdout``, ``stderr``,
``stdout_lines``, ``stderr_lines``, ``rc`` and ``cmd``. An exit code not among ``success_codes`` fails the task.
In a check run nothing is run, and what depends on the output is reported as unknown. A command cut off by a lost
connection is not run again.

Examples:

```yaml
- name: Free form
  win_command: ver
  register: version

- name: Arguments with blanks, only while the file is not there
  win_command:
    argv: ['C:\\Tools\\setup.exe', '/q', 'C:\\My Folder']
    creates: 'C:\\My Folder\\done.txt'
    success_codes: [0, 3010]
    timeout: 600
```
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from remediate.errors import Blocked, Failed
from remediate.kb.windows import command_line
from remediate.model import Change, Json, State

if TYPE_CHECKING:
    from remediate.connections.base import Session

NEEDS = {"session": "yes"}
ACTION = True
UNKNOWN = ("stdout", "stderr", "stdout_lines", "stderr_lines", "rc")


@dataclass(frozen=True, kw_only=True)
class Params:
    _raw: str = field(default="", metadata={"help": "The command line, written behind the module's name."})
    cmd: str = field(default="", metadata={"help": "The command line."})
    argv: list[str] = field(default_factory=list, metadata={"help": "Program and arguments, quoted for you."})
    chdir: str = field(default="", metadata={"help": "Folder on the host to run it in."})
    creates: str = field(default="", metadata={"help": "Not run when this path exists."})
    removes: str = field(default="", metadata={"help": "Only run when this path exists."})
    stdin: str = field(default="", metadata={"help": "Text for the command's standard input."})
    timeout: float = field(default=60.0, metadata={"help": "Seconds until it counts as hanging."})
    success_codes: list[int] = field(default_factory=lambda: [0], metadata={"help": "Exit codes that mean success."})

    def __post_init__(self) -> None:
        if sum(map(bool, (self._raw.strip(), self.cmd.strip(), self.argv))) != 1:
            raise ValueError("give the command once: in free form, as cmd, or as argv")
        if self.timeout <= 0:
            raise ValueError("timeout must be more than 0 seconds")
        self.line()

    def line(self) -> str:
        """The command line as ``cmd.exe`` gets it, without ``chdir``."""
        return self._raw.strip() or self.cmd.strip() or command_line(self.argv)


def inspect(session: Session, params: Params) -> State:
    """Which of ``creates``, ``removes`` and ``chdir`` exist; asks the host only when there is something to ask."""
    asked: dict[str, Json] = {"creates": params.creates, "removes": params.removes, "chdir": params.chdir}
    paths = {key: path for key, path in asked.items() if path}
    return session.call("win_command", "inspect", paths) if paths else {}


def diff(state: State, params: Params) -> list[Change]:
    if (params.creates and state["creates"]) or (params.removes and not state["removes"]):
        return []
    if params.chdir and not state["chdir"]:
        raise Blocked(f"there is no folder {params.chdir} to run the command in", "make it first, or correct chdir")
    why = f"in {params.chdir}" if params.chdir else ""
    line = params.line()
    return [Change(target="command", before=None, after=line, seconds=params.timeout, reversible=False, why=why)]


def apply(session: Session, change: Change, params: Params) -> State:
    line = str(change.after)
    whole = f'cd /d "{params.chdir}" && {line}' if params.chdir else line
    output = session.run(whole, stdin=params.stdin.encode(), timeout=params.timeout)
    if output.exit_code not in params.success_codes:
        raise Failed(
            f"the command ended with exit code {output.exit_code}",
            remedy="see what it printed; success_codes names further codes that mean success",
            output=output,
        )
    return {
        "cmd": line,
        "rc": output.exit_code,
        "stdout": output.stdout,
        "stderr": output.stderr,
        "stdout_lines": list(output.stdout.splitlines()),
        "stderr_lines": list(output.stderr.splitlines()),
    }
