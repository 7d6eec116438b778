"""A walk over hosts as run, plan, verify and facts share it: from what was asked, with sinks, Ctrl-C and secrets."""

from __future__ import annotations

import dataclasses
import threading
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from remediate.beforehand import arguments, fitting
from remediate.change import stopping
from remediate.connections.clocks import HostClocks
from remediate.engine import learning
from remediate.engine.run import RunRequest, learn, run
from remediate.engine.stop import Stop
from remediate.errors import UserError
from remediate.language.variables import Layer
from remediate.language.yamlfile import Map
from remediate.model import Mode, RunSummary, Secret, Source
from remediate.project.project import Project
from remediate.reports import choose
from remediate.reports.redact import Redactor

if TYPE_CHECKING:
    from remediate.change.asked import Asked, Login
    from remediate.engine.control import Control
    from remediate.engine.perform import SessionStore
    from remediate.events import Sink
    from remediate.language.inventory import Inventory
    from remediate.project.outside import Outside
    from remediate.reports.choose import Wishes


def prepare(
    asked: Asked,
    outside: Outside,
    *,
    mode: Mode,
    start_lab: bool = True,
    look: bool = True,
    sends: bool = True,
) -> RunRequest:
    """The request for what was asked; ``UserError`` before any host is contacted.

    ``look``: modules say what they can of their arguments; without ``sends`` a file that would be sent may be missing.
    """
    project = Project.around(outside.folder, outside.files)
    playbook = project.content.playbook(asked.playbook)
    hosts = project.inventory(asked.inventory, start_lab=start_lab, say=outside.complain).with_playbook_vars(
        playbook.parent
    )
    request = RunRequest(
        playbook=playbook,
        inventory=with_login(hosts, login(asked.login, outside)),
        search=project.search(playbook),
        modules=project.modules(playbook),
        mode=mode,
        limit=asked.limit,
        tags=asked.tags,
        skip_tags=asked.skip_tags,
        extra_vars=_with_retry(asked.variables) if asked.retry else asked.variables,
        forks=asked.forks or project.settings.forks,
        start_at_task=asked.start_at_task,
        secrets=outside.secrets,
        clocks=HostClocks(outside.now),
    )
    learning.from_inventory(request.inventory, request.extra_vars, request.secrets, playbook.parent)
    learn(request)
    fitting.check(request)
    return arguments.checked(request, sends=sends) if look else request


def _with_retry(variables: Mapping[str, object]) -> Mapping[str, object]:
    """The same, each still knowing where it was written."""
    whole = Map(variables, source=Source("--retry"))
    whole["retry"] = True
    return whole


def login(asked: Login, outside: Outside) -> Mapping[str, object]:
    """Connection variables from the command line; the inventory's own go before them, as in Ansible."""
    given: dict[str, object] = {}
    if asked.user:
        given["ansible_user"] = asked.user
    if asked.ask_password:
        given["ansible_password"] = password = Secret(outside.password())
        outside.secrets.tell(password)
    if asked.host_key:
        given["ssh_host_key"] = asked.host_key
    return given


def with_login(inventory: Inventory, given: Mapping[str, object]) -> Inventory:
    """The inventory with ``given`` below every other variable of each host."""
    if not given:
        return inventory
    hosts = {
        name: dataclasses.replace(host, variables=host.variables.with_layer(Layer.ROLE_DEFAULTS, given))
        for name, host in inventory.hosts.items()
    }
    return dataclasses.replace(inventory, hosts=hosts)


def redactor(request: RunRequest) -> Redactor:
    """Masks what is known to be secret when it is asked: more and more while the request is carried out."""
    return Redactor(request.secrets)


def execute(request: RunRequest, wishes: Wishes, outside: Outside) -> RunSummary:
    """Run the request with the output that is wished for."""
    known = redactor(request)
    return with_sinks(request, choose.sinks(wishes, outside.stdout, outside.stderr, known), outside)


def with_sinks(
    request: RunRequest,
    sinks: Sequence[Sink],
    outside: Outside,
    *,
    control: Control | None = None,
    sessions: SessionStore | None = None,
) -> RunSummary:
    """Run the request; Ctrl-C is turned into its ``stop`` and ``abort``."""
    try:
        with stopping.interruptible(request.stop, request.abort, say=stopping.say_on(descriptor(outside))):
            return run(request, sinks, control=control, sessions=sessions)
    finally:
        for sink in sinks:
            sink.close()


def descriptor(outside: Outside) -> int:
    """Where a signal handler may write."""
    try:
        return outside.stderr.fileno()
    except OSError:
        return 2


def again(request: RunRequest, mode: Mode) -> RunRequest:
    """The same request in another mode, with fresh switches."""
    return dataclasses.replace(request, mode=mode, stop=Stop(), abort=threading.Event())


def confirmed(outside: Outside, question: str) -> bool:
    """Ask at the terminal; only a whole ``yes`` counts."""
    if not outside.stdin.isatty():
        raise UserError("--confirm needs a terminal to ask at", hint="leave it out, or use `remediate plan` first")
    outside.stderr.write(f"{question} (yes/no) ")
    outside.stderr.flush()
    return outside.stdin.readline().strip().lower() == "yes"


def relative(path: Path, folder: Path) -> str:
    """``path`` as a person in ``folder`` would write it."""
    return str(path.relative_to(folder)) if path.is_relative_to(folder) else str(path)
