"""How often a command parses the files of a project: a run of the reference playbook, each file once."""

from __future__ import annotations

import io
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import yaml

from benchmarks.measure import Ratio
from remediate.commands.cli import run
from remediate.project.outside import Outside

LAB = "plugin: lab\nhosts:\n  one: {image: exchange2003-sp2, password: bench}\n"
BOOK = "playbooks/kb870585.yml"


def parses() -> Ratio:
    """Texts parsed as YAML against different texts among them."""
    with TemporaryDirectory() as name:
        folder = Path(name)
        (folder / "lab.yml").write_text(LAB, encoding="utf-8")
        try:
            with _counted() as texts:
                code, said = _remediate(folder, "run", BOOK, "-i", "lab.yml")
        finally:
            _remediate(folder, "lab", "down", "-i", "lab.yml")
    if code:
        raise RuntimeError(said)
    ratio = texts.total() / len(texts)
    return Ratio(what="parses per file, run of the reference playbook", ours=texts.total(), theirs=len(texts),
                 ratio=ratio, limit=1, unit="")  # fmt: skip


def _remediate(folder: Path, *words: str) -> tuple[int, str]:
    out = io.StringIO()
    outside = Outside(stdin=io.StringIO(), stdout=out, stderr=out, environ={}, folder=folder)
    return run(words, outside), out.getvalue()


@contextmanager
def _counted() -> Iterator[Counter[str]]:
    """Counts what ``yaml.parse`` is given."""
    found: Counter[str] = Counter()
    parse = yaml.parse

    def counting(stream: Any, *args: Any, **more: Any) -> Any:
        found[str(stream)] += 1
        return parse(stream, *args, **more)

    yaml.parse = counting
    try:
        yield found
    finally:
        yaml.parse = parse
