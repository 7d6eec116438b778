"""The two scripts with which pypsrp's ``Client`` copies and fetches files, known by their hash and carried out here."""

from __future__ import annotations

import base64
import binascii
import hashlib
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import cache
from types import MappingProxyType
from typing import TypeAlias

from remediate.lab.errors import LabError
from remediate.lab.interpreter.expand import lookup, percent
from remediate.lab.paths import resolve
from remediate.lab.winrm.psrecords import TerminatingError
from remediate.lab.winrm.runspace import Runspace, text

KnownScript: TypeAlias = Callable[[Runspace, Sequence[object], Iterator[object]], Iterator[object]]
"""(runspace, arguments, pipeline input) -> output."""

COPY = "bf3e9c2d198885e8f9b157aaec679f6b2822bde804f81725ff7c158fa527aaab"
FETCH = "78f62e0b1d9c036fc10906ccdc717191ebf5ac3a887947e4bf01ffa4e6614bd3"
"""As pypsrp 0.9.1 sends them; another text is refused like any script."""


def known_script(source: str) -> KnownScript | None:
    """What carries out a script the lab knows as a whole; None for any other."""
    return _table().get(fingerprint(source))


def fingerprint(source: str) -> str:
    """Hash of a script whatever its blanks and line ends: clients strip comments before they send."""
    return hashlib.sha256(re.sub(r"\s+", " ", source).strip().encode()).hexdigest()


@cache
def _table() -> Mapping[str, KnownScript]:
    return MappingProxyType({COPY: copy, FETCH: fetch})


def copy(runspace: Runspace, arguments: Sequence[object], items: Iterator[object]) -> Iterator[object]:
    """copy.ps1: base64 pieces on the input, behind them the base64 of the SHA-1 in hex; answers the full path."""
    path = _target(runspace, arguments)
    try:
        pieces = [base64.b64decode(text(item), validate=True) for item in items]
    except binascii.Error:
        raise _threw("Invalid length for a Base-64 char array.", "FormatException") from None
    expected = pieces.pop().decode("ascii", "replace") if pieces else ""
    data = b"".join(pieces)
    actual = hashlib.sha1(data).hexdigest()  # noqa: S324 - the protocol's choice
    if actual != expected:
        raise _threw(f"Transport failure, hash mismatch\r\nActual: {actual}\r\nExpected: {expected}")
    try:
        with runspace.machine.lock:
            runspace.machine.files.write(path, data)
    except LabError as error:
        raise _threw(f'Exception calling "Move" with "2" argument(s): "{error.text}"', "IOException") from None
    runspace.desk.save()
    yield path


def fetch(runspace: Runspace, arguments: Sequence[object], _: Iterator[object]) -> Iterator[object]:
    """fetch.ps1: the whole file as one base64 string, then its SHA-1; fails for an empty file."""
    path = _target(runspace, arguments)
    with runspace.machine.lock:
        files = runspace.machine.files
        if files.is_folder(path):
            raise _threw(f"The path at '{path}' is a directory, src must be a file")
        if not files.exists(path):
            raise _threw(f"The path at '{path}' does not exist")
        try:
            data = files.read(path)
        except LabError as error:
            raise _threw(error.text, "IOException") from None
    if not data:  # likely: the script hashes a block it never read
        raise _threw('Exception calling "TransformFinalBlock" with "3" argument(s): "Array cannot be null."')
    yield base64.b64encode(data).decode()
    yield hashlib.sha1(data).hexdigest()  # noqa: S324


def _target(runspace: Runspace, arguments: Sequence[object]) -> str:
    given = text(arguments[0]) if arguments else ""
    if len(arguments) > 1 and arguments[1] is True:
        given = percent(given, lookup(runspace.environ, {}), None)
    try:
        return resolve(given, runspace.folder)
    except LabError as error:
        raise _threw(error.text) from None


def _threw(message: str, kind: str = "RuntimeException") -> TerminatingError:
    return TerminatingError(message, message.splitlines()[0], category="OperationStopped", exception=kind)
