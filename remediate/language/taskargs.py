"""Finds the module of a task and its arguments, in every way Ansible allows to write them."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from types import MappingProxyType

from remediate.errors import UserError
from remediate.language import fields, keywords, quoting
from remediate.language.words import kind, nearest, suggestion
from remediate.language.yamlfile import Map, Text
from remediate.model import Source

_PREFIXES = ("ansible.builtin.", "ansible.legacy.", "ansible.windows.", "community.windows.")
_RAW = frozenset(
    {
        *("command", "shell", "raw", "script", "win_command", "win_shell", "meta"),
        *("include_tasks", "import_tasks", "import_playbook", "include_vars"),
    }
)
_RAW_OPTIONS = frozenset({"chdir", "creates", "removes", "executable", "stdin"})
IMPORTS = frozenset({"import_tasks", "import_role"})
INCLUDES = frozenset({"include_tasks", "include_role"})
_OWN = IMPORTS | INCLUDES | {"meta"}
_FACTS = "facts are looked for by tasks of their own, such as exchange_facts"
_LATER = MappingProxyType(
    {
        "include": "use include_tasks or import_tasks",
        "setup": _FACTS,
        "gather_facts": _FACTS,
        "add_host": "",
        "group_by": "",
        "async_status": "",
        "wait_for_connection": "use win_wait_for or win_reboot",
    }
)
_TOKEN = re.compile(r"(?:\{\{.*?\}\}|\"(?:\\.|[^\"\\])*\"|'(?:\\.|[^'\\])*'|\S)+", re.DOTALL)


@dataclass(frozen=True, slots=True)
class Modules:
    """Which modules and actions there are."""

    exists: Callable[[str], bool]
    known: Sequence[str]

    def has(self, name: str) -> bool:
        return name in _OWN or self.exists(name)


def short(name: str) -> str:
    """A module's name without the collections that are understood."""
    for prefix in _PREFIXES:
        if name.startswith(prefix):
            return name.removeprefix(prefix)
    return name


def action_of(data: Map, kind_of: keywords.Kind, modules: Modules) -> tuple[str, Map]:
    """The module of a task and its arguments. Raises UserError when there is none, or more than one."""
    if "action" in data:
        name, args = _old_style(data, modules)
    else:
        key = _module_key(data, kind_of, modules)
        name, args = short(key), _arguments(short(key), data, key)
    keywords.check(data, kind_of, besides=[key for key in data if isinstance(key, str) and short(key) == name])
    return name, fields.mapping(data, "args").merged(args)


def _module_key(data: Map, kind_of: keywords.Kind, modules: Modules) -> str:
    candidates = [str(key) for key in keywords.strange(data, kind_of)]
    known = [key for key in candidates if modules.has(short(key))]
    if len(known) > 1:
        raise UserError(
            f"two modules in one task: {known[0]!r} and {known[1]!r}",
            source=data.key_source(known[1]),
            hint="begin a new task with '- ' for each",
        )
    if not candidates:
        later = next((key for key in data if key not in kind_of.keywords), None)
        if later is not None:
            raise keywords.refusal(data, later, kind_of)
        hint = f"name what to do, as in 'debug:' or 'win_command:'; there are {len(modules.known)} modules and actions"
        raise UserError("a task without a module", source=data.source, hint=hint)
    if not known:
        raise _unknown(data, candidates[0], kind_of, modules)
    return known[0]


def _unknown(data: Map, key: str, kind_of: keywords.Kind, modules: Modules) -> UserError:
    source = data.key_source(key)
    if short(key) in _LATER:
        return UserError(f"{key!r} is not supported yet", source=source, hint=_LATER[short(key)])
    if short(key) == "import_playbook":
        return UserError(f"{key!r} cannot stand among tasks", source=source, hint="put it beside the plays")
    if any(key in other.keywords for other in (keywords.PLAY, keywords.BLOCK)):
        return keywords.refusal(data, key, kind_of)
    known = [*modules.known, *_OWN]
    by_module, by_keyword = nearest(short(key), known), nearest(key, kind_of.keywords)
    near = nearest(short(key), [word for word in (by_module, by_keyword) if word])
    hint = f"did you mean {near!r}?" if near else suggestion(key, known, what="there are")
    return UserError(f"there is no module or keyword {quoting.named(key)}", source=source, hint=hint)


def _old_style(data: Map, modules: Modules) -> tuple[str, Map]:
    """``action: module arguments`` and ``action: {module: name, ...}``."""
    value, source = data["action"], data.value_source("action")
    if isinstance(value, Map) and isinstance(value.get("module"), str):
        name = short(value["module"])
        args = Map(value, value.source)
        del args["module"]
    elif isinstance(value, str) and value.strip():
        name, _, rest = value.strip().partition(" ")
        name = short(name)
        args = _free_form(name, Text(rest, source), source)
    else:
        raise UserError("'action' must name a module", source=source)
    if not modules.has(name):
        hint = suggestion(name, [*modules.known, *_OWN], what="there are")
        raise UserError(f"there is no module {quoting.named(name)}", source=source, hint=hint)
    return name, args


def _arguments(name: str, data: Map, key: str) -> Map:
    value, source = data[key], data.value_source(key)
    if value is None:
        return Map(source=source)
    if isinstance(value, Map):
        for argument in value:
            if not isinstance(argument, str):
                raise UserError(f"an argument must be a name, not {kind(argument)}", source=value.key_source(argument))
        return value
    if isinstance(value, str):
        return _free_form(name, value, source)
    if isinstance(value, int | float) and not isinstance(value, bool) and name in _RAW:
        return _free_form(name, str(value), source)
    raise UserError(
        f"the arguments of {name!r} must be a mapping or text, not {kind(value)}",
        source=source,
        hint="write 'argument: value' lines below it",
    )


def _free_form(name: str, written: str, source: Source) -> Map:
    """``k=v k2=v2`` as arguments; anything else, and all of a command, as ``_raw``."""
    result = Map(source=source)
    tokens = [(found.group(), found.span()) for found in _TOKEN.finditer(written)]
    if name in _RAW:
        pairs = [(token, span) for token, span in tokens if token.partition("=")[0] in _RAW_OPTIONS and "=" in token]
        rest = written
        for _, (start, end) in reversed(pairs):
            rest = rest[:start] + rest[end:]
        if rest.strip():
            result.put("_raw", Text(rest.strip() if pairs else written.strip(), source), source, source)
    else:
        pairs = tokens
        if not all(re.match(r"\w+=", token) for token, _ in tokens):
            result.put("_raw", Text(written.strip(), source), source, source)
            return result
    for token, _ in pairs:
        key, _, value = token.partition("=")
        if key in result:
            raise UserError(f"the argument {quoting.named(key)} is given twice", source=source)
        result.put(key, Text(_unquoted(value), source), source, source)
    return result


def _unquoted(value: str) -> str:
    if len(value) >= 2 and value[0] == value[-1] and value[0] in "'\"":
        return re.sub(r"\\([\\\"'])", r"\1", value[1:-1])
    return value
