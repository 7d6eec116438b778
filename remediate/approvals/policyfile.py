"""Reads policy.toml: how many people have to approve what, and where nothing is changed but by saved plans."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Mapping
from pathlib import Path

from remediate.approvals import protected
from remediate.approvals.model import Policy, Rule
from remediate.errors import UserError
from remediate.language import quoting
from remediate.language.words import kind, suggestion
from remediate.model import Source

FILE = "policy.toml"
RULE = ("approvals", "only_plans")
KEYS = (*RULE, "groups")
MOST = 99


def read(folder: Path, account: int) -> Policy:
    """The policy of this machine; one that asks for nothing where there is no file. ``GateClosed`` where ``account``
    could change it, ``UserError`` with its line where it cannot be understood."""
    path = folder / FILE
    content = protected.read(path, account)
    return Policy() if content is None else _parsed(path, content)


def _parsed(path: Path, content: bytes) -> Policy:
    try:
        text = content.decode()
        data = tomllib.loads(text)
    except UnicodeDecodeError:
        raise UserError("this is not UTF-8 text", source=Source(str(path)), hint="save it as UTF-8") from None
    except tomllib.TOMLDecodeError as error:
        place = re.search(r" \(at line (\d+), column (\d+)\)$", str(error))
        line, column = (int(place[1]), int(place[2])) if place else (0, 0)
        hint = "write approvals = 1; tables begin with [groups.NAME]; each name once"
        raise UserError("not valid TOML from here on", source=Source(str(path), line, column), hint=hint) from None
    groups = data.get("groups", {})
    if not isinstance(groups, dict):
        raise _wrong(path, text, "groups", f"groups must be tables as in [groups.exchange], not {kind(groups)}")
    everywhere = _rule(path, text, data, KEYS)
    return Policy(everywhere=everywhere, groups={name: _group(path, text, name, one) for name, one in groups.items()})


def _group(path: Path, text: str, name: str, data: object) -> Rule:
    if not isinstance(data, dict):
        raise _wrong(path, text, name, f"the group {name} must be a table as in [groups.{name}], not {kind(data)}")
    return _rule(path, text, data, RULE, after=f"[groups.{name}]")


def _rule(path: Path, text: str, data: Mapping[str, object], keys: tuple[str, ...], after: str = "") -> Rule:
    for key in data:
        if key not in keys:
            hint = suggestion(key, keys, what="settings")
            raise _wrong(path, text, key, f"unknown setting {quoting.named(key)}", after, hint=hint)
    approvals, only_plans = data.get("approvals", 0), data.get("only_plans", False)
    if not isinstance(approvals, int) or isinstance(approvals, bool) or not 0 <= approvals <= MOST:
        raise _wrong(path, text, "approvals", f"approvals must be a whole number from 0 to {MOST}", after)
    if not isinstance(only_plans, bool):
        raise _wrong(path, text, "only_plans", f"only_plans must be true or false, not {kind(only_plans)}", after)
    return Rule(approvals=approvals, only_plans=only_plans)


def _wrong(path: Path, text: str, key: str, message: str, after: str = "", hint: str = "") -> UserError:
    """The mistake with the line of the key; in a group, the first one after its heading."""
    lines = text.splitlines()
    begin = next((n for n, line in enumerate(lines) if line.strip() == after), 0) if after else 0
    wanted = re.compile(rf"""\s*\[?(groups\.)?["']?{re.escape(key)}["']?\s*(=|\.|\])""")
    number = next((n for n, line in enumerate(lines) if n >= begin and wanted.match(line)), None)
    source = Source(str(path)) if number is None else Source(str(path), number + 1, 1)
    return UserError(message, source=source, hint=hint)
