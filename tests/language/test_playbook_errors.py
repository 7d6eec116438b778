"""Everything that can be wrong with a playbook: one sentence, its place, and a hint, word for word."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from remediate.errors import UserError
from tests.language.files import cases, lay, message, read_site, words


def check(case: dict[str, Any], folder: Path) -> None:
    lay(folder, {**case.get("files", {}), "site.yml": case.get("playbook", "")})
    if "binary" in case:
        (folder / "site.yml").write_bytes(bytes.fromhex(case["binary"]))
    with pytest.raises(UserError) as caught:
        read_site(folder)
    assert message(caught.value, folder) == case["error"]


@cases("errors_plays")
def test_plays(case: dict[str, Any], tmp_path: Path) -> None:
    check(case, tmp_path)


@cases("errors_tasks")
def test_tasks(case: dict[str, Any], tmp_path: Path) -> None:
    check(case, tmp_path)


@cases("errors_values")
def test_values(case: dict[str, Any], tmp_path: Path) -> None:
    check(case, tmp_path)


@cases("errors_templates")
def test_templates(case: dict[str, Any], tmp_path: Path) -> None:
    check(case, tmp_path)


@cases("errors_roles")
def test_roles(case: dict[str, Any], tmp_path: Path) -> None:
    check(case, tmp_path)


WORDS = st.sampled_from(
    words(
        "hosts tasks debug block rescue when loop roles vars name notify handlers args action serial register "
        "import_tasks include_role with_dict loop_control tags"
    )
)
LEAVES = st.one_of(st.none(), st.booleans(), st.integers(-2, 3), WORDS, st.sampled_from(["{{ x }}", "{{", "a=b", ""]))
TREES = st.recursive(
    LEAVES, lambda deeper: st.lists(deeper, max_size=3) | st.dictionaries(WORDS, deeper, max_size=4), max_leaves=12
)


@settings(max_examples=300)
@given(plays=st.lists(st.dictionaries(WORDS, TREES, max_size=5), max_size=2))
def test_any_shape_is_read_or_refused(plays: list[dict[str, Any]], tmp_path: Path) -> None:
    import yaml

    for play in plays:
        play.setdefault("hosts", "all")
    (tmp_path / "site.yml").write_text(yaml.safe_dump(plays), encoding="utf-8")
    try:
        assert len(read_site(tmp_path).plays) == len(plays)
    except UserError as error:
        told = error
    else:
        return
    assert told.source is not None
    assert told.source.file.startswith(str(tmp_path))
