"""Which Windows a lab host runs."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Literal

from remediate.model import Json

Release = Literal["2000", "2003"]


@dataclass(frozen=True, slots=True, kw_only=True)
class OsInfo:
    """Release, service pack and language of a server."""

    release: Release = "2003"
    service_pack: int = 1
    language: int = 1033
    """Windows LCID; 1033 is English (United States)."""
    system_root: str = ""
    """``C:\\WINDOWS`` on 2003, ``C:\\WINNT`` on 2000 unless given."""

    def __post_init__(self) -> None:
        if not self.system_root:
            object.__setattr__(self, "system_root", "C:\\WINNT" if self.release == "2000" else "C:\\WINDOWS")

    @property
    def version(self) -> str:
        return "5.0.2195" if self.release == "2000" else "5.2.3790"

    @property
    def build(self) -> str:
        return self.version.rpartition(".")[2]

    @property
    def caption(self) -> str:
        if self.release == "2000":
            return "Microsoft Windows 2000 Server"
        return "Microsoft(R) Windows(R) Server 2003, Standard Edition"

    @property
    def csd(self) -> str:
        """``Service Pack 4``, or "" without one."""
        return f"Service Pack {self.service_pack}" if self.service_pack else ""

    @property
    def has_dos_tools(self) -> bool:
        """sc, reg and tasklist came with 2003; on 2000 they were in extra kits."""
        return self.release != "2000"

    @property
    def oem_codepage(self) -> str:
        return "cp437" if self.language == 1033 else "cp850"

    @property
    def line_limit(self) -> int:
        """Longest command line cmd.exe takes, in characters."""
        return 2047 if self.release == "2000" else 8191

    def to_json(self) -> dict[str, Json]:
        return dict(asdict(self))

    @classmethod
    def from_json(cls, saved: Mapping[str, Json]) -> OsInfo:
        return cls(
            release="2000" if saved["release"] == "2000" else "2003",
            service_pack=int(str(saved["service_pack"])),
            language=int(str(saved["language"])),
            system_root=str(saved["system_root"]),
        )
