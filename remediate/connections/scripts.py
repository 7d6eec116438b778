"""Finds the remote halves of modules and makes the scripts that run on hosts."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from remediate.connections import payload
from remediate.errors import UserError
from remediate.model import Json, Source


@dataclass(frozen=True, slots=True)
class Scripts:
    """The folders with ``<module>.js``; earlier ones win. Files are read once."""

    folders: Sequence[Path]
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
            paths = [folder / f"{module}.js" for folder in self.folders]
            path = next((p for p in paths if p.is_file()), None)
            if path is None and module not in payload.LIBRARIES:
                looked = ", ".join(str(p.parent) for p in paths) or "no folder"
                raise UserError(f"module {module} has no remote half: {module}.js is not in {looked}")
            self._texts[module] = (payload.module_text(path) if path else "", path)
        return self._texts[module]
