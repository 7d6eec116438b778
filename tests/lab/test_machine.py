"""The machine: its queue of later events, saving and going on, and the fingerprint of what lasts."""

from __future__ import annotations

import json
import threading
from collections.abc import Callable
from datetime import datetime, timedelta

import pytest

from remediate.lab.clock import Clock
from remediate.lab.errors import LabError
from remediate.lab.machine import Machine
from remediate.lab.osinfo import OsInfo
from tests.lab.bare import Bare
from tests.patience import LIMIT


def saved_and_loaded(bare: Bare) -> Machine:
    again = Machine.from_json(json.loads(json.dumps(bare.machine.to_json())), clock_source=lambda: bare.now)
    again.pause = lambda _, seconds: bare.pass_time(seconds)
    return again


def test_events_happen_when_they_are_due_in_their_order_and_once() -> None:
    bare = Bare()
    for seconds, image in ((5, "late.exe"), (1, "early.exe"), (5, "later.exe")):
        bare.machine.processes.create(image, seconds=seconds)
    bare.pass_time(0.9)
    assert all(bare.machine.processes.named(f"{name}.exe") for name in ("early", "late", "later"))
    bare.pass_time(0.2)
    assert not bare.machine.processes.named("early.exe")
    bare.pass_time(10)
    assert not bare.machine.processes.named("late.exe")
    assert bare.machine.events == []


@pytest.mark.parametrize("hours", [-20000, -3, 5, 20000])
def test_a_clock_that_is_set_hastens_and_delays_nothing(hours: int) -> None:
    bare = Bare()
    bare.machine.processes.create("work.exe", seconds=10)
    bare.pass_time(4)
    bare.machine.set_clock(bare.now + timedelta(hours=hours))
    assert bare.machine.now() == bare.now + timedelta(hours=hours)
    bare.pass_time(5.9)
    assert bare.machine.processes.named("work.exe")
    bare.pass_time(0.2)
    assert not bare.machine.processes.named("work.exe")


def test_what_a_deed_plans_counts_from_the_moment_it_was_due() -> None:
    seen: list[datetime] = []

    def first(machine: Machine, _: object) -> None:
        seen.append(machine.now())
        machine.schedule(10, "second")

    def second(machine: Machine, _: object) -> None:
        seen.append(machine.now())

    bare = Bare()
    machine = Machine("m", OsInfo(), clock=Clock(source=lambda: bare.now), deeds={"first": first, "second": second})
    start = bare.now
    machine.schedule(5, "first")
    bare.pass_time(3600)
    machine.advance()
    assert [(moment - start).total_seconds() for moment in seen] == [5, 15]


def test_speed_shortens_model_time() -> None:
    bare = Bare(speed=10)
    bare.machine.processes.create("x.exe", seconds=20)
    bare.pass_time(1.9)
    assert bare.machine.processes.named("x.exe")
    bare.pass_time(0.2)
    assert not bare.machine.processes.named("x.exe")


def test_an_event_nobody_handles_is_refused_not_lost_silently() -> None:
    bare = Bare()
    bare.machine.schedule(1, "unheard_of")
    bare.pass_time(2)
    assert "unheard_of" in bare.machine.refusals[0]


def test_a_killed_lab_goes_on_where_it_was() -> None:
    bare = Bare()
    bare.chain()
    bare.machine.services.stop("Top")
    again = saved_and_loaded(bare)
    assert again.services.need("Top").state == "stop pending"
    bare.pass_time(60)
    again.advance()
    assert again.services.need("Top").state == "stopped"
    assert again.to_json()["files"] == bare.machine.to_json()["files"]


def test_saving_and_loading_keeps_everything() -> None:
    bare = Bare("2000")
    bare.machine.files.write("C:\\a.bin", bytes(range(256)))
    bare.machine.registry.set("HKLM\\SOFTWARE\\A", "list", ["x", "y"])
    bare.machine.registry.set("HKLM\\SOFTWARE\\A", "bin", b"\0\xff")
    bare.machine.eventlog.add("Application", "a", 1, "Error", "words")
    bare.machine.refuse("something")
    again = saved_and_loaded(bare)
    assert again.to_json() == bare.machine.to_json()
    assert again.fingerprint() == bare.machine.fingerprint()


def test_large_contents_can_be_kept_apart() -> None:
    bare, kept = Bare(), dict[str, bytes]()
    bare.machine.files.write("C:\\big.bin", b"x" * 100_000)

    def keep(data: bytes) -> str:
        kept[str(len(data))] = data
        return str(len(data))

    saved = bare.machine.to_json(keep)
    assert len(json.dumps(saved)) < 60_000
    again = Machine.from_json(saved, fetch=kept.__getitem__, clock_source=lambda: bare.now)
    assert again.files.read("C:\\big.bin") == b"x" * 100_000


@pytest.mark.parametrize(
    "change",
    [
        lambda m: m.files.write("C:\\new.txt", b""),
        lambda m: m.files.touch("C:\\boot.ini", attributes=1),
        lambda m: m.files.make_folders("C:\\WINDOWS\\Temp\\remediate\\jobs\\a"),
        lambda m: m.registry.set("HKLM\\SOFTWARE", "x", 1),
        lambda m: m.services.config("Schedule", start_mode="manual"),
        lambda m: m.services.stop("Schedule"),
        lambda m: m.eventlog.add("Application", "a", 1, "Error", "x"),
        lambda m: m.processes.create("setup.exe"),
        lambda m: m.set_time_zone(bias_minutes=60),
    ],
    ids=["file", "attributes", "job folder", "registry", "start mode", "service", "event", "process", "zone"],
)
def test_the_fingerprint_shows_a_change(change: Callable[[Machine], object]) -> None:
    bare = Bare()
    before = bare.machine.fingerprint()
    change(bare.machine)
    assert bare.machine.fingerprint() != before


def test_the_fingerprint_does_not_show_time_looking_logons_or_scripts() -> None:
    bare = Bare()
    before = bare.machine.fingerprint()
    bare.run("dir C:\\ & sc query & echo hello | findstr hello")
    bare.echo("GetObject('winmgmts:').ExecQuery('SELECT * FROM Win32_Process').Count")
    bare.write({"C:\\WINDOWS\\Temp\\remediate\\payload.js": "x"})
    bare.machine.eventlog.add("Security", "Security", 528, "Audit Success", "Successful Logon")
    bare.machine.refuse("x")
    bare.pass_time(86_400)
    assert bare.machine.fingerprint() == before


def test_changes_are_counted_and_told() -> None:
    bare, told = Bare(), list[str]()
    bare.machine.on_change = lambda machine: told.append(machine.name)
    before = bare.machine.changed
    bare.machine.files.write("C:\\a", b"")
    assert bare.machine.changed == before + 1
    assert told == ["ex1"]
    bare.run("dir C:\\")
    assert bare.machine.changed == before + 1


def test_waiting_lets_other_threads_in_however_often_the_lock_is_held() -> None:
    machine = Bare().machine
    machine.pause = threading.Condition.wait
    machine.clock.source = Clock().source
    entered = threading.Event()

    def other() -> None:
        with machine.lock:
            entered.set()

    thread = threading.Thread(target=other)
    with machine.lock, machine.lock:
        thread.start()
        done = machine.wait_until(entered.is_set, limit=LIMIT, step=0.01)
    thread.join()
    assert done


def test_nothing_waits_inside_an_event() -> None:
    def deed(machine: Machine, _: object) -> None:
        machine.wait(1)

    bare = Bare()
    machine = Machine("m", OsInfo(), clock=Clock(source=lambda: bare.now), deeds={"d": deed})
    machine.schedule(0, "d")
    machine.advance()
    assert "cannot wait" in machine.refusals[0]


def test_refusals_are_bounded() -> None:
    bare = Bare()
    for number in range(500):
        bare.machine.refuse(f"thing {number} " + "x" * 5000)
    assert len(bare.machine.refusals) == 200
    assert all(len(line) <= 1000 for line in bare.machine.refusals)


def test_many_threads_on_one_machine_lose_nothing() -> None:
    bare = Bare()
    bare.machine.files.make_folder("C:\\t")
    head = "var i, f = new ActiveXObject('Scripting.FileSystemObject');"
    script = head + r" for (i = 0; i < 20; i++) f.CreateFolder('C:\\t\\'"
    threads = [threading.Thread(target=bare.script, args=(f"{script} + '{n}_' + i);",), daemon=True) for n in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(LIMIT)
    assert len(bare.machine.files.listing("C:\\t")) == 120


def test_one_folder_many_makers_one_winner() -> None:
    bare, winners = Bare(), list[str]()
    source = """
    var f = new ActiveXObject('Scripting.FileSystemObject');
    try { f.CreateFolder('C:\\\\mutex'); WScript.Echo('mine'); } catch (e) {
      WScript.Echo(e.number === -2146828230 ? 'taken' : e.number);
    }
    """

    def race() -> None:
        winners.append(bare.echo(source).strip())

    threads = [threading.Thread(target=race, daemon=True) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(LIMIT)
    assert sorted(winners) == ["mine"] + ["taken"] * 7


def test_killing_a_system_process_is_denied_and_a_missing_one_is_an_error() -> None:
    bare = Bare()
    winlogon = bare.machine.processes.named("winlogon.exe")[0]
    with pytest.raises(LabError) as denied:
        bare.machine.processes.kill(winlogon.pid)
    with pytest.raises(LabError) as missing:
        bare.machine.processes.kill(99_999)
    assert (denied.value.number, missing.value.number) == (5, 87)


def test_visitors_are_seen_but_never_saved() -> None:
    bare = Bare()
    with bare.machine.processes.visitor("cscript.exe", "cscript x.js"):
        assert "cscript.exe" in bare.run("tasklist")[0]
        assert "cscript" not in json.dumps(bare.machine.to_json()["processes"])
