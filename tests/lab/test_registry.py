"""The registry: keys and values without regard to case, types, deleting, round trips."""

from __future__ import annotations

import json
from collections.abc import Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from remediate.lab.errors import LabError
from remediate.lab.registry import Registry
from tests.lab.bare import Bare

KEYS = st.text(st.characters(exclude_characters="\\", categories=["L", "N", "P", "S", "M"]), min_size=1, max_size=8)
VALUES = st.one_of(
    st.integers(0, 2**32 - 1), st.text(max_size=20), st.lists(st.text(max_size=5)), st.binary(max_size=9)
)


def test_names_and_hives_in_any_spelling() -> None:
    registry = Registry()
    registry.set("HKLM\\SOFTWARE\\Microsoft\\Exchange\\Setup", "Services Version", 65)
    assert registry.value("HKEY_LOCAL_MACHINE\\software\\MICROSOFT\\exchange\\setup\\", "services VERSION") == 65
    assert registry.subkeys("hklm\\software") == ("Microsoft",)
    assert registry.get("HKLM\\SOFTWARE\\Nothing", "x") is None
    assert registry.get("HKXX\\SOFTWARE", "x") is None


def test_types_follow_the_value_unless_given() -> None:
    registry = Registry()
    for name, value in (("d", -1), ("s", "x"), ("m", ["a", "b"]), ("b", b"\1")):
        registry.set("HKLM\\A", name, value)
    registry.set("HKLM\\A", "e", "%SystemRoot%", "REG_EXPAND_SZ")
    assert {n: v.type for n, v in registry.values("HKLM\\A").items()} == {
        "d": "REG_DWORD",
        "s": "REG_SZ",
        "m": "REG_MULTI_SZ",
        "b": "REG_BINARY",
        "e": "REG_EXPAND_SZ",
    }
    assert registry.value("HKLM\\A", "d") == 0xFFFFFFFF


def test_deleting() -> None:
    registry = Registry()
    registry.set("HKLM\\A\\B\\C", "x", 1)
    wrong: list[tuple[Callable[[], None], int]] = [
        (lambda: registry.delete_key("HKLM\\A"), 5),
        (lambda: registry.delete_key("HKLM"), 5),
        (lambda: registry.delete("HKLM\\A\\B\\C", "y"), 2),
        (lambda: registry.delete_key("HKLM\\Z"), 2),
    ]
    for work, number in wrong:
        with pytest.raises(LabError) as caught:
            work()
        assert caught.value.number == number
    registry.delete_key("HKLM\\A", tree=True)
    assert not registry.exists("HKLM\\A\\B")


def test_the_zone_in_the_registry_follows_the_clock() -> None:
    bare = Bare(bias_minutes=-60, daylight=True)
    key = "HKLM\\SYSTEM\\CurrentControlSet\\Control\\TimeZoneInformation"
    assert bare.machine.registry.value(key, "ActiveTimeBias") == 2**32 - 120
    bare.machine.set_time_zone(daylight=False)
    assert bare.machine.registry.value(key, "ActiveTimeBias") == 2**32 - 60
    assert (
        bare.echo(
            f"WScript.Echo(new ActiveXObject('WScript.Shell').RegRead({json.dumps(key + chr(92) + 'ActiveTimeBias')}))"
        )
        == "-60\n"
    )


@given(
    st.dictionaries(
        st.lists(KEYS, min_size=1, max_size=4).map("\\".join), st.dictionaries(KEYS, VALUES, max_size=3), max_size=5
    )
)
def test_json_round_trip(contents: dict[str, dict[str, object]]) -> None:
    registry, again = Registry(), Registry()
    for key, values in contents.items():
        registry.create(f"HKLM\\{key}")
        for name, value in values.items():
            registry.set(f"HKLM\\{key}", name, value)  # type: ignore[arg-type]
    again.load(json.loads(json.dumps(registry.to_json())))
    assert again.to_json() == registry.to_json()
