"""What the remote halves read out of the words of command-line tools, whatever the language of the host."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
import quickjs
import yaml

from remediate.connections import payload

MODULES = Path(__file__).parents[2] / "modules"
CASES = yaml.safe_load((Path(__file__).parent / "cases" / "texts.yml").read_text(encoding="utf-8"))


@pytest.mark.parametrize("case", CASES, ids=lambda case: f"{case['script']} {case['gives']}")
def test_text(case: dict[str, Any]) -> None:
    module = (MODULES / f"{case['script']}.js").read_text(encoding="ascii")
    module += f"\nshellRun = function () {{ return {{exit_code: 0, stdout: {json.dumps(case['prints'])}}}; }};\n"
    script = payload.build(module, case["function"], case["args"], payload.needs(module), nonce="n")
    context = quickjs.Context()
    context.eval("var said = ''; var WScript = {Echo: function (text) { said += text; }};")
    context.eval(script)
    answer = json.loads(context.eval("said").split(":", 3)[3])
    assert answer["value"] == case["gives"]
