"""What was told to be secret in one run, and texts without it. Told as values are rendered, asked as texts leave."""

from __future__ import annotations

import re
import threading
from collections.abc import Iterable, Iterator
from typing import Protocol

from remediate.model import MASK, Secret
from remediate.secrets.spellings import SHORT, spellings, stands_alone

CUT = "..."
"""Stands where the rest of a long text was left out, with half a secret perhaps."""
FEW = 64
"""Forms that one pattern looks for; a pattern of more is slower than to look at every four characters."""


class Tell(Protocol):
    """Hears of a secret when it is rendered, before anybody can see what it is in."""

    def __call__(self, secret: Secret, /) -> None: ...


def unheard(secret: Secret, /) -> None:
    """For templates nobody will see the results of."""


class Known:
    """Grows while a run goes on; safe for threads. Asking costs little where nothing new was told."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._told: set[str] = set()
        self._forms: dict[str, str] = {}
        """Form -> what is shown instead."""
        self._heads: dict[str, list[str]] = {}
        """The first four characters of forms -> those forms."""
        self._small: re.Pattern[str] | None = None
        """Forms shorter than that."""
        self._any: re.Pattern[str] | None = None
        """All forms, where they are few; None where they are many."""
        self._stale = False
        """Whether the patterns do not know every form yet."""

    def tell(self, secret: Secret | str, /) -> None:
        """Learn a secret. A text whose secret parts are known already needs no place of its own."""
        text, shown = (secret, MASK) if isinstance(secret, str) else (secret.reveal(), secret.shown)
        if text in self._told:
            return
        if shown != MASK and self.text(text) == shown:
            return
        with self._lock:
            for form in spellings(text):
                self._learn(form, shown if form == text else MASK)
            self._told.add(text)

    def _learn(self, form: str, shown: str) -> None:
        if form in self._forms:
            return
        self._forms[form] = shown
        if len(form) >= SHORT:
            self._heads.setdefault(form[:SHORT], []).append(form)
        self._stale = True

    def _refresh(self) -> None:
        """Make the patterns anew, once for all that was told since."""
        with self._lock:
            if not self._stale:
                return
            small = [form for form in self._forms if len(form) < SHORT]
            self._small = _pattern(small) if small else None
            self._any = _pattern(self._forms) if len(self._forms) <= FEW else None
            self._stale = False

    def size(self) -> int:
        """How much is known; never less than before."""
        return len(self._forms)

    def __contains__(self, text: object) -> bool:
        """Whether this very text, or number, is a secret that is hidden wherever it stands."""
        return bool(self._forms) and str(text) in self._forms

    def text(self, text: str) -> str:
        """``text`` with every known secret masked; what lies one over the other is masked as one."""
        if not self._forms:
            return text
        if self._stale:
            self._refresh()
        pattern = self._any
        if pattern is not None and CUT not in text and not pattern.search(text):
            return text
        found = sorted(self._found(text), key=lambda span: (span[0], -span[1]))
        return _masked(text, found) if found else text

    def _found(self, text: str) -> Iterator[tuple[int, int, str]]:
        """Where forms stand: begin, end, what is shown instead."""
        heads = self._heads
        starts = [at for at in range(len(text) - SHORT + 1) if text[at : at + SHORT] in heads]
        for at in starts:
            for form in heads[text[at : at + SHORT]]:
                if text.startswith(form, at) and (not stands_alone(form) or _alone(text, at, at + len(form))):
                    yield at, at + len(form), self._instead(form)
                elif (cut := text.find(CUT, at + SHORT, at + len(form) + len(CUT))) > 0 and form.startswith(
                    text[at:cut]
                ):
                    yield at, cut, MASK  # the beginning of one that was cut short
        if CUT in text:
            yield from self._ends(text)
        for match in self._small.finditer(text) if self._small else ():
            yield match.start(), match.end(), self._instead(match.group())

    def _instead(self, form: str) -> str:
        """What is shown of a form; of a text with a secret in it the rest, as far as that is no secret by now."""
        shown = self._forms[form]
        return shown if shown == MASK else self.text(shown)

    def _ends(self, text: str) -> Iterator[tuple[int, int, str]]:
        """Ends of secrets behind what stands for the part that was cut off."""
        for cut in re.finditer(re.escape(CUT), text):
            begin = cut.end()
            first = text[begin : begin + SHORT]
            for secret in tuple(self._told) if len(first) == SHORT else ():
                at = secret.find(first)
                while at >= 0:
                    if text.startswith(secret[at:], begin):
                        yield begin, begin + len(secret) - at, MASK
                    at = secret.find(first, at + 1)


def _pattern(forms: Iterable[str]) -> re.Pattern[str]:
    parts = [
        rf"(?<![^\W_]){re.escape(form)}(?![^\W_])" if stands_alone(form) else re.escape(form)
        for form in sorted(forms, key=lambda form: (-len(form), form))
    ]
    return re.compile("|".join(parts))


def _alone(text: str, begin: int, end: int) -> bool:
    return not (text[begin - 1 : begin].isalnum() or text[end : end + 1].isalnum())


def _masked(text: str, found: list[tuple[int, int, str]]) -> str:
    """``found``: by their beginnings, the longest first where several begin at one place."""
    parts: list[str] = []
    done = 0
    begin, end, shown = found[0]
    for at, to, instead in (*found[1:], (len(text) + 1, len(text) + 1, "")):
        if at >= end:
            parts += [text[done:begin], shown]
            done, begin, end, shown = end, at, to, instead
        elif to > end:
            end, shown = to, MASK
    return "".join((*parts, text[done:]))
