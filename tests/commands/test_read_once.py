"""Each file of a project is read, and parsed, once for a command; what is exchanged meanwhile does not get in."""

from __future__ import annotations

import sys
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.commands.test_plans import Desk, desk_with

BOOK = """
- hosts: old,fine
  vars_files: [more.yml]
  vars: {words: "{{ lookup('file', 'words.txt') }}"}
  roles: [made]
  tasks:
    - include_tasks: "{{ which }}.yml"
    - include_tasks: fixed.yml
    - include_vars: late.yml
    - debug: {msg: "{{ words }} {{ late }}"}
"""
FILES = {
    "site.yml": BOOK,
    "more.yml": "which: chosen\n",
    "words.txt": "hello",
    "chosen.yml": "- win_file: {path: 'C:\\chosen', state: directory}\n",
    "fixed.yml": "- win_file: {path: 'C:\\fixed', state: directory}\n",
    "late.yml": "late: words\n",
    "group_vars/all.yml": "of_all: 1\n",
    "host_vars/old.yml": "of_old: 1\n",
    "roles/made/tasks/main.yml": "- win_file: {path: '{{ where }}', state: directory}\n",
    "roles/made/defaults/main.yml": "where: 'C:\\made'\n",
    "remediate.toml": "inventory = 'lab.yml'\n",
}
BY_NAME = [*FILES, "lab.yml"]


class Watch:
    """Counts what the process opens and what it parses, while it is on."""

    def __init__(self) -> None:
        self.on = False
        self.opened: Counter[str] = Counter()
        self.parsed: Counter[str] = Counter()

    def heard(self, event: str, args: tuple[Any, ...]) -> None:
        if self.on and event == "open" and isinstance(args[0], str | Path):
            self.opened[str(args[0])] += 1


@pytest.fixture(scope="module")
def auditing() -> Watch:
    watch = Watch()
    sys.addaudithook(watch.heard)
    return watch


@pytest.fixture
def watch(auditing: Watch, monkeypatch: pytest.MonkeyPatch) -> Iterator[Watch]:
    parse = yaml.parse

    def counted(stream: str, *args: Any, **more: Any) -> Any:
        auditing.parsed[stream] += 1
        return parse(stream, *args, **more)

    monkeypatch.setattr(yaml, "parse", counted)
    auditing.opened.clear()
    auditing.parsed.clear()
    auditing.on = True
    yield auditing
    auditing.on = False


@pytest.fixture
def desk(lab: Path, tmp_path: Path) -> Iterator[Desk]:
    with desk_with(lab, tmp_path / "ledger.sqlite3", FILES) as made:
        yield made


@pytest.mark.parametrize("words", [("run", "site.yml"), ("plan", "site.yml", "-o", "p.json"), ("verify", "site.yml")])
def test_once(words: tuple[str, ...], desk: Desk, watch: Watch) -> None:
    done = desk(*words)
    assert done.code in (0, 2), done
    opened = {name: watch.opened[str(desk.folder / name)] for name in BY_NAME}
    assert opened == dict.fromkeys(BY_NAME, 1)
    texts = [(desk.folder / name).read_text(encoding="utf-8") for name in BY_NAME if name.endswith(".yml")]
    assert [watch.parsed[text] for text in texts] == [1] * len(texts)


def test_a_plan_applied_reads_once_too(desk: Desk, watch: Watch) -> None:
    assert desk("plan", "site.yml", "-o", "p.json").code == 2
    watch.opened.clear()
    assert desk("apply", "p.json").code == 0
    assert {name: watch.opened[str(desk.folder / name)] for name in BY_NAME} == dict.fromkeys(BY_NAME, 1)
