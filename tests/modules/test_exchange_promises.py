"""What the Exchange modules promise whatever a host says; and their manual pages."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from modules import hotfix
from remediate.engine.params import check_names
from remediate.engine.registry import Registry
from remediate.errors import Blocked, NotApplicable
from remediate.kb import builds
from remediate.model import Certainty
from tests.kb.servers import advisory, facts, role_data

MODULES = Path(__file__).parents[2] / "modules"
NAMES = ("exchange_facts", "package_staged", "hotfix", "service_pack", "services_restored", "job_finished")
HOTFIXES = [p.id for p in advisory().packages if p.kind != "service_pack"]
EDGES = sorted(
    {str(v) for p in advisory().packages for v in (p.provides, p.requires.at_least, *(f.version for f in p.files))}
)
versions = st.sampled_from(
    [*EDGES, "6.5.6944.4", "6.5.7300.1", "6.0.4417.5", "6.0.6249.4", "5.5.2653.23", "8.0.685.24"]
)


@given(
    package=st.sampled_from(HOTFIXES),
    build=versions | st.none(),
    others=st.dictionaries(st.sampled_from(["mdbmsg.dll", "exsmtp.dll", "mdbtask.dll"]), versions | st.none()),
    after=st.lists(st.sampled_from(HOTFIXES), max_size=2),
)
def test_no_server_gets_a_package_of_another_branch_or_an_older_file(
    package: str, build: str | None, others: dict[str, Any], after: list[str]
) -> None:
    params = hotfix.Params(advisory=role_data(), package=package, sha256="ab" * 32, after=after)
    state = {**facts({"exchange": "2003", "build": build, "files": others}), "job": "x", "own_job": None}
    try:
        changes = hotfix.diff(state, params)
    except (Blocked, NotApplicable):
        return
    wanted = advisory().package(package)
    assert wanted
    assert build
    now = builds.parse(build)
    for change in changes:
        if change.certainty is Certainty.AFTER_APPLY:
            earlier = advisory().package(after[-1])
            assert earlier
            assert earlier.provides in wanted.requires
            continue
        assert now in wanted.requires or now == wanted.provides
        for file in wanted.files:
            seen = state["files"].get(file.name.lower())
            found = builds.readable(seen["version"]) if seen else None
            assert found is None or found.parts <= file.version.parts


@pytest.mark.parametrize("name", NAMES)
def test_manual(name: str) -> None:
    module = Registry([MODULES]).load(name)
    blocks = re.findall(r"```yaml\n(.*?)```", module.doc, re.DOTALL)
    tasks = [task for block in blocks for task in yaml.safe_load(block)]
    mine = [task[name] for task in tasks if name in task]
    assert mine
    for args in mine:
        check_names(name, module.params_type, args, lambda _: None)
    for field in module.params_type.__dataclass_fields__.values():  # type: ignore[attr-defined]
        assert str(field.metadata["help"]).endswith("."), field.name


@pytest.mark.parametrize("name", NAMES)
def test_facts_of_a_host_on_which_every_source_is_broken(name: str) -> None:
    """They end in a word, never in a traceback: only the installers need to know more, and say so."""
    module = Registry([MODULES]).load(name)
    words = "os exchange files hotfixes uninstall_folders services disk pending jobs time installers_running sources"
    broken: dict[str, Any] = dict.fromkeys(words.split())
    broken |= {"job": "x", "own_job": None, "same": True, "path": "p", "size": 1}
    wanted = {"hotfix": "KB870585-2003-SP1", "service_pack": "KB836993-2003-SP2", "package_staged": "x"}
    given: dict[str, Any] = {"package": wanted[name]} if name in wanted else {}
    given |= {"advisory": role_data()} if name in ("exchange_facts", "package_staged", "hotfix", "service_pack") else {}
    params = module.params_type(**given)
    for tell in (module.columns, module.notes):
        assert tell is None or tell(broken, params) is not None
    if name in ("hotfix", "service_pack"):
        with pytest.raises(Blocked, match="cannot be read"):
            module.diff(broken, params)
    else:
        assert list(module.diff(broken, params)) == []
