"""Windows paths: one normal form, and the key under which names are the same without regard to case."""

from __future__ import annotations

import re
from functools import lru_cache

from remediate.lab.errors import LabError

_BAD = re.compile(r'[<>:"|?*\x00-\x1f]')
_ABSOLUTE = re.compile(r"^[A-Za-z]:\\")


@lru_cache(maxsize=4096)
def normal(path: str) -> str:
    """``c:/Temp\\.\\x.`` -> ``C:\\Temp\\x``; ``\\\\server\\share\\x``. LabError 3, 53 or 123 for no absolute path."""
    text = path.strip(" ").strip('"').replace("/", "\\")
    if text.startswith("\\\\"):
        return _on_a_share(text)
    if len(text) == 2 and text[1] == ":":
        text += "\\"
    if not _ABSOLUTE.match(text):
        raise LabError(3)
    return text[0].upper() + ":\\" + "\\".join(_parts(text[3:]))


def _on_a_share(text: str) -> str:
    server, *share = text[2:].split("\\", 2)
    if not server or not share or not share[0] or _BAD.search(server + share[0]):
        raise LabError(53)
    return "\\\\" + "\\".join([server, share[0], *_parts(share[1] if len(share) > 1 else "")])


def volume(path: str) -> str:
    """What a normal path is on: ``C:``, or ``\\\\SERVER\\SHARE``."""
    return fold("\\".join(path.split("\\", 4)[:4])) if path.startswith("\\\\") else path[:2].upper()


def _parts(text: str) -> list[str]:
    parts: list[str] = []
    for raw in text.split("\\"):
        part = raw if raw in (".", "..") else raw.rstrip(". ")
        if part == "..":
            del parts[-1:]
        elif part not in ("", "."):
            if _BAD.search(part):
                raise LabError(123)
            parts.append(part)
    return parts


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
    """Folder of a normal path; "" for the root of a drive or share."""
    if len(path) <= 3 or (path.startswith("\\\\") and path.count("\\") == 3):
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
