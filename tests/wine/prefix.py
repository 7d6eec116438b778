"""A Wine prefix made once, and cheap copies of it: DLLs are hard links, only the registry is copied."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

from remediate.lab.registry import RegValue
from tests.patience import LIMIT
from tests.wine import tools
from tests.wine.programs import only_one


def base() -> Path:
    """The prefix all hosts are copied from; made anew for another version of Wine."""
    wine = tools.program("wine")
    version = subprocess.run([wine, "--version"], capture_output=True, text=True, check=True).stdout.split()[0]
    done = tools.HOME / f"base-{version}"
    with only_one("base"):
        if not done.is_dir():
            making = done.with_suffix(".new")
            shutil.rmtree(making, ignore_errors=True)
            _boot(making)
            (making / "drive_c" / "windows" / "temp").rename(making / "drive_c" / "windows" / "Temp")
            making.rename(done)
    return done


def _boot(prefix: Path) -> None:
    environment = tools.environment(prefix)
    quiet = {"stdin": subprocess.DEVNULL, "stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL}
    subprocess.run(tools.wine("wineboot", "-i"), env=environment, check=True, timeout=LIMIT, **quiet)  # type: ignore[call-overload]
    subprocess.run([tools.program("wine64"), "-w"], env=environment, check=True, timeout=LIMIT, **quiet)  # type: ignore[call-overload]


def clone(target: Path) -> None:
    """A prefix of its own at ``target``."""
    source = base()
    target.parent.mkdir(parents=True, exist_ok=True)
    subprocess.run(["cp", "-al", str(source), str(target)], check=True)
    for hive in target.glob("*.reg"):
        hive.unlink()
        shutil.copy2(source / hive.name, hive)


def write_registry(prefix: Path, keys: dict[str, dict[str, RegValue]]) -> None:
    """Values below HKLM of a prefix that does not run; what is there already is overwritten."""
    lines = []
    for key, values in keys.items():
        lines += ["", f"[{_escaped(key)}] 1795455083"]
        lines += [f'"{_escaped(name)}"={_written(value)}' for name, value in values.items()]
    with (prefix / "system.reg").open("a", encoding="ascii") as hive:
        hive.write("\n".join([*lines, ""]))


def _escaped(text: str) -> str:
    return text.replace("\\", "\\\\").replace('"', '\\"')


def _written(value: RegValue) -> str:
    data = value.value
    if isinstance(data, int):
        return f"dword:{data:08x}"
    if isinstance(data, list):
        return 'str(7):"' + "".join(f"{_escaped(item)}\\0" for item in data) + '"'
    assert isinstance(data, str)
    return f'str(2):"{_escaped(data)}"' if value.type == "REG_EXPAND_SZ" else f'"{_escaped(data)}"'
