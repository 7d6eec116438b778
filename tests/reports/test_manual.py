"""Manual pages from Params, outlines from States."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal

from hypothesis import given
from hypothesis import strategies as st

from remediate.engine.registry import Registry
from remediate.model import Effect, Secret
from remediate.reports import manual
from remediate.reports.outline import outline
from remediate.reports.text import visible


@dataclass(frozen=True, kw_only=True)
class Inner:
    file: str = field(metadata={"help": "Which file."})
    size: int | None = None


@dataclass(frozen=True, kw_only=True)
class Params:
    _raw: str = ""
    route: Literal["auto", "hotfix"] = field(default="auto", metadata={"help": "Which\n  way."})
    files: list[Inner] = field(default_factory=list)
    by_name: dict[str, Inner]
    tags: tuple[str, ...] = ("a",)
    password: Secret
    effect: Effect = Effect.NONE
    when: float | None = None
    force: bool = False
    place: Path = Path("x")
    anything: object = None


def test_every_argument_has_a_row() -> None:
    rows = [(row.name, row.type, row.default, row.help) for row in manual.arguments(Params)]
    assert rows == [
        ("(free form)", "text", '""', ""),
        ("route", "auto | hotfix", "auto", "Which way."),
        ("files", "list of mapping", "empty", ""),
        ("files[].file", "text", "required", "Which file."),
        ("files[].size", "whole number or nothing", "-", ""),
        ("by_name", "mapping of mapping", "required", ""),
        ("by_name.*.file", "text", "required", "Which file."),
        ("by_name.*.size", "whole number or nothing", "-", ""),
        ("tags", "list of text", "a", ""),
        ("password", "secret text", "required", ""),
        ("effect", "none | service restart | reboot", "none", ""),
        ("when", "number or nothing", "-", ""),
        ("force", "yes/no", "no", ""),
        ("place", "path", '"x"', ""),
        ("anything", "anything", "-", ""),
    ]


MODULE = '''"""Does one thing. Slowly.

More of it.

Examples:

```yaml
- one: {}
```
"""
from dataclasses import dataclass
ACTION = True
@dataclass(frozen=True)
class Params:
    a: int
def inspect(session, params): return {}
def diff(state, params): return []
def apply(session, change, params): return None
'''


def test_the_page_of_a_module(tmp_path: Path) -> None:
    (tmp_path / "one.py").write_text(MODULE, encoding="utf-8")
    module = Registry([tmp_path]).load("one")
    assert manual.first_sentence(module) == "Does one thing."
    page = manual.as_text(module)
    assert page.startswith("one\n===\n\nDoes one thing. Slowly.\n\nMore of it.\n\nExamples:\n\n- one: {}\n")
    assert "* a deed: done each time" in page
    assert "* cannot be taken back" in page
    assert "  a  whole number (required)" in page
    assert "```" not in page
    assert "| `a` | whole number | required |  |" in manual.as_markdown(module)


def test_outline() -> None:
    state = {
        "os": {"release": "5.2", "service_pack": None},
        "files": {"store.exe": {"size": 1, "version": "6.5"}, "mdbmsg.dll": {"size": 2, "version": ""}},
        "services": [{"name": "IIS", "state": "running"}, {"name": "X\x1b", "depends": ["a", "b"]}],
        "empty": [],
        "names": ["a", "b"],
    }
    assert list(outline(state)) == [
        "os",
        "  release       5.2",
        "  service pack  -",
        "files",
        "  name        size  version",
        "  store.exe   1     6.5",
        "  mdbmsg.dll  2",
        "services",
        "  name   state    depends",
        "  IIS    running",
        "  X\\x1b           a, b",
        "empty  -",
        "names  a, b",
    ]


json_data = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=6), inner, max_size=4),
    max_leaves=20,
)


@given(st.dictionaries(st.text(max_size=6), json_data, max_size=5))
def test_outline_takes_any_state(state: dict[str, object]) -> None:
    lines = list(outline(state))
    assert len(lines) >= len(state)
    assert all(visible(line) == line and "\n" not in line for line in lines)
