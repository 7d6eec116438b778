"""Every error a user can meet, drawn as one tree; each knows its exit code and the next thing to try.

RemediateError                exit 1
├── UserError                 a file or an argument is wrong: file:line:column, what, hint
│   └── Mistakes              several of them
├── GateClosed                exit 3   a window, lock or approval says no; nothing was touched
├── Interrupted               exit 130
├── LedgerLost                exit 4   what is done cannot be written down any more; nothing further is begun
└── HostError                 exit 4   something about one host
    ├── Unreachable           no session: name, port, time-out, host key, authentication, algorithms, lost
    ├── RemoteFailed          a command or payload ran and failed; carries what it printed
    ├── Blocked               must not go on here; reason and remedy
    ├── Deferred              must not begin now: the change window is closed or too short; never a failure
    ├── NotApplicable         nothing to fix here; never a failure
    ├── LockLost              another run holds the host now; it is left alone
    └── Failed                the work was tried and did not do what it should
"""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar, Literal

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from remediate.model import Output, Source

Reach = Literal[
    "name",
    "refused",
    "timeout",
    "host_key",
    "auth",
    "denied",
    "quota",
    "tls",
    "algorithms",
    "protocol",
    "lost",
    "unknown",
]
"""Why a host could not be reached: one word each, so that reports and retries can tell them apart."""


class Plain(Exception):
    """Travels between processes whatever it is made of, and is equal to what arrives."""

    def __reduce__(self) -> tuple[object, ...]:
        return _arrived, (type(self), self.args, vars(self))

    def __eq__(self, other: object) -> bool:
        return type(self) is type(other) and vars(self) == vars(other)

    def __hash__(self) -> int:
        return hash((type(self), str(self)))


def _arrived(kind: type[Plain], args: tuple[object, ...], values: Mapping[str, object]) -> Plain:
    error = kind.__new__(kind, *args)
    error.args = args
    vars(error).update(values)
    return error


_BREAKS = {ord(sign): repr(sign)[1:-1] for sign in "\r\n\v\f\x1c\x1d\x1e\x85\u2028\u2029"}


def on_one_line(text: str) -> str:
    """``text`` with its line breaks made visible: a name with one in it must not pass for a second message."""
    return text.translate(_BREAKS)


class RemediateError(Plain):
    """Base of everything raised on purpose."""

    exit_code: ClassVar[int] = 1

    def __init__(self, message: str, *, hint: str = "") -> None:
        super().__init__(message)
        self.message = message
        self.hint = hint

    def __str__(self) -> str:
        return f"{self.message}\n  hint: {self.hint}" if self.hint else self.message


class UserError(RemediateError):
    """A playbook, inventory, option or other input is wrong; ``source`` says where."""

    def __init__(self, message: str, *, source: Source | None = None, hint: str = "") -> None:
        super().__init__(message, hint=hint)
        self.source = source

    def __str__(self) -> str:
        text = f"{self.source}: {self.message}" if self.source else self.message
        shown = on_one_line(text)
        return f"{shown}\n  hint: {on_one_line(self.hint)}" if self.hint else shown


class Mistakes(UserError):
    """Several ``UserError`` at once, so that a person mends them in one go; the first stands for all."""

    MOST: ClassVar[int] = 20

    def __init__(self, errors: Sequence[UserError]) -> None:
        first = errors[0]
        super().__init__(first.message, source=first.source, hint=first.hint)
        self.errors = tuple(errors)
        self.args = (self.errors,)

    def __str__(self) -> str:
        shown = [str(error) for error in self.errors[: self.MOST]]
        more = len(self.errors) - len(shown)
        return "\nerror: ".join([*shown, *([f"and {more} more mistakes"] if more else [])])


class GateClosed(RemediateError):
    """A gate (window, lock, approval) is closed; no host was touched."""

    exit_code = 3


class Interrupted(RemediateError):
    """The user stopped the run."""

    exit_code = 130


class LedgerLost(RemediateError):
    """The ledger could not be written or read for a minute: going on would leave no proof."""

    exit_code = 4


class BrokenOff(Plain):
    """A change ended before its end, after hosts were touched: ``cause`` is no mistake of the user's."""

    exit_code: ClassVar[int] = 4

    def __init__(self, cause: Exception) -> None:
        super().__init__(str(cause))
        self.cause = cause


class HostError(RemediateError):
    """Something went wrong with one host; the others go on."""

    exit_code = 4


class Unreachable(HostError):
    """No session could be had or kept. ``kind`` tells the cases apart."""

    def __init__(self, message: str, *, kind: Reach, hint: str = "") -> None:
        super().__init__(message, hint=hint)
        self.kind: Reach = kind


class RemoteFailed(HostError):
    """A command or payload ran on the host and failed; ``output`` is what it left."""

    def __init__(self, message: str, *, output: Output | None = None, hint: str = "") -> None:
        super().__init__(message, hint=hint)
        self.output = output


class Blocked(HostError):
    """Going on would be wrong or unsafe: ``reason``, and the ``remedy`` a person can carry out."""

    def __init__(self, reason: str, remedy: str) -> None:
        super().__init__(reason, hint=remedy)
        self.reason = reason
        self.remedy = remedy


class Deferred(HostError):
    """Not now: the change window is closed, or what is to be done would not end inside it. Not a failure."""


class NotApplicable(HostError):
    """The host has nothing this task could fix. An outcome, not a failure."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


class LockLost(HostError):
    """The run does not hold the lock of this host any more: somebody took it over or released it."""


class OutOfTime(HostError):
    """What the session was at took longer than it may: nothing more is done through it until the limit is lifted."""


class Failed(HostError):
    """The work was tried and did not do what it should."""

    def __init__(self, message: str, *, remedy: str = "", output: Output | None = None) -> None:
        super().__init__(message, hint=remedy)
        self.output = output
