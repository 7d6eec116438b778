"""``lookup(...)``: values that come from the controller itself, asked for by name."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from remediate.errors import UserError
from remediate.language import quoting
from remediate.language.files import LOOKUP, Files
from remediate.language.words import listed, suggestion
from remediate.secrets.names import names_a_secret
from remediate.secrets.taint import veiled

FILE_LIMIT = 5_000_000
"""Bytes a file lookup reads at most."""


@dataclass(frozen=True, slots=True)
class Surroundings:
    """Where a lookup looks: folders for files, nearest first, and environment variables."""

    folders: tuple[Path, ...]
    environ: Mapping[str, str]
    files: Files


def lookup(name: str, terms: Sequence[object], options: Mapping[str, object], around: Surroundings) -> list[object]:
    """What ``query(name, *terms)`` gives: one value per term. Raises UserError."""
    short = name.removeprefix("ansible.builtin.") if isinstance(name, str) else ""
    found = _lookups().get(short)
    if found is None:
        raise UserError(
            f"there is no lookup {quoting.named(name)}",
            hint=suggestion(str(name), _lookups(), what="supported lookups"),
        )
    flat = [term for group in terms for term in (group if isinstance(group, list) else [group])]
    return [_as_named(str(term), found(str(term), options, around)) for term in flat]


def _as_named(name: str, value: object) -> object:
    """What a variable or a file (or the folder it is in) that is called secret holds is one."""
    return veiled(value) if any(map(names_a_secret, re.split(r"[\\/]", name))) else value


def _lookups() -> Mapping[str, Callable[[str, Mapping[str, object], Surroundings], object]]:
    return {"file": _file, "env": _env}


def _env(name: str, options: Mapping[str, object], around: Surroundings) -> object:
    return around.environ.get(name, options.get("default", ""))


def _file(name: str, options: Mapping[str, object], around: Surroundings) -> object:
    places = candidates(Path(name), around.folders)
    path = next((place for place in places if around.files.is_file(place)), None)
    if path is None:
        raise UserError(f"lookup: there is no file {quoting.file(name)}", hint=f"looked for {listed(map(str, places))}")
    try:
        data = around.files.read(path, LOOKUP, most=FILE_LIMIT)
        text = data.decode("utf-8").replace("\r\n", "\n").replace("\r", "\n")
    except OverflowError:
        raise UserError(f"lookup: {path} is larger than {FILE_LIMIT:,} bytes") from None
    except (OSError, UnicodeDecodeError) as error:
        raise UserError(f"lookup: {path} cannot be read as text: {error}") from None
    return text if options.get("rstrip") is False else text.rstrip()


def candidates(name: Path, folders: Sequence[Path]) -> list[Path]:
    """Where a relative file may be: ``files/`` of each folder, then the folder itself."""
    if name.is_absolute():
        return [name]
    return [place for folder in folders for place in (folder / "files" / name, folder / name)]
