"""Runs a remote half in the script engine alone, with stand-ins for what a host would answer."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import quickjs

from remediate.connections import payload

MODULES = Path(__file__).parents[2] / "modules"


def answer(script: str, function: str, args: dict[str, Any], stand_ins: str) -> Any:
    """What ``function(args)`` of ``<script>.js`` gives when ``stand_ins`` (JavaScript) have replaced parts of it."""
    module = (MODULES / f"{script}.js").read_text(encoding="ascii")
    whole = payload.build(f"{module}\n{stand_ins}\n", function, args, payload.needs(module), nonce="n")
    context = quickjs.Context()
    context.eval("var said = ''; var WScript = {Echo: function (text) { said += text; }};")
    context.eval(whole)
    return json.loads(context.eval("said").split(":", 3)[3])["value"]
