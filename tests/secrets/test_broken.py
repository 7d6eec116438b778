"""Files and options that cannot be read: the message says where and what is wrong, and nothing of what is written."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from remediate.errors import UserError
from remediate.language import inventory, varsfiles
from remediate.project import extravars
from remediate.project import settings as toml
from tests.commands.driver import remediate
from tests.language.files import read
from tests.secrets.canaries import forms

SECRET = "Zq7+wux-Kp8/vjy"
INI = f"""\
[web]
ex1 ansible_host=10.0.0.1 ansible_password={SECRET} a=1
ex2 db_password='{SECRET}' # note
[all:vars]
api_token={SECRET}
svc="{SECRET}"
[site:children]
web
"""
YAML = f"""\
all:
  vars:
    ansible_password: {SECRET}
    neutral: "{SECRET}"
    deep: [{{token: '{SECRET}', n: 1}}]
  hosts:
    ex1:
      text: |
        {SECRET}
        more
      other: !unsafe {SECRET}
"""
PLAY = f"""\
- hosts: all
  vars:
    db_password: {SECRET}
    neutral: 'x {{{{ a }}}} {SECRET}'
  tasks:
    - name: A task
      win_command: "setup /password={SECRET} {{{{ b | default('c') }}}}"
      when: a is defined
    - debug: {{msg: '{SECRET}', verbosity: 1}}
"""
TOML = f"""\
inventory = 'hosts.yml'
[[notify]]
name = "chat"
on = ["after"]
webhook = "https://u:{SECRET}@chat.example/{SECRET}?token={SECRET}"
secret = "env:X"
[[notify]]
name = "mail"
on = ["after"]
mail = {{ server = "s", from = "a@example.com", to = ["b@example.com"], user = "x", password = "{SECRET}", starttls = true }}
"""  # noqa: E501
WORDS = f"db_password={SECRET} other='{SECRET} {SECRET}' x=1"
MAPPING = f'{{"db_password": "{SECRET}", "n": [{{"token": "{SECRET}"}}, 1]}}'
SIGNS = ":{}[]'\"#&*!|>-=\\ \t\n,@%?`~^$();\x07"


def assert_silent(error: UserError) -> None:
    said = f"{error} {error.source}"
    assert not [form for form in forms(SECRET) if form in said], said
    assert error.message


def test_a_mapping_behind_an_at_sign_is_no_name_of_a_file(tmp_path: Path) -> None:
    for word in (f"@{MAPPING}", f"@db_password={SECRET}"):
        with pytest.raises(UserError) as caught:
            of_words(tmp_path, word)
        assert_silent(caught.value)
    with pytest.raises(UserError, match=r"there is no file other/vars\.yml"):
        of_words(tmp_path, "@other/vars.yml")


def of_ini(folder: Path, text: str) -> None:
    (folder / "hosts.ini").write_text(text, encoding="utf-8")
    inventory.load([folder / "hosts.ini"], plugins={})


def of_yaml(folder: Path, text: str) -> None:
    (folder / "hosts.yml").write_text(text, encoding="utf-8")
    inventory.load([folder / "hosts.yml"], plugins={})


def of_vars(folder: Path, text: str) -> None:
    (folder / "all.yml").write_text(text, encoding="utf-8")
    varsfiles.load_vars(folder / "all.yml")


def of_play(folder: Path, text: str) -> None:
    read(folder, text)


def of_settings(folder: Path, text: str) -> None:
    (folder / "remediate.toml").write_text(text, encoding="utf-8")
    toml.find(folder)


def of_words(folder: Path, text: str) -> None:
    extravars.read([text], folder)


READERS = [(of_ini, INI), (of_yaml, YAML), (of_vars, YAML), (of_play, PLAY), (of_settings, TOML), (of_words, WORDS),
           (of_words, MAPPING)]  # fmt: skip


@st.composite
def broken(draw: st.DrawFn, text: str) -> str:
    """The text after a few slips of the keyboard, none of them inside a secret."""
    for _ in range(draw(st.integers(1, 3))):
        at = draw(st.integers(0, len(text)))
        while any(begin < at < begin + len(SECRET) for begin in starts(text)):
            at += 1
        slip = draw(st.sampled_from(["cut", "insert", "drop", "join", "double"]))
        if slip == "cut":
            text = text[:at]
        elif slip == "insert":
            text = text[:at] + draw(st.sampled_from(SIGNS)) + text[at:]
        elif slip == "drop" and not text.startswith(SECRET, at):
            text = text[:at] + text[at + 1 :]
        elif slip == "join":
            text = text[:at] + text[at:].lstrip(" \n")
        else:
            line = text[text.rfind("\n", 0, at) + 1 :].split("\n", 1)[0]
            text = f"{text[:at]}\n{line}\n{text[at:]}"
    return text


def starts(text: str) -> list[int]:
    return [at for at in range(len(text)) if text.startswith(SECRET, at)]


@pytest.mark.parametrize(("reader", "text"), READERS, ids=[f"{r.__name__}{n}" for n, (r, _) in enumerate(READERS)])
def test_slips_of_the_keyboard(
    reader: Callable[[Path, str], None], text: str, tmp_path_factory: pytest.TempPathFactory
) -> None:
    folder = tmp_path_factory.mktemp("broken")

    @settings(max_examples=250, deadline=None)
    @given(broken(text))
    def each(bad: str) -> None:
        try:
            reader(folder, bad)
        except UserError as error:
            assert_silent(error)

    each()


CASES = [
    ("hosts.ini", f"[a:vars]\nansible_password {SECRET}\n[a]\nex1\n"),
    ("hosts.ini", f"ex1 ansible_password=Zq7 {SECRET}\n"),
    ("hosts.ini", f"ex1 ansible_password=Zq7\\{SECRET}\n"),
    ("hosts.ini", f"ex1 ansible_password={SECRET}#x\n"),
    ("hosts.ini", f"ex1 ansible_password='{SECRET}\n"),
    ("hosts.ini", f"[{SECRET}\nex1\n"),
    ("hosts.ini", f"[a:children]\nb password={SECRET}\n"),
    ("hosts.yml", f"all: {{hosts: {{ex1: {{ansible_password: *{SECRET} }}}}}}\n"),
    ("hosts.yml", f"all: {{hosts: {{ex1: {{ansible_password: &{SECRET} }}}}}}\n"),
    ("hosts.yml", f"all: {{hosts: {{ex1: {{ansible_password: !{SECRET} }}}}}}\n"),
    ("hosts.yml", f"all: {{hosts: {{ex1: {{ansible_password: !!{SECRET} x}}}}}}\n"),
    ("hosts.yml", f"all: {{hosts: {{ex1: {{ansible_password: %{SECRET} }}}}}}\n"),
    ("hosts.yml", f"all: {{hosts: {{ex1: {{ansible_password:{SECRET}, a: 1}}}}}}\n"),
    ("hosts.yml", f'all: {{hosts: {{ex1: {{ansible_password: "\\q{SECRET}"}}}}}}\n'),
    ("hosts.yml", f"all: {{hosts: {{ex1: {{ansible_password: '{SECRET}: }}}}}}\n"),
    ("hosts.yml", f"all: {{hosts: {{ex1: {{ansible_password: {{{SECRET}}} }}}}}}\n"),
    ("hosts.yml", f"all: {{hosts: {{ex1: ansible_password={SECRET} }}}}\n"),
    ("hosts.yml", f"all: {{hosts: {{ex1 ansible_password={SECRET}: }}}}\n"),
    ("hosts.yml", f"all:\n  hosts:\n    ex1:\n      ansible_password: a: {SECRET}\n"),
    ("hosts.yml", f"all:\n  hosts:\n    ex1:\n\tansible_password: {SECRET}\n"),
    ("hosts.yml", f"all: {{hosts: {{ex1: {{ansible_host: 127.0.0.1, ansible_password: 'Zq{{{{{SECRET}'}}}}}}\n"),
    ("hosts.yml", f"all: {{hosts: {{ex1: {{ansible_host: 127.0.0.1, ansible_password: '{{{{{SECRET}}}}}'}}}}}}\n"),
    ("hosts.yml", f"all: {{hosts: {{ex1: {{ansible_host: 127.0.0.1, ansible_password: '{{% {SECRET} %}}'}}}}}}\n"),
    ("hosts.yml", f"all: {{hosts: {{ex1: {{ansible_host: 127.0.0.1, ansible_password: 'a{{# {SECRET}'}}}}}}\n"),
    ("hosts.yml", f"all: {{hosts: {{ex1: {{ansible_password: '{{{{ svc }}}}', svc: 'Zq{{{{{SECRET}'}}}}}}\n"),
    ("hosts.yml", f"all: {{hosts: {{ex1: {{ansible_password: '{{{{ 1 | {SECRET.split('+')[0]}x }}}}{SECRET}'}}}}}}\n"),
    ("hosts.yml", f"all: {{hosts: {{ex1: {{ansible_password: '{{{{ svc | int + [] }}}}', svc: '{SECRET}'}}}}}}\n"),
    ("hosts.yml", f"all: {{hosts: {{ex1: {{ansible_password: ['{SECRET}']}}}}}}\n"),
    ("hosts.yml", f"all: {{hosts: {{ex1: {{ansible_password: {{a: '{SECRET}'}}}}}}}}\n"),
    ("hosts.yml", f"all: {{hosts: {{ex1: {{ssh_jump: 'a b {SECRET}', x_password: '{SECRET}'}}}}}}\n"),
    ("hosts.yml", f"all: {{hosts: {{ex1: {{ansible_port: '{{{{ x_pwd }}}}', x_pwd: '{SECRET}'}}}}}}\n"),
]


@pytest.mark.parametrize(("name", "text"), CASES)
def test_known_slips(name: str, text: str, tmp_path: Path) -> None:
    """Through the command line, by everything that reads an inventory; no host is there, so it ends badly or lists."""
    (tmp_path / name).write_text(text, encoding="utf-8")
    (tmp_path / "site.yml").write_text("- {hosts: all, tasks: [{win_command: ver}]}\n", encoding="utf-8")
    for words in ("ping", "inventory list --format json", "inventory host ex1", "run site.yml"):
        done = remediate(*words.split(), "-i", name, folder=tmp_path)
        said = done.out + done.err
        assert not [form for form in forms(SECRET) if form in said], said
        assert "Traceback" not in said
        assert done.code in ((0, 1) if "inventory" in words else (1, 4)), said


@pytest.mark.parametrize(
    "words",
    [
        ["-e", f"db_password='{SECRET}"],
        ["-e", f"db_password={SECRET} {SECRET}"],
        ["-e", "db_password=x", SECRET],
        ["-e", f'{{"db_password": "{SECRET}'],
        ["-e", f'["{SECRET}"]'],
        ["-e", f'"{SECRET}"'],
        ["-e", f'{{"{SECRET}": 1}}'],
        ["-e", SECRET],
        ["-e", f"{SECRET}=1"],
        ["-e", f'{{"db_password": !{SECRET} x}}'],
        [f"--db_password={SECRET}"],
        [f"db_password={SECRET}"],
        [f"--extra-var=db_password={SECRET}"],
        ["--forks", "x", "-e", f"db_password={SECRET}"],
    ],
)
def test_command_lines(words: list[str], tmp_path: Path) -> None:
    (tmp_path / "hosts.yml").write_text("all: {hosts: {ex1: }}\n", encoding="utf-8")
    (tmp_path / "site.yml").write_text("- {hosts: all, tasks: [{win_command: ver}]}\n", encoding="utf-8")
    done = remediate("run", "site.yml", "-i", "hosts.yml", *words, folder=tmp_path)
    assert done.code == 1
    assert not [form for form in forms(SECRET) if form in done.out + done.err], done
