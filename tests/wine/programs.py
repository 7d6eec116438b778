"""Win32 programs made from the C sources: services, launchers, installers; and PE files of any version and size."""

from __future__ import annotations

import fcntl
import hashlib
import os
import shutil
import struct
import subprocess
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path

from remediate.lab import pe
from remediate.lab.packages import Package, inside
from tests.wine import tools

SOURCES = Path(__file__).parent / "src"
MAGIC = b"REMEDIATE-WINE-1"
_FIXED = struct.pack("<II", 0xFEEF04BD, 0x10000)
_OPTIONS: dict[str, tuple[str, ...]] = {"service": (), "installer": (), "launcher": ("-municode",), "rawline": ()}


@contextmanager
def only_one(name: str) -> Iterator[None]:
    """Makes test processes take turns with what they share."""
    tools.HOME.mkdir(parents=True, exist_ok=True)
    with (tools.HOME / f"{name}.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield


def compiled() -> Path:
    """The folder with the programs; built when a source has changed."""
    sources = sorted(SOURCES.iterdir())
    digest = hashlib.sha256(b"".join(path.name.encode() + path.read_bytes() for path in sources)).hexdigest()[:12]
    done = tools.HOME / f"programs-{digest}"
    with only_one("programs"):
        if not done.is_dir():
            building = done.with_suffix(".new")
            shutil.rmtree(building, ignore_errors=True)
            building.mkdir()
            _compile(building)
            building.rename(done)
    return done


def _compile(folder: Path) -> None:
    gcc = tools.program("gcc-mingw-w64-x86-64")
    version = folder / "version.o"
    rc = SOURCES / "version.rc"
    _run(gcc.replace("gcc", "windres"), "--preprocessor=cat", "-i", str(rc), "-O", "coff", "-o", str(version))
    for name, options in _OPTIONS.items():
        words = ("-O1", "-s", "-Wall", "-Werror", "-Wno-unused-function", *options, "-o", str(folder / f"{name}.exe"))
        _run(gcc, *words, str(SOURCES / f"{name}.c"), str(version), "-ladvapi32", "-lversion")


def _run(*words: str) -> None:
    done = subprocess.run(words, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr


def stamp(program: bytes, version: str, language: int = 0x409) -> bytes:
    """The program with another file and product version in its resource, and another language of it."""
    at = program.index(_FIXED)
    a, b, c, d = (int(part) for part in version.split("."))
    pair = struct.pack("<II", a << 16 | b, c << 16 | d)
    stamped = bytearray(program)
    stamped[at + 8 : at + 24] = pair * 2
    spot = program.index(struct.pack("<HH", 0x409, 0x4B0), program.index("Translation".encode("utf-16-le")))
    stamped[spot : spot + 2] = struct.pack("<H", language)
    return bytes(stamped)


def named(program: bytes, words: Mapping[str, str]) -> bytes:
    """The program with other words in its version data, each as long as the one it replaces."""
    for old, new in words.items():
        assert len(old) == len(new), (old, new)
        assert program.count(old.encode("utf-16-le")) == 1, old
        program = program.replace(old.encode("utf-16-le"), new.encode("utf-16-le"))
    return program


def image(name: str, version: str) -> bytes:
    """The start of a file of Exchange: a service where it is a program, else a small library."""
    if name.lower().endswith(".exe"):
        return stamp((compiled() / "service.exe").read_bytes(), version)
    return pe.build(pe.Image(version=version, code=hashlib.sha256(name.encode()).digest()))


def put(path: Path, version: str, size: int, modified: datetime) -> None:
    """A file of Exchange with exactly this version, size and time."""
    data = image(path.name, version)
    assert len(data) <= size, f"{path.name}: {size} bytes are too few"
    path.parent.mkdir(parents=True, exist_ok=True)
    path.unlink(missing_ok=True)
    path.write_bytes(data)
    os.truncate(path, size)
    os.utime(path, (modified.timestamp(), modified.timestamp()))


def package(one: Package) -> bytes:
    """A package: the installer, the images of its files, and what it is told, as package.h reads it."""
    data = stamp((compiled() / "installer.exe").read_bytes(), one.provides, one.language)
    data = named(data, {"000000": one.kb, "(a program of tests)": inside(one)["Applies To"]})
    lines = [f"{key}={value}" for key, value in _words(one).items()]
    for file in one.files:
        start = image(file.name, file.version)
        lines.append(f"file={file.name}|{file.version}|{file.size}|{_filetime(file.modified)}|{len(data)}|{len(start)}")
        data += start
    told = "\n".join([*lines, ""]).encode("ascii")
    return data + told + struct.pack("<I", len(told)) + MAGIC


def _words(one: Package) -> dict[str, str]:
    words = {
        "kb": one.kb, "title": one.title, "language": str(one.language), "at_least": one.at_least, "below": one.below,
        "provides": one.provides, "services": ",".join(one.services), "key": one.registry_key,
        "folder": one.uninstall_folder, "log": one.log, "switches": one.switches,
        "milliseconds": str(int(one.seconds * 1000)),
    }  # fmt: skip
    return words | {name: str(value) for name, value in one.setup.items()}


def _filetime(modified: str) -> int:
    since = datetime.fromisoformat(modified) - datetime(1601, 1, 1, tzinfo=UTC)
    return int(since.total_seconds()) * 10_000_000
