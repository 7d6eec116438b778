"""Asked right before anything leaves for a host on which something is being changed: may it still?"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager

Prove = Callable[[bool], None]
"""``prove(deed)``: raises what keeps the next bytes from leaving. ``deed``: they start something, or may do so."""


class Warrant:
    """Of one Step that changes a host.

    Between the moment a change was permitted and the moment its bytes leave, a ledger may hang, a controller be
    stopped, a host be silent: what was permitted then may not be now. The first execution for its changes counts as
    the deed, as does every file that is put in its place and every program that is started; what only follows up a deed
    (looking whether an installer has ended) is let through after the end of a window, but not without the lock.
    """

    def __init__(self, prove: Prove, gone: Callable[[], None] = lambda: None) -> None:
        """``gone``: told, once, that the first bytes of the change have left."""
        self._prove = prove
        self._gone = gone
        self._left = False
        self._begun = False
        self._deeds = 0

    def leaving(self) -> None:
        """Something is about to leave."""
        self._prove(self._deeds > 0 or not self._begun)

    def left(self) -> None:
        """It has left, or may have."""
        if not self._left:
            self._left = True
            self._gone()

    def answered(self) -> None:
        """The host has answered: the change is begun."""
        self._begun = True

    @contextmanager
    def deed(self) -> Iterator[None]:
        """Whatever leaves within is a deed."""
        self._deeds += 1
        try:
            yield
        finally:
            self._deeds -= 1


@contextmanager
def deed(warrant: Warrant | None) -> Iterator[None]:
    """The same where there may be no warrant: looks need none."""
    if warrant is None:
        yield
        return
    with warrant.deed():
        yield
