"""Reads the ```console blocks of a page and compares what they promise with what really comes out."""

from __future__ import annotations

import re
import shlex
from collections.abc import Iterator
from dataclasses import dataclass

CODE = re.compile(r"\s+# exit code (\d+)$")
VARIES = (
    (re.compile(r"\b\d+(\.\d)? (s|min)\b"), "<time>"),
    (re.compile(r"\b127\.0\.0\.1:\d+"), "<address>"),
    (re.compile(r"\bprocess \d+"), "process <n>"),
    (re.compile(r"(lab[\w-]*)-[0-9a-f]{8}\b"), r"\1-<mark>"),
)
"""What differs from run to run in any honest output."""


@dataclass(frozen=True, slots=True)
class Shown:
    """One command of a page with the output printed below it; ``...`` lines stand for anything."""

    words: tuple[str, ...]
    code: int
    output: tuple[str, ...]


def commands(page: str) -> Iterator[Shown]:
    """Every ``$ remediate ...`` of the page, in order."""
    for block in re.findall(r"^```console\n(.*?)^```", page, flags=re.DOTALL | re.MULTILINE):
        for part in re.split(r"^\$ ", block, flags=re.MULTILINE)[1:]:
            line, *output = part.rstrip().split("\n")
            code = CODE.search(line)
            words = shlex.split(CODE.sub("", line))
            if words[0] != "remediate":
                raise ValueError(f"only remediate can be shown in a console block, not {line!r}")
            yield Shown(tuple(words[1:]), int(code[1]) if code else 0, tuple(output))


def normal(line: str) -> str:
    """A line without what varies and without the widths of columns."""
    for pattern, word in VARIES:
        line = pattern.sub(word, line)
    return " ".join(line.split())


def missing(shown: Shown, real: str) -> str:
    """The first promised line that does not come, in its order; "" when all come."""
    lines = iter([normal(line) for line in real.splitlines()])
    for promised in map(normal, shown.output):
        if promised and promised != "..." and promised not in lines:
            return promised
    return ""
