"""What is encrypted with vault, and names with line breaks in them."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.commands.driver import remediate

CIPHER = "$ANSIBLE_VAULT;1.1;AES256\n      3132"


@pytest.mark.parametrize("written", ['!vault "abc"', f"!vault |\n      {CIPHER}", "!vault [a]", "!vault {a: b}"])
def test_nobody_is_told_to_quote_what_is_encrypted(written: str, tmp_path: Path) -> None:
    (tmp_path / "h.yml").write_text(f"all:\n  vars:\n    x: {written}\n", encoding="utf-8")
    done = remediate("inventory", "list", "-i", "h.yml", folder=tmp_path)
    assert done.code == 1
    assert done.err.startswith("error: h.yml:3:8: the tag !vault is not supported"), done.err
    assert "ansible-vault decrypt" in done.err
    assert "quote" not in done.err


def test_a_whole_file_that_is_encrypted(tmp_path: Path) -> None:
    (tmp_path / "h.yml").write_text("$ANSIBLE_VAULT;1.1;AES256\n3132\n", encoding="utf-8")
    done = remediate("inventory", "list", "-i", "h.yml", folder=tmp_path)
    assert "ansible-vault decrypt" in done.err


@pytest.mark.parametrize("sign", ["\n", "\r\n", "\r", "\x0b", "\x85", "\u2028"])
def test_a_line_break_in_a_name_is_seen(sign: str, tmp_path: Path) -> None:
    name = f"a{sign}error: fake.yml"
    for words in (["run", name], ["lint", name], ["inventory", "list", "-i", name], ["apply", name], ["show", name]):
        done = remediate(*words, folder=tmp_path)
        assert done.code == 1
        lines = done.err.splitlines()
        assert len([line for line in lines if not line.startswith("  hint: ")]) == 1, done.err
        assert not any(line.startswith("error: fake") for line in lines)
    (tmp_path / name).write_text("- hosts: all\n  tasks: []\n", encoding="utf-8")
    done = remediate("lint", name, folder=tmp_path)
    assert len((done.out + done.err).splitlines()) == 1, done
