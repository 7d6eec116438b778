"""Says in an administrator's words what went wrong in a template, and never what is written in it: it may be a secret.

Only names and conditions are repeated, and under a secret name not even those.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING

from remediate.errors import UserError
from remediate.language.words import kind, listed, shown, suggestion
from remediate.model import Source

if TYPE_CHECKING:
    from remediate.language.sandbox import Missing

LITERALLY = "if its braces are meant literally, write !unsafe before it; it holds a secret and is not repeated here"


class TemplateTrouble(UserError):
    """A template that cannot be rendered. ``quiet`` is what may be said of it where it holds a secret."""

    def __init__(self, message: str, *, source: Source | None = None, hint: str = "", quiet: str = "") -> None:
        super().__init__(message, source=source, hint=hint)
        self.quiet = quiet


class UndefinedVariable(TemplateTrouble):
    """A name, attribute or item used in a template does not exist. ``default`` and ``is defined`` see through it."""


def quieted(error: UserError, name: str) -> UserError:
    """The same about what stands under a secret name: which variable, where, and nothing of its text."""
    if getattr(error, "quiet", None) == error.message:
        return error
    why = getattr(error, "quiet", "") or "the template fails"
    message = f"{name} cannot be rendered: {why}"
    made = UndefinedVariable if isinstance(error, UndefinedVariable) else TemplateTrouble
    return made(message, source=error.source, hint=LITERALLY, quiet=message)


def explained(error: Exception, source: Source | None, names: Iterable[str], condition: str = "") -> UserError:
    """The UserError for what Jinja2 raised; ``names`` are the variables there are."""
    from jinja2.exceptions import SecurityError, TemplateSyntaxError, UndefinedError

    from remediate.language.sandbox import MissingError, TooMuch

    if isinstance(error, MissingError):
        return _missing(error.missing, source, names)
    if isinstance(error, UndefinedError):
        return UndefinedVariable(f"undefined: {error.message}", source=source, quiet=_UNDEFINED)
    if isinstance(error, TemplateSyntaxError):
        return _syntax(error, condition, source)
    if isinstance(error, SecurityError):
        return TemplateTrouble(f"refused: {error.message}", source=source, hint="templates work on plain data only")
    if isinstance(error, TooMuch):
        return TemplateTrouble(f"{error.message}", source=source)
    if isinstance(error, KeyError):
        return _no_name(str(error.args[0]) if error.args else "?", source, names)
    if isinstance(error, OverflowError):
        return TemplateTrouble("a number or a range in the template is too large", source=source,
                               hint="a range has 100000 items at most")  # fmt: skip
    detail = str(error) or type(error).__name__
    return TemplateTrouble(f"the template fails: {detail}", source=source)


_UNDEFINED = "it uses something that is not defined"


def _no_name(name: str, source: Source | None, names: Iterable[str]) -> UserError:
    from remediate.language.words import nearest

    near = nearest(name, names, cutoff=0.7)
    hint = f"did you mean {near!r}?" if near else "define it in vars, or give it one with: | default(...)"
    quiet = f"{_UNDEFINED} ({hint})" if near else _UNDEFINED
    return UndefinedVariable(f"the variable {name!r} is undefined", source=source, hint=hint, quiet=quiet)


def _missing(missing: Missing, source: Source | None, names: Iterable[str]) -> UserError:
    name = missing.missing_name
    if isinstance(name, type(missing)):  # looked for by a name that is itself undefined
        return _missing(name, source, names)
    if not missing.is_item:
        if missing._undefined_hint:
            return UndefinedVariable(missing._undefined_hint, source=source, quiet=_UNDEFINED)
        return _no_name(str(name), source, names)
    held = missing.looked_in
    if isinstance(held, Mapping):
        keys = [str(key) for key in held if not str(key).startswith("_")]
        hint = suggestion(str(name), keys, what="it has") if keys else "it is empty"
        what = f"there is no {str(name)!r} in this mapping"
        return UndefinedVariable(what, source=source, hint=hint, quiet=_UNDEFINED)
    if isinstance(held, list | tuple) and isinstance(name, int):
        what = f"item {name} is beyond the end of a list of {len(held)}"
        return UndefinedVariable(what, source=source, quiet=_UNDEFINED)
    hint = listed([]) or ("the variable is empty (null)" if held is None else "")
    return UndefinedVariable(f"{kind(held)} has no {str(name)!r}", source=source, hint=hint, quiet=_UNDEFINED)


_SYNTAX = (
    # fragment of Jinja2's message, what to say, hint
    ("unexpected 'end of print statement'", "something is missing before }}", ""),
    ("expected 'end of print statement'", "{{ is not closed by }}", ""),
    ("expected token 'end of print statement'", "{{ is not closed by }}", ""),
    ("unexpected '}'", "a } is missing, or one too many", ""),
    ("unexpected end of template", "the template ends too early", ""),
    ("unexpected 'end of template'", "the expression ends too early", ""),
    ("got 'end of print statement'", "there is nothing between {{ and }}", ""),
    ("got 'end of statement block'", "something is missing before %}", ""),
    ("unexpected '='", "a single = compares nothing", "to compare, write =="),
    ("Unexpected end of template. Jinja was looking for", "a {% block %} is not closed", ""),
    ("Encountered unknown tag", "a {% word %} that is not known", "there are if, for, set, macro, call and filter"),
    ("unexpected char", "a character that means nothing here", ""),
    ("Missing end of comment", "{# is not closed by #}", ""),
    ("recursive loops", "recursive loops are not supported", ""),
)
_OURS = ("there is no filter", "there is no test", "{% ")
"""Beginnings of messages of our own: they repeat a name or a word of the language."""


def _syntax(error: Exception, condition: str, source: Source | None) -> UserError:
    line = getattr(error, "lineno", 1)
    message = str(getattr(error, "message", "") or error)
    where = f" (line {line} of the text)" if line and line > 1 else ""
    what, hint = next(((say, more) for fragment, say, more in _SYNTAX if fragment in message), ("", ""))
    quiet = what or "it cannot be read"
    if message.startswith(_OURS):
        what, _, hint = message.partition("; ")
    sign = re.search(r"unexpected '[^\w\s]{1,3}'", message)
    what = what or (sign.group() if sign else "something stands where it does not belong")
    hint = hint or (f"in {shown(condition)}" if condition else "")
    return TemplateTrouble(f"bad template: {what}{where}", source=source, hint=hint, quiet=f"{quiet}{where}")
