"""Which names hold a secret: the one rule for variables, arguments, keys, settings and the environment."""

from __future__ import annotations

import re
from functools import lru_cache

_WORD = re.compile(r"[A-Z]+(?![a-z])|[A-Z]?[a-z]+|[^\W\d_]+")
_SECRET = (
    *("password", "passwords", "passwd", "passphrase", "passphrases", "passcode", "pwd", "secret", "secrets"),
    *("token", "tokens", "credential", "credentials", "apikey", "apikeys", "privatekey", "secretkey", "accesskey"),
)
"""Ends of words: also ``dbpassword``, ``PGPASSWORD``."""
_PASS_OF_OTHERS = frozenset(
    {"bypass", "compass", "encompass", "overpass", "surpass", "trespass", "underpass", "lowpass", "highpass"}
)
_KEYS = frozenset({"api", "private", "secret", "access", "auth", "encryption", "signing", "shared", "master"})
"""``private_key`` and the like; a key of any other kind is no secret."""
_ABOUT = frozenset(
    {
        *("file", "files", "path", "paths", "dir", "folder", "directory", "location", "url", "uri", "endpoint"),
        *("count", "counts", "length", "len", "size", "min", "minimum", "max", "maximum", "limit", "limits", "left"),
        *("age", "days", "hours", "minutes", "seconds", "ttl", "timeout", "lifetime", "rotation"),
        *("expires", "expired", "expiry", "expire", "expiration", "required", "enabled", "disabled", "allowed"),
        *("policy", "policies", "rule", "rules", "strength", "complexity", "history", "attempts", "rate"),
        *("name", "names", "id", "ids", "user", "username", "host", "server", "port", "type", "kind", "version"),
        *("algorithm", "method", "mode", "format", "scheme", "prompt", "field", "label", "hint", "state", "status"),
        *("present", "exists", "missing", "valid", "changed", "set", "env", "variable", "var", "ref", "reference"),
    }
)
"""Words behind a secret word that make it something about a secret: ``password_file``, ``token_count``."""
_OF = frozenset({"by", "for", "of"})
"""Words between a secret and whose it is: ``passwords_by_host``."""
_ASKS = frozenset(
    {
        *("max", "min", "num", "number", "count", "total"),
        *("use", "uses", "has", "is", "ask", "update", "require", "requires"),
    }
)
"""First words of names that say how many, or whether: ``max_tokens``, ``update_password``."""
_OPEN = frozenset(
    {
        *("user", "username", "login", "account", "name", "host", "hostname", "server", "domain", "realm", "database"),
        *("port", "protocol", "description", "comment", "label", "title", "enabled", "expires", "id", "type", "kind"),
        *("url", "uri", "address", "path", "file", "folder", "email"),
    }
)


@lru_cache(maxsize=8192)
def names_a_secret(name: str) -> bool:
    """Whether what stands under ``name`` is a secret: ``ansible_password``, ``hostPassword``, ``PGPASSWORD``.

    A secret word counts anywhere in the name, unless a later word says that it is something about one
    (``password_file``, ``tokenCount``); ``pass`` counts at the end only.
    """
    words = [word.lower() for word in _WORD.findall(name)]
    if not words or (words[0] in _ASKS and len(words) > 1):
        return False
    last = max((n for n, word in enumerate(words) if _is_secret(words, n, word)), default=-1)
    behind = words[last + 1 :]
    return last >= 0 and (bool(_OF.intersection(behind[:1])) or not _ABOUT.intersection(behind))


def _is_secret(words: list[str], n: int, word: str) -> bool:
    before, ends = words[n - 1] if n else "", n == len(words) - 1
    if word.endswith(_SECRET) or (word in ("key", "keys") and before in _KEYS):
        return True
    if before == "pass" and word in ("word", "phrase", "wd"):
        return True
    if word in ("cred", "creds"):
        return True
    return ends and word.endswith("pass") and word not in _PASS_OF_OTHERS


@lru_cache(maxsize=1024)
def is_open(key: str) -> bool:
    """Whether a key inside something secret is no secret itself: the user beside the password."""
    words = [word.lower() for word in _WORD.findall(key)]
    return bool(words) and words[-1] in _OPEN and not names_a_secret(key)
