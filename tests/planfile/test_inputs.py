"""What a plan rests on: each file once, by its hash, and what became of it in words."""

from __future__ import annotations

from hashlib import sha256
from pathlib import Path

import pytest

from remediate.errors import UserError
from remediate.language.files import Files
from remediate.planfile import inputs
from remediate.planfile.model import InputFile


def written(folder: Path, name: str, text: str = "x") -> Path:
    path = folder / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, encoding="utf-8")
    return path


def test_a_fingerprint(tmp_path: Path) -> None:
    path = written(tmp_path, "roles/r/tasks/main.yml", "- debug:\n")
    digest = sha256(b"- debug:\n").hexdigest()
    expected = InputFile(kind="role", path="roles/r/tasks/main.yml", sha256=digest, size=9)
    assert inputs.fingerprint("role", path, tmp_path) == expected


def test_what_lies_elsewhere_is_named_in_full(tmp_path: Path) -> None:
    path = written(tmp_path / "elsewhere", "hosts.yml")
    assert inputs.shown(path, tmp_path / "project") == str(path.resolve())


def test_a_file_that_cannot_be_read(tmp_path: Path) -> None:
    with pytest.raises(UserError, match=r"gone.yml: cannot be read: No such file"):
        inputs.fingerprint("playbook", tmp_path / "gone.yml", tmp_path)


def test_each_file_once_under_its_first_kind(tmp_path: Path) -> None:
    site = written(tmp_path, "site.yml")
    (tmp_path / "link.yml").symlink_to(site)
    found = inputs.collected([("playbook", site), ("variables", site), ("role", tmp_path / "link.yml")], tmp_path)
    assert [(file.kind, file.path) for file in found] == [("playbook", "site.yml")]


def test_what_was_read_and_nothing_that_lies_beside_it(tmp_path: Path) -> None:
    files = Files()
    for name in ("main.yml", "tasks/a.yml", "tasks/__pycache__/a.pyc", ".git/config", ".a.yml.swp", "a/.b/c/d/e/f.yml"):
        written(tmp_path, name)
    for name in ("tasks/a.yml", "main.yml"):
        files.read(tmp_path / name, "role")
    written(tmp_path, "main.yml", "another one")
    assert inputs.of_read(files.seen(), tmp_path) == tuple(
        InputFile(kind="role", path=name, sha256=sha256(b"x").hexdigest(), size=1)
        for name in ("main.yml", "tasks/a.yml")
    )


@pytest.mark.parametrize("parent", [".hidden", "__pycache__", ".a/.b"])
def test_a_project_in_a_hidden_folder_is_looked_at_too(parent: str, tmp_path: Path) -> None:
    files, path = Files(), written(tmp_path / parent / "group_vars", "all.yml")
    files.read(path, "variables")
    assert [file.path for file in inputs.of_read(files.seen(), tmp_path / parent)] == ["group_vars/all.yml"]


def planned(folder: Path) -> tuple[InputFile, ...]:
    return inputs.collected(
        [("playbook", written(folder, "site.yml")), ("role", written(folder, "roles/r/vars/main.yml"))], folder
    )


def now(folder: Path, *names: tuple[str, str]) -> tuple[InputFile, ...]:
    return inputs.collected([(kind, folder / name) for kind, name in names], folder)


BOTH = (("playbook", "site.yml"), ("role", "roles/r/vars/main.yml"))


def test_nothing_changed_though_it_was_written_again(tmp_path: Path) -> None:
    before = planned(tmp_path)
    written(tmp_path, "site.yml")
    assert inputs.changed(before, now(tmp_path, *BOTH), tmp_path) == []


def test_altered_gone_and_new(tmp_path: Path) -> None:
    before = planned(tmp_path)
    written(tmp_path, "site.yml", "y")
    written(tmp_path, "group_vars/all.yml")
    assert inputs.changed(before, now(tmp_path, BOTH[0], ("variables", "group_vars/all.yml")), tmp_path) == [
        "the role file roles/r/vars/main.yml is gone",
        "the playbook file site.yml is another one now",
        "the variables file group_vars/all.yml is new",
    ]


def test_packages_are_looked_at_where_they_were(tmp_path: Path) -> None:
    package = written(tmp_path, "packages/KB870585.exe")
    before = inputs.collected([("package", package)], tmp_path)
    assert inputs.changed(before, (), tmp_path) == []
    package.write_text("z")
    assert inputs.changed(before, (), tmp_path) == ["the package file packages/KB870585.exe is another one now"]
    package.unlink()
    assert inputs.changed(before, (), tmp_path) == ["the package file packages/KB870585.exe is gone"]


def test_what_a_lookup_read_cannot_be_guessed_quickly(tmp_path: Path) -> None:
    files, path = Files(), written(tmp_path, "word.txt", "Sommer2003")
    files.read(path, "lookup")
    (found,) = inputs.of_read(files.seen(), tmp_path)
    assert (found.kind, found.size, len(found.sha256)) == ("lookup", 0, 64)
    assert found.sha256 != sha256(b"Sommer2003").hexdigest()
    assert inputs.changed((found,), (), tmp_path, Files()) == []
    path.write_text("Winter2003")
    assert inputs.changed((found,), (), tmp_path, Files()) == ["the lookup file word.txt is another one now"]


def test_what_was_read_only_while_the_plan_was_made_is_looked_at_where_it_was(tmp_path: Path) -> None:
    late = written(tmp_path, "late.yml")
    before = inputs.collected([("playbook", late)], tmp_path)
    assert inputs.changed(before, (), tmp_path, Files()) == []
    late.write_text("z")
    assert inputs.changed(before, (), tmp_path, Files()) == ["the playbook file late.yml is another one now"]
    late.unlink()
    assert inputs.changed(before, (), tmp_path, Files()) == ["the playbook file late.yml is gone"]
