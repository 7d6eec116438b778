"""Which change windows a host is bound to in a play."""

from __future__ import annotations

from remediate.engine.scope import PlayScope
from remediate.errors import UserError
from remediate.language.template import Templar
from remediate.language.variables import Var, Variables
from remediate.model import AND

WINDOW = "change_window"


def window_of(scope: PlayScope) -> str:
    """The change windows of a host in a play, " and " between them: the variable ``change_window``.

    Every place that gives the host one counts, whichever would win as a variable: a further inventory, a file of
    variables, a play, a role or the command line can add a window, and take none away.
    """
    named = [name for layers in (scope.host.variables, scope.base) for name in _windows(scope, layers)]
    return AND.join(dict.fromkeys(named))


def _windows(scope: PlayScope, layers: Variables) -> list[str]:
    templar = scope.setting.templar(layers)
    return [name for found in reversed(layers.explain(WINDOW)) for name in _names(found, templar)]


def _names(found: Var, templar: Templar) -> list[str]:
    value = templar.render(found.value, found.source) if found.trusted else found.value
    if value is None:
        return []
    names = value if isinstance(value, list) else [value]
    if not all(isinstance(name, str) for name in names):
        raise UserError(f"{WINDOW} is the name of a window, or a list of names", source=found.source,
                        hint="change_window: saturday_night")  # fmt: skip
    return [str(name) for name in names if name]
