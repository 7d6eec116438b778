"""Holds the shape of the code: imports point downwards only, files stay short, every file says what it is for."""

from __future__ import annotations

import ast
import statistics
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).parents[1]
LONGEST = 450
MEDIAN = 120

ALLOWED: dict[str, set[str]] = {
    "errors": {"model"},
    "model": set(),
    "cells": set(),
    "plain": {"model"},
    "secrets": {"model"},
    "events": {"model"},
    "language": {"errors", "model", "secrets"},
    "kb": {"errors", "model", "connections.base"},
    "connections": {"errors", "model", "secrets"},
    "lab": {"errors", "model", "secrets"},
    "engine": {"cells", "plain", "errors", "model", "secrets", "events", "language", "connections"},
    "reports": {"cells", "plain", "errors", "model", "secrets", "events", "engine"},
    "change_windows": {"errors", "model", "language"},
    "ledger": {"errors", "model", "secrets", "events"},
    "planfile": {"plain", "errors", "model", "secrets", "events", "language", "engine", "connections.base"},
    "approvals": {"errors", "model", "secrets", "language", "planfile"},
    "notify": {"errors", "model", "secrets", "language"},
    "project": {"errors", "model", "secrets", "language", "engine", "lab", "ledger", "notify", "reports"},
    "beforehand": {"connections", "engine", "errors", "events", "language", "model", "secrets"},
    "change": {"approvals", "beforehand", "cells", "change_windows", "connections.clocks", "engine", "errors",
               "events", "language", "ledger", "model", "notify", "plain", "planfile", "project", "reports",
               "secrets"},
    "commands": {"approvals", "beforehand", "cells", "change", "change_windows", "connections", "engine", "errors",
                 "events", "kb", "lab", "language", "ledger", "model", "notify", "plain", "planfile", "project",
                 "reports", "secrets"},
    "__main__": {"commands"},
    "__init__": set(),
}  # fmt: skip
"""What each part of the package may import besides itself. ``kb`` is for modules: it knows the seam to a host only."""

MODULES_MAY = {"model", "errors", "kb", "connections.base"}


def sources(*folders: str, suffixes: tuple[str, ...] = (".py",)) -> list[Path]:
    every = (path for folder in folders for path in (ROOT / folder).rglob("*") if path.suffix in suffixes)
    return sorted(path for path in every if "vendor" not in path.parts and "__pycache__" not in path.parts)


def imports(path: Path) -> Iterator[str]:
    """Dotted names below ``remediate`` that a file imports, those for type checking too."""
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            names = [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
            names = [f"{node.module}.{alias.name}" for alias in node.names]
        else:
            continue
        yield from (name.removeprefix("remediate.") for name in names if name.startswith("remediate."))


def part(path: Path) -> str:
    return path.relative_to(ROOT / "remediate").with_suffix("").parts[0]


def shown(path: Path) -> str:
    return str(path.relative_to(ROOT))


def within(name: str, allowed: set[str]) -> bool:
    return any(name == seam or name.startswith(f"{seam}.") for seam in allowed)


def test_imports_point_downwards() -> None:
    wrong = [
        f"{shown(path)} imports remediate.{name}"
        for path in sources("remediate")
        for name in imports(path)
        if name != "__version__" and not within(name, {part(path), *ALLOWED[part(path)]})
    ]
    assert not wrong


def test_modules_know_only_their_seams() -> None:
    wrong = [
        f"{shown(path)} imports remediate.{name}"
        for path in sources("modules")
        for name in imports(path)
        if not within(name, MODULES_MAY)
    ]
    assert not wrong


def test_no_file_is_too_long() -> None:
    every = sources("remediate", "modules", "tests", suffixes=(".py", ".js"))
    lengths = {shown(path): len(path.read_text(encoding="utf-8").splitlines()) for path in every}
    assert not {name: length for name, length in lengths.items() if length > LONGEST}


def test_most_files_are_short() -> None:
    lengths = [len(path.read_text(encoding="utf-8").splitlines()) for path in sources("remediate", "modules")]
    assert statistics.median(lengths) <= MEDIAN


def test_most_functions_are_short() -> None:
    lengths = [
        (node.end_lineno or node.lineno) - node.lineno + 1
        for path in sources("remediate", "modules")
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
        if isinstance(node, ast.FunctionDef)
    ]
    assert sum(length <= 20 for length in lengths) >= 0.9 * len(lengths)


def test_every_file_says_what_it_is_for() -> None:
    filled = [path for path in sources("remediate", "modules") if path.stat().st_size]
    assert not [shown(path) for path in filled if not ast.get_docstring(ast.parse(path.read_text(encoding="utf-8")))]


def test_the_walk_over_imports_sees_all_kinds() -> None:
    assert {"errors.UserError", "language.words.nearest"} <= set(imports(ROOT / "remediate/project/content.py")) | set(
        imports(ROOT / "remediate/commands/parser.py")
    )
