"""Registry names, precious folders and keys, quoting: the facts of Windows that keep the general modules safe."""

from __future__ import annotations

import string

import pytest
from hypothesis import given
from hypothesis import strategies as st

from remediate.kb.windows import PRECIOUS_KEYS, command_line, deletion_risk, registry_key, registry_risk

PRECIOUS = ["C:\\WINDOWS", "C:\\WINDOWS\\system32", "C:\\Program Files", "C:\\Documents and Settings\\All Users"]
plain = st.characters(codec="ascii", exclude_characters='"%\r\n\x00', exclude_categories=["Cc"])
names = st.text(string.ascii_letters + string.digits + " _-", min_size=1, max_size=12).map(str.strip).filter(bool)


@pytest.mark.parametrize(
    ("written", "meant"),
    [
        ("HKLM:\\SOFTWARE\\X", "HKLM\\SOFTWARE\\X"),
        ("hkey_local_machine\\SOFTWARE\\X\\", "HKLM\\SOFTWARE\\X"),
        ("HKCU:/Software//X", "HKCU\\Software\\X"),
        ("HKU:", "HKU"),
        ("HKEY_CURRENT_CONFIG", "HKCC"),
    ],
)
def test_registry_key(written: str, meant: str) -> None:
    assert registry_key(written) == meant


@pytest.mark.parametrize("written", ["", "SOFTWARE\\X", "C:\\x", "HKXX:\\a"])
def test_no_registry_key(written: str) -> None:
    with pytest.raises(ValueError, match="no registry root"):
        registry_key(written)


@pytest.mark.parametrize(
    "path",
    [
        "C:\\",
        "c:\\windows",
        "C:\\WINDOWS\\",
        "C:\\WINDOWS. ",
        "C:\\Windows\\SYSTEM32",
        "C:\\Documents and Settings",
        "C:\\PROGRA~1",
        "C:\\x\\LONGNA~2.DIR",
        "C:\\x\\..\\WINDOWS",
        "C:\\x*",
        "C:\\x:stream",
        "C:relative",
        "\\\\server\\c$\\x",
        "\\\\?\\C:\\WINDOWS",
        "%TEMP%",
        "",
    ],
)
def test_risky_folders(path: str) -> None:
    assert deletion_risk(path, PRECIOUS)


@pytest.mark.parametrize(
    "path", ["C:\\WINDOWS\\Temp\\x", "C:\\Program Files\\Old", "D:\\WINDOWS", "C:\\WINDOWS2", "c:\\x"]
)
def test_harmless_folders(path: str) -> None:
    assert deletion_risk(path, PRECIOUS) == ""


@given(st.lists(names, min_size=1, max_size=5), st.integers(0, 5), st.booleans())
def test_whatever_holds_a_precious_folder_is_refused(parts: list[str], depth: int, shout: bool) -> None:
    kept = "C:\\" + "\\".join(parts)
    above = "C:\\" + "\\".join(parts[:depth])
    assert deletion_risk(above.upper() if shout else above, [kept])


ROOTS = [
    "HKLM",
    "HKLM\\SYSTEM",
    "HKLM\\SAM",
    "HKCU\\Software",
    "HKU\\S-1-5-18",
    "HKCR",
    "HKLM\\SYSTEM\\ControlSet001\\Services",
]
OWN = ["HKLM\\SOFTWARE\\Contoso", "HKCR\\.contoso", "HKCU\\Software\\Contoso", "HKU\\S-1-5-18\\Software"]


@pytest.mark.parametrize("key", [*ROOTS, *PRECIOUS_KEYS, *(key.rpartition("\\")[0] for key in PRECIOUS_KEYS)])
def test_risky_keys(key: str) -> None:
    assert registry_risk(key)


@pytest.mark.parametrize("key", [*OWN, *(key + "X" for key in PRECIOUS_KEYS), *(key + "\\X" for key in PRECIOUS_KEYS)])
def test_harmless_keys(key: str) -> None:
    assert registry_risk(key) == ""


def as_microsofts_c_runtime(line: str) -> list[str]:
    """Arguments of a command line by the C runtime's rules, for the quoting that ``command_line`` uses."""
    found, position = [], 0
    while position < len(line):
        word, quoted, begin = "", False, position
        while position < len(line) and (quoted or line[position] != " "):
            slashes = len(line[position:]) - len(line[position:].lstrip("\\"))
            position += slashes
            if position < len(line) and line[position] == '"':
                word += "\\" * (slashes // 2)
                if slashes % 2:
                    word += '"'
                else:
                    quoted = not quoted
                position += 1
                continue
            word += "\\" * slashes
            if not slashes:
                word += line[position]
                position += 1
        assert position > begin
        found.append(word)
        position += 1
    return found


@given(st.lists(st.text(plain), min_size=1))
def test_arguments_arrive_as_they_were(argv: list[str]) -> None:
    line = command_line(argv)
    assert as_microsofts_c_runtime(line) == argv
    bare = "".join(line.split('"')[::2])
    assert not set(bare) & set("&|<>^()")  # nothing outside quotes that cmd.exe would act upon


@pytest.mark.parametrize("argument", ['a"b', "%PATH%", "a\nb", "\0"])
def test_arguments_that_cannot_arrive(argument: str) -> None:
    with pytest.raises(ValueError, match="cannot hand on"):
        command_line(["echo", argument])
