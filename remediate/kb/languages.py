"""Windows language numbers and the three-letter names that packages of the era carry in their file names."""

from __future__ import annotations

# ENU is verified in package names; the others are likely. Sublanguages share a package, with the exceptions below.
_PRIMARY = {
    0x01: "ARA", 0x04: "CHS", 0x05: "CSY", 0x06: "DAN", 0x07: "DEU", 0x08: "ELL", 0x09: "ENU", 0x0A: "ESN", 0x0B: "FIN",
    0x0C: "FRA", 0x0D: "HEB", 0x0E: "HUN", 0x10: "ITA", 0x11: "JPN", 0x12: "KOR", 0x13: "NLD", 0x14: "NOR", 0x15: "PLK",
    0x16: "PTG", 0x19: "RUS", 0x1D: "SVE", 0x1F: "TRK",
}  # fmt: skip
_WHOLE = {0x0404: "CHT", 0x0C04: "CHT", 0x1404: "CHT", 0x0416: "PTB"}
NAMES = frozenset((*_PRIMARY.values(), *_WHOLE.values()))

ENGLISH = "ENU"


def name(value: object) -> str:
    """1031, ``"0407"``, ``"deu"`` -> ``DEU``; "" when it says nothing.

    A number is the LCID as WMI gives it; text of four characters with a leading 0 is hexadecimal, as in the registry.
    """
    if isinstance(value, bool):
        return ""
    if isinstance(value, str):
        text = value.strip().upper()
        if text in NAMES:
            return text
        return name(_number(text))
    if isinstance(value, int) and 0 < value <= 0xFFFF:
        return _WHOLE.get(value) or _PRIMARY.get(value & 0x3FF, f"LCID {value}")
    return ""


def _number(text: str) -> int:
    try:
        return int(text, 16) if len(text) == 4 and text.startswith("0") else int(text)
    except ValueError:
        return 0
