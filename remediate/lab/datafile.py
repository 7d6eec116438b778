"""Reads the lab's own YAML data, quickly where libyaml is there."""

from __future__ import annotations

import copy
from functools import cache
from pathlib import Path
from typing import Any

DATA = Path(__file__).parent / "data"


def read(name: str) -> dict[str, Any]:
    """The mapping in ``data/<name>.yml``; whoever asks may change it."""
    return copy.deepcopy(_parsed(name))


@cache
def _parsed(name: str) -> dict[str, Any]:
    import yaml

    loader: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
    text = (DATA / f"{name}.yml").read_text(encoding="utf-8")
    found: dict[str, Any] = yaml.load(text, Loader=loader)  # noqa: S506 - safe loaders both
    return found
