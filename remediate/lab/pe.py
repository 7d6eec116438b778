"""Writes small PE32 images with a VERSIONINFO resource, and reads the file version of any."""

from __future__ import annotations

import struct
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

_FILE_ALIGN = 0x200
_SECTION_ALIGN = 0x1000
_HEADER = 0x400
_RT_VERSION = 16
_SIGNATURE = struct.pack("<I", 0xFEEF04BD)
_UNICODE = 1200


@dataclass(frozen=True, slots=True, kw_only=True)
class Image:
    """What to write: ``version`` is dotted with four parts, ``code`` is the content of .text."""

    version: str
    code: bytes
    language: int = 0x0409
    strings: Mapping[str, str] = field(default_factory=dict)
    """StringFileInfo: CompanyName, FileDescription, OriginalFilename ..."""
    timestamp: int = 0
    """Seconds since 1970, link time of the header."""


def build(image: Image) -> bytes:
    """The bytes of a valid 32-bit image; equal input gives equal bytes."""
    info = _version_info(image)
    code = image.code + b"\0" * _gap(len(image.code), _FILE_ALIGN)
    resources_at = _SECTION_ALIGN + _up(len(code), _SECTION_ALIGN)
    resources = _resource_section(info, resources_at, image.language)
    raw = resources + b"\0" * _gap(len(resources), _FILE_ALIGN)
    head = _headers(len(code), resources_at, len(resources), len(raw), image.timestamp)
    return head + b"\0" * (_HEADER - len(head)) + code + raw


def file_version(data: bytes) -> str:
    """The fixed file version of a PE image as ``a.b.c.d``; "" when ``data`` is none or carries none."""
    if not is_image(data):
        return ""
    at = data.find(_SIGNATURE)
    if at < 0 or at + 16 > len(data):
        return ""
    high, low = struct.unpack_from("<II", data, at + 8)
    return f"{high >> 16}.{high & 0xFFFF}.{low >> 16}.{low & 0xFFFF}"


def is_image(data: bytes) -> bool:
    """Whether Windows would try to load ``data``: MZ, and PE where the header points."""
    if len(data) < 0x40 or data[:2] != b"MZ":
        return False
    at = int(struct.unpack_from("<I", data, 0x3C)[0])
    return data[at : at + 4] == b"PE\0\0"


def _gap(size: int, step: int) -> int:
    return -size % step


def _up(size: int, step: int) -> int:
    return size + _gap(size, step)


def _node(key: str, *, text: bool, value: bytes = b"", children: Iterable[bytes] = ()) -> bytes:
    """One VERSIONINFO block: length, value length (characters for text), type, key, padded value and children."""
    body = key.encode("utf-16-le") + b"\0\0"
    body += b"\0" * _gap(6 + len(body), 4) + value
    for child in children:
        body += b"\0" * _gap(6 + len(body), 4) + child
    return struct.pack("<HHH", 6 + len(body), len(value) // (2 if text else 1), int(text)) + body


def _version_info(image: Image) -> bytes:
    a, b, c, d = (int(part) for part in image.version.split("."))
    pair = (a << 16 | b, c << 16 | d)
    fixed = struct.pack("<13I", 0xFEEF04BD, 0x10000, *pair, *pair, 0x3F, 0, 0x40004, 1, 0, 0, 0)
    strings = [
        _node(key, text=True, value=value.encode("utf-16-le") + b"\0\0")
        for key, value in {**image.strings, "FileVersion": image.version, "ProductVersion": image.version}.items()
    ]
    table = _node(f"{image.language:04x}{_UNICODE:04x}", text=True, children=strings)
    translation = _node("Translation", text=False, value=struct.pack("<HH", image.language, _UNICODE))
    children = [
        _node("StringFileInfo", text=True, children=[table]),
        _node("VarFileInfo", text=True, children=[translation]),
    ]
    return _node("VS_VERSION_INFO", text=False, value=fixed, children=children)


def _resource_section(info: bytes, address: int, language: int) -> bytes:
    """A resource tree with the one leaf type/1/language; directories are 16 bytes and 8 per entry."""
    below = 0x80000000
    directory = struct.Struct("<IIHHHHII")
    levels = ((_RT_VERSION, below | 24), (1, below | 48), (language, 72))
    tree = b"".join(directory.pack(0, 0, 4, 0, 0, 1, name, offset) for name, offset in levels)
    return tree + struct.pack("<IIII", address + 88, len(info), 0, 0) + info


def _headers(code: int, resources_at: int, resources: int, resources_raw: int, timestamp: int) -> bytes:
    dos = bytearray(0x80)
    dos[0:2] = b"MZ"
    struct.pack_into("<I", dos, 0x3C, 0x80)
    coff = struct.pack("<4sHHIIIHH", b"PE\0\0", 0x14C, 2, timestamp, 0, 0, 224, 0x010E)
    image_size = resources_at + _up(resources_raw, _SECTION_ALIGN)
    optional = struct.pack("<HBBIIIIII", 0x10B, 7, 10, code, resources_raw, 0, *[_SECTION_ALIGN] * 2, resources_at)
    optional += struct.pack("<IIIHHHHHHIIIIHH", 0x400000, _SECTION_ALIGN, _FILE_ALIGN, 5, 0, 6, 5, 4, 0, 0, image_size,
                            _HEADER, 0, 2, 0)  # fmt: skip
    optional += struct.pack("<IIIIII", 0x100000, 0x1000, 0x100000, 0x1000, 0, 16)
    directories = bytearray(16 * 8)
    struct.pack_into("<II", directories, 2 * 8, resources_at, resources)
    text = struct.pack("<8sIIII12xI", b".text", code, _SECTION_ALIGN, code, _HEADER, 0x60000020)
    rsrc = struct.pack("<8sIIII12xI", b".rsrc", resources, resources_at, resources_raw, _HEADER + code, 0x40000040)
    return bytes(dos) + coff + optional + bytes(directories) + text + rsrc
