"""A task's rendered arguments -> the module's Params, or an error that names file, line and the nearest right word."""

from __future__ import annotations

import difflib
from collections.abc import Callable, Mapping
from dataclasses import MISSING, Field, fields
from functools import cache
from typing import TYPE_CHECKING, Any, get_type_hints

from remediate.errors import UserError
from remediate.language import quoting
from remediate.language.kinds import too_small, wrong
from remediate.model import Source
from remediate.secrets.names import names_a_secret
from remediate.secrets.taint import opened

if TYPE_CHECKING:
    from pydantic import TypeAdapter

Locate = Callable[[str], Source | None]


def bind(module: str, params_type: type, args: Mapping[str, object], locate: Locate) -> object:
    """``params_type`` made from ``args``; ``locate(argument)`` gives the position to blame."""
    from pydantic import ValidationError

    check_names(module, params_type, args, locate)
    plain = opened(dict(args))
    try:
        made = _adapter(params_type).validate_python(plain)
    except ValidationError as error:
        first = error.errors(include_url=False)[0]
        path = [str(p) for p in first["loc"]]
        name = path[0] if path else ""
        said, hint = wrong(first, quiet=names_a_secret(name) or plain.get(name) is not args.get(name))
        what = f"argument {'.'.join(path)!r} {said}" if path else said
        raise UserError(f"{module}: {what}", source=locate(name), hint=hint or _hint(params_type, name)) from None
    for entry in fields(params_type):
        if said := too_small(getattr(made, entry.name), entry.metadata.get("least")):
            raise UserError(f"{module}: argument {entry.name!r} {said}", source=locate(entry.name),
                            hint=_hint(params_type, entry.name))  # fmt: skip
    return made


def mistake(module: str, params_type: type, name: str, value: object) -> tuple[str, str]:
    """What is wrong with one argument by itself, and a hint; nothing where its kind is right."""
    from pydantic import ValidationError

    try:
        made = _of_field(params_type, name).validate_python(value)
    except ValidationError as error:
        first = error.errors(include_url=False)[0]
        said, hint = wrong(first, quiet=names_a_secret(name))
        where = ".".join([name, *map(str, first["loc"])])
        return f"{module}: argument {where!r} {said}", hint or _hint(params_type, name)
    least = next(entry.metadata.get("least") for entry in fields(params_type) if entry.name == name)
    said = too_small(made, least)
    return (f"{module}: argument {name!r} {said}", _hint(params_type, name)) if said else ("", "")


@cache
def _of_field(params_type: type, name: str) -> TypeAdapter[Any]:
    from pydantic import TypeAdapter

    return TypeAdapter(get_type_hints(params_type)[name])


@cache
def _adapter(params_type: type) -> TypeAdapter[Any]:
    from pydantic import TypeAdapter

    return TypeAdapter(params_type)


def check_names(module: str, params_type: type, args: Mapping[str, object], locate: Locate) -> None:
    """Refuse unknown arguments and missing required ones; needs no rendered values."""
    known, required = _known(params_type)
    if args.keys() <= known.keys() and required <= args.keys():
        return
    for name in args:
        if name == "_raw" and name not in known:
            raise UserError(f"{module} takes no free-form text", source=locate(name), hint=_usage(module, known))
        if name not in known:
            near = difflib.get_close_matches(name, known, 1)
            hint = f"did you mean {near[0]!r}?" if near else _usage(module, known)
            raise UserError(f"{module} has no argument {quoting.named(name)}", source=locate(name), hint=hint)
    missing = next(name for name in known if name in required and name not in args)
    raise UserError(f"{module} needs the argument {missing!r}", source=locate(""), hint=_usage(module, known))


@cache
def _known(params_type: type) -> tuple[Mapping[str, Field[Any]], frozenset[str]]:
    """The fields of a Params, and those that have to be given."""
    known = {field.name: field for field in fields(params_type)}
    return known, frozenset(name for name, field in known.items() if _required(field))


def _required(field: Field[Any]) -> bool:
    return field.default is MISSING and field.default_factory is MISSING


def _usage(module: str, known: Mapping[str, Field[Any]]) -> str:
    return f"{module} takes " + (", ".join(known) if known else "no arguments")


def _hint(params_type: type, name: str) -> str:
    field = next((f for f in fields(params_type) if f.name == name), None)
    return str(field.metadata.get("help", "")) if field else ""
