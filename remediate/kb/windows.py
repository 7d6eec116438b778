"""What every Windows since 2000 has in common, for the general modules: registry names, precious folders, quoting."""

from __future__ import annotations

import re
from collections.abc import Sequence

HIVES = {
    "HKEY_LOCAL_MACHINE": "HKLM",
    "HKEY_CURRENT_USER": "HKCU",
    "HKEY_CLASSES_ROOT": "HKCR",
    "HKEY_USERS": "HKU",
    "HKEY_CURRENT_CONFIG": "HKCC",
}
PRECIOUS = (
    "%SystemRoot%",
    "%SystemRoot%\\system",
    "%SystemRoot%\\system32",
    "%SystemRoot%\\system32\\config",
    "%SystemRoot%\\system32\\drivers",
    "%SystemRoot%\\system32\\dllcache",
    "%SystemRoot%\\SysWOW64",
    "%SystemRoot%\\WinSxS",
    "%SystemRoot%\\inf",
    "%SystemRoot%\\Fonts",
    "%SystemRoot%\\Installer",
    "%ProgramFiles%",
    "%ProgramFiles(x86)%",
    "%CommonProgramFiles%",
    "%ALLUSERSPROFILE%",
    "%USERPROFILE%",
    "%SystemDrive%\\Documents and Settings",
    "%SystemDrive%\\Users",
)
"""Folders whose loss takes Windows or its users' data along. Whatever contains one of them is as precious."""

PRECIOUS_KEYS = (
    "HKLM\\SOFTWARE\\Classes\\CLSID",
    "HKLM\\SOFTWARE\\Microsoft\\Windows\\CurrentVersion",
    "HKLM\\SOFTWARE\\Microsoft\\Windows NT\\CurrentVersion\\Winlogon",
    "HKLM\\SOFTWARE\\Policies\\Microsoft",
    "HKLM\\SYSTEM\\CurrentControlSet\\Control\\Session Manager",
    "HKLM\\SYSTEM\\CurrentControlSet\\Enum\\Root",
    "HKLM\\SYSTEM\\CurrentControlSet\\Services\\RpcSs",
)
"""Keys whose loss Windows does not survive; so is every key above one of them."""


def registry_key(path: str) -> str:
    """``HKLM:\\SOFTWARE``, ``HKEY_LOCAL_MACHINE\\SOFTWARE`` -> ``HKLM\\SOFTWARE``. ValueError for another root."""
    root, _, rest = path.strip().replace("/", "\\").strip("\\").partition("\\")
    hive = root.rstrip(":").upper()
    hive = HIVES.get(hive, hive)
    if hive not in HIVES.values():
        raise ValueError(f"{path!r} begins with no registry root: use HKLM:\\, HKCU:\\, HKCR:\\, HKU:\\ or HKCC:\\")
    return "\\".join([hive, *filter(None, rest.split("\\"))])


def deletion_risk(path: str, precious: Sequence[str]) -> str:
    """Why the folder ``path`` must not be deleted with all that is in it; "" when nothing speaks against it.

    ``precious`` are the ``PRECIOUS`` folders as the host resolved them.
    """
    parts = _parts(path)
    if not re.match(r"^[A-Za-z]:\\", path):
        return "it is not a full path on a drive of the host"
    if not parts:
        return "it is the root of a drive"
    if re.search(r"[*?<>|\"%]|\.\.", path) or ":" in path[2:]:
        return "it is not the plain name of one folder"
    if any(re.fullmatch(r".*~\d+(\..*)?", part) for part in parts):
        return "it is written as a short (8.3) name, which can stand for anything"
    for folder in precious:
        kept = _parts(folder)
        if kept and folder[:1].upper() == path[:1].upper() and kept[: len(parts)] == parts:
            return f"it is {folder}" if kept == parts else f"it contains {folder}"
    return ""


def registry_risk(key: str) -> str:
    """Why the key (as ``registry_key`` gives it) must not be deleted; "" when nothing speaks against it."""
    folded = re.sub(r"(?i)\\ControlSet\d{3}(?=\\|$)", r"\\CurrentControlSet", key).casefold()
    if folded.count("\\") < (1 if folded.startswith("hkcr") else 2):
        return "it is a root of the registry or right below one"
    kept = next((kept for kept in PRECIOUS_KEYS if (kept.casefold() + "\\").startswith(folded + "\\")), "")
    return f"it is or contains {kept}" if kept else ""


def command_line(argv: Sequence[str]) -> str:
    """One command line that ``cmd.exe`` hands on as exactly these arguments. ValueError where that cannot be."""
    return " ".join(_quoted(argument) for argument in argv)


def _quoted(argument: str) -> str:
    if re.search(r'["%\r\n\x00]', argument):
        raise ValueError(f"cmd.exe cannot hand on {argument!r} unchanged (quote, percent sign or line break): use cmd")
    if argument and not re.search(r"[\s&|<>^()!,;=]", argument):
        return argument
    trailing = len(argument) - len(argument.rstrip("\\"))
    return f'"{argument}{chr(92) * trailing}"'


def _parts(path: str) -> list[str]:
    """Names below the drive, as Windows compares them: without case, trailing dots and blanks."""
    names = (name.rstrip(". ").casefold() for name in path[3:].replace("/", "\\").split("\\"))
    return [name for name in names if name]
