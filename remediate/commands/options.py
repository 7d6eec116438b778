"""Options several commands share, named and meant as Ansible's."""

from __future__ import annotations

from typing import TYPE_CHECKING

from remediate.errors import UserError

if TYPE_CHECKING:
    import argparse
    from datetime import timedelta

    from remediate.change.asked import Asked, Gates, Login
    from remediate.commands.parser import Parser
    from remediate.project.outside import Outside
    from remediate.reports.choose import Wishes

MOST_DAYS = 365


def hosts(parser: Parser) -> None:
    """Where the hosts come from and which of them are meant."""
    group = parser.add_argument_group("hosts")
    group.add_argument(
        "-i",
        "--inventory",
        action="append",
        default=[],
        metavar="FILE",
        help="inventory file or folder, or a list as in `web1,web2,`; may be given more than once",
    )
    group.add_argument(
        "-l", "--limit", default="", metavar="PATTERN", help="only these hosts or groups, as in `berlin:!ex3`"
    )


def variables(parser: Parser) -> None:
    """``-e``."""
    parser.add_argument(
        "-e",
        "--extra-vars",
        action="append",
        default=[],
        metavar="VARS",
        help="variables above all others: key=value pairs, @file, or a mapping in JSON or YAML",
    )


def retry(parser: Parser) -> None:
    """``--retry``."""
    parser.add_argument(
        "--retry",
        action="store_true",
        help="install again what ended well before and changed nothing (the variable retry: true)",
    )


def tags(parser: Parser) -> None:
    """``-t`` and ``--skip-tags``."""
    group = parser.add_argument_group("tasks")
    group.add_argument(
        "-t", "--tags", action="append", default=[], metavar="TAGS", help="only tasks with one of these tags"
    )
    group.add_argument(
        "--skip-tags", action="append", default=[], metavar="TAGS", help="no tasks with one of these tags"
    )


def connection(parser: Parser) -> None:
    """How to log in where the inventory does not say it."""
    group = parser.add_argument_group("connection (variables of the inventory win)")
    group.add_argument("-u", "--user", default="", metavar="NAME", help="log in as this user")
    group.add_argument(
        "-k", "--ask-pass", action="store_true", help="ask for the password (read from a pipe when it is one)"
    )
    group.add_argument(
        "--host-key",
        choices=("strict", "accept-new"),
        default="",
        help="accept-new: learn the keys of hosts met for the first time; a changed key is always refused",
    )
    group.add_argument("--forks", type=int, default=None, metavar="N", help="hosts worked on at once (default 50)")


def gates(page: Parser) -> None:
    """What run, apply and resume know about windows."""
    group = page.add_argument_group("change windows (variable change_window; see `remediate window list`)")
    group.add_argument(
        "--windows", default="", metavar="FILE", help="the windows (default windows.yml by the inventory)"
    )
    group.add_argument("--wait", action="store_true", help="wait until the windows open, for every host")
    group.add_argument("--max-wait", default="", metavar="TIME", help="wait no longer than this in all, as in 12h")
    group.add_argument(
        "--override-window", default=None, metavar="REASON", help="go ahead outside the window; the reason is kept"
    )


def output(parser: Parser, *, diff: bool = True) -> None:
    """What is printed, and how."""
    group = parser.add_argument_group("output")
    if diff:
        group.add_argument("--diff", action="store_true", help="show every attribute before and after")
    group.add_argument(
        "-v", "--verbose", action="count", default=0, help="reasons and notes; -vv also progress and addresses"
    )
    json_and_color(group)


def json_and_color(parser: argparse._ActionsContainer) -> None:
    """``--format`` and ``--no-color``."""
    parser.add_argument(
        "--format", choices=("human", "json"), default="human", help="json: one document on standard output"
    )
    parser.add_argument("--no-color", action="store_true", help="no colours; the variable NO_COLOR does the same")


def wishes(options: argparse.Namespace, outside: Outside) -> Wishes:
    """The output options as the reports want them."""
    from remediate.reports.choose import Wishes

    return Wishes(
        format=options.format,
        verbosity=options.verbose,
        diff=getattr(options, "diff", False),
        color=not options.no_color and not outside.environ.get("NO_COLOR"),
    )


def period(text: str, option: str) -> timedelta:
    """``5d``, ``12h``, ``4h30m``; ``UserError`` for anything else, and beyond a year."""
    from remediate.language import periods

    found = periods.period(text)
    if found is None or found.days > MOST_DAYS:
        hint = f"write it as 5d, 12h, 90m or 1d12h; {MOST_DAYS} days at most"
        raise UserError(f"{option}: {text!r} is no length of time", hint=hint)
    return found


def words(values: list[str]) -> frozenset[str]:
    """``["a,b", "c"]`` -> a, b, c."""
    return frozenset(word.strip() for value in values for word in value.split(",") if word.strip())


def asked(options: argparse.Namespace, outside: Outside) -> Asked:
    """All that was asked for; ``UserError`` for what makes no sense, before anything is looked at."""
    from remediate.change.asked import Asked
    from remediate.project import extravars

    return Asked(
        playbook=getattr(options, "playbook", ""),
        inventory=tuple(getattr(options, "inventory", ())),
        limit=getattr(options, "limit", ""),
        tags=words(getattr(options, "tags", [])),
        skip_tags=words(getattr(options, "skip_tags", [])),
        start_at_task=getattr(options, "start_at_task", ""),
        gates=_gates(options),
        variables=extravars.read(options.extra_vars, outside.folder),
        retry=getattr(options, "retry", False),
        login=login(options),
        forks=forks(options),
        wishes=wishes(options, outside),
        repeat_unfinished=getattr(options, "repeat_unfinished", False),
    )


def _gates(options: argparse.Namespace) -> Gates:
    from remediate.change.asked import Gates

    if not hasattr(options, "override_window"):  # a command that changes nothing
        return Gates(windows=getattr(options, "windows", ""))
    reason = (options.override_window or "").strip()
    if options.override_window is not None and not reason:
        raise UserError("--override-window needs a reason", hint="it is kept in the ledger, and stands in the report")
    longest = period(options.max_wait, "--max-wait") if options.max_wait else None
    if longest and not options.wait:
        raise UserError("--max-wait is for --wait", hint="add --wait")
    return Gates(windows=options.windows, patient=options.wait, longest=longest, override=reason)


def login(options: argparse.Namespace) -> Login:
    """How to log in."""
    from remediate.change.asked import Login

    return Login(user=options.user, ask_password=options.ask_pass, host_key=options.host_key)


def forks(options: argparse.Namespace) -> int:
    """``--forks``; 0 where it is not given."""
    if options.forks is not None and options.forks < 1:
        raise UserError("--forks must be a whole number from 1 on")
    return int(options.forks or 0)
