"""Which file of change windows is meant: --windows, remediate.toml, or the one beside the inventory."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from remediate.errors import UserError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from remediate.project.project import Project

NAME = "windows.yml"


def find(named: str, inventory: Sequence[str], project: Project, folder: Path) -> Path:
    """The file; ``UserError`` that says where it was looked for. ``named``: by --windows, from ``folder`` on."""
    if named:
        return folder / named
    found = usual(inventory, project, folder)
    if not found:
        places = ", ".join(map(str, _places(inventory, project, folder)))
        hint = f"looked for {places}; write one, or name it with --windows FILE"
        raise UserError("there is no file of change windows", hint=hint)
    return found[0]


def usual(inventory: Sequence[str], project: Project, folder: Path) -> list[Path]:
    """The files that are in use where the command line names none; the first is the one that is shown."""
    if project.settings.windows is not None:
        return [project.settings.windows]
    return [place for place in _places(inventory, project, folder) if place.is_file()]


def _places(inventory: Sequence[str], project: Project, folder: Path) -> list[Path]:
    return [folder / _beside(file) for file in project.inventory_files(inventory)]


def _beside(inventory: Path) -> Path:
    return (inventory if inventory.is_dir() else inventory.parent) / NAME
