"""``remediate runs``: what was run, with what outcome, and the evidence of it; locks that somebody left behind."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from remediate.commands.parser import Parser
from remediate.errors import UserError
from remediate.project import ledgers

if TYPE_CHECKING:
    import argparse

    from remediate.ledger.rows import RunRow
    from remediate.ledger.store import Ledger
    from remediate.project.outside import Outside

VIEWS = ("list", "show", "report", "unlock", "verify")
NEEDS: tuple[tuple[str, str], ...] = (("show", "RUN"), ("report", "RUN"), ("unlock", "HOST"))
BROKEN = 4


def parser() -> Parser:
    page = Parser(
        "runs",
        "Show past and present runs, hand in their evidence, release locks. Contacts no host.\n"
        "RUN is an id, the beginning of one, or `last`. `verify` ends with 4 where the ledger was tampered with.",
        examples=[
            "remediate runs list --host ex1                  the newest runs that had this host",
            "remediate runs show last                        hosts, outcomes, steps, locks, approvals",
            "remediate runs report last -o evidence.html     the evidence to hand in; .md and .json as well",
            "remediate runs unlock ex1 --reason 'ctl1 died'  release a lock; kept in the ledger",
            "remediate runs verify                           is the ledger as it was written?",
            "remediate runs verify last                      the same of one run: quicker, says nothing of older ones",
        ],
        exits=(0, 1, BROKEN),
    )
    page.add_argument("view", choices=VIEWS, metavar="list | show | report | unlock | verify", help="what to do")
    page.add_argument("name", nargs="?", default="", metavar="RUN | HOST", help="the run, or the host to unlock")
    page.add_argument("--reason", default="", metavar="TEXT", help="unlock: why, for those who read the ledger later")
    page.add_argument("-n", "--limit", type=int, default=20, metavar="N", help="list: the newest N runs (20)")
    page.add_argument("--host", default="", metavar="NAME", help="list: only runs with this host")
    page.add_argument(
        "--playbook", default="", metavar="PART", help="list: only runs of playbooks with this in the path"
    )
    page.add_argument("-o", "--output", default="", metavar="FILE", help="report: write to a file")
    page.add_argument(
        "--format",
        choices=("human", "json", "md", "html"),
        default="",
        help="json: one document; md, html: reports (else as the FILE of -o says, else md)",
    )
    return page


def main(options: argparse.Namespace, outside: Outside) -> int:
    _check(options)
    with ledgers.open_for(outside, create=False, writable=options.view == "unlock") as ledger:
        match options.view:
            case "list":
                return _list(options, outside, ledger)
            case "show":
                return _show(options, outside, ledger)
            case "report":
                return _report(options, outside, ledger)
            case "unlock":
                return _unlock(options, outside, ledger)
            case _:
                return _verify(options, outside, ledger)


def _check(options: argparse.Namespace) -> None:
    """Arguments that do not go together."""
    needed = dict(NEEDS).get(options.view, "")
    if needed and not options.name:
        raise UserError(f"which {needed.lower()}?", hint=f"remediate runs {options.view} {needed}")
    if options.name and not needed and options.view != "verify":
        hint = "remediate runs show RUN" if options.view == "list" else f"remediate runs {options.view}"
        raise UserError(f"{options.name!r} is one argument too many", hint=hint)
    if options.view == "unlock" and not options.reason.strip():
        hint = "say why with --reason TEXT: somebody will ask"
        raise UserError(f"a lock is not released without a reason: {options.name} stays locked", hint=hint)
    if options.view != "report" and (options.output or options.format in ("md", "html")):
        raise UserError("-o, md and html are for reports", hint=f"remediate runs report {options.name or 'last'}")
    if options.limit < 1:
        raise UserError("--limit must be a whole number from 1 on")


def _list(options: argparse.Namespace, outside: Outside, ledger: Ledger) -> int:
    from remediate.commands import rundocument
    from remediate.reports.plain import aligned

    found = ledger.runs(options.limit, playbook=options.playbook, host=options.host)
    if options.format == "json":
        outside.print(json.dumps([rundocument.run(row) for row in found], indent=2))
        return 0
    if not found:
        outside.print("no runs")
        return 0
    rows = [("run", "started (UTC)", "by", "command", "playbook", "status", "outcome")]
    for line in aligned([*rows, *(_line(ledger, row) for row in found)]):
        outside.print(line)
    return 0


def _line(ledger: Ledger, row: RunRow) -> tuple[str, ...]:
    from remediate.commands.rundocument import state
    from remediate.reports.text import counted, one_line

    hosts = ledger.hosts(row.id)
    outcomes = [host.outcome for host in hosts if host.outcome]
    summary = ", ".join(f"{outcomes.count(word)} {one_line(word)}" for word in dict.fromkeys(outcomes))
    names = one_line(row.who), one_line(row.kind), one_line(row.playbook)
    told = f"{counted(len(hosts), 'host')}: {summary}" if summary else counted(len(hosts), "host")
    return (row.id, f"{row.started:%Y-%m-%d %H:%M}", *names, one_line(state(row)), told)


def _show(options: argparse.Namespace, outside: Outside, ledger: Ledger) -> int:
    from remediate.commands import rundocument

    found = rundocument.document(ledger, ledger.run(options.name))
    if options.format == "json":
        outside.print(json.dumps(found, indent=2))
        return 0
    from remediate.reports.runpage import lines

    for line in lines(found):
        outside.print(line)
    return 0


def _report(options: argparse.Namespace, outside: Outside, ledger: Ledger) -> int:
    from remediate.commands import rundocument
    from remediate.reports.text import one_line
    from remediate.secrets import files

    target = outside.folder / options.output if options.output else None
    kind = options.format or (target.suffix.lstrip(".") if target else "")
    found = rundocument.document(ledger, ledger.run(options.name), chain=True)
    text = _rendered(found, kind)
    if target is None:
        outside.print(text.rstrip("\n"))
    else:
        try:
            files.write(target, text.encode("utf-8", "backslashreplace"))
        except OSError as error:
            raise UserError(
                f"the report {target} cannot be written: {error.strerror}", hint="name another -o"
            ) from error
        outside.print(f"wrote {options.output}")
    if not found["chain"]["whole"]:
        outside.complain(f"warning: the ledger was tampered with: {one_line(found['chain']['what'])}")
        return BROKEN
    return 0


def _rendered(document: Mapping[str, Any], kind: str) -> str:
    from remediate.reports.evidence import sections

    if kind == "json":
        return json.dumps(document, indent=2) + "\n"
    if kind in ("html", "htm"):
        from remediate.reports.htmlpage import htmlpage

        return htmlpage(sections(document))
    from remediate.reports.markdown import markdown

    return markdown(sections(document))


def _unlock(options: argparse.Namespace, outside: Outside, ledger: Ledger) -> int:
    from remediate.commands import rundocument
    from remediate.ledger.locking import on
    from remediate.reports.text import one_line

    held = ledger.unlock(options.name, who=ledgers.who(outside), reason=options.reason)
    if options.format == "json":
        outside.print(json.dumps(rundocument.lock(held), indent=2))
        return 0
    outside.print(f"{one_line(held.host)} is free; it was {one_line(held.sentence())}")
    if on(ledgers.controller())(held) is not False and not held.finished:
        outside.complain("that run may still go on: it leaves this host alone from its next step on")
    return 0


def _verify(options: argparse.Namespace, outside: Outside, ledger: Ledger) -> int:
    from remediate.commands.rundocument import backwards, chain_document
    from remediate.reports.evidence import chain, time_remarks

    report = chain_document(ledger.verify(ledger.run(options.name).id if options.name else ""))
    report["backwards"] = backwards(ledger.backwards()) if report["whole"] else []
    if options.format == "json":
        outside.print(json.dumps(report, indent=2))
    else:
        for line in (chain(report), *time_remarks(report["backwards"])):
            outside.print(line)
    return 0 if report["whole"] else BROKEN
