"""The disks: names without regard to case, errors as Windows numbers them, space, files in use."""

from __future__ import annotations

import contextlib
import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from remediate.lab import paths
from remediate.lab.errors import LabError, NotModelled
from remediate.lab.faults import Faults
from remediate.lab.files import FileEntry, FileTree
from tests.lab.bare import Bare

NAME = st.text(
    st.characters(exclude_characters='<>:"/\\|?*', categories=["L", "N", "P", "S", "M"]), min_size=1, max_size=12
)
NAMES = NAME.filter(lambda text: text.strip(". ") == text and text)


def tree(free: int = 1_000_000) -> FileTree:
    made = FileTree()
    made.add_drive("C", total=2_000_000, free=free)
    return made


def number_of(work: object) -> int:
    assert callable(work)
    with pytest.raises(LabError) as caught:
        work()
    return caught.value.number


@pytest.mark.parametrize(
    ("given_path", "normal"),
    [
        ("c:/Temp\\\\a.txt", "C:\\Temp\\a.txt"),
        ("C:", "C:\\"),
        ("c:\\x\\..\\y\\.", "C:\\y"),
        ("C:\\a. \\b..", "C:\\a\\b"),
        ('"C:\\a b"', "C:\\a b"),
        ("C:\\..\\..\\a", "C:\\a"),
        ("//srv/share", "\\\\srv\\share"),
        ("\\\\srv\\share\\a\\..\\..\\..\\b.", "\\\\srv\\share\\b"),
    ],
)
def test_one_normal_form(given_path: str, normal: str) -> None:
    assert paths.normal(given_path) == normal


@pytest.mark.parametrize(
    ("path", "number"),
    [("a.txt", 3), ("\\\\srv", 53), ("\\\\srv\\", 53), ("\\\\?\\C:\\x", 53), ("C:\\a?b", 123), ("C:\\a|b", 123)],
)
def test_paths_that_are_none(path: str, number: int) -> None:
    assert number_of(lambda: paths.normal(path)) == number


@pytest.mark.parametrize(
    ("path", "seen"),
    [("a", "C:\\f\\a"), ("..\\a", "C:\\a"), ("\\a", "C:\\a"), ("C:a", "C:\\f\\a"), ("D:a", "D:\\a"), ("c:/a", "C:\\a")],
)
def test_relative_paths(path: str, seen: str) -> None:
    assert paths.resolve(path, "C:\\f") == seen


def test_errors_are_those_of_windows() -> None:
    files = tree()
    files.make_folder("C:\\a")
    files.write("C:\\a\\x", b"1")
    files.put("C:\\ro", FileEntry(data=b"", attributes=1))
    assert number_of(lambda: files.make_folder("C:\\A")) == 183
    assert number_of(lambda: files.make_folder("C:\\no\\b")) == 3
    assert number_of(lambda: files.write("C:\\no\\b", b"")) == 3
    assert number_of(lambda: files.write("C:\\a", b"")) == 5
    assert number_of(lambda: files.write("C:\\RO", b"")) == 5
    assert number_of(lambda: files.remove("C:\\a")) == 145
    assert number_of(lambda: files.remove("C:\\a\\y")) == 2
    assert number_of(lambda: files.remove("C:\\b\\y")) == 3
    assert number_of(lambda: files.rename("C:\\a\\x", "C:\\ro")) == 183
    assert number_of(lambda: files.rename("C:\\a", "C:\\a\\b")) == 32
    assert number_of(lambda: files.read("C:\\a")) == 5
    assert number_of(lambda: files.write("D:\\a", b"")) == 3
    assert number_of(lambda: files.remove("C:\\")) == 5


def test_content_that_is_not_modelled_is_refused_but_moves_and_counts() -> None:
    files = tree()
    files.put("C:\\bin\\store.exe", FileEntry(size=1000, version="6.5.7226.0"))
    with pytest.raises(NotModelled):
        files.read("C:\\bin\\store.exe")
    files.rename("C:\\bin", "C:\\old")
    assert files.stat("C:\\OLD\\STORE.EXE").version == "6.5.7226.0"
    assert files.free_bytes() == 999_000


def test_space_is_counted_and_runs_out() -> None:
    files = tree(free=100)
    files.write("C:\\a", b"x" * 60)
    assert number_of(lambda: files.write("C:\\b", b"x" * 60)) == 112
    assert not files.exists("C:\\b")
    files.write("C:\\a", b"x" * 90)
    files.remove("C:\\a")
    assert files.free_bytes() == 100


def test_a_disk_that_is_nearly_full_still_takes_a_script() -> None:
    bare = Bare(faults=Faults(disk_full=True))
    bare.machine.files.write("C:\\WINDOWS\\Temp\\x.js", b"x" * 20_000)
    assert number_of(lambda: bare.machine.files.write("C:\\WINDOWS\\Temp\\package.exe", b"x" * 300_000)) == 112


def test_a_running_program_can_be_renamed_but_not_written_or_deleted() -> None:
    bare = Bare()
    files = bare.machine.files
    files.write("C:\\a.exe", b"MZ")
    bare.machine.processes.create("a.exe", path="C:\\A.EXE", seconds=5)
    assert number_of(lambda: files.write("C:\\a.exe", b"")) == 32
    assert number_of(lambda: files.remove("C:\\a.exe")) == 5
    files.rename("C:\\a.exe", "C:\\b.exe")
    files.rename("C:\\b.exe", "C:\\a.exe")
    bare.pass_time(6)
    files.remove("C:\\a.exe")


@given(st.lists(NAMES, min_size=1, max_size=6), st.binary(max_size=40))
def test_any_spelling_finds_the_same_file(names: list[str], data: bytes) -> None:
    files = tree()
    path = "C:\\" + "\\".join(names)
    if len(names) > 1:
        files.make_folders(path.rpartition("\\")[0])
    files.write(path, data)
    for spelling in (path.swapcase() if path.isascii() else path, path.replace("\\", "/"), paths.fold(path)):
        assert files.read(spelling) == data
    assert files.listing(path.rpartition("\\")[0] + "\\") == (names[-1],)
    assert files.real_path(paths.fold(path)) == path


@given(st.dictionaries(NAMES, st.binary(max_size=30), max_size=8))
def test_json_round_trip(contents: dict[str, bytes]) -> None:
    files = tree()
    for name, data in contents.items():
        files.write(f"C:\\{name}", data)
    again = FileTree()
    again.load(json.loads(json.dumps(files.to_json())))
    assert list(again.walk()) == list(files.walk())
    assert again.free_bytes() == files.free_bytes()


@given(st.lists(st.tuples(st.sampled_from("wmdr"), NAMES, NAMES), max_size=25))
def test_space_and_listings_agree_whatever_happens(deeds: list[tuple[str, str, str]]) -> None:
    files = tree(free=5_000)
    for deed, one, two in deeds:
        with contextlib.suppress(LabError):
            if deed == "w":
                files.write(f"C:\\{one}", two.encode() * 30)
            elif deed == "m":
                files.make_folder(f"C:\\{one}")
            elif deed == "d":
                files.remove(f"C:\\{one}", tree=True)
            else:
                files.rename(f"C:\\{one}", f"C:\\{two}")
    used = sum(entry.size for _, entry in files.walk())
    assert files.free_bytes() == 5_000 - used
    assert {path for path, _ in files.walk()} == {"C:\\", *(f"C:\\{name}" for name in files.listing("C:\\"))}


def test_a_share_of_another_server() -> None:
    tree = FileTree()
    tree.add_share("\\\\files\\kb")
    tree.put("\\\\FILES\\KB\\old\\x.exe", FileEntry(size=3, data=b"abc"))
    assert tree.read("//Files/kb/OLD/x.EXE") == b"abc"
    assert tree.listing("\\\\files\\kb") == ("old",)
    assert tree.drives() == ()
    assert number_of(lambda: tree.read("\\\\files\\kb\\none")) == 2
    assert number_of(lambda: tree.read("\\\\files\\other\\x.exe")) == 53
    assert number_of(lambda: tree.write("\\\\files\\other\\x.exe", b"")) == 3
    assert number_of(lambda: tree.remove("\\\\files\\kb", tree=True)) == 5
    again = FileTree()
    again.load(tree.to_json())
    assert again.read("\\\\files\\kb\\old\\x.exe") == b"abc"
