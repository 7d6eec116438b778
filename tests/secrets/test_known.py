"""What was told to be secret is in no text, whatever was told besides, before or meanwhile."""

from __future__ import annotations

import copy
import json
import threading
from dataclasses import asdict, dataclass

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic import TypeAdapter

from remediate.model import MASK, Endpoint, Secret
from remediate.secrets.known import FEW, Known

LETTERS = st.text("abA1!%\"'\\ é&<", min_size=4, max_size=12).filter(
    lambda text: text.strip() == text and not text.isdigit()
)


def known(*secrets: str) -> Known:
    made = Known()
    for secret in secrets:
        made.tell(secret)
    return made


@settings(deadline=None)
@given(st.lists(LETTERS, min_size=1, max_size=6), st.text("abA1!% ", max_size=30), st.integers(0, 5))
def test_none_of_several_survives(secrets: list[str], around: str, more: int) -> None:
    """Also where they overlap, and where there are so many that another way of looking is taken."""
    many = known(*secrets, *(f"unrelated-{number:04d}-x" for number in range(FEW * (more % 2))))
    for secret in secrets:
        for form in (secret, json.dumps(secret), repr(secret)):
            shown = many.text(f"{around}{form}{around}")
            assert secret not in shown.replace(MASK, "\0")


def test_what_overlaps_is_masked_as_one() -> None:
    assert known("abcdef", "defghi").text("xabcdefghix") == f"x{MASK}x"
    assert known("pass", "password1").text("password1 pass") == f"{MASK} {MASK}"


@pytest.mark.parametrize(
    ("secret", "text", "shown"),
    [
        ("lab", "lab inventory/lab.yml available", f"{MASK} inventory/{MASK}.yml available"),
        ("12345", "12345 of 6.5.12345.1, 1234567 bytes", f"{MASK} of 6.5.{MASK}.1, 1234567 bytes"),
        ("123456", "1234567", f"{MASK}7"),
        ("1", "1 host, rc=1", "1 host, rc=1"),
        ("250", "250 MB", "250 MB"),
        ("yes", "yes, it runs", "yes, it runs"),
        ("True", "True", "True"),
        ("two lines\nof a key", "of a key? two lines", f"{MASK}? {MASK}"),
        ("a&b<c>d", "a&amp;b&lt;c&gt;d", MASK),
        ("p@ss/wörd", "https://u:p%40ss%2Fw%C3%B6rd@h/ p%40ss%2fw%c3%b6rd", f"https://u:{MASK}@h/ {MASK}"),
        ("it's", "'it''s' it\\'s", f"'{MASK}' {MASK}"),
        ("Zq7secret9", "echo Zq7sec... and ...ecret9, ...9", f"echo {MASK}... and ...{MASK}, ...9"),
        ("Zq7secret9", "Zq7s, Zq7secreT", "Zq7s, Zq7secreT"),
        ("Zq7secret", "Basic YW5uYTpacTdzZWNyZXQ= and WnE3c2VjcmV0", f"Basic YW5uYTp{MASK} and {MASK}"),
    ],
)
def test_forms(secret: str, text: str, shown: str) -> None:
    assert known(secret).text(text) == shown


def test_a_text_with_a_secret_in_it_stays_readable() -> None:
    made = known("Zq7secret")
    made.tell(Secret("user anna, Zq7secret", "user anna, ****"))
    made.tell(Secret("pin 7 of anna", "pin **** of anna"))
    assert made.text("user anna, Zq7secret") == "user anna, ****"
    assert made.text("pin 7 of anna") == "pin **** of anna", "what cannot be looked for alone"


def test_a_secret_does_not_write_itself_down() -> None:
    secret = Secret("Zq7secret")

    @dataclass(frozen=True)
    class Box:
        inside: Secret

    end = Endpoint(host="h", connection="ssh", address="a", port=1, password=secret)
    adapter = TypeAdapter(Box)
    shown = [str(secret), repr(secret), f"{secret}", f"{secret:>40}", repr(end), repr(Box(secret)),
             repr([secret]), json.dumps(asdict(end), default=str), str(copy.deepcopy(end)),
             adapter.dump_json(Box(secret)).decode(), str(adapter.dump_python(Box(secret)))]  # fmt: skip
    assert not [text for text in shown if "Zq7" in text]
    with pytest.raises(TypeError):
        json.dumps(secret)
    assert adapter.validate_python({"inside": "Zq7secret"}).inside == secret
    assert secret != "Zq7secret"


def test_told_by_many_threads_while_texts_leave() -> None:
    """Whoever has told a secret never sees it come out, whatever the others tell meanwhile."""
    shared = Known()
    leaks: list[str] = []

    def work(number: int) -> None:
        for turn in range(60):
            secret = f"secret-{number}-{turn}-x"
            shared.tell(secret)
            if secret in shared.text(f"<{secret}> and <secret-{number}-{turn}>"):
                leaks.append(secret)

    threads = [threading.Thread(target=work, args=(number,)) for number in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert leaks == []
    assert not [n for n in range(8) for t in range(60) if shared.text(f"secret-{n}-{t}-x") != MASK]


def test_what_is_left_of_a_text_is_masked_once_it_is_a_secret_too() -> None:
    made = Known()
    made.tell(Secret("anna, pin 7", "anna, pin ****"))
    assert made.text("anna, pin 7") == "anna, pin ****"
    made.tell("anna")
    assert made.text("anna, pin 7") == f"{MASK}, pin ****"
