"""Programs about the host itself: hostname, whoami, tasklist, taskkill, shutdown, ping, netstat, certutil."""

from __future__ import annotations

import re

from remediate.lab import restart
from remediate.lab.errors import LabError
from remediate.lab.processes import Process
from remediate.lab.programs.call import Call, Later


def hostname(call: Call) -> int:
    call.out(call.shell.environ.get("COMPUTERNAME", call.machine.name).lower())
    return 0


def whoami(call: Call) -> int:
    if call.rest.strip():
        return call.refuse("whoami with switches")
    environ = call.shell.environ
    call.out(f"{environ.get('USERDOMAIN', '')}\\{environ.get('USERNAME', '')}".lower())
    return 0


def tasklist(call: Call) -> int:
    """``tasklist [/fi "imagename eq x"] [/fi "pid eq n"] [/fo csv|table] [/nh]``."""
    if call.machine.faults.taskkill == "fails":
        return _no_wmi(call)
    words = call.argv
    form, head, filters = "table", True, list[str]()
    while words:
        word = words.pop(0).lower()
        if word == "/fo" and words:
            form = words.pop(0).lower()
        elif word == "/fi" and words:
            filters.append(words.pop(0))
        elif word == "/nh":
            head = False
        else:
            return call.refuse(f"tasklist {word}")
    chosen = list(call.machine.processes.all()) + list(call.machine.processes.visitors())
    for text in filters:
        match = re.fullmatch(r"\s*(imagename|pid)\s+(eq|ne)\s+(.+?)\s*", text, re.IGNORECASE)
        if match is None or form not in ("csv", "table"):
            return call.refuse(f"tasklist /fi {text}")
        equal = match[2].lower() == "eq"
        chosen = [p for p in chosen if _fits(p, match[1].lower(), match[3]) == equal]
    if not chosen:
        call.out("INFO: No tasks running with the specified criteria.")
        return 0
    _tasks(call, chosen, csv=form == "csv", head=head)
    return 0


def _fits(process: Process, what: str, value: str) -> bool:
    return process.image.lower() == value.lower() if what == "imagename" else str(process.pid) == value


def _tasks(call: Call, processes: list[Process], *, csv: bool, head: bool) -> None:
    names = ("Image Name", "PID", "Session Name", "Session#", "Mem Usage")
    rows = [(p.image, str(p.pid), "Console", "0", f"{p.memory_kb:,} K") for p in processes]
    if csv:
        for row in ([names] if head else []) + rows:
            call.out(",".join(f'"{cell}"' for cell in row))
        return
    call.out()
    if head:
        call.out(f"{names[0]:<25} {names[1]:>6} {names[2]:<16} {names[3]:>8} {names[4]:>12}")
        call.out(" ".join("=" * width for width in (25, 6, 16, 8, 12)))
    for image, pid, session, number, memory in rows:
        call.out(f"{image[:25]:<25} {pid:>6} {session:<16} {number:>8} {memory:>12}")


def _no_wmi(call: Call) -> int:
    """Likely: both programs ask WMI on Windows XP and 2003."""
    call.err("ERROR: The RPC server is unavailable.")
    return 1


def taskkill(call: Call) -> int:
    """``taskkill [/f] [/t] /pid n | /im name``; /fi is not modelled."""
    if call.machine.faults.taskkill == "fails":
        return _no_wmi(call)
    words = [word for word in call.argv if word.lower() not in ("/f", "/t")]
    if len(words) != 2 or words[0].lower() not in ("/pid", "/im"):
        return call.refuse(f"taskkill {call.rest.strip()}")
    table = call.machine.processes
    what = "pid" if words[0].lower() == "/pid" else "imagename"
    chosen = [process for process in table.all() if _fits(process, what, words[1])]
    if not chosen:
        call.err(f'ERROR: The process "{words[1]}" not found.')
        return 128
    if "/t" in map(str.lower, call.argv):
        chosen = [below for process in chosen for below in _tree(call, process)]
    return max(_killed(call, process) for process in chosen)


def _tree(call: Call, process: Process) -> list[Process]:
    """Children before their parents."""
    own = [child for child in call.machine.processes.all() if child.parent == process.pid]
    return [*(below for child in own for below in _tree(call, child)), process]


def _killed(call: Call, process: Process) -> int:
    try:
        call.machine.processes.kill(process.pid)
    except LabError as error:
        call.err(f"ERROR: The process with PID {process.pid} could not be terminated.\r\nReason: {error.text}")
        return 1
    call.out(f"SUCCESS: The process with PID {process.pid} has been terminated.")
    return 0


def shutdown(call: Call) -> int:
    """``shutdown -r|-s|-a [-f] [-t seconds] [-c comment]``, with - or /."""
    words = call.argv
    action, seconds = "", 30.0
    while words:
        word = words.pop(0).lower()
        if word[:1] not in "-/" or word[1:] not in ("r", "s", "a", "f", "t", "c"):
            return call.refuse(f"shutdown {word}")
        if word[1:] in ("r", "s", "a"):
            action = word[1:]
        elif word[1:] == "t" and words:
            seconds = float(words.pop(0))
        elif word[1:] == "c" and words:
            words.pop(0)
    if action == "a":
        return 0 if restart.abort(call.machine) else _fail(call, 1116, "no shutdown was in progress")
    if not action:
        return call.refuse("shutdown without -r, -s or -a")
    if not restart.order(call.machine, seconds, power_off=action == "s"):
        return _fail(call, 1190, "A system shutdown has already been scheduled.")
    return 0


def _fail(call: Call, number: int, text: str) -> int:
    call.err(f"{text}({number})")
    return number


def ping(call: Call) -> int | Later:
    """Only as a way to wait: ``ping -n N 127.0.0.1`` takes N-1 seconds."""
    match = re.fullmatch(r"\s*-n\s+(\d+)\s+(127\.0\.0\.1|localhost)\s*", call.rest, re.IGNORECASE)
    if match is None:
        return call.refuse("ping to other hosts")
    if not call.memory:
        return Later(seconds=int(match[1]) - 1, memory={"waited": True})
    call.out("\r\nPinging 127.0.0.1 with 32 bytes of data:\r\n")
    for _ in range(int(match[1])):
        call.out("Reply from 127.0.0.1: bytes=32 time<1ms TTL=128")
    return 0


def netstat(call: Call) -> int:
    """Listening ports by the services that run; ``-an`` only."""
    if call.rest.strip().lower() not in ("-an", "-na", "-a -n"):
        return call.refuse(f"netstat {call.rest.strip()}")
    ports = {"sshd": 22, "SMTPSVC": 25, "W3SVC": 80, "RpcSs": 135, "POP3Svc": 110, "IMAP4Svc": 143, "LanmanServer": 445}
    call.out("\r\nActive Connections\r\n")
    call.out("  Proto  Local Address          Foreign Address        State")
    for name, port in sorted(ports.items(), key=lambda pair: pair[1]):
        service = call.machine.services.get(name)
        if service is not None and service.state == "running":
            call.out(f"  TCP    {f'0.0.0.0:{port}':<22} {'0.0.0.0:0':<22} LISTENING")
    return 0


def certutil(call: Call) -> int:
    """Windows Server 2003's knows no -hashfile (likely); anything else is not modelled."""
    if "-hashfile" not in call.rest.lower():
        return call.refuse(f"certutil {call.rest.strip()}")
    call.out("CertUtil: Unknown arg: -hashfile")
    return 0x80070057 - (1 << 32)
