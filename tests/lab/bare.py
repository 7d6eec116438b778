"""A bare Windows host for tests, on a clock the test moves: waiting moves it too."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

from remediate.lab.faults import Faults
from remediate.lab.machine import Machine
from remediate.lab.osinfo import OsInfo, Release
from remediate.lab.script import ScriptResult, run_script
from remediate.lab.services import Service
from remediate.lab.shell import execute
from remediate.lab.windows import bare_windows


class Bare:
    """One host. ``run`` and ``script`` give text with plain line ends."""

    def __init__(self, release: Release = "2003", *, faults: Faults | None = None, **more: Any) -> None:
        self.now = datetime(2004, 11, 15, 12, 0, tzinfo=UTC)
        pack = 4 if release == "2000" else 1
        self.machine: Machine = bare_windows(
            "ex1", OsInfo(release=release, service_pack=pack), faults=faults, clock_source=lambda: self.now, **more
        )
        self.machine.pause = lambda _, seconds: self.pass_time(seconds)

    def pass_time(self, seconds: float) -> None:
        self.now += timedelta(seconds=seconds)
        self.machine.advance()

    def run(self, line: str, stdin: bytes = b"") -> tuple[str, str, int]:
        out, err, code = execute(self.machine, line, stdin)
        return plain(out), plain(err), code

    def script(self, source: str, *args: str, **more: Any) -> ScriptResult:
        return run_script(self.machine, source, args, script_path="C:\\x.js", **more)

    def echo(self, source: str) -> str:
        """What a script printed; its errors fail the test."""
        result = self.script(source)
        assert plain(result.stderr) == ""
        return plain(result.stdout)

    def write(self, files: Mapping[str, str]) -> None:
        for path, text in files.items():
            self.machine.files.make_folders(path.rpartition("\\")[0])
            self.machine.files.write(path, text.replace("\n", "\r\n").encode("cp437"))

    def chain(self) -> None:
        """Three services, each needing the one before: Base, Middle, Top; all running."""
        for name, needs in (("Base", ()), ("Middle", ("Base",)), ("Top", ("Middle",))):
            self.machine.services.add(
                Service(
                    name=name,
                    display=f"The {name}",
                    path=f"C:\\svc\\{name}.exe",
                    depends=needs,
                    state="running",
                    start_seconds=2.0,
                    stop_seconds=1.0,
                )
            )

    def state(self, name: str) -> str:
        return self.machine.services.need(name).state


def plain(data: bytes) -> str:
    return data.decode("cp437").replace("\r\n", "\n")
