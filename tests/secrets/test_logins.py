"""Passwords inside longer texts: found where a form says that there is one, and not in sentences about them."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from remediate.secrets.known import Known
from remediate.secrets.logins import holds_login, logins, logins_of
from remediate.secrets.written import secrets_written


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


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("https://svc:Hunter2aaa@feed.example/get?token=Tok3nBbbCcc", {"Hunter2aaa", "Tok3nBbbCcc"}),
        ("https://svc:Hunter2aaa@feed.example/get?api_key=Tok3nBbbCcc&x=1", {"Hunter2aaa", "Tok3nBbbCcc"}),
        ("https://svc:Hunter2aaa@feed.example/get?mail=a@b", {"Hunter2aaa"}),
        ("https://svc:Hunt%40r2aaa@h/", {"Hunt%40r2aaa", "Hunt@r2aaa"}),
        ("url=https://h/?token=Tok3nBbbCcc", {"Tok3nBbbCcc"}),
        ('{"url": "https://h/?token=Tok3nBbbCcc"}', {"Tok3nBbbCcc"}),
        ("https://h/a;token=Tok3nBbbCcc/b?x=1", {"Tok3nBbbCcc"}),
        ("https://h/?token=Tok3n,Bbb'Ccc", {"Tok3n,Bbb'Ccc"}),
        ("https://h/#access_token=Tok3nBbbCcc&x=1", {"Tok3nBbbCcc"}),
        ("https://h/?token=Tok3nBbbCcc#password=Hunter2aaa", {"Hunter2aaa", "Tok3nBbbCcc"}),
        ("https://a:Hunter2aaa@h,https://b:Hunter3bbb@h", {"Hunter2aaa"}),
        ("https://u:{{ pw }}@h/?token={{ tok }}", set()),
    ],
)
def test_all_of_an_address(text: str, found: set[str]) -> None:
    assert found <= set(logins(text))
    assert not any("{{" in value for value in logins(text))


def test_an_address_of_templates_names_what_is_put_in() -> None:
    written, rendered = "https://{{ u }}:{{ p }}@h/?token={{ t }}", "https://svc:Hunter2aaa@h/?token=Tok3nBbbCcc"
    assert set(logins_of(written, rendered)) == {"Hunter2aaa", "Tok3nBbbCcc"}


_WORDS = st.text("ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz0123456789%-._~", min_size=2, max_size=12)
_SECRETS = _WORDS.map(lambda word: f"Zq{word}9x")
_NAMES = st.sampled_from(["token", "api_key", "password", "access-token", "client_secret", "auth[token]", "api%5Fkey"])
_OTHERS = st.tuples(st.sampled_from(["x", "page", "mail", "url", "v"]), _WORDS.map(lambda word: f"open{word}"))


@given(
    user=st.none() | _SECRETS,
    matrix=st.lists(st.tuples(_NAMES, _SECRETS) | _OTHERS, max_size=3),
    query=st.lists(st.tuples(_NAMES, _SECRETS) | _OTHERS, max_size=3),
    fragment=st.lists(st.tuples(_NAMES, _SECRETS) | _OTHERS, max_size=3),
    around=st.sampled_from(["{}", "url={}", "get {} now", '{{"url": "{}"}}', "<{}>", "('{}')", "feed: {}"]),
)
def test_no_secret_of_an_address_is_seen_whatever_stands_beside_it(
    user: str | None,
    matrix: list[tuple[str, str]],
    query: list[tuple[str, str]],
    fragment: list[tuple[str, str]],
    around: str,
) -> None:
    login = f"svc:{user}@" if user else ""
    address = f"https://{login}feed.example/get" + "".join(f";{name}={value}" for name, value in matrix)
    for sign, pairs in (("?", query), ("#", fragment)):
        address += sign + "&".join(f"{name}={value}" for name, value in pairs) if pairs else ""
    text, known = around.format(address), Known()
    for secret in logins(text):
        known.tell(secret)
    shown = known.text(f"{text} and later {address}")
    for value in (user or "", *(value for _, value in (*matrix, *query, *fragment))):
        assert not value.startswith("Zq") or value not in shown
    assert "feed.example" in shown


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("reg add HKLM\\SOFTWARE\\X /v DefaultPassword /t REG_SZ /d ZqReg1plain /f", ["ZqReg1plain"]),
        ('reg add HKLM\\SOFTWARE\\X /v "Default Password" /d "Zq Reg1 plain"', ["Zq Reg1 plain"]),
        ("Set-ItemProperty HKLM:\\X -Name DefaultPassword -Value ZqReg1plain", ["ZqReg1plain"]),
        ("setx DB_PASSWORD ZqReg1plain /m", ["ZqReg1plain"]),
        ("reg add HKLM\\SOFTWARE\\X /v Server /d not-hidden", []),
        ("setx PATH not-hidden", []),
    ],
)
def test_pairs_of_a_command_line(text: str, found: list[str]) -> None:
    assert list(logins(text)) == found


@pytest.mark.parametrize("values", [
    {"name": "DefaultPassword", "data": "ZqReg1plain"},
    {"env": [{"name": "DB_PASSWORD", "value": "ZqReg1plain"}]},
    {"a": {"key": "api_token", "value": {"deep": ["ZqReg1plain"]}}},
    {"argv": ["reg", "add", "HKLM\\X", "/v", "DefaultPassword", "/d", "ZqReg1plain"]},
    {"argv": ["setup.exe", "--password", "ZqReg1plain"]},
])  # fmt: skip
def test_pairs_of_a_mapping(values: dict[str, object]) -> None:
    known = Known()
    for secret in secrets_written(values):
        known.tell(secret)
    assert "ZqReg1plain" not in known.text(str(values))


def test_what_stands_beside_another_name_is_none() -> None:
    assert (
        list(secrets_written({"name": "Server", "data": "ex1", "items": [{"name": "x", "value": "not-hidden"}]})) == []
    )
