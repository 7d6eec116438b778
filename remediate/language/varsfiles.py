"""Reads files that hold variables: group_vars, host_vars, vars_files, defaults and vars of roles."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from remediate.errors import UserError
from remediate.language import quoting
from remediate.language.files import VARIABLES, Files
from remediate.language.words import kind
from remediate.language.yamlfile import Map, lay, load, source_of
from remediate.model import Source

SUFFIXES = ("", ".yml", ".yaml", ".json")


def load_vars(path: Path, files: Files | None = None, what: str = VARIABLES) -> Map:
    """The mapping a variables file holds; an empty file holds none. Raises UserError."""
    data = load(path, files, what)
    if data is None:
        return Map(source=Source(str(path)))
    if not isinstance(data, Map):
        raise UserError(
            f"a file of variables must be a mapping, not {kind(data)}",
            source=source_of(data, Source(str(path))),
            hint="write 'name: value' lines",
        )
    for name in data:
        if not isinstance(name, str):
            raise UserError(f"the name of a variable must be text, not {kind(name)}", source=data.key_source(name))
        if before := quoting.beginning(name, ":="):
            raise UserError(
                f"'{before}' is not followed by ': '",
                source=data.key_source(name),
                hint=f"write '{before}: value', with a blank",
            )
    return data


def vars_of(folder: Path, name: str, files: Files, what: str = VARIABLES) -> Map | None:
    """Variables kept for ``name`` in ``folder``: a file, with or without suffix, or a folder of files, merged.

    None when there is nothing of that name. Raises UserError when two files claim it.
    """
    place = _place(folder, name, files)
    if place is None:
        return None
    result = Map(source=Source(str(place)))
    for path in _files(place, files):
        result = result.merged(load_vars(path, files, what))
    return result


def _place(folder: Path, name: str, files: Files) -> Path | None:
    if "/" in name or name.startswith(".") or not files.kind(folder):
        return None
    found = [folder / f"{name}{suffix}" for suffix in SUFFIXES if files.kind(folder / f"{name}{suffix}")]
    if len(found) > 1:
        raise UserError(
            f"{found[0].name} and {found[1].name} both hold the variables of {name!r}",
            source=Source(str(folder)),
            hint="keep one, or make a folder of that name and put both into it",
        )
    return found[0] if found else None


def _files(path: Path, files: Files) -> Iterator[Path]:
    if not files.is_folder(path):
        yield path
        return
    for name in files.names(path):
        if name.startswith(".") or name.endswith("~"):
            continue
        if files.is_folder(path / name) or (path / name).suffix in SUFFIXES:
            yield from _files(path / name, files)


def sheets(files: Files, folder: Path, kind_of: str, name: str) -> list[Map]:
    """Variables in ``folder/kind_of/name``, the later over the earlier. ``kind_of``: group_vars or host_vars."""
    place = _place(folder / kind_of, name, files)
    found: list[Map] = []
    for path in () if place is None else _files(place, files):
        lay(found, load_vars(path, files))
    return found
