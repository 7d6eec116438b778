"""cscript.exe: runs a .js file of the modelled disk on the script host."""

from __future__ import annotations

from remediate.lab.errors import LabError
from remediate.lab.programs.call import Call

QUIET = ("//nologo", "//b", "//e:jscript", "//i")
LOGO = (
    "Microsoft (R) Windows Script Host Version 5.6\r\n"
    "Copyright (C) Microsoft Corporation 1996-2001. All rights reserved.\r\n"
)
SETTINGS = (
    "HKLM\\SOFTWARE\\Microsoft\\Windows Script Host\\Settings",
    "HKCU\\SOFTWARE\\Microsoft\\Windows Script Host\\Settings",
)
DISABLED = (
    "CScript Error: Windows Script Host access is disabled on this machine. Contact your administrator for details."
)


def switched_off(call: Call) -> bool:
    """Whether policy forbids scripts: the value Enabled is 0, as a number or as text."""
    found = [call.machine.registry.get(key, "Enabled") for key in SETTINGS]
    return any(value is not None and str(value[1]) == "0" for value in found)


def cscript(call: Call) -> int:
    from remediate.lab.script import PATIENCE, decode_script, run_script, without_data

    words = call.argv
    options = [word.lower() for word in words if word.startswith("//")]
    plain = [word for word in words if not word.startswith("//")]
    seconds = next((float(word[4:]) for word in options if word.startswith("//t:") and word[4:].isdigit()), PATIENCE)
    unknown = [word for word in options if word not in QUIET and not word.startswith("//t:")]
    if unknown or not plain:
        return call.refuse(f"cscript {' '.join(unknown) or 'without a script'}")
    if "//nologo" not in options:
        call.out(LOGO)
    if switched_off(call):
        call.out(DISABLED + "\r\n")
        return 1
    try:
        path = plain[0]
        path = call.path(path)
        data = call.machine.files.read(path)
    except LabError as error:
        if error.number not in (2, 3, 123):
            raise
        call.out(f'Input Error: Can not find script file "{path}".')
        return 1
    if not path.lower().endswith(".js") and "//e:jscript" not in options:
        return call.refuse(f"scripts other than JScript: {path}")
    source = without_data(decode_script(data))
    result = run_script(
        call.machine,
        source,
        plain[1:],
        call.stdin() if "stdin" in source.lower() else b"",  # who does not read does not wait for input
        path,
        folder=call.shell.folder,
        environ=call.shell.environ,
        seconds=seconds,
    )
    call.raw(result.stdout)
    call.raw(result.stderr, 2)
    return result.exit_code
