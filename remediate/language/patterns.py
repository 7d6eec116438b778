"""Host patterns: which hosts ``exchange:&site1:!ex3`` means in a given inventory."""

from __future__ import annotations

import fnmatch
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from remediate.errors import UserError
from remediate.language import regexes
from remediate.language.words import suggestion
from remediate.model import Source

_SUBSCRIPT = re.compile(r"(?P<base>.+)\[(?P<start>-?\d+)(?P<range>[:-](?P<end>-?\d*))?\]\Z")
_OPEN, _CLOSE = "[({", "])}"


@dataclass(frozen=True, slots=True)
class Names:
    """The names patterns choose from: hosts in inventory order, and each group's hosts in the same order."""

    hosts: Sequence[str]
    groups: Mapping[str, Sequence[str]]


def select(pattern: str, names: Names, source: Source | None = None) -> tuple[str, ...]:
    """The hosts ``pattern`` means, in inventory order.

    As in Ansible: unions first, then ``&`` intersections, then ``!`` exclusions, wherever they stand; a pattern of
    only those starts from all hosts. Unlike Ansible a name that matches nothing is a UserError, excluded or not.
    """
    terms = split(pattern, names)
    if not terms:
        raise UserError("the host pattern is empty", source=source, hint="'all' means every host")
    chosen: set[str] = set()
    if all(term[0] in "&!" for term in terms):
        chosen.update(names.hosts)
    for term in sorted(terms, key=lambda term: "&!".find(term[0])):
        bare = term.lstrip("&!").strip() if term[0] in "&!" else term
        found = _term(bare, names, source)
        if term[0] == "&":
            chosen &= found
        elif term[0] == "!":
            chosen -= found
        else:
            chosen |= found
    return tuple(host for host in names.hosts if host in chosen)


def split(pattern: str, names: Names) -> list[str]:
    """The terms of a pattern: parted by ``,`` or ``:`` outside of brackets. A host's own name is never parted."""
    if pattern in names.groups or pattern in names.hosts:
        return [pattern]
    separators = "," if any(part.strip(" &!") in names.hosts and ":" in part for part in pattern.split(",")) else ",:"
    terms, depth, current = [], 0, ""
    for letter in pattern:
        depth += (letter in _OPEN) - (letter in _CLOSE and depth > 0)
        if letter in separators and not depth:
            terms.append(current)
            current = ""
        else:
            current += letter
    return [term.strip() for term in [*terms, current] if term.strip()]


def _term(term: str, names: Names, source: Source | None) -> set[str]:
    found = _matching(term, names, source)
    if found is not None:
        return set(found)
    if (subscript := _SUBSCRIPT.match(term)) and not term.startswith("~"):
        hosts = _matching(subscript["base"], names, source)
        if hosts is not None:
            return set(_picked(term, subscript, hosts, source))
    what = "no host or group is called" if not re.search(r"[*?\[~]", term) else "no host or group matches"
    hint = suggestion(term, [*names.groups, *names.hosts], what="there are")
    raise UserError(f"{what} {term!r}", source=source, hint=hint or "the inventory is empty")


def _matching(term: str, names: Names, source: Source | None) -> Sequence[str] | None:
    """Hosts of a name, glob or regular expression; None when it matches nothing at all."""
    if term in ("all", "*"):
        return names.hosts
    if term in names.groups:
        return names.groups[term]
    if term in names.hosts:
        return [term]
    if not term.startswith("~") and not re.search(r"[*?\[]", term):
        return None
    try:
        matches = regexes.compiled(term[1:] if term.startswith("~") else fnmatch.translate(term)).match
        groups = [group for group in names.groups if matches(group)]
        hosts = set(filter(matches, names.hosts))
    except ValueError as error:
        hint = "brackets are closed, and what is meant literally has a \\ before it"
        raise UserError(str(error), source=source, hint=hint) from None
    found = {host for group in groups for host in names.groups[group]} | hosts
    return [host for host in names.hosts if host in found] if found or groups else None


def _picked(term: str, subscript: re.Match[str], hosts: Sequence[str], source: Source | None) -> Sequence[str]:
    """``[i]`` or ``[first:last]``, both ends included, negative numbers from the end."""
    start = int(subscript["start"])
    if subscript["range"] is None:
        if not -len(hosts) <= start < len(hosts):
            raise UserError(f"{term!r} is beyond the end: {subscript['base']!r} has {len(hosts)} hosts", source=source)
        return [hosts[start]]
    last = int(subscript["end"]) if subscript["end"] else -1
    count = len(hosts)
    first = max(start + count, 0) if start < 0 else start
    last = last + count if last < 0 else last
    return hosts[first : last + 1]
