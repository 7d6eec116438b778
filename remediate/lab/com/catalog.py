"""The one table of what scripts can create: ProgID -> object, and the winmgmts moniker."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from types import MappingProxyType

from remediate.lab.com import cdoexm, wmi
from remediate.lab.com.adodb import Stream
from remediate.lab.com.base import CANNOT_CREATE, ComObject, Refused
from remediate.lab.com.dictionary import Dictionary
from remediate.lab.com.fso import FileSystemObject
from remediate.lab.com.msxml import DomDocument
from remediate.lab.com.namespaces import namespaces
from remediate.lab.com.network import Network, ShellApplication
from remediate.lab.com.run import Run
from remediate.lab.com.wshshell import WshShell

Factory = Callable[[Run], ComObject]


def progids() -> Mapping[str, Factory]:
    """Lower-case ProgID -> factory."""
    return MappingProxyType(
        {
            "adodb.stream": Stream,
            "cdoexm.exchangeserver": cdoexm.ExchangeServer,
            "cdoexm.mailboxstoredb": cdoexm.StoreDB,
            "cdoexm.publicstoredb": cdoexm.StoreDB,
            "cdoexm.storagegroup": cdoexm.StorageGroup,
            "microsoft.xmldom": DomDocument,
            "msxml2.domdocument": DomDocument,
            "scripting.dictionary": Dictionary,
            "scripting.filesystemobject": FileSystemObject,
            "shell.application": ShellApplication,
            "wbemscripting.swbemlocator": lambda run: wmi.Locator(run, namespaces),
            "wscript.network": Network,
            "wscript.shell": WshShell,
        }
    )


class Catalog:
    """Creates objects for one script run."""

    def __init__(self, run: Run) -> None:
        self._run = run
        self._known = progids()

    def create(self, progid: str) -> ComObject:
        factory = self._known.get(progid.lower())
        if factory is None:
            raise Refused(CANNOT_CREATE, "Automation server can't create object", progid)
        return factory(self._run)

    def moniker(self, name: str) -> ComObject:
        if not name.strip().lower().startswith("winmgmts:"):
            raise Refused(0x800401E4, "Invalid syntax", name)
        return wmi.moniker(self._run, namespaces, name)
