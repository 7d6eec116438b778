"""What the commands work on, put together from what was asked for, remediate.toml and what is shipped."""

from __future__ import annotations

import importlib.util
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from remediate.errors import UserError
from remediate.language.files import Files
from remediate.project.content import Content, shipped
from remediate.project.settings import Settings, find

if TYPE_CHECKING:
    from remediate.engine.registry import Registry
    from remediate.language.inventory import Inventory
    from remediate.language.playbook import SearchPath

NO_LAB = "this inventory describes lab hosts, and the lab is not installed"
NO_INVENTORY = "no inventory: which hosts are meant?"


@dataclass(frozen=True, slots=True)
class Project:
    """The project a command was started in."""

    settings: Settings
    content: Content
    files: Files

    @classmethod
    def around(cls, folder: Path, files: Files | None = None) -> Project:
        """The project ``folder`` belongs to; its settings are read once with the same ``files``."""
        reader = files or Files()
        settings = reader.once(("settings", folder), lambda: find(folder))
        return cls(settings, Content(folder, settings, shipped(), reader), reader)

    @property
    def lab_state(self) -> Path:
        """Where the lab keeps its hosts between runs."""
        return self.settings.folder / ".remediate" / "lab"

    def inventory_files(self, names: Sequence[str]) -> tuple[Path, ...]:
        """The inventories of ``-i``, else the project's; ``UserError`` when there is none at all."""
        if not all(name.strip() for name in names):
            raise UserError("-i: no inventory is named", hint="give a file, a folder, or a list as in -i 'web1,web2,'")
        if names:
            return tuple(self.content.inventory(name) for name in names)
        if not self.settings.inventory:
            hint = "give one with -i FILE, or name it in remediate.toml; -i inventory/lab.yml is the embedded lab"
            raise UserError(NO_INVENTORY, hint=hint)
        for path in self.settings.inventory:
            if not self.files.kind(path):
                raise UserError(f"there is no inventory {path}", hint=f"it is named in {self.settings.file}")
        return self.settings.inventory

    def inventory(self, names: Sequence[str], *, start_lab: bool, say: Callable[[str], None]) -> Inventory:
        """The hosts; with ``start_lab`` those of a lab are made to run. ``say`` hears what the lab has to tell."""
        from remediate.language import inventory

        files, plugins = self.inventory_files(names), {"lab": self._lab(start_lab, say)}
        return inventory.load(files, plugins=plugins, files=self.files)

    def _lab(
        self, start: bool, say: Callable[[str], None]
    ) -> Callable[[Mapping[str, object], Path], Mapping[str, object]]:
        def expand(data: Mapping[str, object], path: Path) -> Mapping[str, object]:
            need_lab()
            from remediate.lab.inventory import expand as expand_lab

            return expand_lab(data, path, state_root=self.lab_state, start=start, say=say)

        return expand

    def modules(self, playbook: Path | None = None) -> Registry:
        from remediate.engine.registry import Registry

        return Registry(self.content.modules(playbook), self.files)

    def search(self, playbook: Path) -> SearchPath:
        from remediate.language.playbook import SearchPath

        return SearchPath(roles=self.content.roles(), playbook=playbook, files=self.files)


def need_lab() -> None:
    """``UserError`` where the packages of the lab are missing."""
    if importlib.util.find_spec("quickjs") is None:
        raise UserError(NO_LAB, hint="pip install 'remediate-servers[lab]'")
