"""The service control manager: pending states, dependencies, start types, failing and late services, restarts."""

from __future__ import annotations

import pytest

from remediate.lab.errors import LabError
from remediate.lab.faults import Faults, ServiceLate
from tests.lab.bare import Bare


def chain(**faults: object) -> Bare:
    bare = Bare(faults=Faults(**faults))  # type: ignore[arg-type]
    bare.chain()
    return bare


def number_of(work: object) -> int:
    assert callable(work)
    with pytest.raises(LabError) as caught:
        work()
    return caught.value.number


def test_stopping_takes_its_time_and_ends_the_process() -> None:
    bare = chain()
    pid = bare.machine.services.need("Top").pid
    bare.machine.services.stop("Top")
    assert bare.state("Top") == "stop pending"
    assert bare.machine.processes.get(pid)
    bare.pass_time(1.1)
    assert bare.state("Top") == "stopped"
    assert bare.machine.processes.get(pid) is None


def test_a_service_others_need_cannot_be_stopped_alone() -> None:
    bare = chain()
    assert number_of(lambda: bare.machine.services.stop("Base")) == 1051
    assert [s.name for s in bare.machine.services.dependents("Base")] == ["Top", "Middle"]


def test_starting_brings_up_what_is_needed_first() -> None:
    bare = chain()
    for name in ("Top", "Middle", "Base"):
        bare.machine.services.stop(name)
        bare.pass_time(1.1)
    bare.machine.services.start("Top")
    order = []
    for _ in range(60):
        bare.pass_time(0.25)
        order += [n for n in ("Base", "Middle", "Top") if bare.state(n) == "running" and n not in order]
    assert order == ["Base", "Middle", "Top"]


def test_wrong_moments_have_their_numbers() -> None:
    bare = chain()
    services = bare.machine.services
    assert number_of(lambda: services.start("Nothing")) == 1060
    assert number_of(lambda: services.start("Top")) == 1056
    services.stop("Top")
    assert number_of(lambda: services.stop("Top")) == 1061
    bare.pass_time(2)
    assert number_of(lambda: services.stop("Top")) == 1062
    services.config("Top", start_mode="disabled")
    assert number_of(lambda: services.start("Top")) == 1058
    services.stop("Middle")
    bare.pass_time(2)
    services.config("Middle", start_mode="disabled")
    services.config("Top", start_mode="auto")
    assert number_of(lambda: services.start("Top")) == 1068


def test_a_service_that_does_not_come_back() -> None:
    bare = chain(service_fails="middle")
    bare.machine.services.stop("Top")
    bare.pass_time(2)
    bare.machine.services.stop("Middle")
    bare.pass_time(2)
    bare.machine.services.start("Top")
    bare.pass_time(30)
    assert (bare.state("Middle"), bare.machine.services.need("Middle").exit_code) == ("stopped", 1067)
    assert (bare.state("Top"), bare.machine.services.need("Top").exit_code) == ("stopped", 1068)
    assert [e.event_id for e in bare.machine.eventlog.entries("System")] == [7023, 7001]


def test_a_service_that_comes_back_late() -> None:
    bare = chain(service_late=ServiceLate(name="Top", seconds=100))
    bare.machine.services.stop("Top")
    bare.pass_time(2)
    bare.machine.services.start("Top")
    bare.pass_time(100)
    assert bare.state("Top") == "start pending"
    bare.pass_time(3)
    assert bare.state("Top") == "running"


def test_shared_processes_live_as_long_as_one_service_in_them() -> None:
    bare = Bare()
    services = bare.machine.services
    pid = services.need("Schedule").pid
    assert pid == services.need("winmgmt").pid
    services.stop("Schedule")
    bare.pass_time(2)
    assert bare.machine.processes.get(pid)


def test_a_killed_process_takes_its_services_down_and_the_log_says_so() -> None:
    bare = chain()
    bare.machine.processes.kill(bare.machine.services.need("Top").pid)
    assert bare.state("Top") == "stopped"
    assert bare.machine.eventlog.entries("System")[-1].event_id == 7031


def test_the_registry_mirrors_a_service() -> None:
    bare = chain()
    bare.machine.services.config("Top", start_mode="manual")
    key = "HKLM\\SYSTEM\\CurrentControlSet\\Services\\Top"
    assert bare.machine.registry.value(key, "Start") == 3
    assert bare.machine.registry.value(key, "DependOnService") == ["Middle"]


def test_a_restart_obeys_start_types_also_those_written_into_the_registry() -> None:
    bare = chain()
    bare.machine.services.config("Top", start_mode="manual")
    bare.machine.registry.set("HKLM\\SYSTEM\\CurrentControlSet\\Services\\Schedule", "Start", 4)
    before = bare.machine.boot_time
    assert bare.run("shutdown -r -t 10 -c now") == ("", "", 0)
    bare.pass_time(9)
    assert bare.machine.processes.all()
    bare.pass_time(2)
    assert bare.machine.down
    assert bare.machine.processes.all() == ()
    bare.pass_time(120)
    assert bare.machine.to_json()["down"] is False
    assert bare.machine.boot_time > before
    states = {name: bare.state(name) for name in ("Base", "Middle", "Top", "Schedule", "RpcSs")}
    assert states == {
        "Base": "running",
        "Middle": "running",
        "Top": "stopped",
        "Schedule": "stopped",
        "RpcSs": "running",
    }
    assert bare.machine.services.need("Schedule").start_mode == "disabled"


def test_a_restart_can_be_called_off() -> None:
    bare = Bare()
    bare.run("shutdown -r -t 60")
    assert bare.run("shutdown /r /t 1")[2] == 1190
    assert bare.run("shutdown -a")[2] == 0
    bare.pass_time(120)
    assert not bare.machine.down


def test_renames_put_off_until_the_restart_are_carried_out() -> None:
    bare = Bare()
    bare.write({"C:\\new\\a.dll": "new", "C:\\old\\a.dll": "old", "C:\\old\\b.dll": "b"})
    manager = "HKLM\\SYSTEM\\CurrentControlSet\\Control\\Session Manager"
    pairs = [
        "\\??\\C:\\new\\a.dll",
        "!\\??\\C:\\old\\a.dll",
        "\\??\\C:\\old\\b.dll",
        "",
        "\\??\\C:\\gone",
        "\\??\\C:\\x",
    ]
    bare.machine.registry.set(manager, "PendingFileRenameOperations", pairs)
    bare.run("shutdown -r -t 0")
    bare.pass_time(200)
    assert bare.machine.files.read("C:\\old\\a.dll") == b"new"
    assert bare.machine.files.listing("C:\\old") == ("a.dll",)
    assert bare.machine.registry.get(manager, "PendingFileRenameOperations") is None
