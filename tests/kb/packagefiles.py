"""Package files from a description: what a person would call them, and what is really inside."""

from __future__ import annotations

import struct
from collections.abc import Mapping
from typing import Any

from remediate.lab import pe

PE_AT, OPTIONAL_AT = 0x80, 0x98
MACHINES = {"x64": 0x8664, "IA-64": 0x0200, "ARM64": 0xAA64}
SUBSYSTEMS = {"native": 1, "windows": 2, "console": 3, "efi": 10}
ARTICLE = {"KB Article Number": "870585", "Applies To": "Exchange Server 2003"}


def build(told: Mapping[str, Any]) -> bytes:
    """``{version, product_version, strings, language, machine, dll, subsystem, missing}``, or ``{text: ...}`` or
    ``{hex: ...}`` for what is no program; ``{like: sp1, ...}`` begins with the right package for SP1."""
    if "text" in told:
        return str(told["text"]).encode() * int(told.get("times", 1))
    if "hex" in told:
        return bytes.fromhex(str(told["hex"])) + b"\0" * 2000
    known = {"like", "version", "product_version", "strings", "language", "machine", "dll", "subsystem", "missing"}
    assert set(told) <= known, set(told) - known
    told = {**(SP1 if told.get("like") == "sp1" else {}), **told}
    data = bytearray(
        pe.build(
            pe.Image(
                version=str(told.get("version", "0.0.0.0")),
                code=b"\x90" * 2000,
                language=int(told.get("language", 0x409)),
                strings={key: str(value) for key, value in (told.get("strings") or {}).items()},
            )
        )
    )
    if "version" not in told:  # no version data at all: the resource directory is empty
        data[OPTIONAL_AT + 96 + 16 : OPTIONAL_AT + 96 + 24] = bytes(8)
    elif "product_version" in told:
        at = data.index(struct.pack("<II", 0xFEEF04BD, 0x10000))
        a, b, c, d = (int(part) for part in str(told["product_version"]).split("."))
        data[at + 16 : at + 24] = struct.pack("<II", a << 16 | b, c << 16 | d)
    if "machine" in told:
        data[PE_AT + 4 : PE_AT + 6] = struct.pack("<H", MACHINES[told["machine"]])
    if told.get("dll"):
        data[PE_AT + 23] |= 0x20
    if "subsystem" in told:
        data[OPTIONAL_AT + 68 : OPTIONAL_AT + 70] = struct.pack("<H", SUBSYSTEMS[told["subsystem"]])
    return bytes(data[: len(data) - int(told.get("missing", 0))])


SP1: dict[str, Any] = {"version": "6.5.7232.35", "strings": ARTICLE}
