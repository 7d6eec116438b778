"""Reads a Windows program without running it: kind, architecture, versions, language. Hostile files are expected."""

from __future__ import annotations

import re
import struct
from collections.abc import Iterator
from typing import Any

from remediate.kb import authenticode, languages
from remediate.kb.evidence import Evidence
from remediate.kb.localfile import Window

MACHINES = {0x014C: "x86", 0x8664: "x64", 0x0200: "IA-64", 0x01C0: "ARM", 0x01C4: "ARM", 0xAA64: "ARM64",
            0x0184: "Alpha", 0x0166: "MIPS", 0x01F0: "PowerPC"}  # fmt: skip
WORDS, LONGEST = 60, 300
"""Version strings kept, and characters of each."""
_DLL, _SYSTEM = 0x2000, 0x1000
_WINDOWS, _CONSOLE, _NATIVE = 2, 3, 1
_FAULTS = (struct.error, ValueError, LookupError, AttributeError, TypeError, RecursionError)


def read(data: Window) -> Evidence:
    """What the file says of itself; ``kind`` says what it is when it is no program."""
    import pefile

    try:
        image = pefile.PE(data=data, fast_load=True)  # never closed: that collects the whole process's garbage
        image.parse_data_directories(directories=[pefile.DIRECTORY_ENTRY["IMAGE_DIRECTORY_ENTRY_RESOURCE"]])
        file_version, product_version = _versions(image)
        return Evidence(
            kind=_kind(image),
            missing=max(0, _end(image) - len(data)),
            architecture=MACHINES.get(int(image.FILE_HEADER.Machine), f"machine {int(image.FILE_HEADER.Machine):#x}"),
            file_version=file_version,
            product_version=product_version,
            language=_language(image),
            words=tuple(_words(image))[:WORDS],
            signature=authenticode.read(image, data),
        )
    except (pefile.PEFormatError, *_FAULTS):
        return Evidence(kind=_no_program(data.part(0, 4096), len(data)))


def _kind(image: Any) -> str:
    flags, subsystem = int(image.FILE_HEADER.Characteristics), int(image.OPTIONAL_HEADER.Subsystem)
    if subsystem == _NATIVE or flags & _SYSTEM:
        return "a driver"
    if flags & _DLL:
        return "a library (DLL)"
    if not flags & 0x0002:
        return "an object file, which cannot be run"
    return "" if subsystem in (_WINDOWS, _CONSOLE) else f"a program for another subsystem ({subsystem})"


def _end(image: Any) -> int:
    """Where the last thing its headers speak of ends in the file."""
    ends = [int(s.PointerToRawData) + int(s.SizeOfRawData) for s in image.sections if s.SizeOfRawData]
    directories = image.OPTIONAL_HEADER.DATA_DIRECTORY
    if len(directories) > authenticode.DIRECTORY:
        table = directories[authenticode.DIRECTORY]  # the only one that counts from the beginning of the file
        if table.Size:
            ends.append(int(table.VirtualAddress) + int(table.Size))
    return max(ends, default=0)


def _versions(image: Any) -> tuple[str, str]:
    fixed = getattr(image, "VS_FIXEDFILEINFO", None)
    if not fixed:
        return "", ""
    first = fixed[0]
    return (
        _dotted(first.FileVersionMS, first.FileVersionLS),
        _dotted(first.ProductVersionMS, first.ProductVersionLS),
    )


def _dotted(high: int, low: int) -> str:
    return f"{high >> 16}.{high & 0xFFFF}.{low >> 16}.{low & 0xFFFF}"


def _infos(image: Any) -> Iterator[Any]:
    for group in getattr(image, "FileInfo", None) or []:
        yield from group


def _language(image: Any) -> str:
    """The first language its version data is translated to; "" when neutral or absent."""
    for info in _infos(image):
        for variable in getattr(info, "Var", []):
            for value in variable.entry.values():
                return languages.name(int(str(value).split()[0], 16))
    return ""


def _words(image: Any) -> Iterator[tuple[str, str]]:
    for info in _infos(image):
        for table in getattr(info, "StringTable", []):
            for name, value in table.entries.items():
                yield _text(name), _text(value)


def _text(raw: object) -> str:
    """One line of printable characters: what a file says goes to terminals and reports."""
    text = raw.decode("utf-8", "replace") if isinstance(raw, bytes) else str(raw)
    return re.sub(r"\s+", " ", "".join(c if c.isprintable() else " " for c in text[: 4 * LONGEST])).strip()[:LONGEST]


_STARTS = (
    (b"PK", "a ZIP archive"),
    (b"MSCF", "a cabinet"),
    (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", "a Word document, a Windows Installer package or another compound file"),
    (b"%PDF", "a PDF document"),
    (b"{\\rtf", "a text document (RTF)"),
    (b"\x7fELF", "a Linux program"),
    (b"\x1f\x8b", "a gzip archive"),
    (b"7z\xbc\xaf", "a 7-Zip archive"),
    (b"Rar!", "a RAR archive"),
    (b"#!", "a script"),
    (b"\xff\xfe", "a text"),
)


def _no_program(head: bytes, size: int) -> str:
    """What begins like this, in words."""
    if head[:2] == b"MZ":
        return _dos(head, size)
    text = head.removeprefix(b"\xef\xbb\xbf").lstrip()
    if text[:1] == b"<":
        return "a web page"
    known = next((name for start, name in _STARTS if head.startswith(start)), "")
    if known:
        return known
    readable = sum(32 <= byte < 127 or byte in b"\t\r\n" for byte in head)
    if readable > len(head) * 0.95:
        return "a text"
    return f"a file that begins with {head[:4].hex(' ')}"


def _dos(head: bytes, size: int) -> str:
    at = int.from_bytes(head[0x3C:0x40], "little") if len(head) >= 0x40 else 0
    if not 0x40 <= at < size - 4:
        return "the beginning of a program, or a program for DOS"
    begins = head[at : at + 2]
    kinds = {b"NE": "a program for 16-bit Windows", b"LE": "a driver for Windows 9x", b"PE": "a damaged program"}
    return kinds.get(begins, "a program for DOS, or a damaged one")
