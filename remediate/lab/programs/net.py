"""net start, net stop and net statistics, in the words of Windows."""

from __future__ import annotations

from remediate.lab.errors import LabError
from remediate.lab.programs.call import Call, Later
from remediate.lab.services import Service

START_LIMIT = 180.0
"""Model seconds ``net start`` waits for a service that stays START_PENDING. Likely: the real one goes by wait hints."""
STOP_LIMIT = 60.0
STEP = 0.25


def net(call: Call) -> int | Later:
    words = [word.replace('"', "") for word in call.argv]
    verb = words[0].lower() if words else ""
    if verb == "start" and len(words) == 1:
        return _list(call)
    if verb == "start" and len(words) == 2:
        return _start(call, words[1])
    if verb == "stop" and len(words) > 1:
        return _stop(call, words[1], yes=any(word.lower() in ("/y", "/yes") for word in words[2:]))
    if verb in ("statistics", "stats") and len(words) == 2 and words[1].lower() in ("workstation", "server"):
        return _statistics(call, words[1].lower())
    return call.refuse(f"net {verb}")


def _help(call: Call, text: str, number: int) -> int:
    call.err(f"{text}\r\n\r\nMore help is available by typing NET HELPMSG {number}.\r\n")
    return 2


def _system_error(call: Call, number: int) -> int:
    call.err(f"System error {number} has occurred.\r\n\r\n{LabError(number).text}\r\n")
    return 2


def _list(call: Call) -> int:
    call.out("These Windows services are started:")
    call.out()
    for name in sorted(s.display for s in call.machine.services.all() if s.state not in ("stopped", "start pending")):
        call.out(f"   {name}")
    call.out()
    call.out("The command completed successfully.")
    call.out()
    return 0


def _start(call: Call, name: str) -> int | Later:
    service = call.machine.services.find(name)
    if service is None:
        return _help(call, "The service name is invalid.", 2185)
    if "waited" not in call.memory:
        return _begin_start(call, service)
    waited = float(str(call.memory["waited"]))
    if service.state == "running":
        call.out(f"The {service.display} service was started successfully.")
        call.out()
        return 0
    if service.state == "start pending" and waited < START_LIMIT:
        return Later(seconds=STEP, memory={"waited": waited + STEP})
    call.err(f"The {service.display} service could not be started.\r\n")
    if service.state == "start pending" or not service.exit_code:
        return _help(call, "The service did not report an error.", 3534)
    call.err("A system error has occurred.\r\n")
    return _system_error(call, service.exit_code)


def _begin_start(call: Call, service: Service) -> int | Later:
    try:
        call.machine.services.start(service.name)
    except LabError as error:
        if error.number == 1056 and service.state == "running":
            return _help(call, "The requested service has already been started.", 2182)
        if error.number in (1056, 1061):
            return _help(call, "The service is starting or stopping.  Please try again later.", 2189)
        return _system_error(call, error.number)
    call.out(f"The {service.display} service is starting.")
    return Later(seconds=STEP, memory={"waited": STEP})


def _stop(call: Call, name: str, *, yes: bool) -> int | Later:
    table = call.machine.services
    service = table.find(name)
    if service is None:
        return _help(call, "The service name is invalid.", 2185)
    if "left" in call.memory:
        return _go_on_stopping(call)
    if service.state == "stopped":
        return _help(call, f"The {service.display} service is not started.", 3521)
    if service.state not in ("running", "paused"):
        return _help(call, "The service is starting or stopping.  Please try again later.", 2189)
    dependents = table.dependents(service.name)
    if dependents and not _agreed(call, service, dependents, yes=yes):
        return _help(call, "No valid response was provided.", 3513)
    left = [each.name for each in (*dependents, service)]
    return Later(seconds=0, memory={"left": [*left], "waited": 0.0})


def _agreed(call: Call, service: Service, dependents: tuple[Service, ...], *, yes: bool) -> bool:
    call.out(f"The following services are dependent on the {service.display} service.")
    call.out(f"Stopping the {service.display} service will also stop these services.")
    call.out()
    for each in dependents:
        call.out(f"   {each.display}")
    call.out()
    if yes:
        return True
    call.raw(b"Do you want to continue this operation? (Y/N) [N]: ")
    answer = call.stdin().decode(call.codepage, "replace").strip()
    call.out()
    return answer[:1].upper() == "Y"


def _go_on_stopping(call: Call) -> int | Later:
    """Stops one after the other; ``left`` are the names still to do, the first perhaps pending."""
    left, waited = call.memory["left"], float(str(call.memory["waited"]))
    assert isinstance(left, list)
    if not left:
        return 0
    service = call.machine.services.need(str(left[0]))
    if service.state == "stopped":
        if waited:
            call.out(f"The {service.display} service was stopped successfully.")
            call.out()
        return Later(seconds=0, memory={"left": left[1:], "waited": 0.0}) if left[1:] else 0
    if service.state in ("running", "paused"):
        call.out(f"The {service.display} service is stopping.")
        try:
            call.machine.services.stop(service.name)
        except LabError as error:
            return _system_error(call, error.number)
    elif waited > STOP_LIMIT:
        call.err(f"The {service.display} service could not be stopped.\r\n")
        return 2
    return Later(seconds=STEP, memory={"left": left, "waited": waited + STEP})


def _statistics(call: Call, which: str) -> int:
    local = call.machine.clock.to_local(call.machine.boot_time)
    hour = f"{local.hour % 12 or 12}:{local:%M} {'AM' if local.hour < 12 else 'PM'}"
    computer = call.shell.environ.get("COMPUTERNAME", "")
    call.out(f"{which.title()} Statistics for \\\\{computer}")
    call.out()
    call.out()
    call.out(f"Statistics since {local.month}/{local.day}/{local.year} {hour}")
    call.out()
    call.out("The command completed successfully.")
    call.out()
    return 0
