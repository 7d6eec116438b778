"""Windows paths: one normal form, and the key under which names are the same without regard to case."""

from __future__ import annotations

import re
from functools import lru_cache

from remediate.lab.errors import LabError

_BAD = re.compile(r'[<>:"|?*\x00-\x1f]')
_ABSOLUTE = re.compile(r"^[A-Za-z]:\\")


@lru_cache(maxsize=4096)
def normal(path: str) -> str:
    """``c:/Temp\\.\\x.`` -> ``C:\\Temp\\x``. Raises LabError 3, 53 or 123 for what is no absolute local path."""
    text = path.strip(" ").strip('"').replace("/", "\\")
    if text.startswith("\\\\"):
        raise LabError(53)
    if len(text) == 2 and text[1] == ":":
        text += "\\"
    if not _ABSOLUTE.match(text):
        raise LabError(3)
    parts: list[str] = []
    for raw in text[3:].split("\\"):
        part = raw if raw in (".", "..") else raw.rstrip(". ")
        if part == "..":
            del parts[-1:]
        elif part not in ("", "."):
            if _BAD.search(part):
                raise LabError(123)
            parts.append(part)
    return text[0].upper() + ":\\" + "\\".join(parts)


def resolve(path: str, folder: str) -> str:
    """``path`` as seen from ``folder``, in normal form; also ``\\x`` and ``C:x``."""
    text = path.strip(" ").strip('"').replace("/", "\\")
    if _ABSOLUTE.match(text) or text.startswith("\\\\") or re.fullmatch(r"[A-Za-z]:", text):
        return normal(text)
    if text.startswith("\\"):
        return normal(folder[:2] + text)
    if re.match(r"^[A-Za-z]:", text):
        base = folder if text[0].upper() == folder[0].upper() else text[:2] + "\\"
        return normal(base + "\\" + text[2:])
    return normal(folder + "\\" + text)


def fold(text: str) -> str:
    """The comparison key of NTFS and the registry: each character upper-cased by itself."""
    if text.isascii():
        return text.upper()
    return "".join(up if len(up := c.upper()) == 1 else c for c in text)


def parent(path: str) -> str:
    """Folder of a normal path; "" for a drive's root."""
    if len(path) <= 3:
        return ""
    head = path.rpartition("\\")[0]
    return head + "\\" if len(head) == 2 else head


def base(path: str) -> str:
    """Last part of a normal path; "" for a drive's root."""
    return path.rpartition("\\")[2]


def join(folder: str, name: str) -> str:
    return folder + name if folder.endswith("\\") else f"{folder}\\{name}"


def wildcard(pattern: str) -> re.Pattern[str]:
    """``*`` and ``?`` as cmd.exe matches names; ``*.*`` is everything, ``x.*`` also matches ``x``."""
    if pattern in ("*.*", "*"):
        return re.compile(r".*", re.DOTALL)
    text = "".join({"*": ".*", "?": "."}.get(c, re.escape(c)) for c in fold(pattern))
    text = text[: -len(r"\..*")] + r"(\..*)?" if text.endswith(r"\..*") else text
    return re.compile(text, re.DOTALL)
