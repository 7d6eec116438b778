"""A private PostgreSQL server: in a folder and on a port of its own, as an account that may run one."""

from __future__ import annotations

import os
import pwd
import shutil
import socket
import subprocess
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from tests.patience import LIMIT

USER = "keeper"
PASSWORD = "p@ss/word:9%"
QUOTED = "p%40ss%2Fword%3A9%25"


def programs() -> Path | None:
    """The folder with ``initdb`` and ``pg_ctl``; None where there is no PostgreSQL."""
    found = shutil.which("pg_ctl")
    folders = [Path(found).resolve().parent] if found else []
    folders += sorted(Path("/usr/lib/postgresql").glob("*/bin"), reverse=True)
    return next((folder for folder in folders if (folder / "initdb").exists()), None)


def missing() -> str:
    """Why no server can be had here; "" when one can."""
    if programs() is None:
        return "PostgreSQL is not installed (initdb and pg_ctl)"
    if os.geteuid() == 0:
        try:
            pwd.getpwnam("postgres")
        except KeyError:
            return "PostgreSQL does not run as root, and there is no user postgres"
    return ""


def _free_port() -> int:
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        return int(listener.getsockname()[1])


@dataclass(frozen=True, slots=True)
class Server:
    """A server that can be started, stopped and restarted. ``port`` listens on 127.0.0.1 only."""

    bin: Path
    folder: Path
    port: int

    @classmethod
    def create(cls) -> Server:
        found = programs()
        assert found is not None
        folder = Path(tempfile.mkdtemp(prefix="pg-"))
        server = cls(found, folder, _free_port())
        secret = folder / "secret"
        secret.write_text(PASSWORD, encoding="utf-8")
        if os.geteuid() == 0:
            account = pwd.getpwnam("postgres")
            for path in (folder, secret):
                os.chown(path, account.pw_uid, account.pw_gid)
        server.program(
            "initdb", "-D", str(folder / "data"), "-U", USER, "--pwfile", str(secret), "--auth=scram-sha-256",
            "--encoding=UTF8", "--no-locale", "--no-sync",
        )  # fmt: skip
        return server

    def program(self, name: str, *words: str) -> None:
        """Run one of the server's programs as the account it wants."""
        command = [*_as_postgres(), str(self.bin / name), *words]
        # Output goes to a file: a server that outlives pg_ctl would keep a pipe open.
        with tempfile.TemporaryFile("w+") as out:
            done = subprocess.run(
                command, stdout=out, stderr=out, stdin=subprocess.DEVNULL, cwd="/", timeout=LIMIT, check=False
            )
            out.seek(0)
            assert done.returncode == 0, out.read()

    def start(self) -> None:
        options = f"-p {self.port} -k {self.folder} -c listen_addresses=127.0.0.1 -c fsync=off -c max_connections=60"
        self._control("start", "-o", options, "-l", str(self.folder / "log"))

    def stop(self, mode: str = "fast") -> None:
        self._control("stop", "-m", mode)

    def _control(self, *words: str) -> None:
        self.program("pg_ctl", "-D", str(self.folder / "data"), "-w", "-t", str(round(LIMIT)), *words)

    def url(self, database: str, *, password: str = QUOTED, user: str = USER) -> str:
        return f"postgresql://{user}:{password}@127.0.0.1:{self.port}/{database}"

    def sql(self, statement: str, database: str = "postgres") -> None:
        import psycopg

        with psycopg.connect(self.url(database), autocommit=True) as connection:
            connection.execute(statement.encode())

    def remove(self) -> None:
        shutil.rmtree(self.folder, ignore_errors=True)


def _as_postgres() -> Sequence[str]:
    if os.geteuid() != 0:
        return ()
    if shutil.which("runuser"):
        return ("runuser", "-u", "postgres", "--")
    return ("setpriv", "--reuid=postgres", "--regid=postgres", "--init-groups")
