"""Which file of change windows is meant: --windows, remediate.toml, or the one beside the inventory."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from remediate.errors import UserError

if TYPE_CHECKING:
    import argparse

    from remediate.commands.outside import Outside
    from remediate.commands.project import Project

NAME = "windows.yml"


def find(options: argparse.Namespace, project: Project, outside: Outside) -> Path:
    """The file; ``UserError`` that says where it was looked for."""
    if options.windows:
        return outside.folder / str(options.windows)
    if project.settings.windows is not None:
        return project.settings.windows
    places = [outside.folder / _beside(file) for file in project.inventory_files(options.inventory)]
    found = next((place for place in places if place.is_file()), None)
    if found is None:
        hint = f"looked for {', '.join(map(str, places))}; write one, or name it with --windows FILE"
        raise UserError("there is no file of change windows", hint=hint)
    return found


def _beside(inventory: Path) -> Path:
    return (inventory if inventory.is_dir() else inventory.parent) / NAME
