"""A project with a canary in every place of ``cases/places.yml``: files, playbook, command line and environment."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from textwrap import indent
from typing import Any

import yaml

from tests.secrets.canaries import canary

CASES = Path(__file__).parent / "cases"
LAB = "plugin: lab\nspeed: 50\nhosts:\n  one: {{image: exchange2003-sp1, password: {password}}}\n"
MODULE = '''"""Keep a secret."""
from dataclasses import dataclass, field
from remediate.model import Change, Secret
NEEDS = {"session": "no"}
ACTION = True
@dataclass(frozen=True, kw_only=True)
class Params:
    password: Secret = field(metadata={"help": "kept"})
    says: str = field(metadata={"help": "said"})
def inspect(session, params):
    if params.says == "breaks":
        raise RuntimeError(f"no place for {params.password.reveal()}")
    return {"text": f"{params.says} {params.password.reveal()}", "token": params.says, "box": str(params.password)}
def diff(state, params):
    return [Change(target="box", before=None, after=params.password.reveal())]
def apply(session, change, params):
    return {"stored": params.password.reveal()}
'''


@dataclass
class Canaries:
    """The project. ``secrets`` are what nobody may see, ``visible`` what everybody has to."""

    folder: Path
    secrets: list[str] = field(default_factory=list)
    visible: list[str] = field(default_factory=list)
    words: list[str] = field(default_factory=list)
    environ: dict[str, str] = field(default_factory=dict)
    _parts: dict[str, list[str]] = field(default_factory=dict)

    def write(self, name: str, text: str) -> None:
        path = self.folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")

    def add(self, number: int, place: Mapping[str, Any]) -> None:
        secret, shown = str(place.get("secret", canary(number))), f"seen{number:02d}"
        self.secrets.append(secret)
        self.visible.append(shown)

        def put(text: str) -> str:
            return text.replace("@C@", secret).replace("@S@", shown).replace("@D@", str(self.folder))

        for part in ("group", "host", "play", "first", "tasks", "handlers", "role"):
            if part in place:
                self._parts.setdefault(part, []).append(put(place[part]))
        for name, text in place.get("file", {}).items():
            self.write(name, put(text))
        if "vars_file" in place:
            self.write("more.yml", put(place["vars_file"]))
        self.words += [put(word) for word in place.get("words", ())]
        self.environ |= {name: put(text) for name, text in place.get("env", {}).items()}

    def lines(self, part: str) -> str:
        return "\n".join(self._parts.get(part, ())) + "\n"

    def lay(self, settings: str) -> None:
        """Write what has been added."""
        self.secrets.append(canary(0))
        self.write("lab.yml", LAB.format(password=canary(0)))
        self.write("remediate.toml", settings)
        self.write("group_vars/all.yml", self.lines("group"))
        self.write("host_vars/one.yml", self.lines("host"))
        self.write("modules/vault_box.py", MODULE)
        roles = "".join(f"    - {role}\n" for role in self._parts.get("role", ()))
        self.write(
            "site.yml",
            "- name: canaries\n  hosts: one\n  vars_files: [more.yml]\n"
            f"  vars:\n{indent(self.lines('play'), '    ')}"
            f"  roles:\n{roles}  tasks:\n{indent(self.lines('first') + self.lines('tasks'), '    ')}"
            f"  handlers:\n{indent(self.lines('handlers'), '    ')}",
        )


def places() -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = yaml.safe_load((CASES / "places.yml").read_text(encoding="utf-8"))
    return found
