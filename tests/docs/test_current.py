"""Reference pages say what the code says."""

from __future__ import annotations

import re
from dataclasses import fields
from pathlib import Path

import pytest

from remediate.commands.cli import COMMANDS
from remediate.commands.parser import EXITS
from remediate.connections import endpoint
from remediate.connections.endpoint import SshOptions
from remediate.lab.faults import Faults, Moment
from remediate.lab.hostspec import Override
from remediate.lab.images import library
from remediate.lab.packages import catalogue
from remediate.project.settings import KEYS
from tests.docs.generate import DOCS, PAGES, ROOT

PAGES_BY_HAND = sorted([*DOCS.rglob("*.md"), ROOT / "README.md", ROOT / "CONTRIBUTING.md", ROOT / "CHANGELOG.md"])


@pytest.mark.parametrize("name", PAGES)
def test_generated_pages_are_current(name: str) -> None:
    assert (DOCS / name).read_text(encoding="utf-8") == PAGES[name](), "run: make docs"


@pytest.mark.parametrize("page", PAGES_BY_HAND, ids=lambda page: page.name)
def test_links_lead_somewhere(page: Path) -> None:
    text = re.sub(r"```.*?```", "", page.read_text(encoding="utf-8"), flags=re.DOTALL)
    for target in re.findall(r"\]\((?!https?:|#)([^)#]+)", text):
        assert (page.parent / target).exists(), f"{page.name} links to {target}"


def test_readme_has_every_command_and_exit_code() -> None:
    text = (ROOT / "README.md").read_text(encoding="utf-8")
    for name in COMMANDS:
        assert f"`remediate {name}" in text
    for code in EXITS:
        assert f"| {code} |" in text


def test_settings_are_documented() -> None:
    text = (DOCS / "your-own-servers.md").read_text(encoding="utf-8")
    for key in KEYS:
        assert f"`{key}`" in text


def test_every_connection_variable_is_documented_with_its_default() -> None:
    text = (DOCS / "connection-variables.md").read_text(encoding="utf-8")
    rows = {row[0]: row[1].strip() for row in re.findall(r"^\| `(\w+)`.*?\| (.*?) \|", text, flags=re.MULTILINE)}
    for entry in fields(SshOptions):
        words = {"True": "yes", "False": "no", "": "none"}
        default = words.get(str(entry.default), str(entry.default))
        assert rows[entry.name].strip("`") == default, entry.name
    for names in (*endpoint._ALIASES.values(), ("ssh_jump_password", *endpoint.CONNECTIONS)):
        for name in names:
            assert f"`{name}`" in text


def test_every_fault_override_and_image_of_the_lab_is_documented() -> None:
    text = (DOCS / "lab.md").read_text(encoding="utf-8")
    for name in (entry.name for kind in (Faults, Override) for entry in fields(kind)):
        assert re.search(rf"`{name}\b", text), name
    for moment in Moment:
        assert f"`{moment}`" in text
    for image in library(catalogue()).images:
        assert f"`{image}`" in text, image


def test_messages_of_the_troubleshooting_page_exist() -> None:
    code = [path.read_text(encoding="utf-8") for top in ("remediate", "modules") for path in (ROOT / top).rglob("*.py")]
    joined = re.sub(r'"\s*\n\s*f?"', "", "\n".join(code))
    text = (DOCS / "troubleshooting.md").read_text(encoding="utf-8")
    messages = [
        row for row in re.findall(r"^\| `([^`]+)` \|", text, flags=re.MULTILINE) if not row.startswith("error:")
    ]
    assert len(messages) > 15
    assert not [message for message in messages if message not in joined]
