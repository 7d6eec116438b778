"""Connection variables of WinRM, by Ansible's names and our own, become an endpoint, or a mistake with its place."""

from __future__ import annotations

import importlib.util
from pathlib import Path
from typing import Any

import pytest
import yaml

from remediate.connections.endpoint import endpoint
from remediate.connections.winrmoptions import WinrmOptions
from remediate.errors import UserError
from remediate.model import Secret

CASES: list[dict[str, Any]] = yaml.safe_load((Path(__file__).parent / "cases" / "variables.yml").read_text())


@pytest.mark.parametrize("case", CASES, ids=lambda case: case["name"])
def test_endpoint(case: dict[str, Any]) -> None:
    if "fails" in case:
        with pytest.raises(UserError) as caught:
            endpoint("ex1", case["variables"])
        assert case["fails"] in caught.value.message
        assert case.get("hint", "") in caught.value.hint
        return
    made = endpoint("ex1", case["variables"])
    for name, value in case.get("gives", {}).items():
        given = getattr(made, name)
        assert (given.reveal() if isinstance(given, Secret) else given) == value
    options = WinrmOptions.of(made)
    for name, value in case.get("options", {}).items():
        assert getattr(options, name) == value


@pytest.mark.parametrize("auth", ["kerberos", "credssp"])
def test_a_way_to_log_in_that_is_not_installed(auth: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(importlib.util, "find_spec", lambda name: None)
    with pytest.raises(UserError) as caught:
        endpoint("ex1", {"ansible_connection": "winrm", "winrm_auth": auth})
    assert f"pip install 'remediate-servers[{auth}]'" in caught.value.hint


def test_passwords_do_not_show() -> None:
    variables = {"ansible_connection": "winrm", "ansible_password": "hunter2", "winrm_cert_key_password": "hunter3"}
    assert "hunter" not in repr(endpoint("ex1", variables))
