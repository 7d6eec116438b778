"""Read everything the Exchange playbooks decide on, in one round trip. Changes nothing.

The registered result holds ``os``, ``exchange``, ``files`` (by lower-case name), ``hotfixes`` (registry keys as found),
``uninstall_folders``, ``services``, ``disk``, ``pending``, ``installers_running``, ``jobs`` (detached work of earlier
runs), ``stores`` (mailbox and public stores, and whether they are mounted) and ``time``. A source that is broken costs
only its own fields: they come from the next source, or are null. ``sources`` says where each value came from.

A host that does not end well, or was changed, is read once more at its end: what is down that ran before, which restart
is due and which files are there is told with its outcome.

Examples:

```yaml
- name: Look at the server
  exchange_facts: {advisory: '{{ kb870585_advisory }}'}
  register: server

- debug: {msg: 'store.exe is {{ server.exchange.store_build }}, read from {{ server.exchange.store_build_source }}'}
```
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from remediate.kb import probe
from remediate.kb import standing as words
from remediate.kb.advisory import load
from remediate.kb.probe import part, questions

if TYPE_CHECKING:
    from remediate.connections.base import Session
    from remediate.model import Change, Standing, State

NEEDS = {"session": "yes"}
VOLATILE = probe.VOLATILE


@dataclass(frozen=True, kw_only=True)
class Params:
    advisory: dict[str, Any] = field(metadata={"help": "The article as data: which files and traces to look for."})
    install_path: str = field(default="", metadata={"help": "Where Exchange is, when the host cannot say it itself."})
    timeout: float = field(default=120.0, metadata={"help": "Seconds the host may take to answer."})


def inspect(session: Session, params: Params) -> State:
    args = questions(load(params.advisory), params.install_path)
    return probe.ask(session, args, params.timeout)


def diff(state: State, params: Params) -> list[Change]:
    return []


def columns(state: State, params: Params) -> Mapping[str, str]:
    exchange, system = part(state, "exchange"), part(state, "os")
    if exchange.get("installed") is False:
        return {"product": f"no Exchange ({system.get('product') or 'Windows'})"}
    service_pack = exchange.get("service_pack")
    name = str(exchange.get("product") or "Exchange")
    product = f"{name} SP{service_pack}" if service_pack else name
    return {"product": product, "build": str(exchange.get("store_build") or "unknown")}


def notes(state: State, params: Params) -> list[str]:
    """Values that came from a second-best place, where that matters for the decision."""
    exchange = part(state, "exchange")
    source = exchange.get("store_build_source")
    if exchange.get("installed") and source != "file":
        return [f"the build comes from: {source or 'no source at all'}, not from the file"]
    return []


def standing(first: State, now: State, params: Params) -> Standing:
    return words.standing(first, now, load(params.advisory))
