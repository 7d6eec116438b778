"""Passwords inside longer texts: found where a form says that there is one, and not in sentences about them."""

from __future__ import annotations

import pytest

from remediate.secrets.logins import holds_login, logins, logins_of


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("Server=x;User Id=sa;Password=Zq7secret;", ["Zq7secret"]),
        ("Server=x;PWD={a;b c};", ["a;b c"]),
        ("host=db password='two words'", ["two words"]),
        ("postgresql://u:p@ss/w@h/db", ["p@ss/w"]),
        ("https://h/x?token=abcd&x=1", ["abcd"]),
        ('{"user": "a", "password": "x y z"}', ["x y z"]),
        ("user: anna\npassword: Zq7secret\n", ["Zq7secret"]),
        ("setup.exe /password:Hunter22 /q", ["Hunter22"]),
        ("setup.exe --db-password=abcd --quiet", ["abcd"]),
        ("setup.exe --db-password 'two words' --quiet", ["two words"]),
        ("PGPASSWORD=abcdef psql", ["abcdef"]),
        ("https://example.com:8443/a@b", []),
        ("http://host:80/", []),
        ("the password: changed", []),
        ("Token: missing. With --password only.", []),
        ("at 12:30 the token=1 was used", []),
        ("C:\\pass=1", []),
        ("password={{ pw }}", []),
        ("password_file=/etc/passwords.txt", []),
        ("MSExchangeIS runs as LocalSystem", []),
    ],
)
def test_texts(text: str, found: list[str]) -> None:
    assert list(logins(text)) == found


def test_short_ones_are_withheld_from_others_all_the_same() -> None:
    assert holds_login("postgresql://u:p@h/d")
    assert not holds_login("postgresql://u@h/d")


def test_of_a_template_only_what_its_own_text_names() -> None:
    """A host that says ``token=...`` makes nothing a secret."""
    written, rendered = "setup /password={{ pw }} {{ said }}", "setup /password=Zq7secret token=started"
    assert list(logins_of(written, rendered)) == ["Zq7secret"]
    assert list(logins_of("echo {{ said }}", "echo password=started")) == []
