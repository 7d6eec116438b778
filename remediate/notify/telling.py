"""Tells the hooks of an occasion, side by side, each within its time; nothing they do can stop a run."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from pathlib import Path

from remediate.notify.command import run
from remediate.notify.mail import send
from remediate.notify.model import Hook, Occasion, Told
from remediate.notify.trouble import HookFailed, line
from remediate.notify.webhook import post

GRACE = 2.0
"""Seconds beyond its time after which a hook is left to itself."""


def notify(
    hooks: Sequence[Hook], occasion: Occasion, *, environ: Mapping[str, str], folder: Path, now: datetime
) -> tuple[Told, ...]:
    """Tell every hook that wants to hear of this occasion; how each took it. Raises nothing.

    ``folder``: the project's; ``environ``: where ``env:NAME`` is looked up, and what commands inherit.
    """
    wanted = [hook for hook in hooks if occasion.kind in hook.on or occasion.test]
    named = {where.removeprefix("env:") for hook in hooks for where in _secrets(hook) if where.startswith("env:")}
    open_to_all = {name: value for name, value in environ.items() if name not in named and not _looks_secret(name)}

    def work(hook: Hook) -> Callable[[], None]:
        if hook.webhook:
            return lambda: post(hook, occasion, _secret(hook.secret, environ, folder), now)
        if hook.mail is not None:
            mail = hook.mail
            return lambda: send(mail, occasion, _secret(mail.password, environ, folder), hook.timeout, folder)
        return lambda: run(hook, occasion, open_to_all, folder)

    attempts = [_Attempt(hook, work(hook)) for hook in wanted]
    for attempt in attempts:
        attempt.start()
    return tuple(attempt.told() for attempt in attempts)


def _secrets(hook: Hook) -> tuple[str, ...]:
    return (hook.secret, hook.mail.password if hook.mail else "")


def _looks_secret(name: str) -> bool:
    """Variables a command has no business with: the ledger's address may hold a password."""
    return any(word in name.upper() for word in ("PASSW", "SECRET", "TOKEN", "REMEDIATE_LEDGER"))


def _secret(where: str, environ: Mapping[str, str], folder: Path) -> str:
    """The value of ``env:NAME`` or ``file:PATH``; "" for none."""
    way, _, name = where.partition(":")
    if not where:
        return ""
    if way == "env":
        if not environ.get(name):
            raise HookFailed(f"the environment variable {name} is not set")
        return environ[name]
    try:
        return (folder / name).read_text(encoding="utf-8").strip()
    except (OSError, UnicodeDecodeError) as error:
        raise HookFailed(f"the secret file {name} cannot be read: {getattr(error, 'strerror', '') or error}") from None


class _Attempt:
    """One hook in a thread of its own, which is left behind when its time is over."""

    def __init__(self, hook: Hook, work: Callable[[], None]) -> None:
        self._hook = hook
        self._work = work
        self._error: str | None = "did not answer in its time"
        self._begun = time.monotonic()
        self._thread = threading.Thread(target=self._run, name=f"hook {hook.name}", daemon=True)

    def start(self) -> None:
        self._thread.start()

    def _run(self) -> None:
        try:
            self._work()
        except HookFailed as error:
            self._error = line(str(error))
        except Exception as error:  # noqa: BLE001 - whatever a library raises, the run goes on
            self._error = line(f"{type(error).__name__}")
        else:
            self._error = None

    def told(self) -> Told:
        """The result, at the latest when the hook's time is over."""
        self._thread.join(max(0.0, self._begun + self._hook.timeout + GRACE - time.monotonic()))
        error = self._error or ""
        return Told(
            name=self._hook.name,
            ok=self._error is None,
            error=error,
            fatal=self._hook.fatal,
            seconds=time.monotonic() - self._begun,
        )
