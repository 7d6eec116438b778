"""Files that are not what they are called, as data: what is inside decides, whatever the name and the hash say."""

from __future__ import annotations

import hashlib
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from remediate.errors import Blocked
from remediate.kb import packagefile
from remediate.kb.evidence import Evidence
from remediate.kb.judge import Fit, builds, judge
from remediate.lab import packages
from tests.kb.packagefiles import build
from tests.kb.servers import advisory, cases

CASES = cases("packagefiles")
SP1 = "KB870585-2003-SP1"


def placed(folder: Path, case: dict[str, Any]) -> Path:
    path = folder / "Exchange2003-KB870585-x86-ENU.exe"
    path.write_bytes(build(case["file"]))
    return path


def expected(case: dict[str, Any], **more: Any) -> packagefile.Expected:
    package = advisory().package(case.get("as", SP1))
    assert package is not None
    return packagefile.Expected(advisory=advisory(), package=package, language=case.get("language", ""), **more)


def taken(path: Path, wanted: packagefile.Expected) -> bool:
    with suppress(Blocked):
        return bool(packagefile.check(path, wanted))
    return False


@pytest.mark.parametrize("case", CASES, ids=lambda case: case["name"])
def test_what_the_judge_says(case: dict[str, Any], tmp_path: Path) -> None:
    wanted = expected(case)
    found = packagefile.look(placed(tmp_path, case))
    verdict = judge(wanted.advisory, wanted.package, found.inside, wanted.language)
    assert verdict.fit.name == case["fit"].upper(), verdict
    assert case.get("says", "") in "; ".join(verdict.reasons)


@pytest.mark.parametrize("case", CASES, ids=lambda case: case["name"])
def test_who_may_vouch_for_it(case: dict[str, Any], tmp_path: Path) -> None:
    """A reason is worth something with a hash, and for what says too little; never against what is something else."""
    path = placed(tmp_path, case)
    digest = hashlib.sha256(path.read_bytes()).hexdigest()
    ways = {
        "nobody": expected(case),
        "hash": expected(case, sha256=digest),
        "reason": expected(case, identified_by="CHG-17"),
        "both": expected(case, sha256=digest, identified_by="CHG-17: from the CD of 2004"),
    }
    passed = {name for name, wanted in ways.items() if taken(path, wanted)}
    assert passed == {"fits": set(ways), "untold": {"both"}, "unlikely": {"both"}, "never": set()}[case["fit"]]


def test_there_are_enough_that_are_not_what_they_are_called() -> None:
    assert sum(case["fit"] != "fits" for case in CASES) >= 30


def test_each_package_of_the_lab_is_itself_and_no_other(tmp_path: Path) -> None:
    for name, package in packages.catalogue().items():
        if package.packed:
            continue
        (tmp_path / name).write_bytes(packages.content(package))
        inside = packagefile.look(tmp_path / name).inside
        fits = [p.id for p in advisory().packages if judge(advisory(), p, inside, inside.language).fit < Fit.NEVER]
        real = name if not package.published else package.published
        assert fits == ([real] if advisory().package(real) and package.damage != "page" else []), name


@given(st.sampled_from(advisory().packages), st.sampled_from(advisory().packages))
def test_what_one_package_carries_no_other_takes(one: Any, other: Any) -> None:
    """Version and article as the advisory has them, in every pair: only the right one fits."""
    product = advisory().product(one.product)
    words = (("KB Article Number", one.number), ("ProductName", product.name if product else ""))
    inside = Evidence(architecture="x86", file_version=str(one.provides), words=words)
    assert (judge(advisory(), other, inside).fit is Fit.FITS) == (one is other)
    assert one.provides in builds(one)


@given(version=st.tuples(*[st.integers(0, 65535)] * 4), by_host=st.booleans())
def test_any_version_fits_at_most_its_own(version: tuple[int, ...], by_host: bool) -> None:
    inside = Evidence(file_version=".".join(map(str, version)), by_host=by_host)
    for package in advisory().packages:
        if judge(advisory(), package, inside).fit is Fit.FITS:
            assert by_host
            assert inside.file_version.startswith(".".join(map(str, package.provides.parts[:3])))
