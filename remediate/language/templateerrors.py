"""Says in an administrator's words what went wrong in a template."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING

from remediate.errors import UserError
from remediate.language.words import kind, listed, shown, suggestion
from remediate.model import Source

if TYPE_CHECKING:
    from remediate.language.sandbox import Missing


class UndefinedVariable(UserError):
    """A name, attribute or item used in a template does not exist. ``default`` and ``is defined`` see through it."""


def explained(error: Exception, text: str, source: Source | None, names: Iterable[str]) -> UserError:
    """The UserError for what Jinja2 raised about ``text``; ``names`` are the variables there are."""
    from jinja2.exceptions import SecurityError, TemplateSyntaxError, UndefinedError

    from remediate.language.sandbox import MissingError, TooMuch

    if isinstance(error, MissingError):
        return _missing(error.missing, source, names)
    if isinstance(error, UndefinedError):
        return UndefinedVariable(f"undefined: {error.message}", source=source)
    if isinstance(error, TemplateSyntaxError):
        return _syntax(error, text, source)
    if isinstance(error, SecurityError):
        return UserError(f"refused: {error.message}", source=source, hint="templates work on plain data only")
    if isinstance(error, TooMuch):
        return UserError(f"{error.message}", source=source, hint=f"in {shown(text)}")
    if isinstance(error, KeyError):
        return _no_name(str(error.args[0]) if error.args else "?", source, names)
    detail = str(error) or type(error).__name__
    return UserError(f"the template {shown(text)} fails: {detail}", source=source)


def _no_name(name: str, source: Source | None, names: Iterable[str]) -> UserError:
    from remediate.language.words import nearest

    near = nearest(name, names, cutoff=0.7)
    hint = f"did you mean {near!r}?" if near else "define it in vars, or give it one with: | default(...)"
    return UndefinedVariable(f"the variable {name!r} is undefined", source=source, hint=hint)


def _missing(missing: Missing, source: Source | None, names: Iterable[str]) -> UserError:
    name = missing.missing_name
    if not missing.is_item:
        if missing._undefined_hint:
            return UndefinedVariable(missing._undefined_hint, source=source)
        return _no_name(str(name), source, names)
    held = missing.looked_in
    if isinstance(held, Mapping):
        keys = [str(key) for key in held if not str(key).startswith("_")]
        hint = suggestion(str(name), keys, what="it has") if keys else "it is empty"
        return UndefinedVariable(f"there is no {str(name)!r} in this mapping", source=source, hint=hint)
    if isinstance(held, list | tuple) and isinstance(name, int):
        return UndefinedVariable(f"item {name} is beyond the end of a list of {len(held)}", source=source)
    hint = listed([]) or ("the variable is empty (null)" if held is None else "")
    return UndefinedVariable(f"{kind(held)} has no {str(name)!r}", source=source, hint=hint)


_SYNTAX = (
    # fragment of Jinja2's message, what to say, hint
    ("unexpected 'end of print statement'", "something is missing before }}", ""),
    ("expected 'end of print statement'", "{{ is not closed by }}", ""),
    ("unexpected '}'", "a } is missing, or one too many", ""),
    ("unexpected end of template", "the template ends too early", ""),
    ("unexpected 'end of template'", "the expression ends too early", ""),
    ("got 'end of print statement'", "there is nothing between {{ and }}", ""),
    ("got 'end of statement block'", "something is missing before %}", ""),
    ("unexpected '='", "a single = compares nothing", "to compare, write =="),
    ("Unexpected end of template. Jinja was looking for", "a {% block %} is not closed", ""),
    ("unexpected char", "a character that means nothing here", ""),
)


def _syntax(error: Exception, text: str, source: Source | None) -> UserError:
    line = getattr(error, "lineno", 1)
    message = str(getattr(error, "message", "") or error)
    where = f" (line {line} of the text)" if line and line > 1 else ""
    what, _, hint = message.partition("; ")
    if not hint.startswith(("did you mean", "known:")):
        what, hint = next(((say, more) for fragment, say, more in _SYNTAX if fragment in message), (message, ""))
        hint = hint or f"in {shown(text)}"
    return UserError(f"bad template: {what.rstrip('.')}{where}", source=source, hint=hint)
