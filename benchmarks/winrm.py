"""WinRM against bare pypsrp doing the same over the same shell: one script, 10 MB of upload, forty hosts at once."""

from __future__ import annotations

import base64
import xml.etree.ElementTree as ET
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from random import Random

from pypsrp.shell import Process, SignalCode, WinRS
from pypsrp.wsman import NAMESPACES, OptionSet, WSMan

from benchmarks.detect import lab
from benchmarks.measure import Ratio, pairs
from remediate.connections.bytext import PIECE
from remediate.connections.endpoint import endpoint
from remediate.connections.scriptrun import Attachment, by_stdin
from remediate.connections.scripts import Scripts
from remediate.connections.sessions import Sessions
from remediate.language.inventory import Inventory
from remediate.language.template import Templar
from remediate.model import Endpoint, Json

HOSTS = 40
FOLDER = r"%SystemRoot%\Temp\remediate"
LINE = 900
"""Characters of a line of base64: findstr takes no longer ones."""


class Piped(Process):
    """pypsrp's own always lets the host treat input as typed at a console, which is not meant for bulk."""

    def begin_invoke(self) -> None:
        options = OptionSet()
        options.add_option("WINRS_CONSOLEMODE_STDIN", "FALSE")
        line = ET.Element(f"{{{NAMESPACES['rsp']}}}CommandLine")
        ET.SubElement(line, f"{{{NAMESPACES['rsp']}}}Command").text = self.executable
        shell = self.shell
        answer = shell.wsman.command(shell.resource_uri, line, option_set=options, selector_set=shell._selector_set)
        self.id = answer.findtext("rsp:CommandResponse/rsp:CommandId", "", NAMESPACES)


def endpoints(hosts: Inventory) -> Sequence[Endpoint]:
    found = []
    for name, host in hosts.hosts.items():
        templar = Templar(host.variables)
        values = {n: templar.value(n) for n in templar.variables.names() if n != "packages"}
        found.append(endpoint(name, values))
    return found


def ours(hosts: Sequence[Endpoint]) -> None:
    """Connect, run the smallest script, close; all hosts at once."""

    def one(host: Endpoint) -> None:
        if not sessions.open(host).call("hello", "hello", {})["computer"]:
            raise RuntimeError("no answer")
        sessions.open(host).close()

    with Sessions() as sessions, ThreadPoolExecutor(HOSTS) as pool:
        list(pool.map(one, hosts))


def bare(hosts: Sequence[Endpoint]) -> None:
    """The same script sent and run the same way by pypsrp with nothing around it."""

    def script(folder: str, path: str) -> str:
        return Scripts(()).build("hello", "hello", {}, nonce="bench", folder=folder, script=path)

    command, stdin = by_stdin(FOLDER, "bench", script, None)
    data = b"".join(stdin)

    def one(host: Endpoint) -> None:
        if b"remediate:bench:" not in run(host, command, [data]):
            raise RuntimeError("no answer")

    with ThreadPoolExecutor(HOSTS) as pool:
        list(pool.map(one, hosts))


def run(host: Endpoint, command: str, stdin: Sequence[bytes]) -> bytes:
    """Standard output of a command that is fed ``stdin``; a connection and a shell for it alone."""
    return run_all(host, [(command, stdin)])


def run_all(host: Endpoint, commands: Iterable[tuple[str, Sequence[bytes]]]) -> bytes:
    """Standard output of commands run one after the other in one shell over one connection."""
    wsman = WSMan(
        host.address,
        port=host.port,
        username=host.user,
        password=host.password.reveal() if host.password else "",
        ssl=False,
        auth="ntlm",
        no_proxy=True,
    )
    with wsman, WinRS(wsman) as shell:
        output = b""
        for command, stdin in commands:
            process = Piped(shell, command)
            process.begin_invoke()
            for number, part in enumerate(stdin, 1):
                process.send(part, end=number == len(stdin))
            process.end_invoke()
            process.signal(SignalCode.TERMINATE)
            output += process.stdout
        return output


def put(host: Endpoint, local: Path) -> None:
    with Sessions() as sessions:
        sessions.open(host).put(local, rf"{FOLDER}\bench.bin")


def feed(host: Endpoint, local: Path) -> None:
    """The same bytes through standard input of a command that writes them down: base64, for it takes lines of text."""
    text = base64.b64encode(local.read_bytes())
    lines = b"\r\n".join(text[at : at + LINE] for at in range(0, len(text), LINE)) + b"\r\n"
    size = 100_000
    run(host, f'findstr "^" > "{FOLDER}\\bench.b64"', [lines[at : at + size] for at in range(0, len(lines), size)])


def pieces(host: Endpoint, local: Path) -> None:
    """The very scripts the toolkit sends, sent by pypsrp: what is left is what the toolkit itself adds."""
    data = local.read_bytes()
    parts = [data[at : at + PIECE] for at in range(0, len(data), PIECE)]
    here: dict[str, Json] = {"target": r"C:\WINDOWS\Temp\bench.bin", "key": "bench"}
    takes = [({**here, "number": n, "size": len(part)}, part) for n, part in enumerate(parts)]

    def commands() -> Iterator[tuple[str, Sequence[bytes]]]:
        for args, part in takes:
            yield command("takePiece", args, Attachment(data=part, heard=lambda _: None))
        yield command("joinPieces", {**here, "count": len(parts), "size": len(data)}, None)

    if run_all(host, commands()).count(b'"value"') != len(parts) + 1:
        raise RuntimeError("a piece did not arrive")


def command(function: str, args: Mapping[str, Json], attachment: Attachment | None) -> tuple[str, Sequence[bytes]]:
    def script(folder: str, path: str) -> str:
        return Scripts(()).build("transfer", function, args, nonce="bench", folder=folder, script=path)

    line, stdin = by_stdin(FOLDER, "bench", script, attachment)
    return line, list(stdin)


def winrm() -> list[Ratio]:
    """The promises of speed over WinRM, against hosts with WinRM 2.0: NTLM, sealed, over HTTP.

    An upload is measured twice: against the same bytes merely written down as text, and against the same scripts sent
    by pypsrp. Between the two lies what the modelled hosts do to decode them, on the cores of this machine.
    """
    with lab(HOSTS, connection="winrm") as (folder, hosts):
        every = endpoints(hosts)
        package = folder / "package.bin"
        package.write_bytes(Random(4).randbytes(10_000_000))

        def on(which: Sequence[Endpoint], work: Callable[[Sequence[Endpoint]], None]) -> Callable[[], None]:
            return lambda: work(which)

        return [
            pairs(
                "WinRS: connect, smallest script, close / bare pypsrp",
                on(every[:1], ours),
                on(every[:1], bare),
                runs=9,
                limit=1.3,
            ),
            pairs(
                "WinRS: upload of 10 MB / bare standard input",
                lambda: put(every[1], package),
                lambda: feed(every[2], package),
                runs=3,
                limit=1.5,
            ),
            pairs(
                "WinRS: upload of 10 MB / bare pypsrp, the same scripts",
                lambda: put(every[1], package),
                lambda: pieces(every[2], package),
                runs=3,
                limit=1.5,
            ),
            pairs(f"WinRS: {HOSTS} hosts at once / bare pypsrp", on(every, ours), on(every, bare), runs=5, limit=1.5),
        ]


if __name__ == "__main__":
    for ratio in winrm():
        print(ratio)
