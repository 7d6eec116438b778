"""The page about the architecture names files that are there, and stays one screen."""

from __future__ import annotations

import re

from tests.docs.generate import DOCS, ROOT

PAGE = (DOCS / "architecture.md").read_text(encoding="utf-8")


def test_the_walks_name_files_that_are_there() -> None:
    walks = PAGE.split("\n## A fact", 1)[1]
    folder, missing = "", []
    for name in re.findall(r"`([\w/]+\.py)`", walks):
        if "/" in name:
            folder = name.rpartition("/")[0]
        path = name if "/" in name else f"{folder}/{name}"
        if not any((ROOT / place / path).is_file() for place in ("remediate", ".")):
            missing.append(path)
    assert not missing
    assert len(set(re.findall(r"`([\w/]+\.py)`", walks))) > 30


def test_folders_of_the_table_are_there() -> None:
    folders = re.findall(r"`(remediate/\w+/)`", PAGE)
    assert len(folders) > 5
    assert all((ROOT / folder).is_dir() for folder in folders)


def test_it_is_one_screen() -> None:
    assert len(PAGE.splitlines()) <= 60
