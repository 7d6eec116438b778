"""Finds playbooks, inventories, roles and modules: as the user says, in the project, then what is shipped."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from remediate.errors import UserError
from remediate.language.files import Files
from remediate.language.words import listed, nearest
from remediate.project.settings import Settings


def shipped() -> Path | None:
    """The folder with the playbooks, roles and modules of this program: inside a wheel, or the checkout around it."""
    package = Path(__file__).resolve().parents[1]
    for folder in (package / "_shipped", package.parent):
        if (folder / "modules").is_dir() and (folder / "playbooks").is_dir():
            return folder
    return None


@dataclass(frozen=True, slots=True)
class Content:
    """The places to look in, first hit wins."""

    here: Path
    settings: Settings
    shipped: Path | None
    files: Files | None = None
    """What looks; None: each question is one of its own."""

    @property
    def _look(self) -> Files:
        return self.files or Files()

    def playbook(self, name: str) -> Path:
        """The playbook file called ``name`` on the command line."""
        path = self._find(name, "playbook", "playbooks")
        return path.relative_to(self.here) if self.here == Path.cwd() and path.is_relative_to(self.here) else path

    def inventory(self, name: str) -> Path:
        """The inventory file or folder called ``name`` on the command line; a list of hosts (``a,b``) stays one."""
        if "," in name and not self._look.kind(self.here / name):
            return Path(name)
        return self._find(name, "inventory", "inventory")

    def _find(self, name: str, what: str, folder: str) -> Path:
        places = [self.here, self.settings.folder, *([self.shipped] if self.shipped else [])]
        for place in places:
            path = place / name
            if self._look.is_file(path) or (self._look.is_folder(path) and what == "inventory"):
                return path
        known = [
            f"{folder}/{path.name}"
            for place in dict.fromkeys(places)
            for path in sorted((place / folder).glob("*.y*ml"))
        ]
        near = nearest(name, known)
        hint = f"did you mean {near}?" if near else f"there are: {listed(dict.fromkeys(known))}" if known else ""
        if self._look.is_folder(self.here / name):
            raise UserError(f"{name} is a folder; a {what} file is wanted", hint=hint)
        raise UserError(f"there is no {what} {name}", hint=hint)

    def roles(self) -> tuple[Path, ...]:
        """Folders with roles; those beside the playbook come before these."""
        return self._folders(self.settings.roles, "roles")

    def modules(self, playbook: Path | None = None) -> tuple[Path, ...]:
        """Folders with modules: beside the playbook, the project's, the program's own."""
        beside = (playbook.parent / "modules",) if playbook else ()
        return self._folders((*beside, *self.settings.modules), "modules")

    def _folders(self, first: tuple[Path, ...], name: str) -> tuple[Path, ...]:
        every = [*first, self.settings.folder / name, *([self.shipped / name] if self.shipped else [])]
        return tuple(dict.fromkeys(path.resolve() for path in every if self._look.is_folder(path)))
