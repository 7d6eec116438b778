"""run, plan, verify and facts from end to end against a small lab: outcomes, exit codes, what is printed."""

from __future__ import annotations

import json
import os
import signal
from pathlib import Path

import pytest
from pydantic import TypeAdapter

from remediate.reports.document import RunDocument
from tests.commands.driver import Console, Done, Screen, remediate
from tests.patience import until

KB = "playbooks/kb870585.yml"
PASSWORD = "not-a-word-17"


def outcomes(done: Done) -> dict[str, str]:
    document = json.loads(done.out)
    TypeAdapter(RunDocument).validate_python(document, strict=True, extra="forbid")
    assert document["exit_code"] == done.code
    return {host["host"]: host["outcome"] for host in document["hosts"]}


def test_from_pending_to_done(lab: Path) -> None:
    pattern = ("-l", "old,fine", "--format", "json")
    planned = remediate("plan", KB, *pattern, folder=lab)
    assert (planned.code, outcomes(planned)) == (2, {"old": "pending", "fine": "compliant"})
    assert remediate("verify", KB, *pattern, folder=lab).code == 2, "looking changed nothing"
    ran = remediate("run", KB, *pattern, folder=lab)
    assert (ran.code, outcomes(ran)) == (0, {"old": "changed", "fine": "compliant"})
    assert "Install the hotfix" in ran.err, "progress goes to standard error"
    again = remediate("run", KB, "-l", "old,fine", folder=lab)
    assert again.code == 0
    assert again.out.endswith("Nothing changed.\n")
    assert remediate("verify", KB, *pattern, folder=lab).code == 0


def test_hosts_that_are_not_fine(lab: Path) -> None:
    done = remediate("run", KB, "-l", "other,alone", folder=lab)
    assert done.code == 4
    assert "other: not applicable: " in done.out
    assert "alone: blocked: " in done.out
    assert "    remedy: " in done.out
    status = json.loads(remediate("lab", "status", "--format", "json", folder=lab).out)
    assert not any(host["installers"] for host in status[0]["hosts"])


def test_a_host_nobody_answers_for(lab: Path) -> None:
    inventory = lab / "gone.yml"
    inventory.write_text("all: {hosts: {gone: {ansible_host: 127.0.0.1, ansible_port: 1}}}\n", encoding="utf-8")
    done = remediate("run", KB, "-i", "gone.yml", "--format", "json", folder=lab)
    assert (done.code, outcomes(done)) == (4, {"gone": "unreachable"})
    assert "refuses connections" in done.out


@pytest.mark.parametrize("words", [["run", KB, "--check", "-vv", "--diff"], ["plan", KB, "--format", "json", "--diff"]])
def test_no_password_comes_out(lab: Path, words: list[str]) -> None:
    done = remediate(*words, "-l", "old", "-e", f"note={PASSWORD}", folder=lab)
    assert done.code == 2
    assert PASSWORD not in done.out + done.err


def test_a_password_that_does_not_fit(lab: Path) -> None:
    done = remediate("facts", "fine", "-e", "ansible_password=wrong-one", folder=lab)
    assert done.code == 4
    assert "unreachable" in done.out
    assert "wrong-one" not in done.out


def test_the_password_is_read_from_a_pipe(lab: Path, tmp_path: Path) -> None:
    status = json.loads(remediate("lab", "up", "--format", "json", folder=lab).out)[0]
    host = next(host for host in status["hosts"] if host["name"] == "fine")
    text = f"all: {{hosts: {{fine: {{ansible_host: 127.0.0.1, ansible_port: {host['port']}}}}}}}\n"
    (tmp_path / "by_hand.yml").write_text(text, encoding="utf-8")
    known = Path(status["folder"]) / "known_hosts"
    words = [
        "facts",
        "-i",
        str(tmp_path / "by_hand.yml"),
        "-u",
        "Administrator",
        "-k",
        "-e",
        f"ssh_known_hosts={known}",
    ]
    assert remediate(*words, folder=tmp_path, stdin=f"{PASSWORD}\n").code == 0
    assert remediate(*words, folder=tmp_path, stdin="no\n").code == 4
    assert remediate(*words, folder=tmp_path).err.startswith("error: --ask-pass: there is no terminal")


def test_unknown_host_keys_are_learned_only_when_told(lab: Path, tmp_path: Path) -> None:
    words = ["facts", "fine", "-e", f"ssh_known_hosts={tmp_path / 'known_hosts'}"]
    refused = remediate(*words, folder=lab)
    assert refused.code == 4
    assert "is not known" in refused.out
    assert remediate(*words, "--host-key", "accept-new", folder=lab).code == 0
    assert remediate(*words, folder=lab).code == 0


def test_facts(lab: Path) -> None:
    text = remediate("facts", "old", folder=lab).out.splitlines()
    assert text[0] == "old"
    assert "    store build         6.5.7226.0" in text
    (found,) = json.loads(remediate("facts", "all", "-l", "old", "--format", "json", folder=lab).out)
    assert found["facts"]["exchange"]["store_build"] == "6.5.7226.0"


def test_confirm(lab: Path) -> None:
    words = ("run", KB, "-l", "old", "--confirm")
    assert remediate(*words, folder=lab).err.startswith("error: --confirm needs a terminal")
    refused = remediate(*words, folder=lab, stdin="y\n", tty=True)
    assert refused.code == 2
    assert refused.err.endswith("nothing was changed\n")
    done = remediate(*words, folder=lab, stdin="yes\n", tty=True)
    assert done.code == 0
    assert remediate(*words, folder=lab, tty=True).code == 0, "nothing to ask about"


def test_lists(lab: Path) -> None:
    words = ("run", KB, "-l", "old", "-t", "verify")
    done = remediate(*words, "--list-hosts", "--list-tasks", "--list-tags", folder=lab)
    lines = [line.strip() for line in done.out.splitlines()]
    assert done.code == 0
    assert lines[lines.index("hosts (1):") :][:2] == ["hosts (1):", "old"]
    assert "kb870585 : The files of the article are in place  [verify]" in lines
    assert not any("Look at the server" in line for line in lines)
    assert remediate("run", KB, "--syntax-check", folder=lab).out.startswith("playbook: ")


class Impatient(Screen):
    """Whoever reads it presses Ctrl-C once a package is on a server."""

    def __init__(self, console: Console) -> None:
        super().__init__()
        self._console = console

    def write(self, text: str, /) -> int:
        if text.startswith("changed") and "Have the package" in text:
            os.kill(os.getpid(), signal.SIGINT)
            until(self._console.heard)
        return super().write(text)


def test_ctrl_c_finishes_the_step_and_the_next_run_the_rest(lab: Path) -> None:
    with Console() as console:
        done = remediate("run", KB, "-l", "slow", folder=lab, out=Impatient(console), err=console)
        assert b"stopping: the steps under way are finished" in console.heard()
    assert done.code == 130
    text = done.out
    assert "Interrupted: 1 host" in text
    assert "The files of the article are in place" not in text
    assert remediate("run", KB, "-l", "slow", folder=lab).code == 0
    assert remediate("verify", KB, "-l", "slow", folder=lab).code == 0
    (status,) = json.loads(remediate("lab", "status", "--format", "json", folder=lab).out)
    installers = next(host["installers"] for host in status["hosts"] if host["name"] == "slow")
    assert len(installers) == 1, "never a second installer"


@pytest.mark.parametrize(
    ("words", "error"),
    [
        (["-t", "aply"], "error: --tags: no task of the playbook has the tag 'aply'\n  hint: did you mean 'apply'?"),
        (["--skip-tags", "verifi"], "error: --skip-tags: no task of the playbook has the tag 'verifi'"),
        (["--start-at-task", "Choose the package"], "error: --start-at-task: no task is called 'Choose the package'"),
        (["-l", "old:!repair"], "error: --limit 'old:!repair' leaves no host"),
        (["-l", "odl"], "error: --limit: no host or group is called 'odl'\n  hint: did you mean 'old'?"),
        (["-e", "route"], "error: --extra-vars: 'route' is not a variable"),
    ],
    ids=lambda value: value[-1] if isinstance(value, list) else "",
)
def test_what_fits_nothing_is_an_error_and_not_compliant(lab: Path, words: list[str], error: str) -> None:
    done = remediate("verify", KB, *words, folder=lab)
    assert (done.code, done.out) == (1, "")
    assert done.err.startswith(error)
