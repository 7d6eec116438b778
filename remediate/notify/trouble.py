"""A hook that failed, in one line that cannot steer a terminal and holds no secret."""

from __future__ import annotations

from collections.abc import Iterable

from remediate.secrets.known import Known

LONGEST = 300


class HookFailed(Exception):
    """Why a hook could not be told."""


class OutOfTime(HookFailed):
    """Its time was over; the text is what did not happen, without how long that was."""


def line(text: str, limit: int = LONGEST) -> str:
    """``text`` on one line, bounded, what is not printable written out (``\\x1b``).

    Not shared with ``remediate.reports.text``: hooks get plain data and import nothing that knows a run.
    """
    flat = "".join(c if c.isprintable() else _escaped(c) for c in " ".join(text.split()))
    return flat if len(flat) <= limit else flat[: limit - 3] + "..."


def _escaped(character: str) -> str:
    code = ord(character)
    return f"\\x{code:02x}" if code < 0x100 else f"\\u{code:04x}" if code < 0x10000 else f"\\U{code:08x}"


def masked(text: str, secrets: Iterable[str]) -> str:
    """``text`` without any of these, however they are quoted or encoded."""
    known = Known()
    for secret in secrets:
        known.tell(secret)
    return known.text(text)


def reason(error: BaseException) -> str:
    """Why, in the words of the system or of TLS: the innermost cause, never an address. "" where it says nothing."""
    import ssl

    words = ""
    for cause in _causes(error):
        if isinstance(cause, ssl.SSLCertVerificationError):
            return f"its certificate cannot be trusted: {cause.verify_message}"
        if isinstance(cause, ssl.SSLError):
            return f"no TLS: {(cause.reason or 'the connection ended').lower().replace('_', ' ')}"
        if isinstance(cause, OSError) and cause.strerror:
            words = cause.strerror
    return words


def timed_out(error: BaseException) -> bool:
    """Whether a wait that took too long is behind it."""
    return any(isinstance(cause, TimeoutError) for cause in _causes(error))


def _causes(error: BaseException) -> Iterable[BaseException]:
    """An error and whatever it was made of, outermost first."""
    seen: list[BaseException] = []
    left: list[object] = [error]
    while left:
        one = left.pop(0)
        if isinstance(one, BaseException) and not any(one is other for other in seen):
            seen.append(one)
            left += [getattr(one, "reason", None), *one.args, one.__cause__, one.__context__]
    return seen
