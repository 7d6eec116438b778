"""Cases of the language tests: data files, and the small file trees they describe."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import pytest
import yaml

from remediate.errors import UserError
from remediate.language.playbook import SearchPath, load
from remediate.language.tree import Block, Node, Playbook, Task

MODULES = ["assert", "debug", "fail", "include_vars", "pause", "set_fact", "win_command", "win_copy", "win_service"]
MODULES += ["win_shell"]


def cases(name: str) -> pytest.MarkDecorator:
    """Parametrize a test by the cases of ``cases/<name>.yml``; each has a name."""
    found = yaml.safe_load((Path(__file__).parent / "cases" / f"{name}.yml").read_text(encoding="utf-8"))
    assert found, name
    return pytest.mark.parametrize("case", found, ids=[str(case["name"]) for case in found])


def words(text: str) -> list[str]:
    """The words of a text."""
    return text.split()


def lay(folder: Path, files: Mapping[str, str]) -> None:
    """Write files below ``folder``."""
    for name, text in files.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")


def read(folder: Path, playbook: str, files: Mapping[str, str] | None = None) -> Playbook:
    """A playbook laid down as ``site.yml`` and read."""
    lay(folder, {**(files or {}), "site.yml": playbook})
    return read_site(folder)


def read_site(folder: Path) -> Playbook:
    """The ``site.yml`` already there."""
    site = folder / "site.yml"
    search = SearchPath((folder / "shared",), site)
    return load(site, search=search, modules=MODULES.__contains__, known=MODULES)


def message(error: UserError, folder: Path) -> str:
    """What a user reads, without the temporary folder."""
    return str(error).replace(f"{folder}/", "").replace(str(folder), ".")


def tasks(nodes: tuple[Node, ...]) -> list[Task]:
    """Every task below ``nodes``, in the order written."""
    found: list[Task] = []
    for node in nodes:
        found += tasks((*node.body, *node.rescue, *node.always)) if isinstance(node, Block) else [node]
    return found
