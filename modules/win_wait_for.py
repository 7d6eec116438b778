"""Wait for a port, a path or a service on the host, or just for some seconds.

``port`` is a TCP port on which something on the host itself listens (asked of the host, not over the network).
With ``state: stopped`` or ``absent`` it waits for the opposite: nobody listens, the path is gone, the service is
stopped. Waiting changes nothing, but the task counts as changed when there was something to wait for; add
``changed_when: false`` where that matters. The registered result holds ``elapsed`` (seconds).

Examples:

```yaml
- name: The store is up
  win_wait_for: {service: MSExchangeIS, timeout: 1200}

- name: Mail is accepted again
  win_wait_for: {port: 25, delay: 5}

- name: The lock file has gone
  win_wait_for: {path: 'C:\\Updates\\busy.lock', state: absent}
```
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Literal

from remediate.connections.base import wait_until
from remediate.errors import Failed
from remediate.model import Change, Json, State

if TYPE_CHECKING:
    from remediate.connections.base import Session

NEEDS = {"session": "yes"}
ACTION = True
UNKNOWN = ("elapsed",)


@dataclass(frozen=True, kw_only=True)
class Params:
    port: int = field(default=0, metadata={"help": "TCP port on the host, 1 to 65535."})
    path: str = field(default="", metadata={"help": "File or folder on the host."})
    service: str = field(default="", metadata={"help": "Name of a service on the host."})
    seconds: float = field(default=0.0, metadata={"help": "Only wait that long."})
    state: Literal["started", "present", "stopped", "absent"] = field(
        default="started",
        metadata={"help": "started or present: wait until it is there; stopped or absent: until not."},
    )
    delay: float = field(default=0.0, metadata={"help": "Seconds to wait before the first look."})
    timeout: float = field(default=300.0, metadata={"help": "Seconds to wait at most, after delay."})
    msg: str = field(default="", metadata={"help": "What to say when the time is up."})

    def __post_init__(self) -> None:
        if sum(map(bool, (self.port, self.path, self.service, self.seconds))) != 1:
            raise ValueError("give one of port, path, service and seconds")
        if not 0 <= self.port <= 65535:
            raise ValueError("port is 1 to 65535")
        if min(self.seconds, self.delay, self.timeout) < 0:
            raise ValueError("times cannot be negative")

    @property
    def there(self) -> bool:
        return self.state in ("started", "present")


def inspect(session: Session, params: Params) -> State:
    return {} if params.seconds else {"found": _look(session, params)}


def diff(state: State, params: Params) -> list[Change]:
    if params.seconds:
        return [Change(target="time", before=None, after=f"{params.seconds:g} s later", seconds=params.seconds)]
    if _met(state["found"], params):
        return []
    wanted = {"port": "listening", "path": "present", "service": "running"}[_subject(params)[0]]
    after = wanted if params.there else {"service": "stopped"}.get(_subject(params)[0], "absent")
    why = f"waits up to {params.timeout:g} s"
    seconds = params.delay + params.timeout
    return [Change(target=" ".join(_subject(params)), before=state["found"], after=after, seconds=seconds, why=why)]


def apply(session: Session, change: Change, params: Params) -> State:
    begin = session.now()
    session.wait(params.seconds or params.delay)
    if not params.seconds:
        last: dict[str, Json] = {}

        def look() -> bool | None:
            last["found"] = _look(session, params)
            return True if _met(last["found"], params) else None

        text = f"waiting for {change.target} to be {change.after}"
        if wait_until(session, look, timeout=params.timeout, text=text) is None:
            said = (
                params.msg or f"{change.target} was {last['found']} and not {change.after} after {params.timeout:g} s"
            )
            raise Failed(said, remedy="see on the host what keeps it, or raise timeout")
    return {"elapsed": round(session.now() - begin, 1)}


def _subject(params: Params) -> tuple[str, str]:
    if params.port:
        return "port", str(params.port)
    return ("path", params.path) if params.path else ("service", params.service)


def _look(session: Session, params: Params) -> Json:
    if params.service:
        return session.call("win_service", "states", {"names": [params.service]})[params.service]
    return session.call("win_wait_for", "look", {"port": params.port, "path": params.path})["found"]


def _met(found: Json, params: Params) -> bool:
    if params.there:
        return found in ("listening", "present", "running")
    return found in ("absent", "stopped")
