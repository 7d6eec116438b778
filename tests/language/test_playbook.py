"""Playbooks and roles: what they are read as."""

from __future__ import annotations

import pickle
from collections.abc import Mapping
from dataclasses import is_dataclass
from pathlib import Path
from typing import Any

import pytest

from remediate.errors import UserError
from remediate.language.playbook import SearchPath, load_tasks
from remediate.language.tree import Block, Node, Task
from tests.language.files import MODULES, cases, lay, message, read, tasks


def seen(value: object, folder: Path, like: object) -> object:
    """An attribute in the terms of a case; of a value object only what ``like`` asks for."""
    if isinstance(value, Path):
        return str(value.relative_to(folder))
    if isinstance(value, frozenset):
        return sorted(value)
    if isinstance(value, tuple):
        return list(value)
    if is_dataclass(value) and isinstance(like, Mapping):
        return {name: seen(getattr(value, name), folder, expected) for name, expected in like.items()}
    return value


def compare(found: list[Any], expected: list[dict[str, Any]], folder: Path) -> None:
    assert len(found) == len(expected)
    for one, like in zip(found, expected, strict=True):
        assert seen(one, folder, like) == like


@cases("playbooks")
def test_cases(case: dict[str, Any], tmp_path: Path) -> None:
    book = read(tmp_path, case["playbook"], case.get("files"))
    every = [task for play in book.plays for task in tasks(play.nodes) if task.name != "flush_handlers"]
    compare(every, case["tasks"], tmp_path)
    if "plays" in case:
        compare(list(book.plays), case["plays"], tmp_path)
    if "handlers" in case:
        compare([handler for play in book.plays for handler in play.handlers], case["handlers"], tmp_path)
    if "roles" in case:
        assert [role.name for play in book.plays for role in play.roles] == case["roles"]


def shape(nodes: tuple[Node, ...]) -> list[Any]:
    return [
        {"block": shape(n.body), "rescue": shape(n.rescue), "always": shape(n.always)}
        if isinstance(n, Block)
        else n.name
        for n in nodes
    ]


def test_blocks_keep_their_shape(tmp_path: Path) -> None:
    text = """
- hosts: all
  tasks:
    - block: [{name: a, debug: }, {block: [{name: b, debug: }]}]
      rescue: [{name: c, debug: }]
      always: [{name: d, debug: }]
    - {name: e, debug: }
"""
    (play,) = read(tmp_path, text).plays
    inner = {"block": ["b"], "rescue": [], "always": []}
    outer = {"block": ["a", inner], "rescue": ["c"], "always": ["d"]}
    assert shape(play.nodes) == [outer, "e", "flush_handlers"]


def test_handlers_are_flushed_after_each_section(tmp_path: Path) -> None:
    text = (
        "- {hosts: all, pre_tasks: [{name: a, debug: }], tasks: [{name: b, debug: }], post_tasks: [{name: c, debug: }]}"
    )
    (play,) = read(tmp_path, text).plays
    assert shape(play.nodes) == ["a", "flush_handlers", "b", "flush_handlers", "c", "flush_handlers"]
    flushes = [task for task in tasks(play.nodes) if task.name == "flush_handlers"]
    assert {(task.action, task.args["_raw"], task.tags) for task in flushes} == {
        ("meta", "flush_handlers", frozenset({"always"}))
    }


def test_everything_knows_its_place_and_can_be_sent_away(tmp_path: Path) -> None:
    book = read(tmp_path, "- hosts: all\n  tasks:\n    - name: a\n      debug: {msg: x}\n      when: y\n")
    (task, _) = tasks(book.plays[0].nodes)
    assert str(task.source) == f"{tmp_path}/site.yml:3:7"
    assert [str(text.source) for text in task.when if hasattr(text, "source")] == [f"{tmp_path}/site.yml:5:13"]
    assert pickle.loads(pickle.dumps(book)) == book


def test_vars_files_are_kept_as_written(tmp_path: Path) -> None:
    (play,) = read(tmp_path, "- {hosts: all, vars_files: [a.yml, ['{{ os }}.yml', b.yml]]}").plays
    assert play.vars_files == ("a.yml", ["{{ os }}.yml", "b.yml"])


INCLUDING = """
- hosts: all
  tags: play
  tasks:
    - name: include
      include_tasks: sub/more.yml
      when: cond
      tags: own
      vars: {v: 1}
      no_log: true
"""


def include(folder: Path, parent: Task, name: str) -> tuple[Node, ...]:
    search = SearchPath((folder / "shared",), folder / "site.yml")
    return load_tasks(Path(name), parent, search=search, modules=MODULES.__contains__, known=MODULES)


def test_included_tasks_inherit_all_but_the_condition(tmp_path: Path) -> None:
    files = {"sub/more.yml": "- {debug: {msg: x}, when: inner, vars: {w: 2}}\n- include_tasks: deep.yml\n"}
    (parent, _) = tasks(read(tmp_path, INCLUDING, files).plays[0].nodes)
    first, second = tasks(include(tmp_path, parent, "sub/more.yml"))
    assert (first.when, first.tags, dict(first.vars), first.no_log) == (
        ("inner",),
        frozenset({"play", "own"}),
        {"v": 1, "w": 2},
        True,
    )
    assert second.folder == tmp_path / "sub"
    lay(tmp_path, {"sub/deep.yml": "- debug: {msg: deep}"})
    assert tasks(include(tmp_path, second, "deep.yml"))[0].args == {"msg": "deep"}


def test_included_roles_bring_their_variables(tmp_path: Path) -> None:
    files = {
        "roles/r/tasks/main.yml": "- debug:",
        "roles/r/tasks/b.yml": "- debug: {msg: b}",
        "roles/r/vars/main.yml": "x: 1",
    }
    text = "- {hosts: all, tasks: [{include_role: {name: r, tasks_from: b}}]}"
    (parent, _) = tasks(read(tmp_path, text, files).plays[0].nodes)
    (task,) = tasks(include(tmp_path, parent, "r"))
    assert task.args == {"msg": "b"}
    assert task.role is not None
    assert task.role.vars == {"x": 1}


MISSING = "site.yml:5:7: there is no file of tasks 'sub/more.yml'\n  hint: looked for sub/more.yml, tasks/sub/more.yml"
MODULE = "sub/more.yml:1:3: there is no module or keyword 'debg'\n  hint: did you mean 'debug'?"
LIST = "sub/more.yml:1:1: a file of tasks must be a list, not a mapping\n  hint: begin each task with '- '"


@pytest.mark.parametrize(("text", "error"), [(None, MISSING), ("- debg:", MODULE), ("a: 1", LIST)])
def test_mistakes_in_included_files(text: str | None, error: str, tmp_path: Path) -> None:
    files = {} if text is None else {"sub/more.yml": text}
    (parent, _) = tasks(read(tmp_path, INCLUDING, files).plays[0].nodes)
    with pytest.raises(UserError) as caught:
        include(tmp_path, parent, "sub/more.yml")
    assert message(caught.value, tmp_path) == error


def test_an_endless_include_is_found(tmp_path: Path) -> None:
    files = {"a.yml": "- include_tasks: b.yml", "b.yml": "- include_tasks: a.yml"}
    text = "- {hosts: all, tasks: [{include_tasks: a.yml}]}"
    (start, _) = tasks(read(tmp_path, text, files).plays[0].nodes)
    (in_a,) = tasks(include(tmp_path, start, "a.yml"))
    (in_b,) = tasks(include(tmp_path, in_a, "b.yml"))
    with pytest.raises(
        UserError, match=r"a\.yml is included inside itself without end: site\.yml -> a\.yml -> b\.yml -> a\.yml"
    ):
        include(tmp_path, in_b, "a.yml")


def test_an_include_with_a_condition_may_repeat_but_not_forever(tmp_path: Path) -> None:
    text = "- {hosts: all, tasks: [{include_tasks: a.yml}]}"
    (task, _) = tasks(read(tmp_path, text, {"a.yml": "- {include_tasks: a.yml, when: more}"}).plays[0].nodes)
    for _ in range(49):
        (task,) = tasks(include(tmp_path, task, "a.yml"))
    with pytest.raises(UserError, match="without end"):
        include(tmp_path, task, "a.yml")
