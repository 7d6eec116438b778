"""Text filters: find, findstr, more, sort."""

from __future__ import annotations

import re
from collections.abc import Iterator

from remediate.lab import paths
from remediate.lab.programs.call import Call
from remediate.lab.programs.disk import matching


def _lines(data: bytes) -> list[bytes]:
    """Lines with their ends."""
    return data.splitlines(keepends=True)


def findstr(call: Call) -> int:
    """Words or ``/c:text``, as text (/l) or as a pattern of findstr's kind; /i /v /n /m /b /e /x /r /l."""
    words = call.argv
    flags = {letter for word in words if re.fullmatch(r"/[ivnmbexlr]+", word.lower()) for letter in word.lower()[1:]}
    exact = [word[3:] for word in words if word.lower().startswith("/c:")]
    plain = [word for word in words if not word.startswith("/")]
    known = re.compile(r"/([ivnmbexlr]+|c:.*)", re.IGNORECASE | re.DOTALL)
    unknown = [word for word in words if word.startswith("/") and not known.fullmatch(word)]
    if unknown:
        return call.refuse(f"findstr {' '.join(unknown)}")
    if not exact and not plain:
        call.err("FINDSTR: Bad command line")
        return 2
    wanted, names = (exact, plain) if exact else (plain[0].split() or [""], plain[1:])
    patterns = [_pattern(text, flags) for text in wanted]
    sources = list(_sources(call, names))
    found = False
    for name, data in sources:
        found |= _search(call, patterns, flags, name if len(sources) > 1 else "", data)
    return 0 if found else 1


def _pattern(text: str, flags: set[str]) -> re.Pattern[str]:
    """findstr's own small language: ``. * ^ $ [class]`` and backslash; ``\\<`` and ``\\>`` are word ends."""
    body = re.escape(text) if "l" in flags else _translated(text)
    start, end = ("^" if flags & {"b", "x"} else ""), ("$" if flags & {"e", "x"} else "")
    return re.compile(f"{start}(?:{body}){end}", re.IGNORECASE if "i" in flags else 0)


def _translated(text: str) -> str:
    out, at = "", 0
    while at < len(text):
        char = text[at]
        pair = text[at : at + 2]
        if pair in ("\\<", "\\>"):
            out, at = out + "\\b", at + 2
        elif char == "\\" and at + 1 < len(text):
            out, at = out + re.escape(text[at + 1]), at + 2
        elif char == "[" and "]" in text[at + 2 :]:
            end = text.index("]", at + 2)
            inner = text[at + 1 : end].replace("\\", "\\\\").replace("[", "\\[")
            out, at = out + f"[{inner}]", end + 1
        else:
            plain = char in ".^$" or (char == "*" and at > 0)
            out, at = out + (char if plain else re.escape(char)), at + 1
    try:
        re.compile(out)
    except re.error:
        return re.escape(text)
    return out


def _sources(call: Call, names: list[str]) -> Iterator[tuple[str, bytes]]:
    if not names:
        yield "", call.stdin()
    for name in names:
        found = matching(call, name)
        if not found:
            call.err(f"FINDSTR: Cannot open {name}")
        for path in found:
            yield paths.base(path), call.machine.files.read(path)


def _search(call: Call, patterns: list[re.Pattern[str]], flags: set[str], name: str, data: bytes) -> bool:
    found = False
    for number, line in enumerate(_lines(data), 1):
        text = line.decode(call.codepage, "replace").rstrip("\r\n")
        if any(pattern.search(text) for pattern in patterns) == ("v" in flags):
            continue
        found = True
        if "m" in flags:
            call.out(name)
            break
        head = (f"{name}:" if name else "") + (f"{number}:" if "n" in flags else "")
        end = b"" if line.endswith(b"\n") else b"\r\n"
        call.raw(head.encode(call.codepage, "replace") + line + end)
    return found


def find(call: Call) -> int:
    """``find [/v] [/c] [/i] [/n] "text" [file...]``."""
    words = call.argv
    switches = {word.lower() for word in words if word.startswith("/")}
    plain = [word for word in words if not word.startswith("/")]
    if not re.search(r'"[^"]*"', call.rest) or not plain:
        call.err("FIND: Parameter format not correct")
        return 2
    if switches - {"/v", "/c", "/i", "/n"}:
        return call.refuse(f"find {' '.join(sorted(switches))}")
    total = 0
    for name in plain[1:] or [""]:
        path = call.path(name) if name else ""
        if path and not call.machine.files.is_file(path):
            call.err(f"File not found - {name.upper()}")
            continue
        data = call.machine.files.read(path) if path else call.stdin()
        total += _find_in(call, plain[0], switches, path, data)
    return 0 if total else 1


def _find_in(call: Call, wanted: str, switches: set[str], path: str, data: bytes) -> int:
    count = 0
    head = f"---------- {path.upper()}" if path else ""
    if path and "/c" not in switches:
        call.out(f"\r\n{head}")
    for number, line in enumerate(_lines(data), 1):
        text = line.decode(call.codepage, "replace").rstrip("\r\n")
        here = wanted.lower() in text.lower() if "/i" in switches else wanted in text
        here = here and wanted != ""  # nothing is found nowhere: find /v "" shows every line
        if here != ("/v" in switches):
            count += 1
            if "/c" not in switches:
                call.out(f"[{number}]{text}" if "/n" in switches else text)
    if "/c" in switches:
        call.out(f"\r\n{head}: {count}" if path else str(count))
    return count


def more(call: Call) -> int:
    names = [word for word in call.argv if not word.startswith("/")]
    call.raw(b"".join(call.machine.files.read(call.path(name)) for name in names) if names else call.stdin())
    return 0


def sort(call: Call) -> int:
    if any(word.startswith("/") and word.lower() != "/r" for word in call.argv):
        return call.refuse("sort with switches")
    names = [word for word in call.argv if not word.startswith("/")]
    data = call.machine.files.read(call.path(names[0])) if names else call.stdin()
    reverse = any(word.lower() == "/r" for word in call.argv)
    lines = [line.rstrip(b"\r\n") for line in _lines(data)]
    for line in sorted(lines, key=bytes.lower, reverse=reverse):
        call.raw(line + b"\r\n")
    return 0
