"""What a run works from, kept in the ledger: it is gone on with, wherever its files have gone meanwhile."""

from __future__ import annotations

import dataclasses
import re
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast

from remediate.errors import RemediateError, UserError
from remediate.language.files import LOOKUP, MODULE
from remediate.planfile import inputs
from remediate.planfile.model import InputFile
from remediate.secrets.names import names_a_secret

if TYPE_CHECKING:
    from remediate.engine.run import RunRequest
    from remediate.language.files import Files, Read
    from remediate.ledger.store import Ledger
    from remediate.secrets.known import Known

READ = "file read"
"""Kind of the events that tell of a file that was read only while a run went on."""
_NAMED = re.compile(r"""([A-Za-z_][\w.-]*)["']?[ \t]*[:=](?=(.*))""")
_ELSEWHERE = re.compile(r"""\s*["']?\{\{(?:[^{}"']|lookup\(\s*['"]env['"]\s*,\s*['"]\w+['"]\s*\))*\}\}""")
_HIDES = re.compile(r"\bno_log\b")


def may_be_kept(read: Read, known: Known) -> bool:
    """Whether a file may be laid into the ledger as it is: it holds no secret, as far as anybody can tell.

    What a lookup read may be a secret whatever it is called; where a task hides something, it may stand beside it.
    """
    if read.what == LOOKUP:
        return False
    try:
        text = read.data.decode("utf-8-sig")
    except UnicodeDecodeError:
        return False
    if known.text(text) != text:
        return False
    return read.what == MODULE or not (_HIDES.search(text) or _writes_a_secret(text))


def _writes_a_secret(text: str) -> bool:
    """Whether anything but a reference stands under the name of a secret, in a comment too."""
    return any(names_a_secret(found[1]) and not _ELSEWHERE.match(found[2]) for found in _NAMED.finditer(text))


def keep(request: RunRequest, ledger: Ledger, *more: bytes) -> None:
    """Lay what was read so far into the ledger, before the run begins."""
    ledger.keep([*more, *(one.data for one in request.search.files.seen() if may_be_kept(one, request.secrets))])


def follow(request: RunRequest, ledger: Ledger, run: str, folder: Path) -> None:
    """Do the same with each file that is read from now on, before it is used.

    A ledger that is lost stops the next step, and that is said there: here a file less is kept.
    """

    def hears(read: Read) -> None:
        (file,) = inputs.of_read([read], folder)
        try:
            if may_be_kept(read, request.secrets):
                ledger.keep([read.data])
            ledger.note(run, READ, "", dataclasses.asdict(file))
        except RemediateError:
            return

    request.search.files.tell(hears)


def read_later(run: str, ledger: Ledger) -> tuple[InputFile, ...]:
    """The files that a run read only while it went on."""
    return tuple(InputFile(**cast("Any", event.data)) for event in ledger.events(run) if event.kind == READ)


def hold(
    planned: Sequence[InputFile],
    files: Files,
    ledger: Ledger,
    folder: Path,
    stays: Callable[[InputFile], bool] = inputs.never,
) -> None:
    """Have files that are gone, and those that must stay as they were, answered from the ledger.

    ``UserError`` for one that is gone and was not kept.
    """
    held: dict[Path, bytes] = {}
    for file in planned:
        path = folder / file.path
        there = bool(files.kind(path))
        if file.kind == inputs.PACKAGE or (there and not stays(file)):
            continue
        data = ledger.file(file.sha256)
        if data is None and there:
            continue
        if data is None:
            raise UserError(
                f"the {file.kind} file {file.path} is gone, and the ledger does not have it: it may hold a secret",
                hint="put it back as it was",
            )
        held[path] = data
    files.hold(held)
