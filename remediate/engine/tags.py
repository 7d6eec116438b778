"""Which tasks ``-t`` and ``--skip-tags`` select, as in Ansible."""

from __future__ import annotations

from collections.abc import Set as AbstractSet


def selected(tags: AbstractSet[str], only: AbstractSet[str], skip: AbstractSet[str]) -> bool:
    """True when a task with ``tags`` runs. Special: always, never, all, tagged, untagged."""
    if not only or only == {"all"}:
        wanted = "never" not in tags
    else:
        wanted = _matches(tags, only) or ("always" in tags and "never" not in tags)
        if "never" in tags and not (tags & only):
            wanted = False
    if not wanted or not skip:
        return wanted
    return not ("always" in skip and "always" in tags) and not _matches(tags - {"always"}, skip - {"always"})


def _matches(tags: AbstractSet[str], asked: AbstractSet[str]) -> bool:
    plain = tags - {"always", "never"}
    if "tagged" in asked and plain:
        return True
    if "untagged" in asked and not plain:
        return True
    return bool(tags & asked) or "all" in asked
