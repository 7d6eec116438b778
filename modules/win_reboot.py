"""Restart the host and wait until it is back and ready.

Proof of the restart is the boot time, which must change: a host that only dropped the connection does not pass.
It is read from ``Win32_OperatingSystem.LastBootUpTime``; where WMI is broken from ``net statistics workstation``,
and after that from the time of ``pagefile.sys``; the result says which. Afterwards the host must run the
``services`` asked for and end ``test_command`` with 0. The restart is ordered by ``shutdown.exe``, on Windows
2000, which has none, by WMI. The registered result holds ``rebooted``, ``elapsed`` (seconds), ``boot_time`` and
``boot_time_source``.

Examples:

```yaml
- name: Restart, and go on when mail is up
  win_reboot:
    msg: KB870585
    reboot_timeout: 1800
    services: [IISADMIN, SMTPSVC, MSExchangeIS]

- name: Restart and do not wait
  win_reboot: {wait: false}
```
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from datetime import datetime
from typing import TYPE_CHECKING, cast

from remediate.connections.base import wait_until
from remediate.errors import Blocked, Failed, RemoteFailed, Unreachable
from remediate.model import Change, Effect, Json, State

if TYPE_CHECKING:
    from remediate.connections.base import Session

NEEDS = {"session": "yes"}
VOLATILE = ("boot",)
ACTION = True
UNKNOWN = ("rebooted", "elapsed", "boot_time")
SAME_BOOT = 5.0
"""Seconds by which two readings of one boot may differ: Windows works it out from a clock that is set now and then."""


@dataclass(frozen=True, kw_only=True)
class Params:
    msg: str = field(default="Restart by remediate", metadata={"help": "What people on the host's screen read."})
    pre_reboot_delay: int = field(default=2, metadata={"help": "Seconds between the order and the restart."})
    post_reboot_delay: float = field(default=0.0, metadata={"help": "Seconds to wait once the host is ready."})
    reboot_timeout: float = field(
        default=600.0, metadata={"help": "Seconds until it must be back with a new boot time."}
    )
    connect_timeout: float = field(default=30.0, metadata={"help": "Seconds for each look at the restarting host."})
    services: list[str] = field(default_factory=list, metadata={"help": "Services that must run afterwards."})
    services_timeout: float = field(default=900.0, metadata={"help": "Seconds to wait for the services."})
    test_command: str = field(default="", metadata={"help": "Command that must end with 0 before it counts as ready."})
    wait: bool = field(default=True, metadata={"help": "False: order the restart and go on at once."})

    def __post_init__(self) -> None:
        if len(self.msg) > 127 or re.search(r'["%&|<>^\x00-\x1f]', self.msg):
            raise ValueError('msg has at most 127 characters and none of " % & | < > ^')
        if not 0 <= self.pre_reboot_delay <= 600:
            raise ValueError("pre_reboot_delay is 0 to 600 seconds")


def inspect(session: Session, params: Params) -> State:
    return session.call("win_reboot", "look", {"source": ""})


def diff(state: State, params: Params) -> list[Change]:
    boot = _boot(state)
    if params.wait and not boot["value"]:
        raise Blocked(
            "the time of the last boot cannot be read, so a restart could not be proved",
            "repair WMI or start the Workstation service; or restart by hand, or with wait: false",
        )
    seconds = params.reboot_timeout if params.wait else 5.0
    return [
        Change(
            target="host",
            before=f"up since {boot['value'] or 'unknown'}",
            after="restarted",
            effect=Effect.REBOOT,
            seconds=seconds,
            reversible=False,
            why=params.msg,
            details={"boot": boot},
        )
    ]


def apply(session: Session, change: Change, params: Params) -> State:
    begin = session.now()
    boot = cast("dict[str, Json]", change.details["boot"])
    order: dict[str, Json] = {**boot, "delay": params.pre_reboot_delay, "message": params.msg}
    done = session.call("win_reboot", "reboot", order)
    if not done["ok"]:
        raise Failed(
            f"the host takes no order to restart: {done['text']}", remedy="see that the account may shut it down"
        )
    if not params.wait:
        return {"rebooted": True, "waited": False, "elapsed": 0}
    now = _back(session, boot, params)
    _ready(session, params)
    elapsed = round(session.now() - begin, 1)
    return {
        "rebooted": True,
        "waited": True,
        "elapsed": elapsed,
        "boot_time": now["value"],
        "boot_time_source": now["source"],
    }


def _back(session: Session, boot: dict[str, Json], params: Params) -> dict[str, Json]:
    """Wait for another boot time, each look over a new connection."""
    trouble: list[Unreachable | RemoteFailed] = []

    def look() -> dict[str, Json] | None:
        session.reconnect()
        trouble.clear()
        try:
            seen = session.call("win_reboot", "look", {"source": boot["source"]}, timeout=params.connect_timeout)
        except (Unreachable, RemoteFailed) as error:
            if isinstance(error, Unreachable) and error.kind in ("host_key", "algorithms"):
                raise
            trouble.append(error)
            return None
        return _boot(seen) if _another(boot, _boot(seen)) else None

    session.wait(params.pre_reboot_delay)
    found = wait_until(session, look, timeout=params.reboot_timeout, text="waiting for the host to restart")
    if found is not None:
        return found
    if trouble:
        raise Unreachable(
            f"the host was not back {params.reboot_timeout:g} s after the order to restart: {trouble[0].message}",
            kind="timeout",
            hint="look at its console: it may be waiting for somebody, or checking a disk",
        )
    raise Failed(
        f"the host answers, but has not restarted within {params.reboot_timeout:g} s: up since {boot['value']}",
        remedy="a program may refuse to end: look at its console; the order can be taken back with `shutdown -a`",
    )


def _ready(session: Session, params: Params) -> None:
    last: dict[str, Json] = {}

    def services() -> bool | None:
        last.update(session.call("win_service", "states", {"names": list(params.services)}))
        return True if all(last[name] == "running" for name in params.services) else None

    def command() -> bool | None:
        return True if session.run(params.test_command, timeout=params.connect_timeout).exit_code == 0 else None

    if params.services:
        text = "waiting for services: " + ", ".join(params.services)
        if wait_until(session, services, timeout=params.services_timeout, text=text) is None:
            late = ", ".join(f"{name} {last[name]}" for name in params.services if last[name] != "running")
            raise Failed(
                f"the host restarted, but after {params.services_timeout:g} s: {late}", remedy="see its event log"
            )
    if params.test_command:
        left = params.reboot_timeout
        if wait_until(session, command, timeout=left, text=f"waiting for {params.test_command!r} to succeed") is None:
            raise Failed(
                f"the host restarted, but {params.test_command!r} does not end with 0", remedy="run it by hand there"
            )
    session.wait(params.post_reboot_delay)


def _boot(state: State) -> dict[str, Json]:
    return cast("dict[str, Json]", state["boot"])


def _another(before: dict[str, Json], now: dict[str, Json]) -> bool:
    """Whether two readings of the same source are of different boots."""
    if before["source"] != now["source"] or not now["value"]:
        return False
    try:
        times = [datetime.fromisoformat(str(reading["value"])) for reading in (before, now)]
    except ValueError:
        return before["value"] != now["value"]
    return abs((times[1] - times[0]).total_seconds()) > SAME_BOOT
