"""How each host of an inventory is reached, outside of any play: its connection variables, rendered and checked."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from remediate.language.inventory import Host, Inventory
    from remediate.model import Endpoint
    from remediate.secrets.known import Known


def endpoint_of(
    host: Host, inventory: Inventory, extra_vars: Mapping[str, object], folder: Path, secrets: Known
) -> Endpoint:
    """The endpoint a play of ``folder`` would use; ``UserError`` with the position of what is wrong."""
    from remediate.connections.endpoint import endpoint
    from remediate.engine.reach import Rendered
    from remediate.engine.scope import Setting, play_scope
    from remediate.language.tree import Play
    from remediate.model import Mode, Source

    setting = Setting(
        inventory=inventory,
        extra_vars=extra_vars,
        mode=Mode.CHECK,
        playbook_folder=folder,
        files=inventory.files,
        memory={},
        secrets=secrets,
    )
    play = Play(name="", source=Source(""), hosts=host.name, nodes=())
    variables = play_scope(host, play, (host.name,), setting).base
    return endpoint(host.name, Rendered(setting.templar(variables)))
