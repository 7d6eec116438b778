"""The command line: loads the one command asked for, turns what it raises into a message and an exit code."""

from __future__ import annotations

import importlib
import sys
from collections.abc import Mapping, Sequence
from types import MappingProxyType
from typing import TYPE_CHECKING, Protocol, cast

from remediate import __version__
from remediate.errors import BrokenOff, RemediateError, UserError
from remediate.project.outside import Outside
from remediate.secrets.logins import logins

if TYPE_CHECKING:
    import argparse

    from remediate.commands.parser import Parser

COMMANDS: Mapping[str, str] = MappingProxyType(
    {
        "ping": "see whether the hosts can be reached, logged in to and worked with",
        "run": "detect, choose, apply and verify, as the playbook says",
        "plan": "show what `run` would change, and why; changes nothing",
        "show": "show a saved plan",
        "window": "show change windows, and start a plan in the next one",
        "approve": "sign a saved plan with one's own key",
        "apply": "carry out a saved plan, and nothing else",
        "resume": "go on where a run stopped",
        "notify": "send a test message through the project's hooks",
        "verify": "prove that nothing is left to change",
        "facts": "show what is installed on the hosts",
        "runs": "history, evidence and locks of past and present runs",
        "inventory": "show hosts, groups and variables",
        "lint": "find mistakes in a playbook without contacting a host",
        "doc": "the manual page of a module, or the list of modules",
        "lab": "start, show, reset and stop the embedded lab",
        "version": "the version of this program",
    }
)

CHANGING = ("run", "apply", "resume")
"""Commands whose exit code says what became of hosts, whatever became of their output."""


class Command(Protocol):
    """What a file in this folder must have to be a command."""

    def parser(self) -> Parser: ...

    def main(self, options: argparse.Namespace, outside: Outside) -> int: ...


def run(argv: Sequence[str], outside: Outside | None = None) -> int:
    """Carry out one command line; the exit code. Raises nothing."""
    from remediate.commands import crash
    from remediate.commands.parser import HelpWanted

    try:
        world = outside or Outside.of_this_process()
    except OSError as error:  # before there is anything to say it with
        sys.stderr.write(
            f"error: the working folder cannot be used: {error.strerror}\n  hint: cd to one that is there\n"
        )
        return 1
    for word in argv:
        for secret in logins(word):
            world.secrets.tell(secret)
    try:
        return _told(_dispatch(argv, world), argv, world)
    except HelpWanted as page:
        world.print(page.page.rstrip())
        return 0
    except RemediateError as error:
        world.complain(complaint(error, world))
        return error.exit_code
    except BrokenOff as error:
        if isinstance(error.cause, Exception) and not isinstance(error.cause, RemediateError):
            return crash.report(error.cause, argv, world, code=error.exit_code)
        world.complain(complaint(error.cause, world))
        return error.exit_code
    except KeyboardInterrupt:
        world.complain("interrupted")
        return 130
    except Exception as error:  # noqa: BLE001 - the last resort: a log for us, one line for the user
        return crash.report(error, argv, world)


def _told(code: int, argv: Sequence[str], outside: Outside) -> int:
    """The exit code, once somebody could read what it is about. What was done on hosts is done, told or not."""
    if not outside.lost:
        return code
    outside.complain(f"standard output is lost: {outside.lost}")
    return code or (0 if argv and argv[0] in CHANGING else 1)


def _dispatch(argv: Sequence[str], outside: Outside) -> int:
    if not argv or argv[0] in ("-h", "--help", "help"):
        if argv and argv[0] == "help" and len(argv) > 1:
            return _dispatch([argv[1], "--help"], outside)
        outside.print(overview())
        return 0 if argv else 1
    name, *words = argv
    if name == "--version":
        name = "version"
    if name.startswith("-"):
        raise UserError(f"the command comes first: {name} was given", hint="remediate COMMAND [OPTIONS]; see --help")
    if name not in COMMANDS:
        from remediate.language.words import suggestion

        raise UserError(f"there is no command {name!r}", hint=suggestion(name, COMMANDS, what="commands"))
    command = cast("Command", importlib.import_module(f"remediate.commands.{name}"))
    return command.main(command.parser().parse(words), outside)


def overview() -> str:
    """The page of ``remediate --help``."""
    from remediate.commands.parser import exit_codes

    width = max(map(len, COMMANDS))
    commands = "".join(f"  {name:<{width}}  {summary}\n" for name, summary in COMMANDS.items())
    return (
        f"remediate {__version__}: fixes Windows servers no other tool reaches any more, safely and with proof.\n\n"
        "usage: remediate COMMAND [OPTIONS]\n\n"
        f"commands:\n{commands}\n"
        "examples:\n"
        "  remediate ping                                   can the hosts be worked with? The first thing to run\n"
        "  remediate plan playbooks/kb870585.yml            what would be done, and why\n"
        "  remediate run playbooks/kb870585.yml -l berlin   do it on the hosts of one group\n"
        "  remediate verify playbooks/kb870585.yml          prove that it is done\n"
        "  remediate COMMAND --help                         the options of one command\n\n"
        f"{exit_codes().rstrip()}"
    )


def complaint(error: BaseException, outside: Outside) -> str:
    """An error as the user reads it: one line, and a hint below it; paths as seen from the working folder."""
    from remediate.reports.text import safe

    return safe(f"error: {error}".replace(f"{outside.folder}/", ""))
