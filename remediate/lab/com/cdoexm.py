"""CDOEXM: what scripts on an Exchange server read of its storage groups and stores. All of it likely, none verified."""

from __future__ import annotations

from collections.abc import Callable

from remediate.lab.com.base import CANNOT_CREATE, ComError, ComObject, text
from remediate.lab.com.run import Run
from remediate.lab.databases import Database

STATUS = {"mounted": 0, "dismounted": 1, "mounting": 2}
NOT_THERE = 0x80072030
"""ERROR_DS_NO_SUCH_OBJECT."""


class DataSource(ComObject):
    """IDataSource2, of which Open is known."""

    prog = "IDataSource2"

    def __init__(self, opened: Callable[[str], None]) -> None:
        self._opened = opened

    def open(self, url: object, *_: object) -> None:
        self._opened(text(url))


class _Source(ComObject):
    """What can be opened by an address, and has nothing to say before that."""

    def __init__(self, run: Run) -> None:
        if run.machine.faults.cdoexm == "absent" or not run.machine.databases.all():
            raise ComError(
                CANNOT_CREATE, "Automation server can't create object"
            )  # no gap of the lab: they may lack it
        self._run = run
        self._url = ""

    @property
    def data_source(self) -> DataSource:
        return DataSource(self._open)

    def _open(self, url: str) -> None:
        if not self._known(url):
            raise ComError(NOT_THERE, "There is no such object on the server.", self.prog)
        self._url = url

    def _known(self, url: str) -> bool:
        return any(url in (_group_url(one.group), _store_url(one)) for one in self._run.machine.databases.all())

    def _all(self) -> tuple[Database, ...]:
        if not self._url:
            raise ComError(0x80004005, "The object has not been opened.", self.prog)
        return self._run.machine.databases.all()


def _group_url(group: str) -> str:
    return f"LDAP://dc1/CN={group},CN=InformationStore"


def _store_url(store: Database) -> str:
    return f"LDAP://dc1/CN={store.name},CN={store.group},CN=InformationStore"


class ExchangeServer(_Source):
    """CDOEXM.ExchangeServer"""

    prog = "CDOEXM.ExchangeServer"

    def _known(self, url: str) -> bool:
        return url.lower() == self._run.environ.get("COMPUTERNAME", "").lower()

    @property
    def name(self) -> str:
        return self._url

    @property
    def storage_groups(self) -> list[str]:
        return [_group_url(group) for group in dict.fromkeys(one.group for one in self._all())]


class StorageGroup(_Source):
    """CDOEXM.StorageGroup"""

    prog = "CDOEXM.StorageGroup"

    def _mine(self, kind: str) -> list[str]:
        return [_store_url(one) for one in self._all() if _group_url(one.group) == self._url and one.kind == kind]

    @property
    def name(self) -> str:
        return next(one.group for one in self._all() if _group_url(one.group) == self._url)

    @property
    def mailbox_store_dbs(self) -> list[str]:
        return self._mine("mailbox")

    @property
    def public_store_dbs(self) -> list[str]:
        return self._mine("public")


class StoreDB(_Source):
    """CDOEXM.MailboxStoreDB and CDOEXM.PublicStoreDB, as far as they are alike."""

    prog = "CDOEXM.StoreDB"

    def _mine(self) -> Database:
        return next(one for one in self._all() if _store_url(one) == self._url)

    @property
    def name(self) -> str:
        return self._mine().name

    @property
    def status(self) -> int:
        return STATUS[self._mine().state]
