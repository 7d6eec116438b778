"""One general module on a lab host: checked, carried out, asked again; and the machine held against what was meant."""

from __future__ import annotations

from typing import Any

from remediate.lab.machine import Machine
from remediate.model import Result, Status
from tests.modules.labhost import LabHost


def run(lab: LabHost, module: str, *, check: bool = False, **params: Any) -> Result:
    """One step; the lab must have known everything it was asked for."""
    result = lab.do(module, check=check, **params)
    assert lab.machine.refusals == [], "the lab was asked for something it does not know"
    return result


def holds(machine: Machine, then: dict[str, Any]) -> bool:
    """Whether what a case says is true of the machine."""
    machine.advance()
    match then:
        case {"folder": path}:
            return machine.files.is_folder(path)
        case {"file": path, "holds": text}:
            return machine.files.is_file(path) and machine.files.read(path) == text.encode()
        case {"gone": path}:
            return not machine.files.exists(path)
        case {"key": key}:
            return machine.registry.exists(key)
        case {"no_key": key}:
            return not machine.registry.exists(key)
        case {"no_value": path}:
            key, _, name = path.rpartition("\\")
            return machine.registry.get(key, name) is None
        case {"service": name, **wanted}:
            service = machine.services.need(name)
            return {key: getattr(service, key) for key in wanted} == wanted
    raise AssertionError(then)


def prove(lab: LabHost, module: str, params: dict[str, Any]) -> Result:
    """Check, apply, apply again."""
    before = lab.machine.fingerprint()
    check = run(lab, module, check=True, **params)
    assert (check.status, check.message) == (Status.PENDING, "")
    assert lab.machine.fingerprint() == before, "a check run changed the host"
    result = run(lab, module, **params)
    assert (result.status, result.message) == (Status.CHANGED, "")
    again = run(lab, module, **params)
    assert (again.status, again.changes) == (Status.OK, ())
    return result
