"""Tells the hooks of an occasion, side by side, each within its time; nothing they do can stop a run."""

from __future__ import annotations

import threading
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path

from remediate.notify import command, mail, secrets, webhook
from remediate.notify.model import Hook, Occasion, Told
from remediate.notify.trouble import HookFailed, OutOfTime, line, masked
from remediate.notify.wording import document
from remediate.secrets.logins import logins

TIDY = 0.25
"""Seconds of a hook's time kept for ending what it started; a tenth of it where that is less."""


def notify(
    hooks: Sequence[Hook], occasion: Occasion, *, environ: Mapping[str, str], folder: Path, now: datetime
) -> tuple[Told, ...]:
    """Tell every hook that wants to hear of this occasion (a test: all of them); how each took it, in their order.

    ``folder``: the project's, where commands run and ``file:PATH`` begins. ``environ``: where ``env:NAME`` is looked
    up, and what commands get of it when secrets are left out. Raises nothing, and takes no longer than the longest
    ``timeout``: whoever has not answered by then is left behind.
    """
    hidden = secrets.known(hooks, environ, folder)
    call = _Call(occasion, environ, secrets.harmless(environ, hidden), set(hidden), folder, now, threading.Event())
    attempts = [_Attempt(hook, call) for hook in hooks if occasion.kind in hook.on or occasion.test]
    try:
        for attempt in attempts:
            attempt.start()
        return tuple(attempt.told() for attempt in attempts)
    except BaseException:  # Ctrl-C: no command lives on
        call.stop.set()
        for attempt in attempts:
            attempt.leave()
        raise


@dataclass(frozen=True, slots=True)
class _Call:
    """What all hooks of one occasion are told with."""

    occasion: Occasion
    environ: Mapping[str, str]
    harmless: Mapping[str, str]
    hidden: set[str]
    folder: Path
    now: datetime
    stop: threading.Event

    def value(self, text: str) -> str:
        """A setting that may say where its value is; what it is is hidden from then on."""
        if not secrets.is_reference(text):
            return text
        found = secrets.value(text, self.environ, self.folder)
        self.hidden.update((found, *logins(found)))
        return found

    def tell(self, hook: Hook, deadline: float) -> None:
        """``HookFailed`` when it was not told."""
        if hook.webhook:
            webhook.post(self.value(hook.webhook), self.occasion, self.value(hook.secret), self.now, deadline)
        elif hook.mail is not None:
            mail.send(hook.mail, self.occasion, self.value(hook.mail.password), self.now, deadline, self.folder)
        else:
            command.run(hook.command, document(self.occasion), self.harmless, self.folder, deadline, self.stop)


class _Attempt:
    """One hook in a thread of its own, which is left behind when its time is over."""

    def __init__(self, hook: Hook, call: _Call) -> None:
        self._hook = hook
        self._call = call
        self._result: Told | None = None
        self._begun = time.monotonic()
        self._done = threading.Event()  # joining a thread is given up for good when Ctrl-C comes meanwhile

    def start(self) -> None:
        self._begun = time.monotonic()
        try:
            threading.Thread(target=self._run, name=f"hook {self._hook.name}", daemon=True).start()
        except RuntimeError:
            self._end(self._failed("no thread could be started for it"))

    def _run(self) -> None:
        whole = self._hook.timeout
        try:
            self._call.tell(self._hook, self._begun + whole - min(TIDY, whole / 10))
        except OutOfTime as error:
            self._end(self._failed(f"{error} within {whole:g} s"))
        except HookFailed as error:
            self._end(self._failed(str(error)))
        except Exception as error:  # noqa: BLE001 - whatever a library raises, the run goes on
            self._end(self._failed(f"unexpected: {type(error).__name__}"))
        else:
            self._end(replace(self._failed(""), ok=True))

    def _end(self, result: Told) -> None:
        self._result = result
        self._done.set()

    def _failed(self, error: str) -> Told:
        hook = self._hook
        text = line(masked(error, tuple(self._call.hidden)))
        return Told(name=hook.name, ok=False, error=text, fatal=hook.fatal, seconds=time.monotonic() - self._begun)

    def told(self) -> Told:
        """The result, at the latest when the hook's time is over."""
        self._done.wait(max(0.0, self._begun + self._hook.timeout - time.monotonic()))
        return self._result or self._failed(f"did not answer within {self._hook.timeout:g} s")

    def leave(self) -> None:
        """Time for a command to be ended."""
        self._done.wait(2 * TIDY)
