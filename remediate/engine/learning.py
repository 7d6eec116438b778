"""What a playbook says of secrets before anything of it is rendered: a host may show them earlier than a task does."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

from remediate.engine.scope import Setting, play_scope, vars_mapping
from remediate.errors import UserError
from remediate.language.inventory import Inventory
from remediate.language.template import OPEN, Templar, UnknownValue, is_plain
from remediate.language.tree import Block, Node, Play, Playbook, Task
from remediate.language.variables import Var, Variables
from remediate.model import Mode, Source
from remediate.secrets.known import Known
from remediate.secrets.names import names_a_secret
from remediate.secrets.written import may_be_secret, secrets_written


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


def from_inventory(inventory: Inventory, extra_vars: Mapping[str, object], known: Known, folder: Path) -> None:
    """Those of every host and of the command line; what is a template is rendered, as a play of ``folder`` would."""
    from_values(extra_vars, known)
    setting = Setting(inventory=inventory, extra_vars=extra_vars, mode=Mode.CHECK, playbook_folder=folder,
                      vars_file=vars_mapping, memory={}, secrets=known)  # fmt: skip
    seen: set[tuple[str, int]] = set()
    for host in inventory.hosts.values():
        for name in host.variables.names():
            variable = host.variables.get(name)
            if variable is not None and (name, id(variable.value)) not in seen:
                seen.add((name, id(variable.value)))
                from_values({name: variable.value}, known)
        if any(_behind_templates(host.variables)):
            play = Play(name="", source=Source(""), hosts=host.name, nodes=())
            from_templates(setting.templar(play_scope(host, play, (host.name,), setting).base), known)


def from_templates(templar: Templar, known: Known) -> None:
    """Those behind templates under the name of a secret, whether anybody uses them or not; the templar tells."""
    for name, variable in _behind_templates(templar.variables):
        try:
            templar.value(name)
        except UserError:
            from_texts(variable.value, templar.variables, known)
        except UnknownValue:
            continue


def _behind_templates(variables: Variables) -> Iterator[tuple[str, Var]]:
    """Variables with a template under the name of a secret."""
    for name in variables.names():
        variable = variables.get(name)
        if variable is not None and variable.trusted and _hides_a_template(name, variable.value):
            yield name, variable


def from_texts(value: object, variables: Variables, known: Known, depth: int = 5) -> None:
    """What a secret that cannot be rendered would be made of: the texts of the variables it uses, as they stand."""
    from remediate.language.compiled import names_in

    names = set().union(*map(names_in, _templates(value)))
    for name in sorted(names):
        variable = variables.get(name)
        if variable is None or not variable.trusted or name in OPEN:
            continue
        if isinstance(variable.value, str) and may_be_secret(variable.value):
            known.tell(str(variable.value))
        if depth:
            from_texts(variable.value, variables, known, depth - 1)


def _templates(value: object) -> Iterator[str]:
    if isinstance(value, str):
        yield value
    elif isinstance(value, Mapping | list | tuple):
        for item in value.values() if isinstance(value, Mapping) else value:
            yield from _templates(item)


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
