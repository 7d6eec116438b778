"""Which change windows a host is bound to in a play."""

from __future__ import annotations

from remediate.engine.scope import PlayScope
from remediate.errors import UserError
from remediate.language.variables import Variables
from remediate.model import AND

WINDOW = "change_window"


def window_of(scope: PlayScope) -> str:
    """The change windows of a host in a play, " and " between them: the variable ``change_window``.

    Play, role and command line can add to what the inventory binds a host to, and take nothing away.
    """
    named = [name for layers in (scope.host.variables, scope.base) for name in _windows(scope, layers)]
    return AND.join(dict.fromkeys(named))


def _windows(scope: PlayScope, layers: Variables) -> list[str]:
    found = layers.get(WINDOW)
    value = None if found is None else scope.setting.templar(layers).value(WINDOW)
    if found is None or value is None:
        return []
    names = value if isinstance(value, list) else [value]
    if not all(isinstance(name, str) for name in names):
        raise UserError(f"{WINDOW} is the name of a window, or a list of names", source=found.source,
                        hint="change_window: saturday_night")  # fmt: skip
    return [str(name) for name in names if name]
