"""The same commands by paramiko with nothing around it: fifty threads, one connection each, everything parsed once.

A program of its own, for it is measured against one: ``python -m benchmarks.bare FOLDER USER PORT COMMANDS ADDRESS...``
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import paramiko

THREADS = 50


def command(answer: str) -> str:
    """The command after one that printed ``answer``; "" before the first."""
    return f"echo {int(answer or '0') + 1}"


def main(words: Sequence[str]) -> int:
    folder, user, port, commands, *addresses = words
    key = paramiko.PKey.from_path(Path(folder) / "client")
    known = paramiko.HostKeys(str(Path(folder) / "known_hosts"))

    def one(address: str) -> str:
        transport = paramiko.Transport((address, int(port)))
        try:
            transport.start_client(timeout=30)
            if not known.check(f"[{address}]:{port}", transport.get_remote_server_key()):
                raise RuntimeError(f"host key of {address}")
            transport.auth_publickey(user, key)
            return chain(lambda line: run(transport, line), int(commands))
        finally:
            transport.close()

    with ThreadPoolExecutor(THREADS) as pool:
        answers = set(pool.map(one, addresses))
    return 0 if answers == {commands} else 1


def chain(execute: Callable[[str], str], commands: int) -> str:
    """The answer of the last of so many commands, each made of the answer before it."""
    answer = ""
    for _ in range(commands):
        answer = execute(command(answer))
    return answer


def run(transport: paramiko.Transport, line: str) -> str:
    channel = transport.open_session()
    channel.exec_command(line)
    channel.shutdown_write()
    output = b""
    while data := channel.recv(65536):
        output += data
    if channel.recv_exit_status():
        raise RuntimeError(line)
    channel.close()
    return output.decode().strip()


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
