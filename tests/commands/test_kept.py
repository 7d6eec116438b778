"""What a run worked from is kept in the ledger: it is gone on with when the files are gone; secrets are not kept."""

from __future__ import annotations

import sqlite3
import zlib
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from remediate.change.sealed import may_be_kept
from remediate.language.files import Read
from remediate.secrets.known import Known
from tests.commands.test_plans import Desk, desk_with

SITE = """
- hosts: old
  vars_files: [names.yml]
  roles: [made]
  tasks:
    - name: Wait for a go
      win_command: cmd /c if exist C:\\go (echo go) else (exit 1)
      register: said
    - name: Say which
      win_command: cmd /c echo late
      register: which
    - include_tasks: "{{ which.stdout | trim }}.yml"
    - name: Wait once more
      win_command: cmd /c if exist C:\\more (exit 0) else (exit 1)
    - name: Last
      win_file: {path: 'C:\\last', state: directory}
"""
FILES = {
    "site.yml": SITE,
    "names.yml": "first: 'C:\\first'\n",
    "late.yml": "- win_file: {path: 'C:\\late', state: directory}\n",
    "host_vars/old.yml": "comment: of old\n",
    "roles/made/tasks/main.yml": "- win_file: {path: '{{ first }}', state: directory}\n",
    "remediate.toml": "inventory = 'lab.yml'\n",
}


@pytest.fixture
def desk(lab: Path, tmp_path: Path) -> Iterator[Desk]:
    with desk_with(lab, tmp_path / "ledger.sqlite3", FILES) as made:
        yield made
    take_away(lab)


def take_away(folder: Path) -> None:
    for name in (*(FILES.keys() - {"remediate.toml"}), "p.json"):
        (folder / name).unlink(missing_ok=True)


def given(desk: Desk, name: str) -> None:
    """A folder on the host, made by somebody else."""
    text = f"- {{hosts: old, tasks: [{{win_file: {{path: 'C:\\{name}', state: directory}}}}]}}\n"
    (desk.folder / "other.yml").write_text(text, encoding="utf-8")
    assert desk("run", "other.yml").code == 0
    (desk.folder / "other.yml").unlink()


def is_there(desk: Desk, name: str) -> bool:
    text = f"- {{hosts: old, tasks: [{{win_file: {{path: 'C:\\{name}', state: directory}}}}]}}\n"
    (desk.folder / "proof.yml").write_text(text, encoding="utf-8")
    done = desk("verify", "proof.yml")
    (desk.folder / "proof.yml").unlink()
    return done.code == 0


def unfinished(desk: Desk, playbook: str = "site.yml") -> str:
    done = desk("runs", "list", "--playbook", playbook, "-n", "1")
    return next(word for word in done.out.split() if word.count("-") == 2 and word[:2] == "20")


def test_a_run_goes_on_without_its_files(desk: Desk) -> None:
    assert desk("run", "site.yml").code == 4
    given(desk, "go")
    assert desk("resume", unfinished(desk)).code == 4, "it read one more file, and failed behind it"
    given(desk, "more")
    run = unfinished(desk)
    take_away(desk.folder)
    done = desk("resume", run)
    assert done.code == 0, done
    assert is_there(desk, "last")
    assert is_there(desk, "late")


def test_an_applied_plan_goes_on_without_its_files(desk: Desk) -> None:
    (desk.folder / "site.yml").write_text(SITE.replace("{{ which.stdout | trim }}", "late"), encoding="utf-8")
    assert desk("plan", "site.yml", "-o", "p.json").code in (2, 4)
    assert desk("apply", "p.json").code == 4
    given(desk, "go")
    given(desk, "more")
    run = unfinished(desk)
    take_away(desk.folder)
    done = desk("resume", run)
    assert done.code == 0, done
    assert is_there(desk, "last")


def test_a_file_with_a_secret_is_not_kept_and_is_asked_for(desk: Desk) -> None:
    text = "comment: of old\nother_password: Zq7-not-a-word\n"
    (desk.folder / "host_vars/old.yml").write_text(text, encoding="utf-8")
    assert desk("run", "site.yml").code == 4
    kept = b"".join(files_kept(desk.ledger))
    assert b"Wait for a go" in kept
    assert b"Zq7-not-a-word" not in kept
    assert b"not-a-word-17" not in kept, "the password in the inventory of the lab"
    run = unfinished(desk)
    take_away(desk.folder)
    gone = desk("resume", run)
    said = "the variables file host_vars/old.yml is gone, and the ledger does not have it: it may hold a secret"
    assert (gone.code, said in gone.err) == (1, True), gone
    (desk.folder / "host_vars/old.yml").write_text(text, encoding="utf-8")
    assert desk("resume", run).code == 4, "it goes on, and fails as before"


def files_kept(ledger: Path) -> list[bytes]:
    with closing(sqlite3.connect(ledger)) as connection:
        return [zlib.decompress(data) for (data,) in connection.execute("SELECT data FROM blobs")]


KEPT = [
    ("variables", "name: value\n"),
    ("variables", "db_password: '{{ vault_of_us }}'\n"),
    ("variables", "db_password: \"{{ lookup('env', 'DB') }}\"\n"),
    ("variables", "password_file: /etc/x\n"),
    ("module", "    password = params.password\n"),
]
NOT_KEPT = [
    ("variables", "db_password: hush\n"),
    ("variables", "# db_password: the old one\n"),
    ("variables", "users: [{name: a, token: t-1}]\n"),
    ("variables", "users:\n  - {name: a, 'api_key': t-1}\n"),
    ("variables", "passwords:\n  - one\n"),
    ("variables", "db_password: \"{{ 'hush' }}\"\n"),
    ("variables", "db_password: \"{{ lookup('env', 'DB') | default('hush') }}\"\n"),
    ("inventory", "[old]\nex1 ansible_user=a ansible_password=hush\n"),
    ("playbook", "- hosts: all\n  tasks: [{debug: {msg: something}, no_log: true}]\n"),
    ("playbook", "- hosts: all\n  tasks: [{debug: {msg: told-before-9}}]\n"),
    ("module", "WORD = 'told-before-9'\n"),
    ("lookup", "anything"),
]


@pytest.mark.parametrize(("what", "text"), KEPT)
def test_what_may_be_kept(what: str, text: str) -> None:
    assert may_be_kept(Read(what=what, path=Path("/x"), data=text.encode()), known())


@pytest.mark.parametrize(("what", "text"), NOT_KEPT)
def test_what_may_not(what: str, text: str) -> None:
    assert not may_be_kept(Read(what=what, path=Path("/x"), data=text.encode()), known())


def test_what_is_no_text_may_not() -> None:
    assert not may_be_kept(Read(what="variables", path=Path("/x"), data=b"\xff\xfe"), known())


def test_everything_that_is_shipped_may_be_kept() -> None:
    home = Path(__file__).parents[2]
    every = [*home.glob("playbooks/*.yml"), *home.glob("roles/**/*.yml")]
    assert len(every) > 10
    reads = [Read(what="role", path=path, data=path.read_bytes()) for path in every]
    assert not [read.path for read in reads if not may_be_kept(read, known())]


def known() -> Known:
    told = Known()
    told.tell("told-before-9")
    return told
