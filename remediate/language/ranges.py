"""Host names written as ranges: ``web[01:10].example``, ``db-[a:f]``, ``n[0:20:5]``, and ``name:port``."""

from __future__ import annotations

import itertools
import re

from remediate.errors import UserError
from remediate.model import Source

HOST_LIMIT = 100_000
"""Hosts one range may stand for."""

_RANGE = re.compile(r"\[(?P<first>\d+|[A-Za-z]):(?P<last>\d+|[A-Za-z])(?::(?P<step>\d+))?\]")
_PORT = re.compile(r"(?P<name>[^:\[\]]+|.*\].*?|\[[0-9A-Fa-f:.]+\]):(?P<port>\d{1,5})\Z")


def host_names(written: str, source: Source) -> tuple[list[str], int | None]:
    """The names ``written`` stands for, and the port when one is given. Raises UserError."""
    port = None
    found = _PORT.match(written)
    if found and written.count("[") == written.count("]"):
        written, port = found["name"], int(found["port"])
        if not 0 < port < 65536:
            raise UserError(f"{port} is not a port", source=source, hint="ports go from 1 to 65535")
    return expanded(written, source), port


def expanded(written: str, source: Source) -> list[str]:
    """Every name a range stands for; the name itself when there is none in it."""
    pieces: list[list[str]] = []
    end, count = 0, 1
    for found in _RANGE.finditer(written):
        pieces += [[written[end : found.start()]], _one(found, source)]
        count *= len(pieces[-1])
        end = found.end()
        if count > HOST_LIMIT:
            raise UserError(f"the range {written!r} stands for more than {HOST_LIMIT:,} hosts", source=source)
    rest = written[end:]
    if re.search(r"\[[^\]]*:", rest) and not re.fullmatch(r"\[[0-9A-Fa-f:.]+\]", written):
        raise UserError(f"{written!r} is not a range", source=source, hint="ranges are written web[01:10] or db[a:f]")
    return ["".join(parts) for parts in itertools.product(*pieces, [rest])]


def _one(found: re.Match[str], source: Source) -> list[str]:
    first, last, step = found["first"], found["last"], int(found["step"] or 1)
    if first.isdigit() != last.isdigit():
        raise UserError(f"the range {found.group()} mixes a number with a letter", source=source)
    if step == 0:
        raise UserError(f"the range {found.group()} has a step of 0", source=source)
    low, high = (int(first), int(last)) if first.isdigit() else (ord(first), ord(last))
    if low > high:
        raise UserError(f"the range {found.group()} runs backwards", source=source, hint="write the smaller end first")
    if len(first) > 9 or len(last) > 9 or (high - low) // step >= HOST_LIMIT:
        raise UserError(f"the range {found.group()} stands for more than {HOST_LIMIT:,} hosts", source=source)
    if first.isdigit():
        if first.startswith("0") and len(first) > 1 and len(first) != len(last):
            raise UserError(
                f"the ends of the range {found.group()} differ in length",
                source=source,
                hint=f"write it [{first.zfill(len(last))}:{last.zfill(len(first))}]",
            )
        width = len(first) if first.startswith("0") else 0
        return [str(number).zfill(width) for number in range(low, high + 1, step)]
    return [chr(code) for code in range(low, high + 1, step)]
