"""``[[notify]]`` of remediate.toml: what is understood, and every mistake with its place."""

from __future__ import annotations

import re
import tomllib
from pathlib import Path
from typing import Any

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from remediate.errors import UserError
from remediate.notify import Hook, Mail
from remediate.notify.settings import KEYS, MAIL_KEYS, read
from remediate.project import settings as of_the_project
from tests.docs.generate import DOCS

CASES: list[dict[str, Any]] = yaml.safe_load((Path(__file__).parent / "cases/settings.yml").read_text(encoding="utf-8"))


def hooks(text: str) -> tuple[Hook, ...]:
    return read(tomllib.loads(text)["notify"], "remediate.toml", text)


@pytest.mark.parametrize("case", CASES, ids=lambda case: case["error"].split("\n")[0])
def test_mistakes(case: dict[str, Any]) -> None:
    with pytest.raises(UserError) as caught:
        hooks(case["text"])
    said = str(caught.value)
    wanted = case["error"]
    if case.get("nameless"):
        said = said.replace("hook 'a': ", "")
    assert said == f"remediate.toml:{wanted}"
    assert "geheim" not in said
    assert "t0ken" not in said


def test_the_settings_of_the_documentation(tmp_path: Path) -> None:
    page = (DOCS / "notify.md").read_text(encoding="utf-8")
    (text,) = re.findall(r"^```toml title=\S+\n(.*?)^```", page, flags=re.DOTALL | re.MULTILINE)
    (tmp_path / "remediate.toml").write_text(text, encoding="utf-8")
    chat, mail, ticket = of_the_project.find(tmp_path).notify
    assert chat == Hook(
        name="chat",
        on=("before", "after", "failed"),
        webhook="https://chat.example/hook",
        secret="env:CHAT_SECRET",
        timeout=10.0,
    )
    assert mail.mail == Mail(
        server="smtp.example",
        port=587,
        starttls=True,
        sender="remediate@example.com",
        to=("ops@example.com",),
        user="ops",
        password="env:SMTP_PASSWORD",
    )
    assert ticket == Hook(name="ticket", on=("before",), command=("tools/ticket.sh", "--open"), fatal=True)


def test_tables_within_and_what_is_left_out() -> None:
    text = """
        [[notify]]
        name = "m"
        on = ["after", "after"]
        [notify.mail]
        server = "smtp.example"
        from = "Remediate <r@example.com>"
        to = "ops@example.com"
        [[notify]]
        name = "chat"
        on = ["failed"]
        webhook = "env:CHAT_URL"
        timeout = 0.5
    """
    mail, chat = hooks(text)
    assert mail.on == ("after",)
    assert mail.mail == Mail(
        server="smtp.example", sender="Remediate <r@example.com>", to=("ops@example.com",), port=25
    )
    assert (chat.webhook, chat.timeout, chat.fatal) == ("env:CHAT_URL", 0.5, False)


WORDS = st.sampled_from(
    [*KEYS, *MAIL_KEYS, "env:X", "after", "x@example.com", "https://x.example/", "fatal"]
) | st.text(max_size=8)
VALUES: st.SearchStrategy[object] = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | WORDS,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(WORDS, inner, max_size=4),
    max_leaves=6,
)
GOOD: dict[str, object] = {"name": "a", "on": ["after"]}
MAIL: dict[str, object] = {"server": "s", "from": "a@b", "to": ["c@d"]}


@given(st.dictionaries(st.sampled_from([*KEYS, "other"]), VALUES, max_size=4), st.booleans())
def test_anything_is_a_hook_or_a_mistake(entry: dict[str, object], whole: bool) -> None:
    try:
        (hook,) = read([{**GOOD, **entry} if whole else entry], "f", "")
    except UserError as error:
        said = error.message
    else:
        said = ""
        assert bool(hook.webhook) + (hook.mail is not None) + bool(hook.command) == 1
        assert 0 < hook.timeout <= 300
    assert said == "" or said.isprintable()


@given(st.dictionaries(st.sampled_from(MAIL_KEYS), VALUES, max_size=5))
def test_any_mail_is_a_mail_or_a_mistake(given_: dict[str, object]) -> None:
    try:
        (hook,) = read([{**GOOD, "mail": {**MAIL, **given_}}], "f", "")
    except UserError:
        return
    assert hook.mail
    assert hook.mail.starttls or not hook.mail.password or hook.mail.server in ("localhost", "127.0.0.1", "::1")
