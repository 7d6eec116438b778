"""A piece of an upload travels in a comment of a script: what the script host makes of it, whole and damaged."""

from __future__ import annotations

import pytest

from remediate.connections.scriptrun import LINE, Attachment, by_stdin
from remediate.connections.scripts import Scripts
from remediate.model import Json
from tests.lab.bare import Bare

FOLDER = "C:\\WINDOWS\\Temp"
DATA = bytes(range(256)) * 9 + b"*"


def script(data: bytes) -> str:
    """The script that takes a piece, as the host reads it."""

    def build(folder: str, path: str) -> str:
        args: dict[str, Json] = {"target": f"{FOLDER}\\fix.exe", "key": "k", "number": 0, "size": len(data)}
        return Scripts(()).build("transfer", "takePiece", args, nonce="n", folder=folder, script=path)

    blocks = by_stdin(FOLDER, "n", build, Attachment(data=data, heard=lambda _: None))[1]
    return b"".join(blocks).decode("ascii")


def run(text: str, host: Bare) -> str:
    host.machine.files.make_folders(FOLDER)
    host.machine.files.write(f"{FOLDER}\\n.js", text.encode("ascii"))
    return host.run(f'cscript //nologo "{FOLDER}\\n.js"')[0]


@pytest.mark.parametrize("size", [1, 2, 3, LINE - 1, LINE, LINE + 1, len(DATA)])
def test_a_piece_of_any_size_arrives(size: int) -> None:
    host = Bare()
    assert f'"size":{size}' in run(script(DATA[:size]), host)
    assert host.machine.files.read(f"{FOLDER}\\fix.exe.k.0") == DATA[:size]


@pytest.mark.parametrize("line", [1, 2, 3, 4])
def test_a_piece_that_lost_a_line_is_refused(line: int) -> None:
    host = Bare()
    lines = script(DATA).splitlines(keepends=True)
    del lines[line]
    assert '"error"' in run("".join(lines), host)
    assert [name for name in host.machine.files.listing(FOLDER) if name.startswith("fix")] == []


def test_errors_behind_the_data_name_their_line() -> None:
    host = Bare()
    host.machine.files.write("C:\\x.js", b"/*data\r\nAAAA\r\n*/\r\nnonsense();\r\n")
    assert "x.js(4, 1)" in host.run('cscript //nologo "C:\\x.js"')[1]


def test_strings_with_nul_or_half_a_character_cross_whole() -> None:
    text = r"a\u0000b" + "x" * 100 + r"\ud800"
    code = f"var d = new ActiveXObject('Scripting.Dictionary'); d.Add('{text}', 1); d.Add('a', 2);"
    assert Bare().echo(f"{code} WScript.Echo(d.Item('{text}') + ' ' + d.Count);").strip() == "1 2"
