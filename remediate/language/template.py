"""Renders what was written with the variables of one host: Jinja2, sandboxed, native types."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

from remediate.errors import UserError
from remediate.language.files import Files
from remediate.language.lookups import Surroundings, lookup
from remediate.language.templateerrors import TemplateTrouble, UndefinedVariable, explained, quieted
from remediate.language.values import FAILURES, OMIT, Constant, Omit, Unknown, UnknownValue
from remediate.language.variables import Layer, Var, Variables
from remediate.language.words import shown
from remediate.language.yamlfile import Map, Raw, Seq, source_of
from remediate.model import Secret, Source
from remediate.secrets.known import Tell, unheard
from remediate.secrets.names import names_a_secret
from remediate.secrets.taint import by_keys, held, opened, secrets_of, veiled
from remediate.secrets.written import may_be_secret

if TYPE_CHECKING:
    from jinja2.environment import Template

__all__ = ["OMIT", "Omit", "Templar", "Unknown", "UnknownValue", "check", "check_condition", "has_template"]

STEP_LIMIT = 1_000_000
"""Loop rounds and calls one render may take."""
CHAIN_LIMIT = 50
"""Variables that may be defined one by the other."""

OPEN = (
    *("inventory_hostname", "inventory_hostname_short", "ansible_host", "ansible_user", "ansible_play_name"),
    *("playbook_dir", "role_path", "role_name"),
)
"""Variables whose values are seen everywhere: they stay readable although a password is made with them."""
_TRUE = frozenset({"true", "yes", "on", "y", "t", "1"})
_FALSE = frozenset({"false", "no", "off", "n", "f", "0", ""})


def has_template(text: str) -> bool:
    """Whether ``text`` has to be rendered."""
    return "{{" in text or "{%" in text or "{#" in text


def is_plain(value: object) -> bool:
    """Whether nothing inside ``value`` has to be rendered."""
    if isinstance(value, str):
        return isinstance(value, Raw) or not has_template(value)
    if isinstance(value, Mapping):
        return all(is_plain(item) for item in value.values())
    if isinstance(value, list | tuple):
        return all(is_plain(item) for item in value)
    return value is not OMIT and not isinstance(value, Unknown)


def stripped(value: Any) -> Any:
    """Plain data without places: what a large constant becomes once, and is shared as; nobody may change it."""
    if isinstance(value, str):
        return str(value)
    if isinstance(value, Mapping):
        return {str(k) if isinstance(k, str) else k: stripped(v) for k, v in value.items()}
    if isinstance(value, list | tuple):
        return [stripped(item) for item in value]
    return value


def check(value: object, source: Source | None = None) -> None:
    """Raise a UserError when a template anywhere in ``value`` is not well formed. Renders nothing."""
    if isinstance(value, str):
        if has_template(value) and not isinstance(value, Raw):
            _compiled(value, source_of(value, source), bare=False)
    elif isinstance(value, Mapping):
        for key, item in value.items():
            with _discreet(str(key)):
                check(item, value.value_source(key) if isinstance(value, Map) else source)
    elif isinstance(value, list | tuple):
        for index, item in enumerate(value):
            check(item, value.item_source(index) if isinstance(value, Seq) else source)


def check_condition(text: str, source: Source | None = None) -> None:
    """Raise a UserError when a condition is not well formed."""
    place = source_of(text, source)
    _compiled(_bare(text, place), place, bare=True)


class Templar:
    """Renders with one set of variables; not shared between threads.

    ``folder`` is where relative files of lookups are, ``files`` reads them. ``environ`` is what ``lookup('env', ...)``
    sees. ``tell`` hears of every secret before a result that holds it is given out; with ``whole`` of every text that
    is put into another.
    """

    def __init__(
        self,
        variables: Variables,
        *,
        folder: Path = Path(),
        environ: Mapping[str, str] | None = None,
        tell: Tell = unheard,
        whole: bool = False,
        files: Files | None = None,
    ) -> None:
        self.variables = variables
        self._tell = tell
        self._hidden = [0] if whole else []
        """How deep the templates lie whose parts are secret too."""
        self._depth = 0
        self.files = files or Files()
        self._around = Surroundings((folder, folder.parent), os.environ if environ is None else environ, self.files)
        self._rendered: dict[str, object] = {}
        self._active: list[str] = []

    @property
    def mapping(self) -> Mapping[str, object]:
        """Every variable by name, rendered when looked at."""
        return Scope(self)

    def render(self, value: object, source: Source | None = None) -> object:
        """``value`` as plain data with every template in it rendered.

        A lone ``{{ expression }}`` gives the object itself, anything else text. Raises UserError, and UnknownValue
        where the result depends on what a check run cannot know.
        """
        if isinstance(value, str):
            if not has_template(value) or isinstance(value, Raw):
                return str(value)
            return self._render_text(value, source_of(value, source))
        if isinstance(value, dict):
            return self._render_dict(value, source)
        if isinstance(value, list | tuple):
            places = value.item_source if isinstance(value, Seq) else lambda _: source
            items = [self.render(item, places(index)) for index, item in enumerate(value)]
            return [item for item in items if item is not OMIT]
        if isinstance(value, Secret):  # it was one before anybody looked: typed in, or decrypted
            self._tell(value)
        return value

    def under(self, name: str, value: object, source: Source | None = None) -> object:
        """``value`` rendered as what stands under ``name``: all of it is Secret where that names a secret."""
        return self.hidden(value, source, name) if names_a_secret(name) else self.render(value, source)

    def hidden(self, value: object, source: Source | None = None, name: str = "password") -> object:
        """``value`` rendered, all of it Secret."""
        self._hidden.append(self._depth)
        try:
            with _discreet(name):
                found = veiled(self.render(value, source))
        finally:
            self._hidden.pop()
        for secret in secrets_of(found):
            self._tell(secret)
        return found

    def condition(self, expr: object, source: Source | None = None) -> bool:
        """Whether a condition holds: a bare expression, true/false, or nothing (which holds).

        As in Ansible any value counts by being empty or not, but the words yes, no, true, false, on and off count as
        what they say.
        """
        if expr is None:
            return True
        if not isinstance(expr, str):
            return bool(expr)
        place = source_of(expr, source)
        text = _bare(expr, place)
        if not text:
            return True
        value = self._run(_compiled(text, place, bare=True), place)
        if isinstance(value, Secret):
            value = value.value
        if isinstance(value, str):
            return value.strip().lower() not in _FALSE
        return bool(value)

    def _render_text(self, text: str, source: Source | None) -> object:
        body = text.rstrip("\n")
        result = self._run(_compiled(body, source, bare=False), source, body)
        tail = text[len(body) :]
        if isinstance(result, Secret) and tail:
            return Secret(result.reveal() + tail, result.shown + tail)
        return result + tail if isinstance(result, str) else result

    def _render_dict(self, value: dict[Any, Any], source: Source | None) -> dict[Any, object]:
        if isinstance(value, Map) and (value.plain is not None or is_plain(value)):
            constant = value.plain = value.plain or Constant(by_keys(stripped(value)))
            for secret in constant.secrets:
                self._tell(secret)
            return constant
        result: dict[Any, object] = {}
        for key, item in value.items():
            rendered = self.under(str(key), item, value.value_source(key) if isinstance(value, Map) else source)
            if rendered is not OMIT:
                result[str(key) if isinstance(key, str) else key] = rendered
        for key in held(result):  # what a secret's name beside it says of it is known only now
            result[key] = self.hidden(value[key], source)
        return result

    def _run(self, compiled: Template, source: Source | None, text: str = "") -> object:
        from remediate.language.compiled import TemplateError, render

        self._depth += 1
        try:
            result, secrets, parts = render(compiled, Scope(self))
        except UserError as error:
            error.source = error.source or source
            raise
        except (RecursionError, MemoryError):
            raise TemplateTrouble("the template needs too much memory", source=source) from None
        except (TemplateError, *FAILURES) as error:
            raise explained(error, source, self.variables.names()) from None
        finally:
            self._depth -= 1
        for secret in secrets:
            self._tell(secret)
        if self._depth in self._hidden:
            self._tell_parts(parts, text)
        return result

    def _tell_parts(self, parts: list[object], text: str) -> None:
        """What was put into a secret is part of it, but for words, and for what stands everywhere: names of hosts."""
        for part in parts:
            if isinstance(part, str) and part not in text and may_be_secret(part) and not self._is_open(part):
                self._tell(Secret(part))

    def _is_open(self, part: str) -> bool:
        found = (self.variables.get(name) for name in OPEN)
        return any(var is not None and var.value == part for var in found)

    def value(self, name: str) -> object:
        """The variable ``name``, rendered when it is trusted. Raises UserError when undefined or circular."""
        if name in self._rendered:
            return self._rendered[name]
        var = self.variables.get(name)
        if var is None:
            raise explained(KeyError(name), None, self.variables.names())
        if not var.trusted:
            secret = names_a_secret(name) and var.layer is not Layer.FACTS  # what tasks leave is hidden by them
            return veiled(var.value) if secret else var.value
        self._refuse_circles(name, var)
        self._active.append(name)
        try:
            value = self.under(name, var.value, var.source)
        finally:
            self._active.pop()
        self._rendered[name] = value
        return value

    def _refuse_circles(self, name: str, var: Var) -> None:
        if len(self._active) >= CHAIN_LIMIT:
            raise TemplateTrouble(f"the variable {self._active[0]!r} goes through too many others", source=var.source)
        if name in self._active:
            chain = " -> ".join([*self._active[self._active.index(name) :], name])
            raise TemplateTrouble(f"the variable {name!r} is defined by itself: {chain}", source=var.source)

    def _lookup(
        self, name: str, *terms: object, wantlist: bool = False, errors: str = "strict", **more: object
    ) -> object:
        secret = any(secrets_of((terms, more)))
        try:
            with _discreet("a secret" if secret else ""):
                values = lookup(name, opened(terms), opened(more), self._around)
        except UserError:
            if errors == "strict":
                raise
            return [] if wantlist else ""
        values = veiled(values) if secret else values
        if wantlist:
            return values
        from remediate.language.sandbox import concat

        separated = [part for value in values for part in (",", value)]
        return values[0] if len(values) == 1 else concat(["", *separated[1:]])

    def _query(self, name: str, *terms: object, **more: object) -> object:
        return self._lookup(name, *terms, **{**more, "wantlist": True})  # type: ignore[arg-type]


class Scope(Mapping[str, object]):
    """The names a template sees: functions of the language, then variables, rendered when they are used."""

    def __init__(self, templar: Templar) -> None:
        self._templar = templar
        self._steps = 0

    def _spend(self, steps: int) -> None:
        from remediate.language.sandbox import TooMuch

        self._steps += steps
        if self._steps > STEP_LIMIT:
            raise TooMuch(f"the template takes more than {STEP_LIMIT:,} steps")

    def _functions(self) -> Mapping[str, Callable[..., object]]:
        return {"lookup": self._templar._lookup, "query": self._templar._query, "q": self._templar._query}

    def __getitem__(self, name: str) -> object:
        from remediate.language.compiled import environment

        if name == "omit":
            return OMIT
        if name in self._functions():
            return self._functions()[name]
        if name in self._templar.variables:
            try:
                return self._templar.value(name)
            except UndefinedVariable as error:
                from remediate.language import sandbox

                return sandbox.Missing.because(error, name)
        if name == "vars":
            return self
        return environment().globals[name]

    def __contains__(self, name: object) -> bool:
        from remediate.language.compiled import environment

        if name in self._templar.variables or name in {"omit", "lookup", "query", "q", "vars"}:
            return True
        return name in environment().globals

    def __iter__(self) -> Iterator[str]:
        return iter(sorted(self._templar.variables.names()))

    def __len__(self) -> int:
        return len(self._templar.variables.names())


def _compiled(text: str, source: Source | None, *, bare: bool) -> Template:
    from remediate.language import compiled

    try:
        return compiled.expression(str(text)) if bare else compiled.template(str(text))
    except compiled.TemplateError as error:
        raise explained(error, source, (), text if bare else "") from None
    except (RecursionError, MemoryError, SyntaxError, ValueError, OverflowError):
        raise TemplateTrouble("the template is nested too deeply or too large", source=source) from None


@contextmanager
def _discreet(name: str) -> Iterator[None]:
    """Errors inside say nothing of what is written under ``name``, where that names a secret (or is one)."""
    try:
        yield
    except UserError as error:
        if names_a_secret(name):
            raise quieted(error, name) from None
        raise


def _bare(text: str, source: Source | None) -> str:
    """A condition without the braces people put around it."""
    bare = text.strip()
    if bare.startswith("{{") and bare.endswith("}}") and bare.count("{{") == 1:
        bare = bare[2:-2].strip(" \t\n-+")
    elif "{{" in bare or "{%" in bare:
        raise UserError(
            f"a condition is already an expression; braces do not belong in {shown(text)}",
            source=source,
            hint="write the names bare: when: route.build == wanted",
        )
    return bare
