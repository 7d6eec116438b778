"""What people wrote, and what it tells of secrets: by names, by keys, by what stands inside texts."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping

from remediate.model import Secret
from remediate.secrets.logins import logins, logins_of
from remediate.secrets.taint import hidden, secrets_of

_WORDS = re.compile(r"[A-Za-z][A-Za-z_ -]*\Z")
_PATH = re.compile(r"(?:[A-Za-z]:)?[\\/][\w\\/. -]*\Z")
SHORTEST_PART = 6
_REFERENCE = re.compile(r"\s*\{\{[^{}]*\}\}\s*\Z")


def may_be_secret(text: str) -> bool:
    """Whether a text that was put into a secret may be one by itself: no word, no path, not short."""
    return len(text) >= SHORTEST_PART and not _WORDS.match(text) and not _PATH.match(text)


def secrets_written(values: Mapping[str, object]) -> Iterator[Secret | str]:
    """Every secret that can be seen in ``values`` without rendering anything; a lone ``{{ reference }}`` is none."""
    for name, value in values.items():
        for secret in secrets_of(hidden(str(name), value)):
            if not _REFERENCE.match(secret.reveal()):
                yield secret
        yield from _inside(value)


def _inside(value: object) -> Iterator[str]:
    if isinstance(value, str):
        yield from logins(value)
    elif isinstance(value, Mapping):
        for item in value.values():
            yield from _inside(item)
    elif isinstance(value, list | tuple):
        for item in value:
            yield from _inside(item)


def told_by(written: object, rendered: object, *, whole: bool) -> Iterator[Secret | str]:
    """Secrets in an argument: passwords inside texts; with ``whole`` (``no_log``) everything in it.

    Then only a word or a path is left out that stands there as it is: ``started`` is no secret.
    """
    if isinstance(rendered, Secret):
        yield rendered
    elif isinstance(rendered, str):
        if isinstance(written, str):
            yield from logins_of(written, rendered)
        if whole and not (rendered == written and (_WORDS.match(rendered) or _PATH.match(rendered))):
            yield rendered
    elif isinstance(rendered, int | float) and whole and rendered != written and not isinstance(rendered, bool):
        yield Secret(rendered)
    elif isinstance(rendered, Mapping):
        for key, item in rendered.items():
            yield from told_by(written.get(key) if isinstance(written, Mapping) else None, item, whole=whole)
    elif isinstance(rendered, list | tuple):
        for number, item in enumerate(rendered):
            same = isinstance(written, list | tuple) and len(written) == len(rendered)
            yield from told_by(written[number] if same else None, item, whole=whole)  # type: ignore[index]
