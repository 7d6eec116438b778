"""Package files: real images with the right version inside, the same bytes each time, and nothing taken on trust."""

from __future__ import annotations

import hashlib
import json

import pefile
import pytest
from hypothesis import given
from hypothesis import strategies as st

from remediate.errors import UserError
from remediate.lab import packages, pe
from tests.lab.worlds import library

SOUND = [name for name, package in library().packages.items() if not package.damage]


@pytest.mark.parametrize("name", SOUND)
def test_a_package_is_a_program_with_its_version_and_language(name: str) -> None:
    package = library().packages[name]
    data = packages.content(package)
    image = pefile.PE(data=data)
    assert image.get_warnings() == []
    fixed = image.VS_FIXEDFILEINFO[0]
    parts = (fixed.FileVersionMS >> 16, fixed.FileVersionMS & 0xFFFF, fixed.FileVersionLS >> 16, fixed.FileVersionLS)
    assert ".".join(str(part & 0xFFFF) for part in parts) == (packages.PACKER if package.packed else package.provides)
    (table,) = (entry for entry in image.FileInfo[0] if entry.Key == b"StringFileInfo")
    assert table.StringTable[0].LangID == f"{package.language:04x}04b0".encode()
    assert 200_000 < len(data) < 420_000


@pytest.mark.parametrize("name", SOUND)
def test_a_package_can_be_read_back(name: str) -> None:
    package = library().packages[name]
    found = packages.read(packages.content(package))
    assert found == packages.Read(package, whole=True, removes=False)
    assert packages.from_json(json.loads(json.dumps(packages.to_json(package)))) == package


def test_equal_packages_have_equal_bytes_and_different_ones_differ() -> None:
    again = packages.catalogue()
    first = {name: packages.content(package) for name, package in library().packages.items()}
    assert first == {name: packages.content(package) for name, package in again.items()}
    assert len({hashlib.sha256(data).digest() for data in first.values()}) == len(first)


def test_two_packages_share_their_documented_name() -> None:
    known = library().packages
    assert known["KB870585-2003-RTM"].file_name == known["KB870585-2003-SP1"].file_name


def test_a_damaged_package_differs_in_one_byte_and_says_so() -> None:
    damaged = library().packages["KB870585-2003-SP1-damaged"]
    sound = packages.content(library().packages["KB870585-2003-SP1"])
    data = packages.content(damaged)
    assert packages.content(damaged.as_published()) == sound
    assert sum(a != b for a, b in zip(data, sound, strict=True)) == 1
    found = packages.read(data)
    assert found is not None
    assert not found.whole


def test_what_is_no_package_is_not_read() -> None:
    plain = pe.build(pe.Image(version="1.2.3.4", code=b"\xc3"))
    assert packages.read(plain) is None
    assert packages.read(packages.content(library().packages["KB870585-2003-SP1-page"])) is None
    assert packages.read(b"") is None


def test_an_unknown_package_is_named_with_the_nearest() -> None:
    with pytest.raises(UserError, match="no package 'KB870585-2003-SP2'") as caught:
        packages.pick(library().packages, "KB870585-2003-SP2", "host ex1")
    assert "KB870585-2003-SP1" in caught.value.hint


def test_the_article_s_tables_stand_in_the_hotfixes() -> None:
    known = library().packages
    tables = {
        name: {(file.name, file.version, file.size, file.modified) for file in known[name].files}
        for name in ("KB870585-2003-SP1", "KB870585-2000")
    }
    assert tables["KB870585-2003-SP1"] == {
        ("mdbmsg.dll", "6.5.7232.35", 3230720, "2004-09-16T20:32:00Z"),
        ("store.exe", "6.5.7232.35", 5132800, "2004-09-16T20:42:00Z"),
    }
    assert tables["KB870585-2000"] == {
        ("mdbmsg.dll", "6.0.6617.6", 2310144, "2004-09-13T04:47:00Z"),
        ("store.exe", "6.0.6617.6", 4685824, "2004-09-12T05:02:00Z"),
    }


@given(
    parts=st.lists(st.integers(0, 65535), min_size=4, max_size=4),
    code=st.binary(max_size=3000),
    company=st.text(st.characters(codec="utf-16-le", exclude_characters="\0"), max_size=20),
)
def test_any_version_is_read_back_by_the_lab_and_by_others(parts: list[int], code: bytes, company: str) -> None:
    version = ".".join(map(str, parts))
    data = pe.build(pe.Image(version=version, code=code, strings={"CompanyName": company}))
    assert pe.file_version(data) == version
    fixed = pefile.PE(data=data).VS_FIXEDFILEINFO[0]
    assert (fixed.FileVersionMS << 32) + fixed.FileVersionLS == sum(
        p << s for p, s in zip(parts, (48, 32, 16, 0), strict=True)
    )


@given(st.binary(max_size=400))
def test_other_bytes_carry_no_version(data: bytes) -> None:
    assert pe.file_version(data) == ""
    assert pe.file_version(b"MZ" + data) == "" or pe.is_image(b"MZ" + data)
