"""What a playbook says of secrets before anything of it is rendered: a host may show them earlier than a task does."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from functools import cache
from pathlib import Path

from remediate.engine import uses
from remediate.engine.scope import Setting, play_scope, tell_of
from remediate.errors import UserError
from remediate.language.inventory import Inventory
from remediate.language.template import Templar, UnknownValue, is_plain
from remediate.language.tree import Block, Node, Play, Playbook, Task
from remediate.language.variables import Var, Variables
from remediate.model import Mode, Source
from remediate.secrets.known import Known
from remediate.secrets.names import names_a_secret
from remediate.secrets.taint import held


def from_book(book: Playbook, known: Known) -> None:
    """Tell ``known`` of every secret written in a playbook and its roles."""
    for values in places_of(book):
        from_values(values, known)


def from_nodes(nodes: Sequence[Node], known: Known) -> None:
    """Those written in tasks."""
    for values in _of_tasks(nodes):
        from_values(values, known)


def places_of(book: Playbook) -> list[Mapping[str, object]]:
    """Every mapping of variables and arguments in a playbook."""
    found: list[Mapping[str, object]] = []
    for play in book.plays:
        found.append(play.vars)
        found += [values for role in play.roles for values in (role.defaults, role.vars, role.params)]
        found += _of_tasks((*play.nodes, *play.handlers))
    return found


def from_values(values: Mapping[str, object], known: Known) -> None:
    """Those written in a mapping of variables or arguments."""
    tell_of(values, known)


def from_inventory(inventory: Inventory, extra_vars: Mapping[str, object], known: Known, folder: Path) -> None:
    """Those of every host and of the command line; what is a template is rendered, as a play of ``folder`` would."""
    from_values(extra_vars, known)
    setting = Setting(inventory=inventory, extra_vars=extra_vars, mode=Mode.CHECK, playbook_folder=folder,
                      files=inventory.files, memory={}, secrets=known)  # fmt: skip
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
            uses.follow(uses.of([{name: variable.value}]), _as_written(templar.variables), known)
        except UnknownValue:
            continue


def from_uses(places: Sequence[Mapping[str, object]], inventory: Inventory, known: Known) -> None:
    """What the variables hold that secrets are made of, wherever they are defined."""

    @cache
    def written(name: str) -> tuple[object, ...]:
        found = [place[name] for place in places if name in place]
        found += [var.value for host in inventory.hosts.values() if (var := host.variables.get(name))]
        return tuple({id(value): value for value in found}.values())

    uses.follow(uses.of(places), written, known)


def hides_templates(play: Play) -> bool:
    """Whether the play or a role of it has a template under the name of a secret."""
    places = (play.vars, *(values for role in play.roles for values in (role.defaults, role.vars, role.params)))
    return any(_hides_a_template(name, value) for place in places for name, value in place.items())


def _as_written(variables: Variables) -> uses.Written:
    def written(name: str) -> tuple[object, ...]:
        variable = variables.get(name)
        return (variable.value,) if variable is not None and variable.trusted else ()

    return written


def _behind_templates(variables: Variables) -> Iterator[tuple[str, Var]]:
    """Variables with a template under the name of a secret."""
    for name in variables.names():
        variable = variables.get(name)
        if variable is not None and variable.trusted and _hides_a_template(name, variable.value):
            yield name, variable


def _hides_a_template(name: str, value: object) -> bool:
    """Whether a template stands under the name of a secret."""
    if names_a_secret(name):
        return not is_plain(value)
    if isinstance(value, Mapping):
        named = held(value)
        return any(not is_plain(item) if key in named else _hides_a_template(str(key), item)
                   for key, item in value.items())  # fmt: skip
    return isinstance(value, list | tuple) and any(_hides_a_template("", item) for item in value)


def _of_tasks(nodes: Sequence[Node]) -> list[Mapping[str, object]]:
    found: list[Mapping[str, object]] = []
    for task in _tasks(nodes):
        found += [task.vars, task.args, {task.loop_control.loop_var: task.loop}]
    return found


def _tasks(nodes: Sequence[Node]) -> Iterator[Task]:
    for node in nodes:
        if isinstance(node, Block):
            yield from _tasks((*node.body, *node.rescue, *node.always))
        else:
            yield node
