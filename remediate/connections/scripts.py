"""Finds the remote halves of modules and makes the scripts that run on hosts."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from remediate.connections import payload
from remediate.errors import UserError
from remediate.model import Json, Source

Read = Callable[[str], "tuple[bytes, Path] | None"]
"""Gives the remote half of a module and where it lies; None where there is none."""


def reading(folders: Sequence[Path]) -> Read:
    """Reads ``<module>.js`` of some folders; earlier ones win."""

    def read(module: str) -> tuple[bytes, Path] | None:
        path = next((p for folder in folders if (p := folder / f"{module}.js").is_file()), None)
        return None if path is None else (path.read_bytes(), path)

    return read


@dataclass(frozen=True, slots=True)
class Scripts:
    """Scripts of the remote halves in some folders; ``read`` gives them instead, where somebody has them already."""

    folders: Sequence[Path]
    read: Read | None = None
    _texts: dict[str, tuple[str, Path | None]] = field(default_factory=dict)

    def build(  # the parts of one script
        self,
        module: str,
        function: str,
        args: Mapping[str, Json],
        *,
        nonce: str,
        folder: str,
        script: str,
        leftovers: Sequence[str] = (),
    ) -> str:
        """The script that runs a function of a module, or of a library (``jobs``, ``files``) of that name."""
        text, path = self._find(module)
        if path is None:
            wanted: Sequence[str] = (module,)
            source = payload.library(module)
        else:
            wanted, source = payload.needs(text), text
        if not payload.defines(source, function):
            raise UserError(
                f"{module}.js has no function {function}",
                source=Source(str(path)) if path else None,
                hint="name it as it is written there, at the left margin",
            )
        return payload.build(
            text, function, args, wanted, nonce=nonce, folder=folder, script=script, leftovers=leftovers
        )

    def _find(self, module: str) -> tuple[str, Path | None]:
        if module not in self._texts:
            found = (self.read or reading(self.folders))(module)
            if found is None and module not in payload.LIBRARIES:
                looked = ", ".join(map(str, self.folders)) or "no folder"
                raise UserError(f"module {module} has no remote half: {module}.js is not in {looked}")
            self._texts[module] = (payload.module_text(*found), found[1]) if found else ("", None)
        return self._texts[module]
