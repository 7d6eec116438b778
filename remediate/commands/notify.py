"""``remediate notify``: tries the hooks of the project before they are needed."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from remediate.commands.parser import SIMPLE, Parser
from remediate.errors import UserError

if TYPE_CHECKING:
    import argparse

    from remediate.notify import Hook, Occasion, Told
    from remediate.project.outside import Outside


def parser() -> Parser:
    page = Parser(
        "notify",
        "Send a message marked as a test through the hooks of remediate.toml ([[notify]]), and say how each took it.\n"
        "Contacts no host. Ends with 1 when a hook could not be told.",
        examples=[
            "remediate notify test         every hook, whatever occasions it is for",
            "remediate notify test chat    one hook",
        ],
        exits=SIMPLE,
    )
    page.add_argument("what", choices=("test",), metavar="test", help="send the message")
    page.add_argument("name", nargs="?", default="", metavar="NAME", help="only this hook")
    page.add_argument(
        "--format", choices=("human", "json"), default="human", help="json: one document on standard output"
    )
    return page


def main(options: argparse.Namespace, outside: Outside) -> int:
    from remediate.notify import notify
    from remediate.project.project import Project

    settings = Project.around(outside.folder, outside.files).settings
    hooks = chosen(settings.notify, options.name)
    told = notify(hooks, message(outside), environ=outside.environ, folder=settings.folder, now=outside.now())
    for line in document(told) if options.format == "json" else table(hooks, told):
        outside.print(line)
    return 0 if all(one.ok for one in told) else 1


def chosen(hooks: Sequence[Hook], name: str) -> list[Hook]:
    """The hooks meant; ``UserError`` for none."""
    from remediate.language.words import suggestion

    if not hooks:
        raise UserError("no hook is declared", hint="write [[notify]] into remediate.toml")
    found = [hook for hook in hooks if name in ("", hook.name)]
    if not found:
        hint = suggestion(name, [hook.name for hook in hooks], what="hooks")
        raise UserError(f"there is no hook {name!r}", hint=hint)
    return found


def message(outside: Outside) -> Occasion:
    """What is sent: an occasion that says it is none."""
    from remediate.notify import HostLine, Occasion
    from remediate.project import ledgers

    return Occasion(
        kind="after",
        run="test",
        playbook="test",
        who=ledgers.who(outside),
        controller=ledgers.controller(),
        hosts=(HostLine(host="test", outcome="compliant"),),
        test=True,
    )


def table(hooks: Sequence[Hook], told: Sequence[Told]) -> list[str]:
    """hook | by | for | result, one line each."""
    from remediate.reports.plain import aligned
    from remediate.reports.text import duration, one_line

    rows: list[tuple[str, ...]] = [("hook", "way", "told of", "result")]
    for hook, one in zip(hooks, told, strict=True):
        way = "webhook" if hook.webhook else "mail" if hook.mail else "command"
        result = f"told ({duration(one.seconds)})" if one.ok else f"FAILED: {one.error}"
        rows.append((one_line(hook.name), way, ", ".join(hook.on), result))
    return aligned(rows)


def document(told: Sequence[Told]) -> list[str]:
    """The results as JSON."""
    import dataclasses
    import json

    return [json.dumps([dataclasses.asdict(one) for one in told], indent=2)]
