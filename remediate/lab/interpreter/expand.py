"""Percent signs and words: what cmd.exe and the C runtime make of a command line before a program sees it."""

from __future__ import annotations

import ntpath
import re
from collections.abc import Callable, Mapping, Sequence

from remediate.lab.errors import NotModelled

_VARIABLE = re.compile(r"([^%:]+)(?::(?:~(-?\d+)(?:,(-?\d+))?|(\*?[^=%]+)=([^%]*)))?")


def percent(line: str, look: Callable[[str], str | None], args: Sequence[str] | None, batch: str = "") -> str:
    """Expand ``%NAME%``; in a batch file (``args`` given) also ``%1 %* %%``, and unknown names become nothing.

    ``batch`` is the full path of the batch file, for ``%~dp0``.
    """
    out, at = "", 0
    while at < len(line):
        char = line[at]
        if char != "%":
            out += char
            at += 1
            continue
        piece, at = _one(line, at, look, args, batch)
        out += piece
    return out


def _one(
    line: str, at: int, look: Callable[[str], str | None], args: Sequence[str] | None, path: str
) -> tuple[str, int]:
    """What the percent sign at ``at`` stands for, and where to go on."""
    batch = args is not None
    following = line[at + 1 : at + 2]
    if batch and following == "%":
        return "%", at + 2
    if args is not None and following == "*":
        return " ".join(args[1:]), at + 2
    parameter = re.match(r"%(~[a-z]*)?(\d)", line[at:]) if args is not None else None
    if args is not None and parameter:
        number = int(parameter[2])
        value = args[number] if number < len(args) else ""
        value = path if parameter[1] and number == 0 else value
        return _parameter(value, parameter[1] or ""), at + parameter.end()
    end = line.find("%", at + 1)
    if end < 0:
        return ("" if batch else "%"), at + 1
    value_or_none = _variable(line[at + 1 : end], look)
    if value_or_none is not None:
        return value_or_none, end + 1
    return ("", end + 1) if batch else ("%", at + 1)


def _parameter(value: str, modifier: str) -> str:
    plain = value.strip('"')
    if not modifier:
        return value
    folder, stem = ntpath.split(plain)
    name, extension = ntpath.splitext(stem)
    parts = {"f": plain, "d": plain[:2], "p": folder[2:].rstrip("\\") + "\\", "n": name, "x": extension}
    letters = sorted(set(modifier[1:]), key="fdpnx".find)
    if not set(letters) <= set("fdpnx") or (set(letters) & set("fdp") and plain[1:3] != ":\\"):
        raise NotModelled(f"%{modifier} of {value} in a batch file")
    return "".join(parts[letter] for letter in letters) if letters else plain


def _variable(words: str, look: Callable[[str], str | None]) -> str | None:
    match = _VARIABLE.fullmatch(words)
    value = look(match[1]) if match else None
    if match is None or value is None:
        return None
    _, start, length, old, new = match.groups()
    if start is not None:
        value = value[int(start) :] if int(start) >= 0 or -int(start) <= len(value) else value
        return value if length is None else value[: int(length)]
    if old is not None:
        return re.sub(re.escape(old), lambda _: new, value, flags=re.IGNORECASE)
    return value


def lookup(environ: Mapping[str, str], special: Mapping[str, str]) -> Callable[[str], str | None]:
    """Variables without regard to case; ``special`` (upper case) are those cmd.exe makes up."""
    known = {name.upper(): value for name, value in environ.items()}
    return lambda name: known.get(name.upper(), special.get(name.upper()))


def arguments(text: str) -> list[str]:
    """Words as the C runtime splits them: quotes group, backslashes escape only quotes."""
    found: list[str] = []
    word, quoted, open_word, at = "", False, False, 0
    while at < len(text):
        slashes = len(text[at:]) - len(text[at:].lstrip("\\"))
        at += slashes
        char = text[at : at + 1]
        if char == '"':
            word += "\\" * (slashes // 2)
            open_word = True
            if slashes % 2:
                word += '"'
            else:
                quoted = not quoted
        else:
            word += "\\" * slashes
            open_word = open_word or slashes > 0
            if char in (" ", "\t") and not quoted:
                if open_word:
                    found.append(word)
                word, open_word = "", False
            elif char:
                word += char
                open_word = True
        at += 1
    return [*found, word] if open_word else found


def tokens(text: str) -> list[str]:
    """Words as cmd.exe's own commands see them: split at blanks and ``,;=``, quotes kept."""
    return re.findall(r'(?:"[^"]*"?|[^\s,;="])+', text)


def command_word(text: str) -> tuple[str, str]:
    """Name and rest of a command: ``"C:\\a b\\x.exe" /q`` or ``dir/b``. The rest keeps its leading blank."""
    text = text.lstrip(" \t,;=")
    if text.startswith('"'):
        end = text.find('"', 1)
        end = len(text) if end < 0 else end + 1
        while end < len(text) and text[end] not in ' \t,;="':
            end += 1
        return text[:end].replace('"', ""), text[end:]
    match = re.match(r"[^\s,;=]+", text)
    word = match[0] if match else ""
    return word, text[len(word) :]
