"""Signs and checks with ssh-keygen: the keys people have already, also those of an agent or of a token."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from remediate.approvals.model import NAMESPACE
from remediate.errors import UserError

PROGRAM = "ssh-keygen"
PLACES = "/usr/bin:/bin:/usr/local/bin:/opt/homebrew/bin:/run/current-system/sw/bin"
"""Where it is looked for. PATH comes after them, and only to sign: who applies a plan does not choose who checks it."""
LIMIT = 60.0
"""Seconds one check may take; signing may wait for a person."""
MISSING = "install OpenSSH's client (Debian, Ubuntu: apt install openssh-client; Red Hat: dnf install openssh-clients)"
OLD = "OpenSSH 8.9 or newer is needed: see `ssh -V`"
_GOOD = re.compile(r'Good "[^"\n]*" signature .*?\bkey (SHA256:[A-Za-z0-9+/=]+)')


@dataclass(frozen=True, slots=True)
class Signer:
    """Who signed: ``key`` is "" where the signature does not fit, ``person`` where nobody knows the key."""

    key: str = ""
    person: str = ""
    fault: str = ""


def program(path: str = "") -> str:
    """The program; ``UserError`` where there is none."""
    found = shutil.which(PROGRAM, path=f"{PLACES}:{path}" if path else PLACES)
    if found is None:
        raise UserError("approvals are signed and checked by ssh-keygen, which is not on this machine", hint=MISSING)
    return found


def sign(content: bytes, key: Path, environ: Mapping[str, str]) -> str:
    """The signature as text. ``key``: a private key, or a public one whose private half an agent holds."""
    command = [program(environ.get("PATH", "")), "-Y", "sign", "-f", str(key), "-n", NAMESPACE]
    with tempfile.TemporaryDirectory(prefix="remediate-") as folder:
        text = Path(folder) / "statement"
        text.write_bytes(content)
        done = _call([*command, str(text)], env={**os.environ, **environ, "LC_ALL": "C"})
        if done.returncode:
            raise UserError(f"{key}: it was not signed: {_last(done.stderr)}", hint=_hint(done.stderr, key))
        return text.with_name("statement.sig").read_text()


def check(content: bytes, signature: str, signers: Path | None, revoked: Path | None, now: datetime) -> Signer:
    """Whose signature it is. ``signers``: the allowed signers; None: only whether it fits, and by which key."""
    with tempfile.TemporaryDirectory(prefix="remediate-") as folder:
        file = Path(folder) / "signature"
        file.write_text(signature)
        fits = _ask(["check-novalidate", "-n", NAMESPACE, "-s", str(file)], content)
        good = _GOOD.search(fits.stdout.decode(errors="replace"))
        if fits.returncode or good is None:
            return Signer(fault="its signature does not fit what it says")
        key = good[1]
        if signers is None:
            return Signer(key)
        when = f"-Overify-time={now.astimezone(UTC):%Y%m%d%H%M%S}Z"
        known = _ask(["find-principals", "-s", str(file), "-f", str(signers), when], b"")
        names = known.stdout.decode(errors="replace").splitlines()
        if known.returncode or not names:
            return Signer(key, fault=f"nobody of {signers} has the key {key} now")
        words = ["verify", "-n", NAMESPACE, "-s", str(file), "-f", str(signers), "-I", names[0], when]
        valid = _ask([*words, *(["-r", str(revoked)] if revoked else [])], content)
    if valid.returncode:
        return Signer(key, names[0], f"the key of {names[0]} does not count: {_last(valid.stderr)}")
    return Signer(key, names[0])


def _ask(words: list[str], content: bytes) -> subprocess.CompletedProcess[bytes]:
    env = {"PATH": PLACES, "LC_ALL": "C"}
    done = _call([program(), "-Y", *words], env=env, content=content, limit=LIMIT)
    if b"usage:" in done.stderr or b"nsupported operation" in done.stderr or b"nvalid option" in done.stderr:
        raise UserError("ssh-keygen of this machine cannot check approvals", hint=OLD)
    if b"No user exists" in done.stderr:
        hint = "ssh-keygen works for accounts that `getent passwd` knows"
        raise UserError("ssh-keygen cannot check approvals: this account has no name on this machine", hint=hint)
    return done


def _call(
    command: list[str], *, env: Mapping[str, str], content: bytes | None = None, limit: float | None = None
) -> subprocess.CompletedProcess[bytes]:
    try:
        return subprocess.run(command, input=content,  # noqa: S603 - a fixed program
                              stdin=subprocess.DEVNULL if content is None else None,
                              capture_output=True, env=env, timeout=limit, check=False)  # fmt: skip
    except OSError as error:
        raise UserError(f"{command[0]} does not start: {error.strerror}", hint=MISSING) from None
    except subprocess.TimeoutExpired:
        raise UserError(f"{command[0]} gave no answer for {LIMIT:.0f} s", hint="try it by hand") from None


def _last(stderr: bytes) -> str:
    lines = [line.strip() for line in stderr.decode(errors="replace").splitlines() if line.strip()]
    return lines[-1] if lines else "no reason was given"


def _hint(stderr: bytes, key: Path) -> str:
    if b"No private key found" in stderr:
        return "is the agent that holds it running, and does `ssh-add -l` show it?"
    if b"passphrase" in stderr:
        return f"try it by hand: ssh-keygen -y -f {key}"
    return "name a key of yours with --key; `ssh-keygen -t ed25519` makes one"
