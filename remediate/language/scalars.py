"""What an unquoted YAML word means: text, number, true/false or nothing."""

from __future__ import annotations

import re
from types import MappingProxyType

from remediate.language import quoting

_PREFIX = "tag:yaml.org,2002:"
_NULL = frozenset({"", "~", "null", "Null", "NULL"})
_BOOL = MappingProxyType(
    {
        form: value
        for words, value in ((("yes", "true", "on"), True), (("no", "false", "off"), False))
        for word in words
        for form in (word, word.capitalize(), word.upper())
    }
)
_INT = re.compile(r"[-+]?(?:0b[01_]*[01][01_]*|0x[0-9a-fA-F_]*[0-9a-fA-F][0-9a-fA-F_]*|0o?[0-7_]+|0|[1-9][0-9_]*)\Z")
_FLOAT = re.compile(r"[-+]?(?:[0-9][0-9_]*\.[0-9_]*|\.[0-9][0-9_]*)(?:[eE][-+]?[0-9]+)?\Z")
_SPECIAL = re.compile(r"(?:([-+]?)\.(?:inf|Inf|INF)|\.(?:nan|NaN|NAN))\Z")
_DIGITS = 400
_EATEN_BACKSLASH = re.compile("(?:[A-Za-z]:|%\\w+%)[\0\a\b\t\n\v\f\r\x1b\x85\xa0\u2028\u2029]")


VAULT = (
    "decrypt it with `ansible-vault decrypt` into a file only you can read (chmod 600), and give that with -e @FILE; "
    "as it stands, encrypted, it would be taken for the password"
)
"""Quoting it would send the cipher text to the host."""


class ScalarError(ValueError):
    """A word that claims to be something it is not."""

    def __init__(self, message: str, hint: str = "") -> None:
        super().__init__(message)
        self.hint = hint


def plain_scalar(word: str) -> object:
    """The value of an unquoted word by YAML 1.1, dates and ``12:30`` left as text."""
    if word in _NULL:
        return None
    if word in _BOOL:
        return _BOOL[word]
    if word[0] not in "-+.0123456789":
        return word
    if len(word) > _DIGITS and (_INT.match(word) or _FLOAT.match(word)):
        raise ScalarError(f"a number of {len(word)} digits", 'quote it if it is meant as text: "..."')
    if _INT.match(word):
        return _integer(word.replace("_", ""))
    if _FLOAT.match(word):
        return float(word.replace("_", ""))
    if special := _SPECIAL.match(word):
        return float("nan") if "a" in word.lower()[1:3] else float(f"{special.group(1) or ''}inf")
    return word


def check_double_quoted(text: str) -> None:
    """Refuse ``"C:\\temp"``: YAML reads the backslash as the beginning of a tab, silently."""
    if _EATEN_BACKSLASH.match(text):
        raise ScalarError(
            "a backslash inside double quotes begins an escape and would be lost",
            r"put Windows paths in single quotes: 'C:\Temp'",
        )


def tagged_scalar(word: str, tag: str) -> object:
    """The value of a word with an explicit tag such as ``!!str``."""
    if tag == _PREFIX + "str":
        return word
    expected: dict[str, type | tuple[type, ...]] = {"int": int, "float": (int, float), "bool": bool, "null": type(None)}
    name = tag.removeprefix(_PREFIX)
    if name not in expected:
        written = f"the tag {quoting.tag(tag.replace(_PREFIX, '!!'))}".strip()
        later = ": vault is not supported yet" if tag == "!vault" else ""
        hint = "remove it, or quote the value if ! is meant literally; !unsafe and !!str are known"
        hint = VAULT if tag == "!vault" else hint
        raise ScalarError(f"{written} is not supported{later}", hint)
    value = plain_scalar(word)
    if not isinstance(value, expected[name]) or (isinstance(value, bool) and name != "bool"):
        raise ScalarError(f"this is not of type !!{name}")
    return float(value) if name == "float" and isinstance(value, int) else value


def _integer(word: str) -> int:
    sign = -1 if word[0] == "-" else 1
    digits = word.lstrip("-+")
    if digits == "0":
        return 0
    for prefix, base in (("0b", 2), ("0x", 16), ("0o", 8), ("0", 8)):
        if digits.startswith(prefix):
            rest = digits[len(prefix) :]
            return sign * int(rest, base) if rest else 0
    return sign * int(digits)
