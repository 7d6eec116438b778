"""Any file of the lab, under any package id, for a server of any branch: only the right one is ever planned."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from remediate.kb.obstacles import Policy
from remediate.kb.packagefile import Expected, check
from remediate.kb.route import choose
from remediate.kb.supplied import Supplied, foreseen
from remediate.lab import packages
from remediate.model import Known
from tests.kb.servers import advisory, facts

CATALOGUE = packages.catalogue()
SERVERS = [
    {"exchange": "2003", "build": "6.5.6944.4", "sp": 0},
    {"exchange": "2003", "build": "6.5.6981.0", "sp": 0},
    {"exchange": "2003", "build": "6.5.7226.0", "sp": 1},
    {"exchange": "2003", "build": "6.5.7232.35", "sp": 1},
    {"exchange": "2003", "build": "6.5.7233.69", "sp": 1},
    {"exchange": "2003", "build": "6.5.7638.1", "sp": 2},
    {"exchange": "2000", "build": "6.0.5762.1", "sp": 2},
    {"exchange": "2000", "build": "6.0.6249.4", "sp": 3},
    {"exchange": "2000", "build": "6.0.6603.1", "sp": 3},
    {"exchange": "2000", "build": "6.0.6617.6", "sp": 3},
]


@pytest.fixture(scope="module")
def files(tmp_path_factory: pytest.TempPathFactory) -> Mapping[str, tuple[Path, str]]:
    """Path and hash; all under one name, as some real ones are."""
    found = {}
    for name, package in CATALOGUE.items():
        path = tmp_path_factory.mktemp("p") / "Exchange2003-KB870585-x86-ENU.exe"
        path.write_bytes(packages.content(package))
        found[name] = (path, hashlib.sha256(path.read_bytes()).hexdigest())
    return found


@settings(deadline=None, max_examples=300)
@given(
    name=st.sampled_from(sorted(CATALOGUE)),
    wanted=st.sampled_from(sorted(p.id for p in advisory().packages)),
    server=st.sampled_from(SERVERS),
    recorded=st.booleans(),
    vouched=st.booleans(),
)
def test_only_the_right_one_is_planned(
    files: Mapping[str, tuple[Path, str]],
    name: str,
    wanted: str,
    server: dict[str, object],
    recorded: bool,
    vouched: bool,
) -> None:
    path, digest = files[name]
    words: dict[str, Any] = {"file": str(path), "command": '"{package}" /q'} | ({"sha256": digest} if recorded else {})
    words |= {"identified_by": "somebody told me"} if vouched and recorded else {}
    language = {1031: "DEU"}.get(CATALOGUE[name].language, "ENU")
    if language != "ENU":
        words["language"] = language
    seen = foreseen(advisory(), Known(values={"packages": {wanted: words}}))
    let_pass = all(finding.kind == "warning" for finding in seen.findings)
    route = choose(
        facts({**server, "set": {"os.language": 0x407 if language == "DEU" else 0x409}}),
        advisory(),
        {wanted: Supplied(**words)},
        Policy(install_prerequisites=True),
    )
    right = name in (wanted, f"{wanted}-DEU", f"{wanted}-damaged")  # only a recorded hash tells a damaged one
    right = right or bool(CATALOGUE[name].packed and words.get("identified_by"))  # it says nothing, a person vouches
    assert let_pass == right, seen.findings
    for step in route.steps if let_pass else ():
        package = advisory().package(str(step["package"]))
        assert package is not None
        assert package.id == wanted
        assert CATALOGUE[name].packed or package.requires.at_least.release == CATALOGUE[name].provides[:3]
        if not CATALOGUE[name].packed:
            check(path, Expected(advisory=advisory(), package=package, language=language))
