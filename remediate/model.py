"""The values everything else speaks in: frozen, picklable (but for secrets), without I/O."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any, Literal, NoReturn, TypeAlias

MASK = "****"
"""What people see of a secret."""
Json: TypeAlias = "bool | int | float | str | list[Json] | dict[str, Json] | None"
State: TypeAlias = "Mapping[str, Json]"
"""What a module saw on a host. Plain data and untrusted: never rendered as a template."""


@dataclass(frozen=True, slots=True)
class Source:
    """Where something was written. Lines and columns count from 1; 0 means unknown."""

    file: str
    line: int = 0
    column: int = 0

    def __str__(self) -> str:
        if not self.line:
            return self.file
        return f"{self.file}:{self.line}:{self.column}"


class Secret:
    """A value that must not reach output, logs, plans or reports; ``reveal`` and ``value`` are the only ways in.

    ``shown`` is what people may see of it: stars, between the parts of a text that are no secret. Neither printing
    nor formatting, comparing with plain values, JSON nor pickling gives it away.
    """

    __slots__ = ("_shown", "_value")

    def __init__(self, value: str | float, shown: str = MASK) -> None:
        self._value = value
        self._shown = shown

    @property
    def value(self) -> str | float:
        """As it was: text, or a number."""
        return self._value

    @property
    def shown(self) -> str:
        return self._shown

    def reveal(self) -> str:
        """As text."""
        return str(self._value)

    def __repr__(self) -> str:
        return "Secret(****)"

    def __str__(self) -> str:
        return self._shown

    def __format__(self, spec: str) -> str:
        return self._shown

    def __bool__(self) -> bool:
        return bool(self._value)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Secret) and other._value == self._value

    def __lt__(self, other: Secret) -> bool:
        return (isinstance(self._value, str), self._value) < (isinstance(other._value, str), other._value)

    def __hash__(self) -> int:
        return hash((Secret, self._value))

    def __copy__(self) -> Secret:
        return self

    def __deepcopy__(self, memo: object) -> Secret:
        return self

    def __reduce__(self) -> NoReturn:
        raise TypeError("a secret is not written down")

    @classmethod
    def __get_pydantic_core_schema__(cls, source: object, handler: object) -> object:
        """Lets a module's Params declare a ``Secret`` and be given plain text. Dumped it is stars."""
        from pydantic_core import core_schema

        return core_schema.no_info_plain_validator_function(_secret, serialization=core_schema.to_string_ser_schema())


def _secret(value: object) -> Secret:
    if isinstance(value, Secret):
        return value
    if isinstance(value, bool) or not isinstance(value, str | int | float):
        raise ValueError("must be text: quote it")  # noqa: TRY004 - the kind of error pydantic turns into its own
    return Secret(str(value))


@dataclass(frozen=True, slots=True)
class Output:
    """What a remote command left: bounded text and the exit code."""

    stdout: str
    stderr: str
    exit_code: int

    def tail(self, lines: int = 5) -> str:
        """The last ``lines`` lines of stderr, or of stdout where stderr is empty."""
        text = self.stderr.strip() or self.stdout.strip()
        return "\n".join(text.splitlines()[-lines:])


class Effect(StrEnum):
    """What carrying out a Change does to the host beyond the Change itself."""

    NONE = "none"
    SERVICE_RESTART = "service restart"
    REBOOT = "reboot"


class Certainty(StrEnum):
    """Whether a Change rests on what was seen, or on what an earlier step is going to bring about."""

    KNOWN = "known"
    AFTER_APPLY = "known after apply"


@dataclass(frozen=True, slots=True, kw_only=True)
class Change:
    """One difference between what is and what should be, small enough to be applied on its own."""

    target: str
    before: Json
    after: Json
    effect: Effect = Effect.NONE
    seconds: float = 1.0
    """Expected duration, for deadlines and progress."""
    reversible: bool = True
    """Whether it can be taken back; never so where its module has no ``undo``, which the engine sees to."""
    certainty: Certainty = Certainty.KNOWN
    why: str = ""
    details: Mapping[str, Json] = field(default_factory=dict)
    """What ``apply`` needs besides ``target`` and ``after``; private to the module."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Endpoint:
    """How to reach one host. ``options`` are the connection's own settings, already checked."""

    host: str
    connection: str
    address: str
    port: int
    user: str = ""
    password: Secret | None = None
    options: Mapping[str, Json] = field(default_factory=dict)
    secrets: Mapping[str, Secret] = field(default_factory=dict)
    """Further secrets of the connection by name: ``passphrase``, ``jump_password``."""


class Mode(StrEnum):
    """APPLY changes hosts; CHECK stops each step after ``diff``."""

    APPLY = "apply"
    CHECK = "check"


class Status(StrEnum):
    """How one Step ended."""

    OK = "ok"
    CHANGED = "changed"
    PENDING = "pending"
    SKIPPED = "skipped"
    UNKNOWN = "unknown"
    """Check mode only: the step depends on something an earlier step will bring about."""
    NOT_APPLICABLE = "not applicable"
    BLOCKED = "blocked"
    FAILED = "failed"
    UNREACHABLE = "unreachable"
    DEFERRED = "deferred"
    """A gate keeps it from beginning now: the change window is closed or too short."""

    @property
    def bad(self) -> bool:
        return self in (Status.BLOCKED, Status.FAILED, Status.UNREACHABLE)


class Outcome(StrEnum):
    """How a run ended for one host."""

    COMPLIANT = "compliant"
    UNVERIFIED = "not verified"
    """Nothing was found to do in the part of the playbook that was asked for; the rest was not looked at."""
    CHANGED = "changed"
    PENDING = "pending"
    NOT_APPLICABLE = "not applicable"
    BLOCKED = "blocked"
    FAILED = "failed"
    UNREACHABLE = "unreachable"
    DEFERRED = "deferred"
    """Left for the next change window: not begun, or not gone on with."""

    @property
    def bad(self) -> bool:
        return self in (Outcome.BLOCKED, Outcome.FAILED, Outcome.UNREACHABLE)


@dataclass(frozen=True, slots=True, kw_only=True)
class Known:
    """A task's arguments as far as they can be known before any host is met."""

    values: Mapping[str, object]
    later: frozenset[tuple[str, ...]] = frozenset()
    """Places (argument, then keys inside it) whose values only hosts can tell; they are missing in ``values``."""

    def settled(self, *place: str) -> bool:
        """Whether nothing at this place, inside it or around it is left for later."""
        return not any(place[: len(late)] == late[: len(place)] for late in self.later)


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """What a module has to say of an argument before any host is met."""

    place: tuple[str, ...]
    """The argument, then keys inside it."""
    message: str
    hint: str = ""
    of_key: bool = False
    """The key is wrong, not what stands under it."""
    kind: Literal["mistake", "absent", "warning"] = "mistake"
    """absent: a file of this side is not there, which harms nothing where nothing is sent."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Foreseen:
    """What a module's ``beforehand`` found: findings, and the files of this side it would send, with their SHA-256."""

    findings: tuple[Finding, ...] = ()
    files: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """One task on one host for one loop item, arguments rendered; all ``perform`` needs to know."""

    address: str
    """``play/role/task[item]@host``"""
    place: str = ""
    """Where the task is written and for which items, through every include: the same in every walk of the playbook."""
    host: str
    """For whom: its variables, its counts, its plan."""
    on: str = ""
    """On whom: its session, its locks, its windows, its journal. ``host`` where nobody says otherwise."""
    task: str
    module: str
    """Module name, as in the playbook."""
    params: Mapping[str, object]
    """Rendered arguments; values may be ``Secret``."""
    endpoint: Endpoint | None
    mode: Mode
    timeout: float = 0.0
    """Seconds for the whole step; 0 means the module's own limits."""
    no_log: bool = False
    used: bool = False
    """Whether the task looks at what it gives back: ``register``, ``until``, ``failed_when``, ``changed_when``."""
    source: Source | None = None

    def __post_init__(self) -> None:
        if not self.on:
            object.__setattr__(self, "on", self.host)
        if self.endpoint is not None and self.endpoint.host != self.on:
            raise ValueError(f"a step on {self.on} with the endpoint of {self.endpoint.host}")


@dataclass(frozen=True, slots=True, kw_only=True)
class Standing:
    """How a host is left, read once more at the end of its walk: what a module's ``standing`` makes of two States."""

    alerts: tuple[str, ...] = ()
    """What a person must know now, most urgent first: ``DOWN NOW: MSExchangeIS``. Empty: nothing is amiss."""
    told: tuple[str, ...] = ()
    """Plain facts that are worth a look where a host did not end well: ``store.exe 6.5.7226.0``."""
    remedy: str = ""
    """What to do about the alerts; "" when they say it themselves."""
    since: str = ""
    """What has come to an end after the walk had given it up: the headline says it, ``remedy`` is what to do then."""
    columns: Mapping[str, str] = field(default_factory=dict)
    """Cells for the closing table, as a Result has them."""
    data: Mapping[str, Any] = field(default_factory=dict)
    """The same for programs: plain JSON."""
    unread: str = ""
    """Why the host could not be read; then nothing else is known."""

    @property
    def line(self) -> str:
        """All of it on one line."""
        return f"could not be read: {self.unread}" if self.unread else "; ".join((*self.alerts, *self.told))

    @property
    def urgent(self) -> bool:
        """Whether somebody has to be told, however the host ended."""
        return bool(self.alerts or self.unread)


AND = " and "
"""Between the names of change windows that have to be open together, in the words of a binding."""


class Fate(StrEnum):
    """What became of one Change of a Step that was to make it."""

    DONE = "done"
    """Applied; where the module can look, read back as well."""
    TRIED = "tried"
    """Begun, and not proved: it may have been made, half or whole."""
    UNBEGUN = "not begun"


@dataclass(frozen=True, slots=True, kw_only=True)
class Result:
    """Outcome of one Step."""

    address: str
    host: str
    task: str
    module: str
    status: Status
    message: str = ""
    remedy: str = ""
    changes: tuple[Change, ...] = ()
    fates: tuple[Fate, ...] = ()
    """One for each Change that was to be made; () where none was: a dry run, a look."""
    before: State = field(default_factory=dict)
    after: State = field(default_factory=dict)
    """State after apply; equal to ``before`` when nothing was applied."""
    extra: State = field(default_factory=dict)
    """What ``apply`` handed back (a command's stdout, an exit code)."""
    columns: Mapping[str, str] = field(default_factory=dict)
    """Cells for the closing table: product, route, before, after."""
    notes: tuple[str, ...] = ()
    """Things worth knowing that changed nothing: fallbacks used, cautions, legacy algorithms."""
    seconds: float = 0.0
    no_log: bool = False
    ignored: bool = False
    rescued: bool = False
    recalled: bool = False
    """Not performed now: what an interrupted run did already, taken from its journal."""
    touched: bool = False
    """Something was applied, or may have been: a Blocked that comes after it does not mean untouched."""
    refused: bool = False
    """The host did not let this account in: another try may lock it."""
    now: Standing | None = None
    """Of a last look: how the host is left."""

    @property
    def changed(self) -> bool:
        return self.status in (Status.CHANGED, Status.PENDING)

    @property
    def failed(self) -> bool:
        return self.status.bad


@dataclass(frozen=True, slots=True, kw_only=True)
class HostSummary:
    """What the closing table and the recap line say of one host."""

    host: str
    outcome: Outcome
    reason: str = ""
    remedy: str = ""
    address: str = ""
    """Of the step that ended it early; "" when none did."""
    columns: Mapping[str, str] = field(default_factory=dict)
    counts: Mapping[str, int] = field(default_factory=dict)
    """ok, changed, unreachable, failed, skipped, rescued, ignored: as in Ansible's recap."""
    notes: tuple[str, ...] = ()
    now: Standing | None = None
    """How it is left; None where nobody had to look again."""


@dataclass(frozen=True, slots=True, kw_only=True)
class RunSummary:
    """How a whole run ended."""

    mode: Mode
    hosts: tuple[HostSummary, ...]
    seconds: float
    interrupted: bool = False

    @property
    def exit_code(self) -> int:
        """0 compliant or done, 2 changes pending, deferred or not looked for, 4 a host is bad, 130 interrupted."""
        if self.interrupted:
            return 130
        if any(h.outcome.bad for h in self.hosts):
            return 4
        left = (Outcome.PENDING, Outcome.DEFERRED, Outcome.UNVERIFIED)
        return 2 if any(h.outcome in left for h in self.hosts) else 0
