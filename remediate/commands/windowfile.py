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
    if getattr(options, "windows", ""):
        return outside.folder / str(options.windows)
    found = usual(options, project, outside)
    if found is None:
        places = ", ".join(map(str, _places(options, project, outside)))
        hint = f"looked for {places}; write one, or name it with --windows FILE"
        raise UserError("there is no file of change windows", hint=hint)
    return found


def usual(options: argparse.Namespace, project: Project, outside: Outside) -> Path | None:
    """The file that is in use where the command line names none."""
    if project.settings.windows is not None:
        return project.settings.windows
    return next((place for place in _places(options, project, outside) if place.is_file()), None)


def _places(options: argparse.Namespace, project: Project, outside: Outside) -> list[Path]:
    return [outside.folder / _beside(file) for file in project.inventory_files(options.inventory)]


def _beside(inventory: Path) -> Path:
    return (inventory if inventory.is_dir() else inventory.parent) / NAME
