"""Checks that everything a play notifies is a handler of it."""

from __future__ import annotations

from collections.abc import Iterator

from remediate.errors import UserError
from remediate.language.template import has_template
from remediate.language.tree import Block, Node, Play, Task
from remediate.language.words import suggestion
from remediate.language.yamlfile import source_of


def check_notified(play: Play) -> None:
    """Raise a UserError for the first ``notify`` that no handler answers to.

    Names that are templates, on either side, are known only at run time and pass.
    """
    names = {name for handler in play.handlers for name in _answers(handler)}
    if any(has_template(name) for name in names):
        return
    for task in _tasks((*play.nodes, *play.handlers)):
        for name in task.notify:
            if name not in names and not has_template(name):
                raise UserError(
                    f"no handler is called {str(name)!r}",
                    source=source_of(name, task.source),
                    hint=suggestion(name, names, what="handlers") or "the play has no handlers",
                )


def _answers(handler: Task) -> Iterator[str]:
    yield handler.name
    yield from handler.listen
    if handler.role is not None:
        yield f"{handler.role.name} : {handler.name}"


def _tasks(nodes: tuple[Node, ...]) -> Iterator[Task]:
    for node in nodes:
        if isinstance(node, Block):
            yield from _tasks((*node.body, *node.rescue, *node.always))
        else:
            yield node
