"""Mistakes that can be seen without a host end a run before any is met, at their place."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.commands.driver import remediate

HOSTS = "dead: {hosts: {nowhere: {ansible_host: 192.0.2.1}}}\n"
TASKS = {
    "debug: {mgs: hi}": ("debug has no argument 'mgs'", "did you mean 'msg'?"),
    "fail: {message: no}": ("fail has no argument 'message'", "did you mean 'msg'?"),
    "assert: {fail_msg: no}": ("assert needs 'that'", ""),
    "set_fact: {2nd: x}": ("'2nd' cannot be a variable name", ""),
    "set_fact: {cacheable: true}": ("set_fact needs at least one name: value", ""),
    "pause: {second: 3}": ("pause has no argument 'second'", "did you mean 'seconds'?"),
    "pause: {seconds: soon}": ("pause: seconds and minutes are numbers", ""),
    "pause: {}": ("pause needs seconds or minutes", ""),
    "meta: end_hots": ("meta knows no 'end_hots'", "did you mean 'end_host'?"),
    "include_vars: {flie: x.yml}": ("include_vars has no argument 'flie'", "did you mean 'file'?"),
    "win_stat: {pth: x}": ("win_stat has no argument 'pth'", "did you mean 'path'?"),
    "win_stat: {}": ("win_stat needs the argument 'path'", ""),
    "win_wait_for: {port: many}": ("win_wait_for: argument 'port'", ""),
    'debug: {msg: "{{ 1 + }}"}': ("not a well-formed template", ""),
}


@pytest.mark.parametrize("command", ["run", "plan", "verify"])
@pytest.mark.parametrize("task", TASKS)
def test_a_mistake_ends_it_at_its_line(task: str, command: str, tmp_path: Path) -> None:
    said, hint = TASKS[task]
    (tmp_path / "hosts.yml").write_text(HOSTS)
    (tmp_path / "p.yml").write_text(
        f"- hosts: all\n  tasks:\n    - name: first\n      win_stat: {{path: x}}\n    - {task}\n"
    )
    done = remediate(command, "p.yml", "-i", "hosts.yml", folder=tmp_path)
    assert done.code == 1, done
    assert "p.yml:5:" in done.err
    assert hint in done.err
    assert not (tmp_path / ".remediate").exists(), "nothing was begun"
    if said != "not a well-formed template":
        assert said in done.err


def test_in_a_file_that_is_included(tmp_path: Path) -> None:
    (tmp_path / "hosts.yml").write_text(HOSTS)
    (tmp_path / "more.yml").write_text("- debug: {mgs: hi}\n- fail: {mgs: no}\n")
    (tmp_path / "p.yml").write_text("- hosts: all\n  tasks:\n    - include_tasks: more.yml\n")
    done = remediate("run", "p.yml", "-i", "hosts.yml", folder=tmp_path)
    assert (done.code, "more.yml:1:" in done.err, "1 more: `remediate lint` shows all" in done.err) == (1, True, True)


def test_in_a_file_whose_name_is_known_later_it_is_the_hosts_failure(tmp_path: Path) -> None:
    (tmp_path / "hosts.yml").write_text(HOSTS)
    (tmp_path / "more.yml").write_text("- debug: {mgs: hi}\n")
    (tmp_path / "p.yml").write_text(
        '- hosts: all\n  tasks:\n    - set_fact: {name: more}\n    - include_tasks: "{{ name }}.yml"\n'
    )
    done = remediate("run", "p.yml", "-i", "hosts.yml", folder=tmp_path)
    assert (done.code, "more.yml:1:" in done.out) == (4, True), done
