"""Facts of servers for tests, from a few words: the shape ``exchange_facts`` hands over."""

from __future__ import annotations

import copy
from functools import cache
from pathlib import Path
from typing import Any

import yaml

from remediate.kb.advisory import Advisory, load
from remediate.kb.supplied import Supplied

ROLE = Path(__file__).parents[2] / "roles/kb870585"
TABLE_FILES = ("store.exe", "mdbmsg.dll", "exsmtp.dll", "mdbevent.dll", "mdbrole.dll", "mdbtask.dll")
PRODUCTS = {
    "2000": ("Exchange 2000 Server", 60, "5.0.2195", 4),
    "2003": ("Exchange Server 2003", 65, "5.2.3790", 2),
    "5.5": ("Exchange Server 5.5", 55, "4.0.1381", 6),
    "2007": ("Exchange Server 2007", 80, "5.2.3790", 2),
}


def role_data() -> dict[str, Any]:
    """The role's advisory as its file has it; whoever asks may change it."""
    return copy.deepcopy(_role_data())


@cache
def _role_data() -> dict[str, Any]:
    data: dict[str, Any] = yaml.safe_load((ROLE / "vars/main.yml").read_text(encoding="utf-8"))["kb870585_advisory"]
    return data


@cache
def advisory() -> Advisory:
    return load(role_data())


def cases(name: str) -> list[dict[str, Any]]:
    """The list in ``cases/<name>.yml`` beside this file."""
    found = yaml.safe_load((Path(__file__).parent / f"cases/{name}.yml").read_text(encoding="utf-8"))
    assert isinstance(found, list)
    return found


def facts(server: dict[str, Any]) -> dict[str, Any]:
    """``{exchange: 2003, build: 6.5.7226.0, sp: 1, files: {mdbmsg.dll: ...}, set: {exchange.cluster: true}}`` in full.

    Files not named are at the build of store.exe; ``null`` could not be read, ``absent`` is missing.
    """
    name, services_version, windows, windows_pack = PRODUCTS[str(server.get("exchange", "2003"))]
    build = server.get("build")
    levels = dict.fromkeys(TABLE_FILES, build) | server.get("files", {})
    found: dict[str, Any] = {
        "os": {"version": windows, "service_pack": windows_pack, "language": 1033, "product": "", "computer": "EX1"},
        "exchange": {
            "installed": True, "product": name, "services_version": services_version, "service_pack": server.get("sp"),
            "install_path": r"C:\Program Files\Exchsrvr", "store_build": levels["store.exe"],
            "store_build_source": "file", "front_end": None, "cluster": False,
        },
        "files": {n: file(n, v) for n, v in levels.items()},
        "hotfixes": {}, "uninstall_folders": [],
        "services": [{"name": "MSExchangeIS", "state": "running", "start_mode": "auto"}],
        "disk": {"system_free": 4 << 30, "install_free": 20 << 30},
        "pending": {"reboot": False, "renames": [], "sources": []},
        "installers_running": [], "jobs": [],
        "time": {"utc": "2026-01-31T20:00:00Z", "bias_minutes": -60, "bias_source": "registry"},
        "sources": {}, "_notes": [],
    }  # fmt: skip
    for path, value in server.get("set", {}).items():
        put(found, path.split("."), copy.deepcopy(value))
    return found


def file(name: str, version: str | None) -> dict[str, Any] | None:
    if version is None:
        return None
    if version == "absent":
        return {"path": name, "exists": False, "version": None, "size": None, "modified": None}
    tabled = next(
        (f for p in advisory().packages for f in p.files if (f.name.lower(), str(f.version)) == (name, version)), None
    )
    return {
        "path": name,
        "exists": True,
        "version": version,
        "size": tabled.size if tabled else 1000,
        "modified": f"{tabled.date:%Y-%m-%dT%H:%M}:37Z" if tabled else "2004-01-01T00:00:00Z",
    }


def put(data: dict[str, Any], path: list[str], value: object) -> None:
    """Path parts joined by a dot; a file name keeps its own: ``files/store.exe`` is written ``files.store_exe``."""
    *way, last = [p.replace("_exe", ".exe").replace("_dll", ".dll") for p in path]
    for part in way:
        data = data[part]
    data[last] = value


def supplied(names: list[str], extra: dict[str, dict[str, Any]] | None = None) -> dict[str, Supplied]:
    """The packages an operator has: by id alone, with a made-up file and hash; ``extra`` says more of some."""
    given = {n: Supplied(file=f"/packages/{n}.exe", sha256="ab" * 32) for n in names}
    for name, fields in (extra or {}).items():
        given[name] = Supplied(**({"file": f"/packages/{name}.exe"} | fields))
    return given
