"""Where a ledger is, in words that hold no password: of the place, of what is wrong with it, of its errors."""

from __future__ import annotations

from pathlib import Path

import pytest

from remediate.errors import UserError
from remediate.ledger.address import parse

SECRET = "Zq7secret"


@pytest.mark.parametrize(
    "text",
    [
        f"postgresql:/ann:{SECRET}@h/d",
        f"postgresql:ann:{SECRET}@h/d",
        f"ann:{SECRET}@h/d",
        f"host=h user=ann password={SECRET} dbname=d",
        f"postgresql://ann:{SECRET}@x@h/d",
        f"postgresql://ann:x@{SECRET}@h/d",
        f"postgresql://ann:{SECRET}@h:port/d",
        f"mysql://ann:{SECRET}@h/d",
        f"ann:{SECRET}://h",
        f"jdbc:postgresql://h/d?user=a&password={SECRET}",
    ],
)
def test_a_wrong_place_is_not_repeated(text: str) -> None:
    with pytest.raises(UserError) as caught:
        parse(text)
    assert SECRET not in str(caught.value)


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        (f"postgresql://ann:{SECRET}@h:5433/d", "postgresql://ann@h:5433/d"),
        (f"postgresql://ann@h/d?password={SECRET}", "postgresql://ann@h/d"),
        (f"postgresql://ann@h/d?sslpassword={SECRET}&SSLKEYPASSWORD=x", "postgresql://ann@h/d"),
        (f"postgresql://ann:{SECRET}%40%2F@h/d", "postgresql://ann@h/d"),
        (f"postgresql://ann:{SECRET}/a@h/d", "postgresql://ann@h/d"),
        (f"postgresql://h/d;password={SECRET}", "postgresql://h/d;password=****"),
    ],
)
def test_a_place_is_shown_without_passwords(text: str, shown: str) -> None:
    address = parse(text)
    assert str(address) == shown
    assert SECRET not in address.masked(f"could not connect to {text}")
    assert SECRET not in repr(address)


def test_a_file_with_a_strange_name_is_a_file(tmp_path: Path) -> None:
    assert parse(str(tmp_path / "a@b=c")).file == tmp_path / "a@b=c"
