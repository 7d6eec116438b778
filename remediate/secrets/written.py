"""What people wrote, and what it tells of secrets: by names, by keys, by what stands inside texts."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence

from remediate.model import Secret
from remediate.secrets.logins import logins, logins_of
from remediate.secrets.taint import held, hidden, secrets_of, veiled

_WORDS = re.compile(r"[A-Za-z][A-Za-z_ -]*\Z")
_PATH = re.compile(r"(?:[A-Za-z]:)?[\\/][\w\\/. -]*\Z")
SHORTEST_PART = 6
MOST_WORDS = 200
_REFERENCE = re.compile(r"\s*\{\{[^{}]*\}\}\s*\Z")


def may_be_secret(text: str) -> bool:
    """Whether a text that was put into a secret may be one by itself: no word, no path, not short."""
    return len(text) >= SHORTEST_PART and not _WORDS.match(text) and not _PATH.match(text)


def secrets_written(values: Mapping[str, object]) -> Iterator[Secret | str]:
    """Every secret that can be seen in ``values`` without rendering anything; a lone ``{{ reference }}`` is none."""
    named = held(values)
    for name, value in values.items():
        for secret in secrets_of(veiled(value) if name in named else hidden(str(name), value)):
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
        yield from logins(as_command(value))
        for item in value:
            yield from _inside(item)


def as_command(words: Sequence[object]) -> str:
    """A program and its arguments as one line, for what stands behind an option; "" for every other list."""
    if len(words) > MOST_WORDS or not all(isinstance(word, str) for word in words):
        return ""
    return " ".join(f'"{word}"' if re.search(r"\s", str(word)) else str(word) for word in words)


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
        yield from _told_by_list(written if isinstance(written, list | tuple) else (), rendered, whole=whole)


def _told_by_list(written: Sequence[object], rendered: Sequence[object], *, whole: bool) -> Iterator[Secret | str]:
    yield from logins_of(as_command(written), as_command(rendered))
    for number, item in enumerate(rendered):
        yield from told_by(written[number] if len(written) == len(rendered) else None, item, whole=whole)
