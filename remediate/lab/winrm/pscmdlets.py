"""The cmdlets the lab's PowerShell has, and how their parameters are bound."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from types import MappingProxyType
from typing import Protocol, TypeAlias

from remediate.lab.errors import LabError
from remediate.lab.paths import resolve
from remediate.lab.winrm.psparse import Parameter
from remediate.lab.winrm.psrecords import TerminatingError, UnknownScriptError, no_path
from remediate.lab.winrm.runspace import Runspace, text

ENCODINGS = MappingProxyType({"default": "cp1252", "string": "cp1252", "ascii": "ascii", "unicode": "utf-16-le"})
"""-Encoding; "" is Default, the ANSI code page, as in Windows PowerShell."""
UNICODE_MARK = b"\xff\xfe"
UTF8_MARK = b"\xef\xbb\xbf"


class Scope(Protocol):
    """What a cmdlet has of the pipeline it stands in."""

    @property
    def runspace(self) -> Runspace: ...

    def script(self, source: str, items: Iterator[object]) -> Iterator[object]:
        """Carry out a script, what is piped in as its ``$input``."""
        ...


Bound: TypeAlias = Mapping[str, object]
Items: TypeAlias = Iterator[object]


@dataclass(frozen=True, slots=True, kw_only=True)
class Cmdlet:
    """``positional``: parameters that need no name, in order; all names in lower case."""

    run: Callable[[Scope, Bound, Items], Iterable[object]]
    positional: tuple[str, ...] = ()
    values: frozenset[str] = frozenset()
    switches: frozenset[str] = frozenset()
    many: str = ""
    """The parameter that takes all remaining words."""


def bind(cmdlet: Cmdlet, name: str, words: Sequence[object]) -> dict[str, object]:
    """Words to parameters; UnknownScriptError for parameters the lab does not know."""
    bound: dict[str, object] = {}
    rest: list[object] = []
    waiting = ""
    for word in words:
        if waiting:
            bound[waiting], waiting = word, ""
        elif not isinstance(word, Parameter):
            rest.append(word)
        elif (given := word.name.rstrip(":").lower()) in cmdlet.switches:
            bound[given] = True
        elif given in cmdlet.values or given in cmdlet.positional:
            waiting = given
        else:
            raise UnknownScriptError(f"{name} -{word.name}")
    if waiting:
        raise UnknownScriptError(f"{name} -{waiting} without a value")
    if cmdlet.many:
        return bound | {cmdlet.many: rest}
    free = [parameter for parameter in cmdlet.positional if parameter not in bound]
    if len(rest) > len(free):
        raise UnknownScriptError(f"{name} with {len(words)} words")
    return bound | dict(zip(free, rest, strict=False))


@cache
def cmdlets() -> Mapping[str, Cmdlet]:
    """By name in lower case."""
    paths = frozenset({"path", "literalpath"})
    return MappingProxyType(
        {
            "echo": Cmdlet(run=_write_output, many="inputobject"),
            "get-content": Cmdlet(run=_get_content, positional=("path",), values=paths),
            "invoke-expression": Cmdlet(run=_invoke_expression, positional=("command",)),
            "new-item": Cmdlet(
                run=_new_item, positional=("path",), values=frozenset({"name", "value"}), switches=frozenset({"force"})
            ),
            "out-null": Cmdlet(run=_out_null),
            "out-string": Cmdlet(run=_out_string, switches=frozenset({"stream"})),
            "set-content": Cmdlet(
                run=_set_content,
                positional=("path", "value"),
                values=paths | {"encoding"},
                switches=frozenset({"force"}),
            ),
            "test-path": Cmdlet(run=_test_path, positional=("path",), values=paths | {"pathtype"}),
            "write-output": Cmdlet(run=_write_output, many="inputobject"),
        }
    )


def _write_output(_: Scope, bound: Bound, items: Items) -> Iterator[object]:
    given = bound["inputobject"]
    if isinstance(given, list) and given:
        for value in given:
            yield from value if isinstance(value, list) else [value]
    else:
        yield from items


def _out_null(_: Scope, bound: Bound, items: Items) -> Iterator[object]:  # noqa: ARG001
    for _ignored in items:
        pass
    yield from ()


def _out_string(_: Scope, bound: Bound, items: Items) -> Iterator[object]:
    if "stream" in bound:
        yield from (text(item) for item in items)
    else:
        yield "".join(text(item) + "\r\n" for item in items)


def _invoke_expression(scope: Scope, bound: Bound, items: Items) -> Iterator[object]:
    return scope.script(text(bound.get("command")), items)


def _new_item(scope: Scope, bound: Bound, _: Items) -> Iterator[object]:
    """Only ``env:``, as clients use it to set variables. What it answers they throw away, so it answers nothing."""
    if text(bound.get("path")).lower().rstrip("\\/") != "env:":
        raise UnknownScriptError(f"New-Item {text(bound.get('path'))}")
    name, extra = text(bound.get("name")), scope.runspace.extra
    for old in [old for old in extra if old.upper() == name.upper()]:
        del extra[old]
    extra[name] = text(bound.get("value"))
    yield from ()


def _set_content(scope: Scope, bound: Bound, items: Items) -> Iterator[object]:
    path = _path(scope, bound)
    name = text(bound.get("encoding")).lower() or "default"
    if name not in ENCODINGS:
        raise UnknownScriptError(f"Set-Content -Encoding {name}")
    given = bound.get("value")
    values = given if isinstance(given, list) else [given] if "value" in bound else list(items)
    data = "".join(text(value) + "\r\n" for value in values).encode(ENCODINGS[name], "replace")
    try:
        with scope.runspace.machine.lock:
            scope.runspace.machine.files.write(path, (UNICODE_MARK if name == "unicode" else b"") + data)
    except LabError as error:
        raise _failed(error, path, "Set-Content") from None
    scope.runspace.desk.save()
    yield from ()


def _get_content(scope: Scope, bound: Bound, _: Items) -> Iterator[object]:
    path = _path(scope, bound)
    try:
        with scope.runspace.machine.lock:
            data = scope.runspace.machine.files.read(path)
    except LabError as error:
        raise _failed(error, path, "Get-Content") from None
    if data.startswith(UNICODE_MARK):
        content = data[2:].decode("utf-16-le", "replace")
    elif data.startswith(UTF8_MARK):
        content = data[3:].decode("utf-8", "replace")
    else:
        content = data.decode("cp1252", "replace")
    content = content.replace("\r\n", "\n")
    yield from content.removesuffix("\n").split("\n") if content else []


def _test_path(scope: Scope, bound: Bound, _: Items) -> Iterator[object]:
    kind = text(bound.get("pathtype")).lower() or "any"
    files = scope.runspace.machine.files
    known = {"any": files.exists, "leaf": files.is_file, "container": files.is_folder}
    if kind not in known:
        raise UnknownScriptError(f"Test-Path -PathType {kind}")
    with scope.runspace.machine.lock:
        scope.runspace.machine.advance()
        found = known[kind](_path(scope, bound))
    yield found


def _path(scope: Scope, bound: Bound) -> str:
    """Full path of -Path or -LiteralPath; drives that are none of the file system's are not known."""
    given = text(bound.get("literalpath", bound.get("path")))
    head = given.partition(":")[0] if ":" in given else "c"
    wild = "literalpath" not in bound and any(char in given for char in "*?[`")
    if len(head) != 1 or wild or not given or "::" in given:
        raise UnknownScriptError(f"the path {given!r}")
    try:
        return resolve(given, scope.runspace.folder)
    except LabError as error:
        raise _failed(error, given, "Path") from None


def _failed(error: LabError, path: str, cmdlet: str) -> TerminatingError:
    if error.number in (2, 3, 15):
        return no_path(path, cmdlet)
    text_of = {5: f"Access to the path '{path}' is denied."}.get(error.number, error.text)
    kind = "UnauthorizedAccessException" if error.number == 5 else "IOException"
    category = "PermissionDenied" if error.number == 5 else "WriteError"
    return TerminatingError(
        text_of,
        f"{cmdlet.replace('-', '')}{kind}",
        category=category,
        target=path,
        exception=kind,
        statement=True,
    )
