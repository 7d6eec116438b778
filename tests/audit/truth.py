"""How the hosts of a lab really are, and whether that is what the article asks for: nothing here is the toolkit's."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

Version = tuple[int, ...]
# The article's tables once more, by branch: first build, first fixed build, files that come with it. Written by hand.
BRANCHES: tuple[tuple[str, str, tuple[str, ...]], ...] = (
    ("6.0.6249.0", "6.0.6617.6", ("mdbmsg.dll",)),
    ("6.5.6944.0", "6.5.6981.0", ("mdbmsg.dll", "exsmtp.dll", "mdbevent.dll", "mdbrole.dll", "mdbtask.dll")),
    ("6.5.7226.0", "6.5.7232.35", ("mdbmsg.dll",)),
    ("6.5.7638.0", "6.5.7638.0", ("mdbmsg.dll",)),
)


def version(text: str) -> Version:
    return tuple(int(part) for part in text.split("."))


@dataclass(frozen=True)
class Truth:
    """One host, as the lab has it."""

    build: str
    files: dict[str, str]
    services: dict[str, tuple[str, str]]
    """State and start type by name."""
    stores: dict[str, str]
    restart_due: bool
    installers: tuple[dict[str, Any], ...]
    refusals: tuple[str, ...]
    fingerprint: str

    @classmethod
    def of(cls, host: dict[str, Any]) -> Truth:
        services = {name: (state, mode) for name, (state, mode) in host["services"].items()}
        return cls(host["build"], host["files"], services, host["stores"], host["restart_due"],
                   tuple(host["installers"]), tuple(host["refusals"]), host["fingerprint"])  # fmt: skip

    @property
    def fixed(self) -> bool:
        """Whether every file of the article's table is there, at its version or later within the branch."""
        found = [branch for branch in BRANCHES if self.build and version(branch[0]) <= version(self.build)]
        if not found or self.build.split(".")[:2] != found[-1][0].split(".")[:2]:
            return False
        _, least, companions = found[-1]
        names = ("store.exe", *companions)
        return all(version(self.files.get(name) or "0") >= version(least) for name in names)

    @property
    def at_work(self) -> bool:
        """Whether an installer still runs."""
        return any(not run["ended"] and run["phase"] != "killed" for run in self.installers)

    def down_since(self, before: Truth) -> set[str]:
        """Services that ran before and do not run now."""
        ran = {name for name, (state, _) in before.services.items() if state == "running"}
        return {name for name in ran if self.services.get(name, ("gone", ""))[0] != "running"}

    def retyped_since(self, before: Truth) -> set[str]:
        """Services whose start type is another one than before."""
        return {name for name, (_, mode) in before.services.items() if self.services.get(name, ("", mode))[1] != mode}

    def dismounted_since(self, before: Truth) -> set[str]:
        """Stores that were mounted before and are not now."""
        return {name for name, state in before.stores.items() if state == "mounted" and self.stores[name] != "mounted"}
