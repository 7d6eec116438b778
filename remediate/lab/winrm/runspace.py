"""One runspace of a pool: its variables and environment, and the way to the host's programs."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from remediate.lab.machine import Machine
from remediate.lab.winrm.psrecords import UnknownScriptError
from remediate.lab.winrm.shells import Desk

CLR = "2.0.50727.3053"


@dataclass(slots=True, kw_only=True)
class Runspace:
    """What lasts from one pipeline to the next. ``extra`` (environment) is shared by all runspaces: one process."""

    desk: Desk
    extra: dict[str, str]
    last_exit: int | None = None
    variables: dict[str, object] = field(default_factory=dict)
    """Set by scripts; names in lower case."""

    @property
    def machine(self) -> Machine:
        return self.desk.machine

    @property
    def version(self) -> int:
        """Windows PowerShell's: 2 with WinRM 2.0, else 5."""
        return 5 if self.desk.version >= (2, 2) else 2

    @property
    def environ(self) -> dict[str, str]:
        """The whole environment; names keep their case."""
        mine = {name.upper() for name in self.extra}
        return {k: v for k, v in self.machine.environ.items() if k.upper() not in mine} | self.extra

    @property
    def folder(self) -> str:
        """The current folder: the user's home, as cmd.exe's."""
        home = self.machine.environ.get("USERPROFILE", "")
        return home if self.machine.files.is_folder(home) else self.machine.os.system_root

    def execute(self, line: str, stdin: bytes) -> tuple[bytes, bytes, int]:
        """Run a line of cmd.exe's on the host."""
        return self.desk.run(line, lambda: stdin, "", dict(self.extra))

    def look(self, name: str) -> object:
        """The value of ``$name`` (lower case). UnknownScriptError for what the lab does not know."""
        if name in ("null", "true", "false"):
            return {"true": True, "false": False}.get(name)
        if name == "lastexitcode":
            return self.last_exit
        if name == "psversiontable":
            return version_table(self.desk)
        if name.startswith("env:"):
            return next((v for k, v in self.environ.items() if k.upper() == name[4:].upper()), None)
        if name not in self.variables:
            raise UnknownScriptError(f"the variable ${name}")
        return self.variables[name]

    def set(self, name: str, value: object) -> None:
        """``$name = value``; of the preferences only those that mean something here."""
        known = {"erroractionpreference": ("stop", "continue"), "progresspreference": ("silentlycontinue",)}
        allowed = known.get(name)
        strange = name.endswith("preference") and (allowed is None or str(value).lower() not in allowed)
        if strange or name in ("input", "null", "true", "false", "lastexitcode", "args", "psversiontable", "env"):
            raise UnknownScriptError(f"${name} = {value!r}")
        self.variables[name] = value

    @property
    def stops_at_errors(self) -> bool:
        return str(self.variables.get("erroractionpreference", "")).lower() == "stop"


def version_table(desk: Desk) -> dict[str, object]:
    """``$PSVersionTable``; also what a pool tells its client first."""
    from psrpcore.types import PSVersion

    major, minor = desk.version
    old = desk.version < (2, 2)
    return {
        "PSVersion": PSVersion("2.0" if old else "5.1.14409.1018"),
        "CLRVersion": PSVersion(CLR if old else "4.0.30319.42000"),
        "BuildVersion": PSVersion("6.0.6002.18111" if old else "10.0.14409.1018"),
        "WSManStackVersion": PSVersion("2.0" if old else "3.0"),
        "PSRemotingProtocolVersion": PSVersion(f"{major}.{minor}"),
        "SerializationVersion": PSVersion("1.1.0.1"),
    }


def text(value: object) -> str:
    """An object as PowerShell puts it into a string; UnknownScriptError for what would need formatting."""
    from psrpcore.types import PSVersion

    if value is None:
        return ""
    if isinstance(value, bool | int | str | PSVersion):
        return str(value)
    raise UnknownScriptError(f"{type(value).__name__} as text")


def member(value: object, name: str) -> object:
    """``$value.name``; None where PowerShell has $null."""
    from psrpcore.types import PSVersion

    if isinstance(value, Mapping):
        return next((found for key, found in value.items() if str(key).lower() == name), None)
    if isinstance(value, PSVersion) and name in ("major", "minor", "build", "revision"):
        part = getattr(value, name)
        return -1 if part is None else part
    if isinstance(value, str) and name == "length":
        return len(value)
    raise UnknownScriptError(f"the member {name} of {type(value).__name__}")
