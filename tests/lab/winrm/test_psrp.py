"""The PowerShell shell: pools, pipelines side by side, stopping, big data, keys, versions, and what is refused."""

from __future__ import annotations

import threading
from collections.abc import Iterator

import pytest
from pypsrp.complex_objects import ObjectMeta, PSInvocationState
from pypsrp.exceptions import WSManFaultError
from pypsrp.powershell import PowerShell
from pypsrp.wsman import OptionSet

from remediate.lab.winrm import psrp
from tests.lab.winrm.straight import Straight, cmdlet, error_ids, errors, in_thread, script
from tests.patience import LIMIT, until

VERSIONS = [pytest.param((2, 1), id="2.1"), pytest.param((2, 3), id="2.3")]
BIG = 400_000
"""Characters: more than an envelope of WinRM 2.0 holds."""


@pytest.fixture(params=VERSIONS)
def straight(request: pytest.FixtureRequest) -> Straight:
    return Straight(request.param)


def test_the_pool_says_its_version_and_closes(straight: Straight) -> None:
    with straight.pool() as pool:
        assert pool.protocol_version == "{}.{}".format(*straight.desk.version)
        assert len(straight.shells) == 1
    assert straight.shells == {}


def test_two_pipelines_run_at_once_in_a_pool_of_two(straight: Straight) -> None:
    both = threading.Barrier(2, timeout=LIMIT)
    straight.hold = lambda: void(both.wait())
    with straight.pool(max_runspaces=2) as pool:
        first, second = (PowerShell(pool).add_cmdlet("hostname.exe") for _ in range(2))
        first.begin_invoke()
        second.begin_invoke()
        assert first.end_invoke() == second.end_invoke() == ["ex1"]


def test_a_pool_of_one_runs_one_after_the_other_and_says_what_is_free(straight: Straight) -> None:
    go, running = threading.Event(), threading.Event()

    def hold() -> None:
        running.set()
        assert go.wait(LIMIT)

    straight.hold = hold
    with straight.pool() as pool:
        first = PowerShell(pool).add_cmdlet("cmd.exe").add_argument("/c").add_argument("exit 7")
        second = PowerShell(pool).add_script("$LASTEXITCODE")
        first.begin_invoke()
        assert running.wait(LIMIT)
        second.begin_invoke()
        assert pool.get_available_runspaces() == 0
        go.set()
        assert first.end_invoke() == []
        assert second.end_invoke() == [7]
        assert pool.get_available_runspaces() == 1


def test_stopping_a_pipeline_frees_its_runspace(straight: Straight) -> None:
    go, running = threading.Event(), threading.Event()

    def hold() -> None:
        running.set()
        assert go.wait(LIMIT)

    straight.hold = hold
    with straight.pool() as pool:
        shell = PowerShell(pool).add_cmdlet("cmd.exe").add_argument("/c").add_argument("exit 9")
        shell.begin_invoke()
        assert running.wait(LIMIT)
        shell.stop()
        straight.hold = lambda: None
        assert cmdlet(pool, "hostname.exe").output == ["ex1"]
        go.set()
        until(lambda: not any(thread.name == "pipeline" for thread in threading.enumerate()))
        assert script(pool, "$LASTEXITCODE").output == [0]
        assert pool.get_available_runspaces() == 1


def test_stopping_a_pipeline_that_waits_for_input(straight: Straight) -> None:
    with straight.pool() as pool:
        shell = PowerShell(pool).add_cmdlet("cmd.exe").add_argument("/c").add_argument('findstr "^"')

        def stopped_midway() -> Iterator[list[str]]:
            yield ["one"]
            shell.stop()
            yield ["comes too late"]

        shell.begin_invoke(input=stopped_midway())
        assert shell.state == PSInvocationState.STOPPED
        shell.close()
        assert cmdlet(pool, "hostname.exe").output == ["ex1"]
    assert [line for line in straight.lines if "findstr" in line] == []


def test_closing_the_pool_ends_a_receive_that_waits(straight: Straight) -> None:
    go = threading.Event()
    straight.hold = lambda: void(go.wait(LIMIT))
    pool = straight.pool()
    pool.open()
    shell = PowerShell(pool).add_cmdlet("hostname.exe")
    shell.begin_invoke()
    straight.waiting.clear()
    waiting = in_thread(shell.poll_invoke)
    assert straight.waiting.wait(LIMIT)
    next(iter(straight.shells.values())).close()
    waiting.join(LIMIT)
    go.set()
    assert not waiting.is_alive()


def void(_: object) -> None:
    """A value nobody needs."""


def test_output_larger_than_an_envelope(straight: Straight) -> None:
    straight.host.write({"C:\\t\\big.txt": "x" * BIG})
    with straight.pool() as pool:
        assert cmdlet(pool, "cmd.exe", "/c", "type C:\\t\\big.txt").output == ["x" * BIG]


def test_input_larger_than_an_envelope_is_counted(straight: Straight) -> None:
    rows = ["y" * 900] * (BIG // 900)
    with straight.pool() as pool:
        shell = PowerShell(pool).add_cmdlet("cmd.exe").add_argument("/c").add_argument('findstr "^" > C:\\in.txt')
        shell.invoke(input=([row] for row in rows))
    assert errors(shell) == []
    assert straight.machine.files.read("C:\\in.txt") == b"".join(row.encode() + b"\r\n" for row in rows)
    assert straight.taken == sorted(straight.taken)
    assert straight.taken[-1] == 900 * len(rows)


def test_text_of_all_kinds_and_bytes_travel(straight: Straight) -> None:
    words = "äöü € \U0001f600 <&> \x01 _x000A_"
    with straight.pool() as pool:
        assert cmdlet(pool, "Write-Output", words, bytes(range(256))).output == [words, bytes(range(256))]


def test_a_secret_travels_with_keys_exchanged(straight: Straight) -> None:
    with straight.pool() as pool:
        pool.exchange_keys()
        secret = pool.serialize("s3cret", ObjectMeta("SS"))
        assert [str(value) for value in cmdlet(pool, "Write-Output", secret).output] == ["s3cret"]


def test_resetting_forgets_variables() -> None:
    with Straight((2, 3)).pool() as pool:
        script(pool, "$kept = 1")
        assert script(pool, "$kept").output == [1]
        pool.reset_runspace_state()
        assert script(pool, "$kept").had_errors


def test_the_environment_reaches_programs() -> None:
    straight = Straight((2, 3))
    output, _, failed = straight.client().execute_ps("cmd.exe /c 'echo %FLAVOUR%'", environment={"FLAVOUR": "mint"})
    assert (output, failed) == ("mint", False)


def test_metadata_of_commands_is_refused(straight: Straight) -> None:
    with straight.pool() as pool, pytest.raises(IndexError):
        pool.get_command_metadata("Get-Process")
    assert "metadata of commands" in straight.machine.refusals[-1]


def test_what_is_no_psrp_is_a_fault(straight: Straight) -> None:
    with straight.pool() as pool:
        with pytest.raises(WSManFaultError, match="the data is no PSRP"):
            pool.shell.send("stdin", b"\x00" * 30)
        with pytest.raises(WSManFaultError, match="does not exist"):
            pool.shell.send("stdin", b"", command_id="11111111-2222-3333-4444-555555555555")


def test_a_client_of_another_generation_is_refused(straight: Straight) -> None:
    options = OptionSet()
    options.add_option("protocolversion", "3.0", {"MustComply": "true"})
    with pytest.raises(WSManFaultError, match=r"protocolversion 3\.0"):
        straight.pool().shell.open(options, None)


def test_a_command_takes_so_many_bytes_and_no_more(straight: Straight, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(psrp, "COMMAND_LIMIT", 50_000)
    with straight.pool() as pool:
        shell = PowerShell(pool).add_cmdlet("cmd.exe").add_argument("/c").add_argument('findstr "^"')
        with pytest.raises(WSManFaultError, match="exceeded the allowed maximum"):
            shell.invoke(input=(["z" * 900] for _ in range(100)))


def test_a_defect_of_the_lab_shows(straight: Straight) -> None:
    def broken() -> None:
        raise RuntimeError("a defect")

    straight.hold = broken
    with straight.pool() as pool:
        shell = cmdlet(pool, "hostname.exe")
    assert error_ids(shell) == ["LabError"]
    assert "the lab itself failed" in straight.machine.refusals[-1]
