"""The lab's mini PowerShell: pipelines of commands, cmdlets, programs and short scripts; the rest is refused loudly."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, TypeAlias

from remediate.lab.winrm.pscmdlets import bind, cmdlets
from remediate.lab.winrm.psnative import run_native
from remediate.lab.winrm.psparse import Command, Number, Parameter, Statement, Text, Value, Variable, parse
from remediate.lab.winrm.psrecords import TerminatingError, UnknownScriptError
from remediate.lab.winrm.pypsrpfiles import known_script
from remediate.lab.winrm.runspace import Runspace, member, text

if TYPE_CHECKING:
    import psrpcore

Emit: TypeAlias = "Callable[[str, object], None]"
"""Takes ("output", object) or ("error", ErrorRecord)."""


@dataclass(frozen=True, slots=True)
class Scope:
    """A pipeline being carried out; ``emit`` hands errors to the client. See ``pscmdlets.Scope``."""

    runspace: Runspace
    emit: Emit

    def script(self, source: str, items: Iterator[object]) -> Iterator[object]:
        """Carry out the statements of a script; read as a whole before the first begins."""
        statements = parse(source)
        return self._statements(statements, items)

    def _statements(self, statements: Sequence[Statement], items: Iterator[object]) -> Iterator[object]:
        for statement in statements:
            try:
                found = self._statement(statement, items)
                if statement.target:
                    values = list(found)
                    self.runspace.set(statement.target, values[0] if len(values) == 1 else values or None)
                else:
                    yield from found
            except TerminatingError as error:
                if not error.statement or self.runspace.stops_at_errors:
                    raise
                self.emit("error", error.record())

    def _statement(self, statement: Statement, items: Iterator[object]) -> Iterator[object]:
        flow: Iterator[object] = iter(())
        for element in statement.elements:
            if isinstance(element, Command):
                words = [self._word(word) for word in element.words]
                flow = self.call(text(self._value(element.name)), words, flow, merge=element.merge)
            elif element == Variable("input"):
                flow = items
            else:
                value = self._value(element)
                flow = iter(value if isinstance(value, list) else [value])
        return flow

    def _word(self, word: Value | Parameter) -> object:
        return word if isinstance(word, Parameter | Number) else self._value(word)

    def _value(self, value: Value) -> object:
        if isinstance(value, Number):
            return value.value
        if isinstance(value, Text):
            return "".join(part if isinstance(part, str) else text(self._value(part)) for part in value.parts)
        found = self.runspace.look(value.name)
        for name in value.members:
            found = member(found, name)
        return found

    def call(self, name: str, words: Sequence[object], items: Iterator[object], *, merge: bool) -> Iterator[object]:
        """A cmdlet or a program. Words: values, Numbers and Parameters."""
        cmdlet = cmdlets().get(name.lower())
        if cmdlet is not None:
            plain = [word.value if isinstance(word, Number) else word for word in words]
            yield from cmdlet.run(self, bind(cmdlet, name, plain), items)
            return
        arguments = [argument for word in words for argument in _arguments(word)]
        for kind, value in run_native(self.runspace, name, arguments, items):
            if kind == "output" or merge:
                yield value
            else:
                self.emit(kind, value)


def _arguments(word: object) -> Iterable[str]:
    """What a program gets for a word."""
    if isinstance(word, Parameter):
        return ["-" + word.name]
    if isinstance(word, Number):
        return [word.written]
    if isinstance(word, list):
        return [text(part) for part in word]
    return [text(word)]


def run(runspace: Runspace, commands: Sequence[psrpcore.Command], items: Iterator[object], emit: Emit) -> None:
    """Carry out a pipeline as a client built it; its output and errors go to ``emit``.

    Raises TerminatingError when it fails, and StoppedError when ``emit`` or ``items`` do.
    """
    scope = Scope(runspace, emit)
    _check(runspace, commands)
    stages: list[psrpcore.Command] = []
    for command in commands:
        stages.append(command)
        if command.end_of_statement:
            _pipeline(scope, stages, items)
            stages, items = [], iter(())
    if stages:
        _pipeline(scope, stages, items)


def _check(runspace: Runspace, commands: Sequence[psrpcore.Command]) -> None:
    """Refuse what is not known before anything is done."""
    if runspace.desk.version < (2, 2) and any(command.end_of_statement for command in commands[:-1]):
        raise UnknownScriptError("several statements in one pipeline: PowerShell 2.0 does not take them")
    for command in commands:
        if command.is_script and known_script(command.command_text) is None:
            if command.parameters:
                raise UnknownScriptError("a script with arguments")
            parse(command.command_text)


def _pipeline(scope: Scope, commands: Sequence[psrpcore.Command], items: Iterator[object]) -> None:
    flow = items
    for command in commands:
        flow = _stage(scope, command, flow)
    for item in flow:
        scope.emit("output", item)


def _stage(scope: Scope, command: psrpcore.Command, items: Iterator[object]) -> Iterator[object]:
    name = str(command.command_text)
    if command.is_script:
        known = known_script(name)
        if known is not None:
            return known(scope.runspace, [value for _, value in command.parameters], items)
        return scope.script(name, items)
    words: list[object] = []
    cmdlet = cmdlets().get(name.lower())
    for parameter, value in command.parameters:
        if parameter is not None:
            words.append(Parameter(parameter.removeprefix("-")))
        switch = cmdlet is not None and parameter is not None and parameter.lower() in cmdlet.switches
        if not switch and not (value is None and parameter is not None):
            words.append(value)
    return scope.call(name, words, items, merge=_merged(command))


def _merged(command: psrpcore.Command) -> bool:
    """Whether a command's errors go where its output goes; any other redirection is not known."""
    from psrpcore.types import PipelineResultTypes as To

    none = To(0)
    others = (command.merge_warning, command.merge_verbose, command.merge_debug, command.merge_information)
    if command.merge_unclaimed or any(other != none for other in others):
        raise UnknownScriptError(f"a redirection of {command.command_text}'s streams")
    if command.merge_error == To.Output or (command.merge_my == To.Error and command.merge_to == To.Output):
        return True
    if command.merge_error != none or command.merge_my != none or command.merge_to != none:
        raise UnknownScriptError(f"a redirection of {command.command_text}'s errors")
    return False
