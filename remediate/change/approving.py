"""Approvals for the commands: the policy of this machine, the signatures beside a plan, and the gate they make."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType
from typing import TYPE_CHECKING

from remediate.approvals import beside, judge, policyfile, protected, sshkeygen
from remediate.approvals.model import Policy, Signature, Verdict
from remediate.errors import GateClosed, UserError
from remediate.ledger.rows import Approval
from remediate.reports.text import one_line

if TYPE_CHECKING:
    from datetime import datetime

    from remediate.engine.run import RunRequest
    from remediate.language.inventory import Inventory
    from remediate.ledger.store import Ledger
    from remediate.planfile.model import Plan
    from remediate.project.outside import Outside

SIGNERS = "allowed_signers"
REVOKED = "revoked_keys"
SHOWN = 5
NONE: Mapping[str, bytes] = MappingProxyType({})


@dataclass(frozen=True, slots=True)
class Signers:
    """Whose keys count here; both files are out of reach of the account that runs this."""

    allowed: Path
    revoked: Path | None = None


def policy_of(outside: Outside) -> Policy:
    """What is asked for on this machine."""
    return policyfile.read(outside.policy, outside.account.uid)


def signers_of(outside: Outside) -> Signers | None:
    """None where nobody may approve; ``GateClosed`` where this account could name the people itself."""
    allowed, revoked = outside.policy / SIGNERS, outside.policy / REVOKED
    if protected.read(allowed, outside.account.uid) is None:
        return None
    there = protected.read(revoked, outside.account.uid) is not None
    return Signers(allowed, revoked if there else None)


def people(outside: Outside) -> tuple[str, ...]:
    """Who may approve here: the first name of each line of the allowed signers."""
    text = (protected.read(outside.policy / SIGNERS, outside.account.uid) or b"").decode(errors="replace")
    firsts = (line.split()[0].strip('"').partition(",")[0] for line in text.splitlines() if line.split())
    return tuple(dict.fromkeys(name for name in firsts if name and not name.startswith("#")))


def verdict(
    plan: Plan, file: Path, outside: Outside, at: datetime | None = None, kept: Mapping[str, bytes] = NONE
) -> Verdict:
    """What the plan in ``file`` needs on this machine, and which approvals beside it count ``at`` a time, else now."""
    now = at or outside.now()
    policy, signers = policy_of(outside), signers_of(outside)
    papers = beside.found(file, kept)
    if signers is None:
        why = f"there is no {outside.policy / SIGNERS} to say whose key it is"
        signatures = [Signature(file=paper.name, statement=paper.statement, fault=why) for paper in papers]
    else:
        signatures = [_checked(paper, signers, now) for paper in papers]
    return judge.approved(plan, policy, signatures, now=now)


def _checked(paper: beside.Paper, signers: Signers, now: datetime) -> Signature:
    name = one_line(paper.name)
    if paper.fault:
        return Signature(file=name, fault=paper.fault)
    found = sshkeygen.check(paper.signed, paper.signature, signers.allowed, signers.revoked, now)
    return Signature(file=name, statement=paper.statement, key=found.key, person=one_line(found.person),
                     fault=one_line(found.fault))  # fmt: skip


def require(plan: Plan, digest: str, file: Path, inventory: Inventory, ledger: Ledger, outside: Outside, *,
            at: datetime | None = None, kept: Mapping[str, bytes] = NONE) -> datetime:  # fmt: skip
    """The gate of saved plans: ``GateClosed`` unless enough people approved exactly this, now or ``at`` the time it was
    begun; until when that holds. ``kept``: approvals of then, for files that are gone. Those that count are in the
    ledger from now on, with the account and the machine they say they signed on."""
    _refuse_other_groups(plan, inventory)
    if not judge.needed(plan, policy_of(outside)):
        return plan.valid_until
    found = verdict(plan, file, outside, at, kept)
    if found.missing:
        raise GateClosed(found.sentence, hint=_how(file, outside))
    if outside.account.uid == protected.ROOT:
        outside.complain(f"this runs as root, who can write {outside.policy}: approvals bind other accounts only")
    known = {(approval.name, approval.user) for approval in ledger.approvals(digest)}
    for approval in (_row(one, digest) for one in found.given):
        if (approval.name, approval.user) not in known:
            ledger.approve(approval)
    return min(plan.valid_until, found.until or plan.valid_until)


def _row(one: Signature, digest: str) -> Approval:
    said = one.statement
    if said is None:
        raise ValueError(f"{one.file} counts and says nothing")
    return Approval(plan_hash=digest, name=one.person, reason=said.reason, controller=said.host,
                    user=f"{said.account} (uid {said.uid}), key {one.key}")  # fmt: skip


def _refuse_other_groups(plan: Plan, inventory: Inventory) -> None:
    """What the policy asks for hangs on the groups of a host: those of the plan must be the real ones."""
    for host in plan.hosts:
        real = inventory.hosts[host.host].groups if host.host in inventory.hosts else ()
        if set(real) != set(host.groups):
            raise GateClosed(
                f"{one_line(host.host)} is in other groups than planned: {', '.join(real) or 'none'}",
                hint="make a new plan and have it approved",
            )


def _how(file: Path, outside: Outside) -> str:
    if not (outside.policy / SIGNERS).exists():
        return f"name the people and their keys in {outside.policy / SIGNERS}: see docs/plans.md"
    who = f"people of {outside.policy / SIGNERS}"
    return f"remediate approve {file.name} --reason TEXT, by {who}; their approvals lie beside the plan"


def refuse_without_plan(request: RunRequest, hosts: Sequence[str], outside: Outside) -> None:
    """``GateClosed`` where the policy lets hosts be changed by saved plans only."""
    groups: Mapping[str, Sequence[str]] = {name: request.inventory.hosts[name].groups for name in hosts}
    held = judge.without_plan(policy_of(outside), groups)
    if held:
        shown = ", ".join(held[:SHOWN]) + (f" and {len(held) - SHOWN} more" if len(held) > SHOWN else "")
        raise GateClosed(
            f"only saved plans change {one_line(shown)}: {outside.policy / policyfile.FILE} says only_plans",
            hint="remediate plan PLAYBOOK -o FILE, have it approved, then remediate apply FILE",
        )


def key_of(given: str, outside: Outside) -> Path:
    """The key of ``--key``, else the person's usual one; ``UserError`` where there is none."""
    if given:
        path = outside.folder / Path(given).expanduser()
        if not os.path.isfile(path):  # noqa: PTH113 - answers for every text
            raise UserError(f"there is no key {path}", hint="`ssh-keygen -t ed25519` makes one")
        return path
    folder = Path(outside.environ.get("HOME") or "~").expanduser() / ".ssh"
    for name in ("id_ed25519", "id_ecdsa", "id_ed25519_sk", "id_ecdsa_sk", "id_rsa"):
        for path in (folder / name, folder / f"{name}.pub"):
            if path.is_file():
                return path
    raise UserError(f"there is no key in {folder}", hint="`ssh-keygen -t ed25519` makes one; --key names another file, "
                    "as a public key whose private half an agent holds")  # fmt: skip
