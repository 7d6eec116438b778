"""Choose what to do with one server: which package, in which order, or why nothing or not now. Contacts no host.

Takes the facts of ``exchange_facts``, the article as data and the packages you have. The shortest chain of packages
whose requirements are met leads to the fix, under your policy: ``route`` says what may bring the fix,
``install_prerequisites`` whether what it needs first (a service pack, a rollup) may be installed as well. Builds are
compared inside one branch only, and nothing newer is ever overwritten.

The registered result holds ``verdict`` (compliant, affected, blocked, not applicable), ``product``, ``branch``,
``branch_name``, ``build``, ``fixed_at``, ``steps`` (in order, each with everything the installing modules need:
``package``, ``kind``, ``starts_from``, ``chained``, ``after``, ``provides``, ``files``, ``file``, ``sha256``,
``command``, ``logs``, ...), ``services`` (to be recorded before and compared after), ``reasons``, ``cautions``, and
when blocked ``reason`` and ``remedy``.

Examples:

```yaml
- name: Choose the way to the fix
  remediation_route:
    facts: '{{ server }}'
    advisory: '{{ kb870585_advisory }}'
    packages: '{{ packages }}'
    route: '{{ route }}'
    install_prerequisites: '{{ install_prerequisites }}'
  register: chosen

- debug: {msg: 'first {{ chosen.steps[0].package }}'}
  when: chosen.steps | length > 0
```
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from typing import TYPE_CHECKING, Any, cast

from remediate.errors import Blocked, NotApplicable, UserError
from remediate.kb import supplied
from remediate.kb.advisory import load
from remediate.kb.facts import moment
from remediate.kb.obstacles import Policy, RouteName
from remediate.kb.route import Verdict, choose
from remediate.kb.supplied import Supplied
from remediate.model import Foreseen, Known

if TYPE_CHECKING:
    from remediate.connections.base import Session
    from remediate.model import Change, Json, State

NEEDS = {"session": "no"}
BEFOREHAND = ("advisory", "packages")


@dataclass(frozen=True, kw_only=True)
class Params:
    facts: dict[str, Any] = field(metadata={"help": "The registered result of exchange_facts."})
    advisory: dict[str, Any] = field(metadata={"help": "The article as data, from the role's vars."})
    packages: dict[str, Supplied] = field(
        default_factory=dict,
        metadata={"help": "What you have: {package id: {file or on_host, sha256, ...}}."},
    )
    route: RouteName = field(default="auto", metadata={"help": "What may bring the fix."})
    install_prerequisites: bool = field(default=False, metadata={"help": "Also install what the fix needs first."})
    allow_cluster: bool = field(default=False, metadata={"help": "Go on although it is a cluster node."})
    ignore_pending_reboot: bool = field(default=False, metadata={"help": "Go on although a restart is still due."})
    retry: bool = field(
        default=False, metadata={"help": "Also take a package that was installed before and changed nothing."}
    )
    now: str = field(default="", metadata={"help": "UTC by the controller's clock, to notice a host's wrong clock."})


def beforehand(known: Known) -> Foreseen:
    """Every mistake in ``packages`` that can be seen on this side."""
    if not known.settled("advisory") or "advisory" not in known.values:
        return Foreseen()
    return supplied.foreseen(load(known.values["advisory"]), known)


def inspect(session: Session, params: Params) -> State:
    advisory = load(params.advisory)
    now = moment(params.now)
    if params.now and now is None:
        raise UserError(f"now: {params.now!r} is no UTC time", hint="write it as 2026-01-31T20:00:00Z")
    policy = Policy(
        route=params.route,
        install_prerequisites=params.install_prerequisites,
        allow_cluster=params.allow_cluster,
        ignore_pending_reboot=params.ignore_pending_reboot,
        retry=params.retry,
    )
    found = choose(params.facts, advisory, params.packages, policy, now)
    state = cast("dict[str, Json]", asdict(found))
    state["verdict"] = found.verdict.value
    state["steps"] = [dict(step) for step in found.steps]
    state["reasons"], state["cautions"] = list(found.reasons), list(found.cautions)
    state["services"] = [s.name for s in advisory.services]
    return state


def diff(state: State, params: Params) -> list[Change]:
    """Always nothing to change: choosing changes nothing. Raises where the host must not go on."""
    if state["verdict"] == Verdict.NOT_APPLICABLE.value:
        raise NotApplicable(str(state["reason"]))
    if state["verdict"] == Verdict.BLOCKED.value:
        raise Blocked(str(state["reason"]), str(state["remedy"]))
    return []


def columns(state: State, params: Params) -> Mapping[str, str]:
    steps = state["steps"]
    names = [str(s["package"]) for s in steps if isinstance(s, Mapping)] if isinstance(steps, list) else []
    name = str(state["branch_name"] or state["product"] or "")
    planned = [str(s["provides"]) for s in steps if isinstance(s, Mapping)] if isinstance(steps, list) else []
    return {
        "product": name,
        "route": " + ".join(names) or str(state["verdict"]),
        "before": str(state["build"] or ""),
        "planned": planned[-1] if planned else "",
    }


def notes(state: State, params: Params) -> Sequence[str]:
    return [str(line) for key in ("reasons", "cautions") for line in cast("list[Json]", state[key])]
