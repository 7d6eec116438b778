"""Errors as PowerShell reports them: terminating ones, and the records that travel to a client."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from psrpcore.types import ErrorRecord

AUTOMATION = "System.Management.Automation."
HRESULT = -2146233087
"""COR_E_EXCEPTION, the number every plain .NET exception carries."""


class StoppedError(Exception):
    """The client stopped the pipeline, or its shell is gone."""


class TerminatingError(Exception):
    """An error that ends what is being carried out.

    ``category`` is the name of an ErrorCategory. ``statement``: in a script it ends only its statement, is reported as
    a record and the next statement runs; given as a command it ends the pipeline, as PowerShell has it.
    """

    def __init__(
        self,
        message: str,
        error_id: str,
        *,
        category: str = "NotSpecified",
        target: str | None = None,
        exception: str = "RuntimeException",
        statement: bool = False,
    ) -> None:
        super().__init__(message)
        self.error_id = error_id
        self.category = category
        self.target = target
        self.exception = exception
        self.statement = statement

    def record(self) -> ErrorRecord:
        """The record a client gets."""
        return _record(str(self), self.error_id, self.category, self.target, self.exception)


class UnknownScriptError(TerminatingError):
    """The mini PowerShell does not know this. Whoever reports it also writes it into the refusal log."""

    def __init__(self, what: str) -> None:
        super().__init__(f"lab: PowerShell: not modelled: {what}", "LabNotModelled", category="NotImplemented")


def not_found(name: str) -> TerminatingError:
    """No cmdlet and no program of that name."""
    return TerminatingError(
        f"The term '{name}' is not recognized as the name of a cmdlet, function, script file, or operable program. "
        "Check the spelling of the name, or if a path was included, verify that the path is correct and try again.",
        "CommandNotFoundException",
        category="ObjectNotFound",
        target=name,
        exception="CommandNotFoundException",
        statement=True,
    )


def no_path(path: str, cmdlet: str) -> TerminatingError:
    """A path that leads to nothing."""
    return TerminatingError(
        f"Cannot find path '{path}' because it does not exist.",
        f"PathNotFound,Microsoft.PowerShell.Commands.{cmdlet.replace('-', '')}Command",
        category="ObjectNotFound",
        target=path,
        exception="ItemNotFoundException",
        statement=True,
    )


def native_record(line: str, *, first: bool) -> ErrorRecord:
    """One line a native program wrote to its standard error."""
    error_id = "NativeCommandError" if first else "NativeCommandErrorMessage"
    return _record(line, error_id, "NotSpecified", line, "RemoteException")


def _record(message: str, error_id: str, category: str, target: str | None, exception: str) -> ErrorRecord:
    from psrpcore.types import ErrorCategory, ErrorCategoryInfo, ErrorRecord, NETException

    thrown = NETException(Message=message, HResult=HRESULT)
    names = list(dict.fromkeys([AUTOMATION + exception, AUTOMATION + "RuntimeException", "System.SystemException"]))
    thrown.PSObject.type_names = [*names, *thrown.PSObject.type_names]
    info = ErrorCategoryInfo(
        Category=ErrorCategory[category],
        Reason=exception,
        TargetName=target or "",
        TargetType="String" if target is not None else "",
    )
    return ErrorRecord(Exception=thrown, TargetObject=target, FullyQualifiedErrorId=error_id, CategoryInfo=info)
