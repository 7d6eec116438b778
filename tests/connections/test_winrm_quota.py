"""A host whose shells are all in use by controllers that died: they are waited for, as long as they may last."""

from __future__ import annotations

from pathlib import Path

import pytest
from pypsrp.shell import WinRS
from pypsrp.wsman import WSMan

from remediate.errors import Unreachable
from remediate.lab.winrm.wsman import SHELLS_2_0
from tests.connections.contract.roads import ROADS, Ground, module
from tests.lab.winrmhost import PASSWORD


def use_up(ground: Ground, *, seconds: int) -> None:
    """Shells nobody will ever use or close; each ends after so many seconds."""
    for _ in range(SHELLS_2_0):
        with WSMan("127.0.0.1", port=ground.variables["ansible_port"], username="Administrator", password=PASSWORD,
                   ssl=False, auth="ntlm") as wsman:  # fmt: skip
            WinRS(wsman, idle_time_out=seconds).open()


@pytest.mark.parametrize("road", ["winrs sealed", "psrp 2.1"])
def test_they_are_waited_for(road: str, tmp_path: Path) -> None:
    module(tmp_path)
    with ROADS[road](tmp_path) as ground:
        use_up(ground, seconds=2)
        assert ground.session().run("echo through").stdout.strip() == "through"


def test_not_for_ever(tmp_path: Path) -> None:
    module(tmp_path)
    with ROADS["winrs sealed"](tmp_path) as ground:
        use_up(ground, seconds=100)
        with pytest.raises(Unreachable, match="opens no more shells") as caught:
            ground.session(winrm_quota_timeout=1.0).run("echo through")
        assert caught.value.kind == "quota"
