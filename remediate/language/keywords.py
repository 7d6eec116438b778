"""Which keywords a play, block, task and role entry may have, and what to say of any other."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from remediate.errors import UserError
from remediate.language import quoting
from remediate.language.words import listed, nearest
from remediate.language.yamlfile import Map

_INHERITED = "check_mode ignore_errors ignore_unreachable no_log tags vars when timeout"
_LATER = (
    "become become_exe become_flags become_method become_user collections connection debugger diff environment "
    "module_defaults port remote_user run_once throttle"
)
_LOOPS_LATER = (
    "with_aggregate with_cartesian with_file with_fileglob with_filetree with_first_found with_flattened "
    "with_indexed_items with_inventory_hostnames with_ini with_lines with_nested with_random_choice with_sequence "
    "with_subelements with_template with_together with_url with_vars"
)


@dataclass(frozen=True, slots=True)
class Kind:
    """A kind of entry. ``later`` are real keywords of Ansible that have no effect here yet and are refused."""

    name: str
    keywords: frozenset[str]
    later: frozenset[str]


def _kind(name: str, keywords: str, later: str = "") -> Kind:
    return Kind(name, frozenset(keywords.split()), frozenset(later.split()))


PLAY = _kind(
    "a play",
    "name hosts gather_facts roles pre_tasks tasks post_tasks handlers vars vars_files strategy serial "
    "max_fail_percentage any_errors_fatal force_handlers check_mode ignore_errors ignore_unreachable no_log "
    "tags timeout",
    f"{_LATER} fact_path gather_subset gather_timeout order validate_argspec vars_prompt",
)
BLOCK = _kind(
    "a block",
    f"name block rescue always notify {_INHERITED}",
    f"{_LATER} any_errors_fatal delegate_to delegate_facts",
)
TASK = _kind(
    "a task",
    f"name action args register loop loop_control with_items with_list with_dict notify until retries delay "
    f"failed_when changed_when {_INHERITED}",
    f"{_LATER} any_errors_fatal async async_val delegate_to delegate_facts local_action poll {_LOOPS_LATER}",
)
HANDLER = Kind("a handler", TASK.keywords | {"listen"}, TASK.later)
IMPORT = _kind("an import", f"name notify args {_INHERITED}", f"{_LATER} any_errors_fatal delegate_to delegate_facts")
IMPORT_PLAYBOOK = _kind("import_playbook", "name import_playbook when tags vars")
ROLE = _kind("a role entry", f"role name {_INHERITED}", f"{_LATER} any_errors_fatal delegate_to delegate_facts")
LOOP_CONTROL = _kind("loop_control", "loop_var index_var label", "pause extended extended_allitems break_when")
META = _kind("the meta of a role", "dependencies allow_duplicates galaxy_info argument_specs", "collections standalone")

_EVERYWHERE = (PLAY, BLOCK, TASK, HANDLER)


def check(data: Map, kind: Kind, *, besides: Iterable[str] = ()) -> None:
    """Raise a UserError for the first key that ``kind`` does not have."""
    for key in data:
        if key not in kind.keywords and key not in besides:
            raise refusal(data, key, kind)


def strange(data: Map, kind: Kind) -> Iterator[object]:
    """Keys that are no keyword of ``kind``, supported or not."""
    return (key for key in data if key not in kind.keywords and key not in kind.later)


def refusal(data: Map, key: object, kind: Kind, *, more: Iterable[str] = ()) -> UserError:
    """What is wrong with ``key``; ``more`` are further words that would have been right."""
    source = data.key_source(key)
    word = str(key)
    if word in kind.later:
        hint = "use loop, with_items, with_list or with_dict" if word.startswith("with_") else "remove it"
        if kind is ROLE:
            hint = "remove it; a variable of that name goes below 'vars:'"
        return UserError(f"{word!r} is not supported yet", source=source, hint=hint)
    near = nearest(word, [*kind.keywords, *more])
    others = [other.name for other in _EVERYWHERE if word in other.keywords]
    if others and word not in kind.keywords:
        return UserError(f"{word!r} is no keyword of {kind.name}", source=source, hint=_misplaced(word, kind, others))
    hint = f"did you mean {near!r}?" if near else f"{kind.name} has: {listed(sorted(kind.keywords), 40)}"
    return UserError(f"unknown keyword {quoting.named(word)} of {kind.name}", source=source, hint=hint)


def _misplaced(word: str, kind: Kind, others: list[str]) -> str:
    if kind is IMPORT and word in ("loop", "with_items", "with_list", "with_dict", "register", "until"):
        return "imports are read before anything runs; use include_tasks or include_role"
    return f"it belongs to {' or '.join(others)}"
