"""Connection variables become an endpoint, or a mistake with its place."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import yaml

from remediate.connections.endpoint import SshOptions, endpoint
from remediate.errors import UserError
from remediate.model import Secret, Source

CASES: list[dict[str, Any]] = yaml.safe_load((Path(__file__).parent / "cases" / "endpoint.yml").read_text())


class Placed(str):
    """Text that knows where it was written, as the language's does."""

    source = Source("inventory.yml", 7, 3)


@pytest.mark.parametrize("case", CASES, ids=lambda case: case["name"])
def test_endpoint(case: dict[str, Any]) -> None:
    variables = case.get("variables", {})
    if "fails" in case:
        with pytest.raises(UserError) as caught:
            endpoint("ex1", variables)
        assert case["fails"] in caught.value.message
        assert case.get("hint", "") in caught.value.hint
        return
    made = endpoint("ex1", variables)
    for name, value in case.get("gives", {}).items():
        given = getattr(made, name)
        assert (given.reveal() if isinstance(given, Secret) else given) == value
    options = SshOptions.of(made)
    for name, value in case.get("options", {}).items():
        assert getattr(options, name) == value


def test_mistakes_name_their_place() -> None:
    with pytest.raises(UserError) as caught:
        endpoint("ex1", {"ansible_connection": Placed("wnrm")})
    assert str(caught.value).startswith("inventory.yml:7:3: ")


def test_passwords_do_not_show() -> None:
    variables = {
        "ansible_password": "hunter2",
        "ansible_ssh_private_key_passphrase": Secret("hunter3"),
        "ssh_jump_password": "hunter4",
    }
    assert "hunter" not in repr(endpoint("ex1", variables))
