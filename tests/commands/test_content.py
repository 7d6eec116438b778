"""Where playbooks, inventories, roles and modules are looked for, and in which order."""

from __future__ import annotations

from pathlib import Path

import pytest

from remediate.errors import UserError
from remediate.project.content import Content, shipped
from remediate.project.settings import Settings


def write(*paths: Path) -> None:
    for path in paths:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text("x", encoding="utf-8")


@pytest.fixture
def content(tmp_path: Path) -> Content:
    settings = Settings(folder=tmp_path / "project", modules=(tmp_path / "extra",), roles=())
    (tmp_path / "project" / "sub").mkdir(parents=True)
    return Content(tmp_path / "project" / "sub", settings, tmp_path / "shipped")


def test_the_nearest_playbook_wins(content: Content, tmp_path: Path) -> None:
    name = "playbooks/kb.yml"
    places = [tmp_path / "shipped" / name, tmp_path / "project" / name, tmp_path / "project" / "sub" / name]
    for place in places:
        write(place)
        assert content.playbook(name) == place


def test_an_absolute_path_is_taken_as_it_is(content: Content, tmp_path: Path) -> None:
    write(tmp_path / "elsewhere" / "kb.yml")
    assert content.playbook(str(tmp_path / "elsewhere" / "kb.yml")) == tmp_path / "elsewhere" / "kb.yml"


def test_a_missing_playbook_is_compared_with_those_there_are(content: Content, tmp_path: Path) -> None:
    write(tmp_path / "shipped" / "playbooks" / "kb870585.yml")
    with pytest.raises(UserError, match="there is no playbook playbooks/kb870858") as caught:
        content.playbook("playbooks/kb870858.yml")
    assert caught.value.hint == "did you mean playbooks/kb870585.yml?"


def test_a_folder_is_no_playbook_but_may_be_an_inventory(content: Content, tmp_path: Path) -> None:
    (tmp_path / "project" / "sub" / "hosts").mkdir()
    assert content.inventory("hosts") == tmp_path / "project" / "sub" / "hosts"
    with pytest.raises(UserError, match="hosts is a folder"):
        content.playbook("hosts")


def test_module_folders_in_order(content: Content, tmp_path: Path) -> None:
    folders = [tmp_path / "books" / "modules", tmp_path / "extra", tmp_path / "project" / "modules"]
    folders.append(tmp_path / "shipped" / "modules")
    for folder in folders:
        folder.mkdir(parents=True)
    assert content.modules(tmp_path / "books" / "p.yml") == tuple(folders)
    assert content.modules() == tuple(folders[1:])


def test_a_host_list_stays_a_host_list(content: Content) -> None:
    assert content.inventory("a,b,") == Path("a,b,")


def test_the_checkout_is_the_shipped_content() -> None:
    assert shipped() == Path(__file__).parents[2]
