"""What an ssh-keygen that is too old, does not work or hangs is told as."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import pytest

from remediate.approvals import sshkeygen
from remediate.errors import UserError

NOW = datetime(2026, 11, 24, 9, 0, tzinfo=UTC)
GOOD = 'Good "x" signature with ED25519 key SHA256:abc'
BROKEN = [
    ("echo 'unknown option -- Y' >&2; echo usage: ssh-keygen >&2; exit 1", "cannot check approvals"),
    ("""echo 'Unsupported operation for -Y: "check-novalidate"' >&2; exit 255""", "cannot check approvals"),
    ("echo 'No user exists for uid 4711' >&2; exit 255", "this account has no name on this machine"),
    ("sleep 600", "gave no answer for 0 s"),
]


@pytest.fixture
def fake(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Stands in the place of the program."""
    monkeypatch.setattr(sshkeygen, "PLACES", f"{tmp_path}:/bin:/usr/bin")
    return tmp_path / "ssh-keygen"


def write(fake: Path, script: str) -> None:
    fake.write_text(f"#!/bin/sh\n{script}\n")
    fake.chmod(0o755)


@pytest.mark.parametrize(("script", "error"), BROKEN, ids=[error for _, error in BROKEN])
def test_one_that_does_not_work(fake: Path, script: str, error: str, monkeypatch: pytest.MonkeyPatch) -> None:
    write(fake, script)
    if "sleep" in script:
        monkeypatch.setattr(sshkeygen, "LIMIT", 0.01)
    with pytest.raises(UserError, match=error) as caught:
        sshkeygen.check(b"x", "y", None, None, NOW)
    assert caught.value.hint


def test_one_that_does_not_start(fake: Path) -> None:
    fake.write_text("#!/nowhere/sh\n")
    fake.chmod(0o755)
    with pytest.raises(UserError, match="does not start: No such file"):
        sshkeygen.check(b"x", "y", None, None, NOW)


def test_one_that_says_yes_and_ends_badly_has_said_no(fake: Path, tmp_path: Path) -> None:
    """And whatever it prints: only a line of the right form with an exit code of 0 is a yes."""
    for script in (f"echo '{GOOD}'; exit 255", "echo Good; exit 0", "exit 0"):
        write(fake, script)
        assert sshkeygen.check(b"x", "y", None, None, NOW).fault == "its signature does not fit what it says"
    write(fake, f'case "$2" in find-principals) exit 0;; verify) echo "no" >&2; exit 255;; esac; echo \'{GOOD}\'')
    found = sshkeygen.check(b"x", "y", tmp_path / "signers", None, NOW)
    assert (found.key, found.person, found.fault[:10]) == ("SHA256:abc", "", "nobody of ")
    write(fake, f"case \"$2\" in find-principals) echo ben;; verify) exit 255;; *) echo '{GOOD}';; esac")
    found = sshkeygen.check(b"x", "y", tmp_path / "signers", tmp_path / "revoked", NOW)
    assert found.fault == "the key of ben does not count: no reason was given"


def test_signing_that_fails_says_what_to_try(fake: Path, tmp_path: Path) -> None:
    for said, hint in (("No private key found for public key", "ssh-add -l"), ("incorrect passphrase", "-y -f"),
                       ("", "ssh-keygen -t ed25519")):  # fmt: skip
        write(fake, f"echo '{said}' >&2; exit 255")
        with pytest.raises(UserError, match="it was not signed") as caught:
            sshkeygen.sign(b"x", tmp_path / "key", {})
        assert hint in caught.value.hint
