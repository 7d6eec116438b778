"""A command whose streams end at different times: what it left behind may hold one open."""

from __future__ import annotations

import threading
from typing import Any, cast

import pytest
from paramiko import Transport

from remediate.connections.execute import execute
from remediate.connections.order import Order
from remediate.errors import RemoteFailed


class Line:
    """A line with one channel: stdout ends at once, stderr is held open. Waiting takes the time it is given."""

    def __init__(self, status: int | None, parts: list[bytes]) -> None:
        self.time = 0.0
        self.exit_status = -1 if status is None else status
        self.status_event = threading.Event()
        self.eof_received = False
        self.parts = parts
        if status is not None:
            self.status_event.set()

    def open_session(self, timeout: float) -> Line:
        return self

    def exit_status_ready(self) -> bool:
        return self.status_event.is_set()

    def settimeout(self, seconds: float) -> None:
        self.wait = seconds

    def recv(self, size: int) -> bytes:
        return b""

    def recv_stderr(self, size: int) -> bytes:
        if self.parts:
            return self.parts.pop(0)
        self.time += self.wait
        raise TimeoutError

    def recv_ready(self) -> bool:
        return False

    def recv_stderr_ready(self) -> bool:
        return bool(self.parts)

    def exec_command(self, command: str) -> None: ...

    def shutdown_write(self) -> None: ...

    def close(self) -> None: ...


def run(line: Line) -> Any:
    order = Order(command="start /b something", timeout=60)
    return execute(cast("Transport", line), order, lambda: line.time, lambda: None, lambda: None)


def test_a_command_that_has_ended_is_not_waited_for_because_its_child_holds_stderr() -> None:
    line = Line(3, [b"one ", b"two"])
    output = run(line)
    assert (output.exit_code, output.stderr) == (3, "one two")
    assert line.time < 30


def test_a_command_that_goes_on_is_late_and_not_lost() -> None:
    line = Line(None, [b"one "])
    with pytest.raises(RemoteFailed, match="did not end within 60 seconds") as caught:
        run(line)
    assert caught.value.output is not None
    assert caught.value.output.stderr == "one "
