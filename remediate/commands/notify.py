"""``remediate notify``: tries the hooks of the project before they are needed."""

from __future__ import annotations

from typing import TYPE_CHECKING

from remediate.commands.parser import SIMPLE, Parser

if TYPE_CHECKING:
    import argparse

    from remediate.commands.outside import Outside


def parser() -> Parser:
    page = Parser(
        "notify",
        "Send a message marked as a test through the hooks of remediate.toml ([[notify]]), and say how each took it.",
        examples=["remediate notify test", "remediate notify test chat"],
        exits=SIMPLE,
    )
    page.add_argument("what", choices=("test",), metavar="test", help="send the message")
    page.add_argument("name", nargs="?", default="", metavar="NAME", help="only this hook")
    return page


def main(options: argparse.Namespace, outside: Outside) -> int:
    from remediate.commands import ledgers
    from remediate.commands.project import Project
    from remediate.errors import UserError
    from remediate.language.words import suggestion
    from remediate.notify import HostLine, Occasion, notify

    settings = Project.around(outside.folder).settings
    hooks = [hook for hook in settings.notify if options.name in ("", hook.name)]
    if not hooks:
        names = [hook.name for hook in settings.notify]
        hint = suggestion(options.name, names, what="hooks") if names else "write [[notify]] into remediate.toml"
        raise UserError(f"there is no hook {options.name!r}" if options.name else "there are no hooks", hint=hint)
    occasion = Occasion(
        kind="after",
        run="test",
        playbook="test",
        who=ledgers.who(outside),
        controller=ledgers.controller(),
        hosts=(HostLine(host="test", outcome="compliant"),),
        test=True,
    )
    told = notify(hooks, occasion, environ=outside.environ, folder=settings.folder, now=outside.now())
    for one in told:
        outside.print(f"{one.name}: {'told' if one.ok else one.error} ({one.seconds:.1f} s)")
    return 0 if all(one.ok for one in told) else 1
