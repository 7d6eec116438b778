"""The package as users get it: sdist, the wheel built from it, installed into its own venv, run far from here."""

from __future__ import annotations

import os
import subprocess
import sys
import tarfile
import zipfile
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
SHIPPED = (
    "playbooks/kb870585.yml",
    "playbooks/facts.yml",
    "inventory/lab.yml",
    "inventory/lab-winrm.yml",
    "modules/hotfix.py",
    "modules/hotfix.js",
)

NEW_LEDGER = """
import sys
from datetime import UTC, datetime
from remediate.ledger.store import open_ledger
with open_ledger(sys.argv[1], now=lambda: datetime.now(UTC)) as ledger:
    assert ledger.verify().whole
"""
"""Makes a ledger: the migrations have to be in the wheel."""

pytestmark = [pytest.mark.slow, pytest.mark.timeout(3600)]  # most of it is pip


def command(*words: str | Path, folder: Path, good: tuple[int, ...] = (0,)) -> str:
    """One program in ``folder``, without the settings of this environment; its output."""
    environ = {key: value for key, value in os.environ.items() if not key.startswith(("PYTHON", "VIRTUAL_ENV"))}
    done = subprocess.run(list(map(str, words)), cwd=folder, env=environ, capture_output=True, text=True, check=False)
    assert done.returncode in good, f"{words}: {done.returncode}\n{done.stdout[-3000:]}\n{done.stderr[-3000:]}"
    return done.stdout + done.stderr


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with the sdist and the wheel built from that sdist."""
    folder = tmp_path_factory.mktemp("built")
    command(sys.executable, "-m", "venv", folder / "tools", folder=folder)
    command(folder / "tools/bin/pip", "install", "--quiet", "build", folder=folder)
    command(folder / "tools/bin/python", "-m", "build", "--outdir", folder / "dist", ROOT, folder=folder)
    return folder / "dist"


@pytest.fixture(scope="module")
def installed(built: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The ``bin`` of a venv with the wheel and its lab extra."""
    venv = tmp_path_factory.mktemp("venv")
    (wheel,) = built.glob("*.whl")
    command(sys.executable, "-m", "venv", venv, folder=venv)
    command(venv / "bin/pip", "install", "--quiet", f"{wheel}[lab]", folder=venv)
    return venv / "bin"


def test_wheel_and_sdist_hold_the_shipped_content(built: Path) -> None:
    (wheel,) = built.glob("*.whl")
    (sdist,) = built.glob("*.tar.gz")
    in_wheel = set(zipfile.ZipFile(wheel).namelist())
    with tarfile.open(sdist) as archive:
        in_sdist = {name.split("/", 1)[-1] for name in archive.getnames()}
    for name in SHIPPED:
        assert f"remediate/_shipped/{name}" in in_wheel
        assert name in in_sdist
    assert any(name.startswith("remediate/connections/es3/") for name in in_wheel)
    assert "remediate/py.typed" in in_wheel
    assert not [name for name in in_wheel | in_sdist if "__pycache__" in name or ".remediate/" in name]


def test_the_installed_program_repairs_the_lab(installed: Path, tmp_path: Path) -> None:
    remediate = installed / "remediate"
    run = (remediate, "run", "playbooks/kb870585.yml", "-i", "inventory/lab.yml")
    try:
        assert "failed=0" in command(*run, folder=tmp_path)
        assert "Nothing changed." in command(*run, folder=tmp_path)
        assert "hotfix" in command(remediate, "doc", folder=tmp_path)
        command(remediate, "lint", "playbooks/kb870585.yml", folder=tmp_path)
        command(installed / "python", "-c", NEW_LEDGER, tmp_path / "ledger.sqlite3", folder=tmp_path)
    finally:
        command(remediate, "lab", "down", "-i", "inventory/lab.yml", folder=tmp_path)


def test_without_the_lab_extra_the_error_says_what_to_install(installed: Path, tmp_path: Path) -> None:
    command(installed / "pip", "uninstall", "--quiet", "--yes", "quickjs-ng", folder=tmp_path)
    text = command(
        installed / "remediate", "run", "playbooks/kb870585.yml", "-i", "inventory/lab.yml", folder=tmp_path, good=(1,)
    )
    assert "pip install 'remediate-servers[lab]'" in text
    assert "no inventory" in command(
        installed / "remediate", "run", "playbooks/kb870585.yml", folder=tmp_path, good=(1,)
    )
