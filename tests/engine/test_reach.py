"""How a host is reached is worked out anew whenever a task says something of it, and only then."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import pytest

from remediate.connections.endpoint import endpoint
from remediate.model import Endpoint
from tests.engine.world import DictSession, World, play


class Met(World):
    """Notes how it was reached."""

    def __init__(self) -> None:
        super().__init__({"h1": {}})
        self.users: list[tuple[str, int]] = []

    def open(self, endpoint: Endpoint) -> DictSession:
        self.users.append((endpoint.user, endpoint.port))
        return super().open(endpoint)


def reached(folder: Path, tasks: str, variables: str = "ansible_user: ann") -> list[tuple[str, int]]:
    world = Met()
    files = {"roles/r/tasks/main.yml": "- {name: t, gauge: {name: a}}\n", "roles/r/defaults/main.yml": "x: 1\n",
             "more.yml": "- {name: t, gauge: {name: a}}\n"}  # fmt: skip
    book = f"- hosts: all\n  vars: {{{variables}}}\n  tasks:\n{tasks}"
    assert play(folder, book, world, files=files).exit_code == 0
    return world.users


LOOK = "    - {name: t, gauge: {name: a}}\n"
CASES = {
    "nothing said": (LOOK, ("ann", 22)),
    "task": (LOOK.replace("}}", "}, vars: {ansible_user: ben}}"), ("ben", 22)),
    "another word for it": (LOOK.replace("}}", "}, vars: {ansible_port: 2222}}"), ("ann", 2222)),
    "fact": ("    - {name: f, set_fact: {ansible_user: ben}}\n" + LOOK, ("ben", 22)),
    "include": ("    - {name: i, include_tasks: more.yml, vars: {ansible_port: 2222}}\n", ("ann", 2222)),
    "role": ("    - {name: i, include_role: {name: r}, vars: {ansible_user: ben}}\n", ("ben", 22)),
    "loop": (LOOK.replace("}}", "}, loop: [ben], loop_control: {loop_var: ansible_user}}"), ("ben", 22)),
}


@pytest.mark.parametrize("name", CASES)
def test_whatever_a_task_says_of_it_counts(name: str, tmp_path: Path) -> None:
    tasks, expected = CASES[name]
    met = reached(tmp_path, LOOK + tasks + LOOK)
    assert met[0] == ("ann", 22)
    assert met[1] == expected
    assert met[2] == (expected if name == "fact" else ("ann", 22)), "said for one task, it is not said for the next"


def test_a_template_is_rendered_with_what_there_is_now(tmp_path: Path) -> None:
    said = "    - {name: f, set_fact: {who: ben}}\n"
    met = reached(tmp_path, LOOK + said + LOOK, "who: ann, ansible_user: '{{ who }}'")
    assert [user for user, _ in met] == ["ann", "ben"]


def test_where_nobody_says_anything_it_is_worked_out_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    made: list[str] = []

    def counted(host: str, variables: Mapping[str, object]) -> Endpoint:
        made.append(host)
        return endpoint(host, variables)

    monkeypatch.setattr("remediate.engine.reach.endpoint", counted)
    assert len(reached(tmp_path, LOOK * 5)) == 5
    assert made == ["h1"]
