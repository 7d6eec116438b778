"""The commands the documentation shows do what it says, against the lab."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.commands.driver import remediate
from tests.docs.console import Shown, commands, missing
from tests.docs.generate import DOCS, ROOT

SPEED = "50"
"""The lab's installers are fifty times as fast here; nothing shown depends on it."""
PAGES = [page for page in (ROOT / "README.md", *sorted(DOCS.rglob("*.md"))) if "```console" in page.read_text("utf-8")]


@pytest.fixture
def project(tmp_path: Path) -> Iterator[Path]:
    """A project with the shipped lab inventories, quick ones, and nothing else."""
    (tmp_path / "inventory").mkdir()
    for inventory in (ROOT / "inventory").glob("lab*.yml"):
        text = re.sub(r"^speed:.*\n", "", inventory.read_text("utf-8"), flags=re.MULTILINE)
        (tmp_path / "inventory" / inventory.name).write_text(f"{text}\nspeed: {SPEED}\n", "utf-8")
    (tmp_path / "remediate.toml").write_text((ROOT / "remediate.toml").read_text("utf-8"), "utf-8")
    yield tmp_path
    for inventory in (tmp_path / "inventory").glob("lab*.yml"):
        remediate("lab", "down", "-i", str(inventory), folder=tmp_path)


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.stem)
def test_the_page_tells_the_truth(page: Path, project: Path) -> None:
    text = page.read_text("utf-8")
    for name, content in re.findall(r"^```\w+ title=(\S+)\n(.*?)^```", text, flags=re.DOTALL | re.MULTILINE):
        file = project / name
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(content, "utf-8")
    for shown in commands(text):
        check(shown, project)


def check(shown: Shown, project: Path) -> None:
    done = remediate(*shown.words, folder=project)
    real = (done.out + done.err).replace(f"{project}/", "").replace(f"{ROOT}/", "")
    command = "remediate " + " ".join(shown.words)
    assert done.code == shown.code, f"$ {command}\n{real}"
    assert not missing(shown, real), f"$ {command}\n{missing(shown, real)!r} is not in:\n{real}"


def test_a_promise_that_is_not_kept_is_noticed() -> None:
    (shown,) = commands("```console\n$ remediate doc 'a b'  # exit code 3\none  (1.5 s)\n...\nthree\n```\n")
    assert shown == Shown(("doc", "a b"), 3, ("one  (1.5 s)", "...", "three"))
    assert missing(shown, "one (20 s)\ntwo\nthree\n") == ""
    assert missing(shown, "three\none (1.5 s)\n") == "three"
    with pytest.raises(ValueError, match="only remediate"):
        list(commands("```console\n$ rm -rf x\n```\n"))
