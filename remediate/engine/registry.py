"""Finds a module by its file name, loads it once and checks that it keeps the module contract."""

from __future__ import annotations

import difflib
import sys
import threading
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, is_dataclass
from hashlib import sha256
from pathlib import Path
from types import ModuleType

from remediate.connections.base import Session
from remediate.errors import UserError
from remediate.language import quoting
from remediate.language.files import MODULE, Files
from remediate.model import Change, Foreseen, Known, Source, Standing, State

Inspect = Callable[[Session, object], State]
Diff = Callable[[State, object], Sequence[Change]]
Apply = Callable[[Session, Change, object], "State | None"]


@dataclass(frozen=True, slots=True, kw_only=True)
class LoadedModule:
    """A module file that kept the contract, its agreed names bound."""

    name: str
    file: Path
    doc: str
    params_type: type
    needs: Mapping[str, str]
    inspect: Inspect
    diff: Diff
    apply: Apply | None
    undo: Apply | None
    columns: Callable[[State, object], Mapping[str, str]] | None
    notes: Callable[[State, object], Sequence[str]] | None
    action: bool
    """A deed and not a state: not diffed again after apply."""
    unknown: tuple[str, ...]
    """Keys of the registered result that a check run cannot know."""
    beforehand: Callable[[Known], Foreseen] | None = None
    """Looks at arguments before any host is met."""
    foresees: tuple[str, ...] = ()
    """The arguments it wants to see for that."""
    volatile: tuple[str, ...] = ()
    """Entries of the State that change by themselves, as dotted paths with ``*`` for any one entry."""
    proves: bool = False
    """It reads back what a playbook is for: where it finds that in order, the host is compliant."""
    restores: bool = False
    """It only looks after what this toolkit began itself: that needs no plan."""
    standing: Callable[[State, State, object], Standing] | None = None
    """How a host is left, from the State first seen in a run and the one of now: makes last looks of its steps."""

    @property
    def reversible(self) -> bool:
        return self.undo is not None

    @property
    def needs_session(self) -> bool:
        return self.needs.get("session", "yes") != "no"


class Registry:
    """The modules of some folders; earlier folders win. Loading is lazy and thread-safe."""

    def __init__(self, folders: Sequence[Path], files: Files | None = None) -> None:
        self.folders = tuple(Path(f) for f in folders)
        self.files = files or Files()
        self._loaded: dict[str, LoadedModule] = {}
        self._lock = threading.Lock()

    def names(self) -> tuple[str, ...]:
        every = (Path(name) for folder in self.folders for name in self.files.names(folder))
        return tuple(sorted({path.stem for path in every if path.suffix == ".py" and not path.name.startswith("_")}))

    def find(self, name: str) -> Path | None:
        """The module's file, or None."""
        if not name.isidentifier():
            return None
        return next((p for f in self.folders if self.files.is_file(p := f / f"{name}.py")), None)

    def has(self, name: str) -> bool:
        return name in self._loaded or self.find(name) is not None

    def load(self, name: str, source: Source | None = None) -> LoadedModule:
        """The checked module; ``UserError`` when it is missing or breaks the contract."""
        with self._lock:
            if name not in self._loaded:
                self._loaded[name] = self._load(name, source)
            return self._loaded[name]

    def _load(self, name: str, source: Source | None) -> LoadedModule:
        path = self.find(name)
        if path is None:
            near = difflib.get_close_matches(name, self.names(), 1)
            hint = f"did you mean {near[0]!r}?" if near else "looked in " + ", ".join(map(str, self.folders))
            raise UserError(f"there is no module {quoting.named(name)}", source=source, hint=hint)
        return _checked(name, path, _execute(name, path, self._bytes(path)))

    def complete(self) -> None:
        """Read the remote halves of every module that was loaded: they belong to it."""
        for name in tuple(self._loaded):
            self.script(name)

    def script(self, name: str) -> tuple[bytes, Path] | None:
        """The remote half of a module as it was when it was first read, and where; None where there is none."""
        path = next((p for f in self.folders if self.files.is_file(p := f / f"{name}.js")), None)
        return None if path is None else (self._bytes(path), path)

    def _bytes(self, path: Path) -> bytes:
        try:
            return self.files.read(path, MODULE)
        except OSError as error:
            raise UserError(f"cannot be read: {error.strerror}", source=Source(str(path))) from None


def _execute(name: str, path: Path, code: bytes) -> ModuleType:
    """The module that these bytes are; ``path`` is where they were read. No compiled file beside it is trusted."""
    label = f"remediate_module_{name}_{sha256(str(path).encode() + code).hexdigest()[:16]}"
    if label in sys.modules:
        return sys.modules[label]
    module = ModuleType(label)
    module.__file__ = str(path)
    sys.modules[label] = module  # dataclasses and pydantic resolve annotations through it
    try:
        exec(compile(code, str(path), "exec", dont_inherit=True), module.__dict__)  # noqa: S102 - a module is code
    except Exception as error:
        del sys.modules[label]
        line = getattr(error, "lineno", 0) or 0
        raise UserError(f"module {name!r} does not load: {error!r}", source=Source(str(path), line)) from error
    return module


def _checked(name: str, path: Path, module: ModuleType) -> LoadedModule:
    def wrong(what: str) -> UserError:
        return UserError(f"module {name!r} {what}", source=Source(str(path)), hint="see docs/writing-a-module.md")

    params = getattr(module, "Params", None)
    if not (isinstance(params, type) and is_dataclass(params)):
        raise wrong("has no Params dataclass")
    needs = getattr(module, "NEEDS", {})
    for function in ("inspect", "diff"):
        if not callable(getattr(module, function, None)):
            raise wrong(f"has no function {function}()")
    if not (module.__doc__ or "").strip():
        raise wrong("has no manual page (docstring)")
    return LoadedModule(
        name=name,
        file=path,
        doc=(module.__doc__ or "").strip(),
        params_type=params,
        needs=needs,
        inspect=module.inspect,
        diff=module.diff,
        apply=getattr(module, "apply", None),
        undo=getattr(module, "undo", None),
        columns=getattr(module, "columns", None),
        notes=getattr(module, "notes", None),
        standing=getattr(module, "standing", None),
        action=bool(getattr(module, "ACTION", False)),
        proves=bool(getattr(module, "PROVES", False)),
        restores=bool(getattr(module, "RESTORES", False)),
        unknown=tuple(getattr(module, "UNKNOWN", ())),
        volatile=tuple(getattr(module, "VOLATILE", ())),
        beforehand=getattr(module, "beforehand", None),
        foresees=tuple(getattr(module, "BEFOREHAND", ())),
    )
