"""Filters between text and data: JSON, YAML, regular expressions."""

from __future__ import annotations

import datetime
import json
import re
from collections.abc import Callable, Iterable
from typing import Any

import regex

from remediate.errors import UserError
from remediate.language import regexes, sandbox
from remediate.language.veil import holds_secret
from remediate.model import Secret
from remediate.secrets.taint import opened


def filters() -> dict[str, Callable[..., Any]]:
    """Every filter of this file by name."""
    return {
        "to_json": _to_json,
        "tojson": _to_json,
        "to_nice_json": lambda value, indent=4, sort_keys=True: _to_json(value, indent=indent, sort_keys=sort_keys),
        "from_json": json.loads,
        "to_yaml": lambda value, **_: _to_yaml(value, flow=None),
        "to_nice_yaml": lambda value, indent=4, **_: _to_yaml(value, flow=False, indent=indent),
        "from_yaml": _from_yaml,
        "regex_search": _search,
        "regex_findall": _findall,
        "regex_replace": _replace,
        "regex_escape": lambda text: re.escape(str(text)),
        "split": lambda text, separator=None, maxsplit=-1: str(text).split(separator, maxsplit),
        "splitlines": lambda text: str(text).splitlines(),
        "to_datetime": _to_datetime,
    }


def _to_json(value: object, indent: int | None = None, sort_keys: object = False, **_: object) -> str | Secret:
    if indent is not None and not 0 <= indent <= 16:
        raise ValueError("indent is between 0 and 16")
    data = sandbox.plain(value)
    text = json.dumps(opened(data), indent=indent, sort_keys=bool(sort_keys))
    return Secret(text) if holds_secret(data) else text


def _to_yaml(value: object, *, flow: bool | None, indent: int = 2) -> str | Secret:
    import yaml

    if not 1 <= indent <= 9:
        raise ValueError("indent is between 1 and 9")
    data = sandbox.plain(value)
    text = yaml.safe_dump(opened(data), default_flow_style=flow, indent=indent, allow_unicode=True)
    return Secret(text) if holds_secret(data) else text


def _from_yaml(text: object) -> object:
    from remediate.language.yamlfile import load_text

    try:
        return sandbox.plain(load_text(str(text), "<from_yaml>"))
    except UserError as error:
        raise ValueError(f"from_yaml: {error.source}: {error.message}") from None


def _pattern(pattern: str, ignorecase: object, multiline: object) -> regexes.Bounded:
    return regexes.compiled(pattern, bool(ignorecase), bool(multiline))


def _group(name: str) -> str | int:
    """``\\\\1`` or ``\\\\g<name>`` as Ansible's regex_search takes them."""
    if found := re.fullmatch(r"\\(\d+)", name):
        return int(found.group(1))
    if found := re.fullmatch(r"\\g<(\S+)>", name):
        return int(found.group(1)) if found.group(1).isdigit() else found.group(1)
    raise ValueError(rf"regex_search: a group is written '\\1' or '\\g<name>', not {name!r}")


def _search(
    text: object, pattern: str, *groups: str, ignorecase: object = False, multiline: object = False
) -> str | list[str] | None:
    found = _pattern(pattern, ignorecase, multiline).search(str(text))
    if found is None:
        return None
    if not groups:
        return found.group()
    try:
        return [found.group(_group(group)) for group in groups]
    except IndexError:
        raise ValueError(f"regex_search: {pattern!r} has no such group") from None


def _findall(text: object, pattern: str, multiline: object = False, ignorecase: object = False) -> list[Any]:
    return _pattern(pattern, ignorecase, multiline).findall(str(text))


def _replace(
    text: object,
    pattern: str,
    replacement: str = "",
    ignorecase: object = False,
    multiline: object = False,
    count: int = 0,
) -> str:
    found = _pattern(pattern, ignorecase, multiline)
    whole = str(text)
    parts: list[str] = []
    end = length = 0
    for match in _limited(found.finditer(whole), count):
        parts += [whole[end : match.start()], _expanded(match, replacement)]
        length += len(parts[-1])
        sandbox.check_text(length)
        end = match.end()
    return "".join([*parts, whole[end:]])


def _limited(matches: Iterable[regex.Match[str]], count: int) -> Iterable[regex.Match[str]]:
    return matches if count <= 0 else (match for index, match in enumerate(matches) if index < count)


def _expanded(match: regex.Match[str], replacement: str) -> str:
    if "\\" not in replacement:
        return replacement
    try:
        return match.expand(replacement)
    except (regex.error, IndexError) as error:
        raise ValueError(f"regex_replace: bad replacement {replacement!r}: {error}") from None


def _to_datetime(text: object, format: str = "%Y-%m-%d %H:%M:%S") -> datetime.datetime:  # noqa: A002 - Ansible's name
    return datetime.datetime.strptime(str(text), format)  # noqa: DTZ007 - only differences are taken of it
