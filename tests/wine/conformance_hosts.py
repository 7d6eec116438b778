"""The two hosts of the conformance table: the embedded lab in process, and a Wine prefix."""

from __future__ import annotations

import os
import shutil
import subprocess
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Protocol

from remediate.connections import payload
from remediate.errors import RemoteFailed
from remediate.lab import hostspec, images, packages, pe, script, shell
from remediate.lab.files import ARCHIVE, READ_ONLY, FileEntry
from remediate.model import Output
from tests.patience import LIMIT
from tests.wine import tools, zones

Answer = dict[str, Any]
World = Sequence[Mapping[str, Any]]

FOLDER = "C:\\conf"
IMAGE = "exchange2003-sp1"
NONCE = "abc123"
MODULE = """// needs: files registry services wmi jobs hash transfer
function ask(args) {
  var C = "C:\\\\conf\\\\", K = args.key;
  function error(fn) { try { fn(); } catch (e) { return hex(errorNumber(e)); } return "none"; }
  function ended(name) {
    var looks = 0, seen = jobState({name: name});
    for (; seen.phase === "running" && looks < 600; looks++) { pause(100); seen = jobState({name: name}); }
    return seen;
  }
  function state(name, word) {
    var looks = 0, seen = serviceInfo([name])[0].state;
    for (; seen !== word && looks < 600; looks++) { pause(100); seen = serviceInfo([name])[0].state; }
    return seen;
  }
  return {value: eval("(" + args.code + ")")};
}
"""


class Host(Protocol):
    """What runs the table; each method answers for one case in a world of its own."""

    def script(self, case: Mapping[str, Any], world: World) -> Answer: ...

    def line(self, case: Mapping[str, Any], world: World) -> Answer: ...


def built(case: Mapping[str, Any]) -> str:
    """The payload of a case, as a session would send it."""
    args = {"code": case["js"], "key": registry_key(case)}
    folder = f"{FOLDER}\\{case.get('folder', 'kit')}"
    return payload.build(MODULE, "ask", args, payload.needs(MODULE), nonce=NONCE, folder=folder)


def registry_key(case: Mapping[str, Any]) -> str:
    """A key for each case, since nobody cleans the registry."""
    return f"HKLM\\SOFTWARE\\Conformance\\{case['name']}\\"


def parsed(stdout: str, exit_code: int) -> Answer:
    """{"value", "notes": sources} or {"failed": text}."""
    try:
        state = payload.parse(Output(stdout, "", exit_code), NONCE)
    except RemoteFailed as error:
        return {"failed": str(error)}
    notes: Any = state["_notes"]
    return {"value": state["value"], "notes": sorted({note["source"] for note in notes})}


def content(file: Mapping[str, Any]) -> bytes:
    """The bytes of a file of the world: text in its encoding, or a PE image with a version, padded to its size."""
    if "version" in file:
        data = pe.build(pe.Image(version=file["version"], code=b"\xc3"))
    else:
        data = str(file.get("text", "")).replace("\n", "\r\n").encode(file.get("encoding", "cp1252"))
    return data.ljust(int(file.get("size", 0)), b"\0")


def modified(file: Mapping[str, Any]) -> datetime:
    """UTC; the same for all files that do not care."""
    return datetime.fromisoformat(file.get("modified", "2004-09-15T20:01:00Z")).astimezone(UTC)


def expanded(world: World) -> list[dict[str, Any]]:
    """With the text of a file that is repeated many times written out."""
    return [{**file, "text": str(file.get("text", "")) * int(file.get("times", 1))} for file in world]


@dataclass(frozen=True, slots=True)
class Lab:
    """A server of the embedded lab."""

    def script(self, case: Mapping[str, Any], world: World) -> Answer:
        done = script.run_script(self._machine(case, world), built(case))
        return parsed(done.stdout.decode("cp437"), done.exit_code)

    def line(self, case: Mapping[str, Any], world: World) -> Answer:
        out, _, code = shell.execute(self._machine(case, world), case["cmd"], b"", folder=FOLDER)
        return {"stdout": out.decode("cp437"), "exit_code": code}

    def _machine(self, case: Mapping[str, Any], world: World) -> Any:
        zone = case.get("zone", "eastern")
        override = {"time_zone": zone, "daylight": zones.daylight(zone)}
        spec = hostspec.parse("lab", {"image": IMAGE, "override": override})
        machine = images.build(spec, images.library(packages.catalogue()))
        machine.files.make_folders(f"{FOLDER}\\kit")
        for file in expanded(world):
            path, data = f"{FOLDER}\\{file['path']}", content(file)
            machine.files.make_folders(path.rpartition("\\")[0])
            attributes = ARCHIVE | (READ_ONLY if file.get("read_only") else 0)
            entry = FileEntry(size=len(data), modified=modified(file), data=data, attributes=attributes)
            machine.files.put(path, entry)
        return machine


@dataclass(frozen=True, slots=True)
class Wine:
    """A prefix of Wine that is up; ``run_exe`` is the launcher that hands a raw command line to cmd.exe."""

    prefix: Path
    run_exe: Path

    def script(self, case: Mapping[str, Any], world: World) -> Answer:
        self._lay(world)
        (self._folder / "case.js").write_text(built(case), encoding="ascii")
        done = self._wine(case, "cscript", "//nologo", f"{FOLDER}\\case.js")
        return parsed(done.stdout.decode("cp437"), done.returncode)

    def line(self, case: Mapping[str, Any], world: World) -> Answer:
        self._lay(world)
        code = self.prefix / "drive_c" / "code.txt"
        code.unlink(missing_ok=True)
        done = self._wine(case, str(self.run_exe), LINE=case["cmd"], CODE="C:\\code.txt")
        return {"stdout": done.stdout.decode("cp437"), "exit_code": int(code.read_text())}

    @property
    def _folder(self) -> Path:
        return self.prefix / "drive_c" / "conf"

    def _lay(self, world: World) -> None:
        if self._folder.exists():
            shutil.rmtree(self._folder)
        (self._folder / "kit").mkdir(parents=True)
        for file in expanded(world):
            path = self._folder.joinpath(*file["path"].split("\\"))
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(content(file))
            os.utime(path, (modified(file).timestamp(),) * 2)
            path.chmod(0o444 if file.get("read_only") else 0o644)

    def _wine(self, case: Mapping[str, Any], *argv: str, **environ: str) -> subprocess.CompletedProcess[bytes]:
        zone = zones.ZONES[case.get("zone", "eastern")]
        return subprocess.run(
            tools.wine(*argv),
            env={**tools.environment(self.prefix, zone), **environ},
            cwd=self._folder,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            timeout=LIMIT,
            check=False,
        )
