"""Several Wine hosts, the packages for them, and the inventory that names both."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import yaml

from remediate.lab.packages import Package, catalogue
from tests.kb.servers import ROLE
from tests.wine import prefix, programs
from tests.wine.host import WineHost, WineSpec, sweep

WIN64 = "win64.yml"
"""File of extra variables: the article's data with the one thing that is different here."""


def win64() -> dict[str, Any]:
    """Programs of these hosts, and so the packages for them, are for x64: Debian's Wine runs no others by itself."""
    text = (ROLE / "vars/main.yml").read_text(encoding="utf-8")
    data: dict[str, Any] = yaml.safe_load(text)
    for product in data["kb870585_advisory"]["products"]:
        product["architecture"] = "x64"
    return data


class Fleet:
    """Hosts by name; ``close`` ends them all."""

    def __init__(self, specs: Mapping[str, WineSpec], places: Mapping[str, tuple[str, int]] | None = None) -> None:
        sweep()
        prefix.base()
        programs.compiled()
        at = places or {}
        with ThreadPoolExecutor(3) as pool:
            made = {
                name: pool.submit(WineHost, name, spec, address=address, port=port, number=number)
                for number, (name, spec) in enumerate(specs.items(), 1)
                for address, port in [at.get(name, ("", 0))]
            }
        failed = [name for name, one in made.items() if one.exception()]
        self.hosts = {name: one.result() for name, one in made.items() if name not in failed}
        if failed:
            self.close()
            raise AssertionError(f"{', '.join(failed)} did not come up") from made[failed[0]].exception()

        self.before = {name: host.services() for name, host in self.hosts.items()}

    def inventory(self, folder: Path) -> Path:
        """Writes packages, inventory and what is different on 64 bits into ``folder``; the inventory's path."""
        supplied = {name: one for name, one in catalogue().items() if one.supplied}
        packages = {name: _package(folder / "packages", one) for name, one in supplied.items()}
        hosts = {name: host.variables() for name, host in self.hosts.items()}
        path = folder / "wine.yml"
        (folder / WIN64).write_text(yaml.safe_dump(win64()), encoding="utf-8")
        path.write_text(yaml.safe_dump({"all": {"vars": {"packages": packages}, "hosts": hosts}}), encoding="utf-8")
        return path

    def close(self) -> None:
        with ThreadPoolExecutor(4) as pool:
            list(pool.map(WineHost.close, self.hosts.values()))


def _package(folder: Path, one: Package) -> dict[str, Any]:
    folder.mkdir(parents=True, exist_ok=True)
    data = programs.package(one)
    path = folder / f"{one.id}.exe"
    path.write_bytes(data)
    told = {"file": str(path), "sha256": hashlib.sha256(data).hexdigest(), "version": one.provides}
    return told | ({"command": one.command} if one.command else {})
