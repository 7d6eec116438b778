"""What a playbook says of secrets before anything of it is rendered: a host may show them earlier than a task does."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress

from remediate.errors import UserError
from remediate.language.inventory import Inventory
from remediate.language.template import Templar, UnknownValue, is_plain
from remediate.language.tree import Block, Node, Playbook, Task
from remediate.language.variables import Layer
from remediate.secrets.known import Known
from remediate.secrets.names import names_a_secret
from remediate.secrets.written import secrets_written


def from_book(book: Playbook, known: Known) -> None:
    """Tell ``known`` of every secret written in a playbook and its roles."""
    for play in book.plays:
        from_values(play.vars, known)
        for role in play.roles:
            for values in (role.defaults, role.vars, role.params):
                from_values(values, known)
        from_nodes((*play.nodes, *play.handlers), known)


def from_nodes(nodes: Sequence[Node], known: Known) -> None:
    """Those written in tasks."""
    for task in _tasks(nodes):
        from_values(task.vars, known)
        from_values(task.args, known)
        from_values({task.loop_control.loop_var: task.loop}, known)


def from_values(values: Mapping[str, object], known: Known) -> None:
    """Those written in a mapping of variables or arguments."""
    for secret in secrets_written(values):
        known.tell(secret)


def from_inventory(inventory: Inventory, extra_vars: Mapping[str, object], known: Known) -> None:
    """Those of every host and of the command line; what is a template is rendered, as far as that goes."""
    from_values(extra_vars, known)
    seen: set[int] = set()
    for host in inventory.hosts.values():
        templates: list[str] = []
        for name in host.variables.names():
            variable = host.variables.get(name)
            if variable is None:
                continue
            if id(variable.value) not in seen:
                seen.add(id(variable.value))
                from_values({name: variable.value}, known)
            if _hides_a_template(name, variable.value):
                templates.append(name)
        if templates:
            templar = Templar(host.variables.with_layer(Layer.EXTRA, extra_vars), tell=known.tell)
            for name in templates:
                with suppress(UserError, UnknownValue):
                    templar.value(name)


def _hides_a_template(name: str, value: object) -> bool:
    """Whether a template stands under the name of a secret."""
    if names_a_secret(name):
        return not is_plain(value)
    if isinstance(value, Mapping):
        return any(_hides_a_template(str(key), item) for key, item in value.items())
    return isinstance(value, list | tuple) and any(_hides_a_template("", item) for item in value)


def _tasks(nodes: Sequence[Node]) -> Iterator[Task]:
    for node in nodes:
        if isinstance(node, Block):
            yield from _tasks((*node.body, *node.rescue, *node.always))
        else:
            yield node
