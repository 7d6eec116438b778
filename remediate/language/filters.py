"""What may follow ``|`` in a template beyond Jinja2's own filters: names and behaviour as in Ansible."""

from __future__ import annotations

import base64
import hashlib
import itertools
import ntpath
import posixpath
import shlex
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any

from jinja2 import filters as jinja
from jinja2 import pass_environment
from jinja2.exceptions import TemplateRuntimeError
from jinja2.runtime import Undefined

from remediate.language import sandbox, textfilters
from remediate.language.values import Unknown
from remediate.language.versions import compare

_TRUE = frozenset({"yes", "on", "1", "true", "y", "t"})
_FALSE = frozenset({"no", "off", "0", "false", "n", "f", ""})


def filters() -> dict[str, Callable[..., Any]]:
    """Every filter by name."""
    return {**_values(), **_collections(), **_paths(), **textfilters.filters(), **_bounded()}


def _values() -> dict[str, Callable[..., Any]]:
    return {
        "bool": to_bool,
        "mandatory": _mandatory,
        "ternary": _ternary,
        "type_debug": lambda value: type(value).__name__,
        "version": compare,
        "version_compare": compare,
        "b64encode": lambda text, encoding="utf-8": base64.b64encode(str(text).encode(encoding)).decode("ascii"),
        "b64decode": lambda text, encoding="utf-8": base64.b64decode(str(text), validate=True).decode(encoding),
        "hash": _hash,
        "checksum": lambda text: _hash(text, "sha1"),
        "quote": lambda text: shlex.quote("" if text is None else str(text)),
    }


def _collections() -> dict[str, Callable[..., Any]]:
    return {
        "combine": _combine,
        "dict2items": _dict2items,
        "items2dict": _items2dict,
        "flatten": _flatten,
        "unique": _unique,
        "union": lambda left, right: _unique([*_listed(left), *_listed(right)]),
        "intersect": lambda left, right: _unique([item for item in _listed(left) if item in _listed(right)]),
        "difference": lambda left, right: _unique([item for item in _listed(left) if item not in _listed(right)]),
        "symmetric_difference": _symmetric_difference,
        "zip": lambda left, *others: [list(row) for row in zip(left, *others, strict=False)],
        "zip_longest": lambda left, *others, fillvalue=None: [
            list(row) for row in itertools.zip_longest(left, *others, fillvalue=fillvalue)
        ],
        "extract": _extract,
        "subelements": _subelements,
    }


def _paths() -> dict[str, Callable[..., Any]]:
    return {
        "basename": lambda path: posixpath.basename(str(path)),
        "dirname": lambda path: posixpath.dirname(str(path)),
        "splitext": lambda path: list(posixpath.splitext(str(path))),
        "path_join": lambda parts: posixpath.join(*parts) if isinstance(parts, list) else str(parts),
        "win_basename": lambda path: ntpath.basename(str(path)),
        "win_dirname": lambda path: ntpath.dirname(str(path)),
        "win_splitdrive": lambda path: list(ntpath.splitdrive(str(path))),
    }


def _bounded() -> dict[str, Callable[..., Any]]:
    """Filters of Jinja2 whose result can be any size, each with a check in front."""
    return {
        "center": _center,
        "indent": _indent,
        "join": _join,
        "replace": _replace,
        "format": _format,
        "batch": _batch,
        "slice": _slice,
    }


def default(value: object, other: object = "", boolean: object = False) -> object:
    """``value``, or ``other`` when it is undefined (or, with ``boolean``, empty)."""
    if isinstance(value, Undefined):
        return other
    if isinstance(value, Unknown) or not boolean:
        return value
    return value or other


def to_bool(value: object) -> bool | None:
    """Ansible's ``bool``: the words of YAML and 1/0; a ValueError for anything that is neither yes nor no."""
    if value is None or isinstance(value, bool):
        return value
    word = str(value).strip().lower()
    if word in _TRUE:
        return True
    if word in _FALSE:
        return False
    if isinstance(value, int | float):
        return bool(value)
    raise ValueError(f"{value!r} is neither true nor false")


def _mandatory(value: object, msg: str = "") -> object:
    if isinstance(value, Undefined):
        if msg:
            raise TemplateRuntimeError(msg)
        str(value)  # raises
    return value


def _ternary(value: object, true_value: object, false_value: object, none_value: object = None) -> object:
    if value is None and none_value is not None:
        return none_value
    return true_value if value else false_value


def _hash(text: object, algorithm: str = "sha1") -> str:
    if algorithm not in hashlib.algorithms_guaranteed or algorithm.startswith("shake"):
        raise ValueError(f"there is no hash {algorithm!r}")
    return hashlib.new(algorithm, str(text).encode(), usedforsecurity=False).hexdigest()


def _listed(value: object) -> list[object]:
    if isinstance(value, str | Mapping) or not isinstance(value, Iterable):
        raise TypeError(f"a list is needed, this is {type(value).__name__}")
    return list(value)


def _unique(values: Iterable[object], case_sensitive: object = True, attribute: str | None = None) -> list[object]:
    if attribute is not None:
        raise ValueError("unique: attribute is not supported")
    result: list[object] = []
    seen: list[object] = []
    for value in values:
        key = value.lower() if isinstance(value, str) and not case_sensitive else value
        if key not in seen:
            seen.append(key)
            result.append(value)
    return result


def _symmetric_difference(left: object, right: object) -> list[object]:
    one, two = _listed(left), _listed(right)
    return _unique([item for item in [*one, *two] if (item in one) != (item in two)])


def _combine(first: object, *others: object, recursive: object = False, list_merge: str = "replace") -> object:
    if list_merge not in _LIST_MERGES:
        raise ValueError(f"combine: list_merge is one of {', '.join(_LIST_MERGES)}, not {list_merge!r}")
    result: object = {}
    parts = [part for given in (first, *others) for part in (given if isinstance(given, list) else [given])]
    for part in parts:
        if isinstance(part, Undefined):
            str(part)  # raises
        if not isinstance(part, Mapping):
            raise TypeError(f"combine needs mappings, this is {type(part).__name__}")
        result = _laid_over(result, part, bool(recursive), list_merge)
    return result


_LIST_MERGES = ("replace", "keep", "append", "prepend", "append_rp", "prepend_rp")


def _laid_over(under: Any, over: Any, recursive: bool, list_merge: str) -> object:
    result = dict(under)
    for key, value in over.items():
        old = result.get(key)
        if recursive and isinstance(old, Mapping) and isinstance(value, Mapping):
            result[key] = _laid_over(old, value, recursive, list_merge)
        elif isinstance(old, list) and isinstance(value, list):
            result[key] = _merged_lists(old, value, list_merge)
        else:
            result[key] = value
    return result


def _merged_lists(old: list[object], new: list[object], how: str) -> list[object]:
    if how == "keep":
        return old
    if how == "replace":
        return new
    rest = [item for item in old if item not in new] if how.endswith("_rp") else old
    return [*rest, *new] if how.startswith("append") else [*new, *rest]


def _dict2items(value: object, key_name: str = "key", value_name: str = "value") -> list[dict[str, object]]:
    if isinstance(value, Undefined):
        str(value)  # raises
    if not isinstance(value, Mapping):
        raise TypeError(f"dict2items needs a mapping, this is {type(value).__name__}")
    return [{key_name: key, value_name: item} for key, item in value.items()]


def _items2dict(value: object, key_name: str = "key", value_name: str = "value") -> dict[object, object]:
    items = _listed(value)
    if not all(isinstance(item, Mapping) and key_name in item and value_name in item for item in items):
        raise TypeError(f"items2dict needs a list of mappings with {key_name!r} and {value_name!r}")
    return {item[key_name]: item[value_name] for item in items if isinstance(item, Mapping)}


def _flatten(values: object, levels: int | None = None, skip_nulls: object = True) -> list[object]:
    result: list[object] = []
    for value in _listed(values):
        if skip_nulls and value in (None, "None", "null"):
            continue
        if isinstance(value, list | tuple) and (levels is None or levels >= 1):
            deeper = _flatten(value, None if levels is None else levels - 1, skip_nulls)
            result.extend(deeper)
        else:
            result.append(value)
    return result


@pass_environment
def _extract(environment: Any, key: object, container: object, morekeys: object = None) -> object:
    more = [] if morekeys is None else morekeys if isinstance(morekeys, list) else [morekeys]
    value = container
    for step in [key, *more]:
        value = environment.getitem(value, step)
    return value


def _subelements(values: object, path: str, skip_missing: object = False) -> list[list[object]]:
    items = list(values.values()) if isinstance(values, Mapping) else _listed(values)
    result: list[list[object]] = []
    for item in items:
        found: object = item
        for step in path.split("."):
            found = found.get(step) if isinstance(found, Mapping) else None
        if found is None and skip_missing:
            continue
        if not isinstance(found, list):
            raise TypeError(f"subelements: {path!r} is not a list in every item")
        result.extend([item, element] for element in found)
    return result


def _center(value: object, width: int = 80) -> str:
    sandbox.check_text(width)
    return jinja.do_center(str(value), width)


def _indent(text: str, width: int | str = 4, first: bool = False, blank: bool = False) -> str:
    size = width if isinstance(width, int) else len(width)
    sandbox.check_text(len(text) + size * (text.count("\n") + 1))
    return jinja.do_indent(text, width, first, blank)


def _join(values: Iterable[object], d: str = "", attribute: str | None = None) -> str:
    if isinstance(values, Undefined):
        str(values)  # raises
    if attribute is not None:
        values = [value[attribute] for value in values if isinstance(value, Mapping)]
    texts = [str(value) for value in values]
    sandbox.check_join(d, texts)
    return d.join(texts)


def _replace(text: object, old: str, new: str, count: int | None = None) -> str:
    whole = str(text)
    sandbox.check_replace(whole, old, new)
    return whole.replace(old, new, -1 if count is None else count)


def _format(text: object, *args: object, **kwargs: object) -> str:
    sandbox.check_format(str(text))
    return str(text) % (kwargs or args)


def _batch(values: Iterable[object], linecount: int, fill_with: object = None) -> list[list[object]]:
    sandbox.check_items(linecount)
    return [list(row) for row in jinja.do_batch(_listed(values), linecount, fill_with)]


def _slice(values: Iterable[object], slices: int, fill_with: object = None) -> Sequence[list[object]]:
    sandbox.check_items(slices)
    return [list(row) for row in jinja.sync_do_slice(_listed(values), slices, fill_with)]
