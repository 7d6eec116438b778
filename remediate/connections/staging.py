"""Brings a script onto the host and runs it: by SFTP where there is one, else through standard input."""

from __future__ import annotations

import threading
from contextlib import suppress
from typing import TYPE_CHECKING

from remediate.connections.endpoint import SshOptions
from remediate.connections.place import Place, candidates, parents
from remediate.connections.scriptrun import ANSWER_LIMIT, Attachment, Script, by_stdin
from remediate.connections.sftp import Sftp, SftpError, open_sftp
from remediate.errors import RemoteFailed
from remediate.model import Output

if TYPE_CHECKING:
    from remediate.connections.ssh import SshSession


class Stage:
    """What is known of one host's SFTP and toolkit folder. Survives reconnects; the channel does not."""

    def __init__(self, options: SshOptions) -> None:
        self._options = options
        self._lock = threading.RLock()
        self._channel: Sftp | None = None
        self._place: Place | None = None
        self._without = options.ssh_sftp == "never"

    def forget(self) -> None:
        """The line is gone, and the channel with it."""
        self._channel = None

    def folder(self, session: SshSession) -> str:
        """The toolkit's folder as the host names it; with %VARIABLES% where only the host can tell."""
        with self.sftp(session) as files:
            if files is None:
                return self._options.remote_folder
            return self.place(session, files).folder

    def run(
        self, session: SshSession, nonce: str, script: Script, timeout: float, attachment: Attachment | None = None
    ) -> Output:
        """One call: the script is written and run."""
        with self.sftp(session) as files:
            path = None if files is None or attachment is not None else self._write(session, files, nonce, script)
        if path is not None:
            return session.execute(f'cscript //nologo "{path}"', timeout=timeout, limit=ANSWER_LIMIT)
        command, stdin = by_stdin(self._options.remote_folder, nonce, script, attachment)
        return session.execute(command, stdin=stdin, timeout=timeout, limit=ANSWER_LIMIT, inert=True)

    def tidy(self) -> None:
        """Removes the toolkit's folder if nothing is left in it."""
        with self._lock, suppress(SftpError, EOFError, OSError):
            if self._channel is not None and self._place is not None:
                self._channel.remove_folder(self._place.wire(self._place.folder))

    def sftp(self, session: SshSession) -> _Turn:
        """The SFTP channel for one user at a time; None where the host has none."""
        return _Turn(self, session)

    def enter(self, session: SshSession) -> Sftp | None:
        self._lock.acquire()
        try:
            if self._channel is None and not self._without:
                self._channel = self._start(session)
        except BaseException:
            self._lock.release()
            raise
        return self._channel

    def leave(self) -> None:
        self._lock.release()

    def _start(self, session: SshSession) -> Sftp | None:
        try:
            return open_sftp(session.line().transport, timeout=max(60.0, self._options.connect_timeout))
        except RemoteFailed as error:
            self._without = True
            session.note(f"no SFTP, files go through standard input: {error.message}")
            return None

    def place(self, session: SshSession, files: Sftp) -> Place:
        """Finds (and makes) the toolkit's folder."""
        if self._place is None:
            self._place = next((p for p in candidates(self._options.remote_folder) if make(files, p, p.folder)), None)
        if self._place is None:
            self._place = self._asked(session, files)
        return self._place

    def _write(self, session: SshSession, files: Sftp, nonce: str, script: Script) -> str | None:
        place = self._place or next(candidates(self._options.remote_folder), None)
        for _ in range(2):
            if place is not None:
                path = f"{place.folder}\\{nonce}.js"
                try:
                    files.write(place.wire(path), script(place.folder, path).encode())
                except SftpError as error:
                    if not error.missing and self._place is not None:
                        raise RemoteFailed(
                            f"the script cannot be written to {path}: {error}",
                            hint="is the disk full, and may the account write there? remote_folder can be another one",
                        ) from None
                else:
                    self._place = place
                    return path
            self._place = None
            try:
                place = self.place(session, files)
            except RemoteFailed as error:
                self._without = True
                self._channel = None
                session.note(f"SFTP is not used: {error.message}")
                return None
        raise RemoteFailed(f"the toolkit's folder {place.folder if place else ''} vanishes as it is used")

    def _asked(self, session: SshSession, files: Sftp) -> Place:
        output = session.execute(f"cmd /c echo {self._options.remote_folder}", timeout=30)
        folder = output.stdout.strip()
        found = next((p for p in candidates(folder) if "%" not in folder and make(files, p, p.folder)), None)
        if found is None:
            raise RemoteFailed(f"its server does not show the folder {folder or self._options.remote_folder}")
        return found


class _Turn:
    """Holds the SFTP channel for the length of a ``with``."""

    def __init__(self, stage: Stage, session: SshSession) -> None:
        self._stage, self._session = stage, session

    def __enter__(self) -> Sftp | None:
        return self._stage.enter(self._session)

    def __exit__(self, *_: object) -> None:
        self._stage.leave()


def make(files: Sftp, place: Place, folder: str) -> bool:
    """Makes a folder, and its own parents only where the drive is there; true when it exists then."""
    try:
        files.make_folder(place.wire(folder))
    except SftpError:
        return files.exists(place.wire(folder))
    return True


def make_all(files: Sftp, place: Place, path: str) -> None:
    """Makes the folders above a file."""
    missing = []
    for folder in parents(path):
        if make(files, place, folder):
            break
        missing.append(folder)
    for folder in reversed(missing):
        make(files, place, folder)
