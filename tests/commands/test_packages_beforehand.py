"""Mistakes in `packages` through the command line: exit 1 at the operator's own line, and no host is met."""

from __future__ import annotations

import hashlib
import json
import os
import textwrap
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
import yaml

from remediate.lab import packages
from tests.commands.driver import Done, remediate
from tests.kb.packagefiles import build
from tests.kb.servers import cases

KB = "playbooks/kb870585.yml"
SP1 = "KB870585-2003-SP1"
DATA = packages.content(packages.catalogue()[SP1])
GIVEN = "group_vars/all.yml"
LAB = """
plugin: lab
password: not-a-word-17
speed: 50
packages: []
hosts:
  one: {image: exchange2003-sp1}
  two: {image: exchange2003-sp1}
"""


@dataclass(frozen=True)
class Place:
    """A project with two hosts of the lab that need the SP1 package, and what is said of packages."""

    folder: Path

    def file(self, data: bytes = DATA, name: str = "Exchange2003-KB870585-x86-ENU.exe") -> Path:
        path = self.folder / name
        path.unlink(missing_ok=True)
        path.write_bytes(data)
        return path

    def say(self, text: str) -> None:
        """What `group_vars/all.yml` holds."""
        (self.folder / "group_vars").mkdir(exist_ok=True)
        (self.folder / GIVEN).write_text(textwrap.dedent(text), encoding="utf-8")

    def give(self, **words: object) -> None:
        """One package, a word a line: the file in line 3, and so on."""
        lines = "".join(f"    {word}: {json.dumps(value)}\n" for word, value in words.items())
        self.say(f"packages:\n  {SP1}:\n{lines}")

    def remediate(self, *words: str) -> Done:
        return remediate(*words, folder=self.folder)

    def hosts(self) -> dict[str, Any]:
        (lab,) = json.loads(self.remediate("lab", "status", "--format", "json").out)
        return {host["name"]: host for host in lab["hosts"]}

    def untouched(self) -> bool:
        return all(host["logons"] == host["executions"] == 0 for host in self.hosts().values())


@pytest.fixture(scope="module")
def lab(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Place]:
    folder = tmp_path_factory.mktemp("beforehand")
    (folder / "lab.yml").write_text(LAB, encoding="utf-8")
    (folder / "remediate.toml").write_text("inventory = 'lab.yml'\n", encoding="utf-8")
    place = Place(folder)
    assert place.remediate("lab", "up").code == 0
    yield place
    place.remediate("lab", "down")


@pytest.fixture
def place(lab: Place) -> Place:
    (lab.folder / GIVEN).unlink(missing_ok=True)
    lab.file()
    return lab


def test_each_file_that_is_something_else_is_refused_at_its_line(place: Place) -> None:
    """All of tests/kb/cases/packagefiles.yml, under the name and with the hash their operator gave them."""
    for number, case in enumerate(cases("packagefiles")):
        path = place.file(build(case["file"]), f"p{number}.exe")
        digest = hashlib.sha256(path.read_bytes()).hexdigest()
        words = {"file": str(path), "sha256": digest, "language": case.get("language", "ENU")}
        place.say(f"packages:\n  {case.get('as', SP1)}: {json.dumps(words)}\n")
        done = place.remediate("lint", KB, "-i", "lab.yml")
        if case["fit"] == "fits":
            assert done.code == 0, (case, done)
        else:
            column = len(f"  {case.get('as', SP1)}: {{'file': ") + 1
            assert (done.code, f"{GIVEN}:2:{column}: packages: " in done.out) == (1, True), (case, done)
            assert case["says"] in done.out, case
    assert place.untouched()


@pytest.mark.parametrize("words", [("plan",), ("plan", "-o", "p.json"), ("run",), ("run", "--check"), ("verify",)])
def test_a_wrong_package_ends_every_command_before_a_host_is_met(place: Place, words: tuple[str, ...]) -> None:
    rtm = packages.content(packages.catalogue()["KB870585-2003-RTM"])
    place.give(file=str(place.file(rtm)), sha256=hashlib.sha256(rtm).hexdigest())
    done = place.remediate(words[0], KB, *words[1:])
    assert done.code == 1, done
    assert f"{GIVEN}:3:11: packages: {SP1}: " in done.err
    assert "its version is 6.5.6981.0, which is that of KB870585-2003-RTM" in done.err
    assert "hint: get KB870585-2003-SP1" in done.err
    assert not (place.folder / "p.json").exists()
    assert place.untouched()


MISTAKES: list[dict[str, str]] = yaml.safe_load(
    (Path(__file__).parent / "cases/packages.yml").read_text(encoding="utf-8")
)


@pytest.mark.parametrize("case", MISTAKES, ids=lambda case: case["says"])
def test_a_mistake_is_told_at_its_line(place: Place, case: dict[str, str]) -> None:
    file = str(place.folder / "Exchange2003-KB870585-x86-ENU.exe")
    text = case["text"].replace("{id}", SP1).replace("{file}", file).replace("{zeros}", "'" + "0" * 64 + "'")
    place.say(text)
    done = place.remediate("plan", KB, "-l", "one")
    assert done.code == 1, done
    first = next(line for line in done.err.splitlines() if case["says"] in line)
    assert f"{GIVEN}:{case['where']}: " in first, done.err
    assert case.get("hint", "") in done.err
    assert "Traceback" not in done.err
    assert place.untouched()


def test_all_mistakes_are_told_at_once(place: Place) -> None:
    place.say(
        f"""\
        packages:
          {SP1}: {{file: /nowhere/x.exe, langage: DEU}}
          KB8705852003-RTM: {{file: y}}
        """
    )
    done = place.remediate("run", KB)
    assert [line.partition(": packages")[0] for line in done.err.splitlines() if line.startswith("error: ")] == [
        f"error: {GIVEN}:2:29", f"error: {GIVEN}:2:45", f"error: {GIVEN}:3:3",
    ]  # fmt: skip


def test_pipes_and_devices_hold_nothing_up(place: Place) -> None:
    pipe = place.folder / "pipe"
    if not pipe.exists():
        os.mkfifo(pipe)
    for path, says in ((pipe, "is a pipe, no file"), (Path("/dev/zero"), "is a device, no file")):
        place.give(file=str(path))
        done = place.remediate("plan", KB)
        assert (done.code, says in done.err) == (1, True), done
    assert place.untouched()


def test_only_the_hosts_of_this_run_count(place: Place) -> None:
    place.give(file=str(place.file()), sha256=hashlib.sha256(DATA).hexdigest())
    (place.folder / "host_vars").mkdir(exist_ok=True)
    wrong = place.folder / "host_vars/two.yml"
    wrong.write_text(f"packages:\n  {SP1}: {{file: /nowhere/x.exe}}\n", encoding="utf-8")
    try:
        assert place.remediate("lint", KB, "-i", "lab.yml").code == 1
        both = place.remediate("plan", KB)
        assert (both.code, "host_vars/two.yml:2:29: " in both.err) == (1, True), both
        assert place.remediate("plan", KB, "-l", "one").code == 2
    finally:
        wrong.unlink()


def test_variables_on_the_command_line_are_named_as_such(place: Place) -> None:
    given = json.dumps({"packages": {SP1: {"file": "/nowhere/x.exe"}}})
    done = place.remediate("plan", KB, "-e", given)
    said = "error: --extra-vars:1:45: packages: KB870585-2003-SP1: /nowhere/x.exe is not there"
    assert (done.code, said in done.err) == (1, True), done
    (place.folder / "more.yml").write_text(f"packages:\n  {SP1}:\n    file: /nowhere/x.exe\n", encoding="utf-8")
    done = place.remediate("plan", KB, "-e", "@more.yml")
    assert (done.code, "error: more.yml:3:11: packages: " in done.err) == (1, True), done


def test_a_file_that_verify_does_not_need_may_be_gone(place: Place) -> None:
    """It sends nothing: what is wrong is still wrong, but a share that is not mounted is no reason not to look."""
    place.give(file="/nowhere/x.exe", sha256="0" * 64)
    done = place.remediate("verify", KB)
    assert done.code == 4, done
    assert "[warning]" in done.out or "warning" in (done.out + done.err).lower()
    place.give(file="/nowhere/x.exe", sha256="0" * 63)
    assert place.remediate("verify", KB).code == 1


def test_without_a_hash_it_is_said_once_and_kept_in_the_plan(place: Place) -> None:
    place.give(file=str(place.file()))
    done = place.remediate("plan", KB, "-o", "p.json")
    assert done.code == 2, done
    text = f"packages: {SP1} has no sha256"
    assert (done.out + done.err).count(text) == 1
    assert f"record sha256: {hashlib.sha256(DATA).hexdigest()}" in done.out + done.err
    assert text in place.remediate("show", "p.json").out
    (place.folder / "p.json").unlink()


def test_what_hosts_have_to_tell_is_left_for_later(place: Place) -> None:
    """Values that rest on facts, and names that a task sets, are not judged by what stands in the inventory."""
    place.give(file="/nowhere/x.exe")
    (place.folder / "later.yml").write_text(
        textwrap.dedent(
            f"""\
            - hosts: one
              vars_files: [vars.yml]
              tasks:
                - exchange_facts: {{advisory: "{{{{ kb870585_advisory }}}}"}}
                  register: server
                - set_fact: {{packages: {{{SP1}: {{file: "/nowhere/{{{{ server.os.computer }}}}.exe"}}}}}}
                - remediation_route:
                    facts: "{{{{ server }}}}"
                    advisory: "{{{{ kb870585_advisory }}}}"
                    packages: "{{{{ packages }}}}"
                  register: chosen
                - package_staged:
                    advisory: "{{{{ kb870585_advisory }}}}"
                    package: "{{{{ chosen.steps[0].package }}}}"
                    file: "{{{{ chosen.steps[0].file }}}}"
            """
        ),
        encoding="utf-8",
    )
    role = Path(__file__).parents[2] / "roles/kb870585/vars/main.yml"
    (place.folder / "vars.yml").write_text(role.read_text(encoding="utf-8"), encoding="utf-8")
    done = place.remediate("plan", "later.yml")
    assert done.code == 4, done
    assert "is not there" in done.out
    assert "/nowhere/" in done.out


def test_a_package_named_in_a_task_is_looked_at_as_well(place: Place) -> None:
    (place.folder / "own.yml").write_text(
        textwrap.dedent(
            f"""\
            - hosts: two
              vars_files: [vars.yml]
              tasks:
                - package_staged:
                    advisory: "{{{{ kb870585_advisory }}}}"
                    package: {SP1}
                    file: /nowhere/x.exe
                  when: "'one' in inventory_hostname"
                - package_staged:
                    advisory: "{{{{ kb870585_advisory }}}}"
                    package: {SP1}
                    file: /nowhere/y.exe
            """
        ),
        encoding="utf-8",
    )
    role = Path(__file__).parents[2] / "roles/kb870585/vars/main.yml"
    (place.folder / "vars.yml").write_text(role.read_text(encoding="utf-8"), encoding="utf-8")
    for words in (("run", "own.yml"), ("lint", "own.yml")):
        done = place.remediate(*words)
        assert (done.code, "own.yml:12:15: " in done.err + done.out) == (1, True), done
        assert "x.exe" not in done.err + done.out, "its condition does not hold"
