"""Mailbox and public stores of a lab host: they come and go with the store service, and scripts can ask for them."""

from __future__ import annotations

import json

import pytest

from remediate.errors import UserError
from remediate.lab.machine import Machine
from tests.lab.worlds import World


def states(world: World) -> list[str]:
    return [one.state for one in world.machine.databases.all()]


def events(world: World) -> list[int]:
    return [entry.event_id for entry in world.machine.eventlog.entries("Application")]


def restart(world: World) -> None:
    for name in ("MSExchangeIS",):
        world.machine.services.stop(name)
    world.pass_time(5)
    assert states(world) == ["dismounted", "dismounted"]
    world.machine.services.start("MSExchangeIS")


def test_they_follow_the_store_service_and_its_log_says_so() -> None:
    world = World("exchange2003-sp1")
    assert [one.full for one in world.machine.databases.all()] == [
        "First Storage Group\\Mailbox Store (EX1)",
        "First Storage Group\\Public Folder Store (EX1)",
    ]
    assert states(world) == ["mounted", "mounted"]
    restart(world)
    world.pass_time(0.31)
    assert states(world) == ["mounting", "mounting"]
    world.pass_time(5)
    assert states(world) == ["mounted", "mounted"]
    assert events(world) == [9523, 9523, 9539, 9539, 9523, 9523]


def test_one_that_does_not_come_back() -> None:
    world = World("exchange2003-sp1", faults={"store_dismounted": "Public Folder Store"})
    assert states(world) == ["mounted", "mounted"]
    restart(world)
    world.pass_time(5)
    assert states(world) == ["mounted", "dismounted"]
    assert 9518 in events(world)


def test_one_that_somebody_dismounted_stays_so() -> None:
    world = World("exchange2003-sp1", override={"dismounted": ["Mailbox Store"]})
    assert states(world) == ["dismounted", "mounted"]
    restart(world)
    world.pass_time(5)
    assert states(world) == ["dismounted", "mounted"]
    with pytest.raises(UserError, match="there is no store 'Mailboxes'"):
        World("exchange2003-sp1", override={"dismounted": ["Mailboxes"]})


def test_they_are_saved_with_the_host() -> None:
    world = World("exchange2003-sp1", override={"dismounted": ["Mailbox Store"]})
    saved = json.loads(json.dumps(world.machine.to_json(lambda data: data.hex())))
    again = Machine.from_json(saved, fetch=bytes.fromhex)
    assert again.databases.all() == world.machine.databases.all()


def test_other_servers_have_none() -> None:
    for image in ("windows2003", "exchange55", "exchange2007"):
        assert World(image).machine.databases.all() == ()
