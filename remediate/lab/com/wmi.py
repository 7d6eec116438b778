"""WMI's way in for scripts: locator, connections to namespaces, queries, and the winmgmts moniker."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping

from remediate.lab.com import wql
from remediate.lab.com.base import (
    WBEM_FAILED,
    WBEM_INVALID_CLASS,
    WBEM_INVALID_NAMESPACE,
    WBEM_INVALID_QUERY,
    WBEM_NOT_FOUND,
    Collection,
    ComError,
    ComObject,
    Refused,
    text,
)
from remediate.lab.com.run import Run
from remediate.lab.com.wmi_objects import Values, WmiClass, WmiObject


class ObjectSet(Collection):
    """The result of a query, which is carried out only when it is looked at: errors of the query come then."""

    prog = "SWbemObjectSet"

    def __init__(self, work: Callable[[], list[WmiObject]]) -> None:
        super().__init__(())
        self._work = work
        self._ready = False

    def _fill(self) -> None:
        if not self._ready:
            self._items = list(self._work())
            self._ready = True

    @property
    def count(self) -> int:
        self._fill()
        return len(self._items)

    def item(self, key: object) -> object:
        self._fill()
        wanted = text(key).lower()
        for each in self._items:
            if isinstance(each, WmiObject) and each.path_.rel_path.lower() == wanted:
                return each
        raise ComError(WBEM_NOT_FOUND, "Not found")

    def item_index(self, number: object) -> object:
        self._fill()
        return super().item(number)

    def com_items(self) -> Iterable[object]:
        self._fill()
        return self._items


class Services(ComObject):
    """A connection to one namespace."""

    prog = "SWbemServices"

    def __init__(self, run: Run, classes: Mapping[str, WmiClass]) -> None:
        self._run = run
        self._classes = classes

    def _check(self) -> None:
        if self._run.machine.faults.wmi == "query_fails":
            raise ComError(WBEM_FAILED, "Generic failure")

    def _class(self, name: str) -> WmiClass:
        found = self._classes.get(name.lower())
        if found is None:
            raise Refused(WBEM_INVALID_CLASS, "Invalid class", name)
        return found

    def exec_query(self, query: object, *_: object) -> ObjectSet:
        words = text(query)
        return ObjectSet(lambda: self._query(words))

    def _query(self, words: str) -> list[WmiObject]:
        self._check()
        try:
            query = wql.parse(words)
            cls = self._class(query.target)
            rows = [dict(row) for row in cls.rows(self._run, query)]
            known = {p.lower() for p in (*cls.properties, *(rows[0] if rows else ()))} - cls.lacks
            asked = query.names | {c.lower() for c in query.columns}
            if (rows or cls.properties) and not asked <= known:
                if asked <= known | cls.lacks:
                    raise ComError(WBEM_INVALID_QUERY, "Invalid query")
                raise wql.BadQueryError
            found = [row for row in rows if query.matches({k.lower(): v for k, v in row.items()})]
        except wql.BadQueryError:
            raise Refused(WBEM_INVALID_QUERY, "Invalid query", words) from None
        return [WmiObject(self._run, cls, _project(row, query, cls.key)) for row in found]

    def instances_of(self, name: object, *_: object) -> ObjectSet:
        words = text(name)
        return ObjectSet(lambda: self._query(_all_of(words)))

    def get(self, path: object = "", *_: object) -> WmiObject:
        """``Class`` or ``Class.Key="value"`` (also ``Class="value"``)."""
        self._check()
        given = text(path)
        match = re.fullmatch(r"(\w+)(?:\.?(\w*)=(?:'((?:\\.|[^'])*)'|\"((?:\\.|[^\"])*)\"|(\d+)))?", given)
        if match is None:
            raise Refused(0x8004103A, "Invalid object path", given)
        cls = self._class(match[1])
        value = next((v for v in match.groups()[2:] if v is not None), None)
        if value is None:
            return WmiObject(self._run, cls, dict.fromkeys(cls.properties))
        wanted = re.sub(r"\\(.)", r"\1", value)
        key = (match[2] or cls.key[0]).lower()
        query = wql.parse(f"{_all_of(cls.name)} WHERE {key} = '{value}'")
        for row in cls.rows(self._run, query):
            low = {k.lower(): v for k, v in row.items()}
            if str(low.get(key)).lower() == wanted.lower():
                return WmiObject(self._run, cls, dict(row))
        raise ComError(WBEM_NOT_FOUND, "Not found")

    def exec_method(self, path: object, name: object, params: object = None, *_: object) -> WmiObject:
        return self.get(path).exec_method_(name, params)

    @property
    def security_(self) -> Security:
        return Security()


def _all_of(name: str) -> str:
    return f"SELECT * FROM {name}"  # noqa: S608 - WQL on the model, in the words of the script


def _project(row: Values, query: wql.Query, key: tuple[str, ...]) -> Values:
    if not query.columns:
        return row
    wanted = {name.lower() for name in (*query.columns, *key)}
    return {name: value for name, value in row.items() if name.lower() in wanted}


class Security(ComObject):
    """SWbemSecurity: accepted, without effect here."""

    prog = "SWbemSecurity"

    def __init__(self) -> None:
        self._level = 3

    @property
    def impersonation_level(self) -> int:
        return self._level

    @impersonation_level.setter
    def impersonation_level(self, value: object) -> None:
        self._level = int(str(value))


Namespaces = Callable[[Run], Mapping[str, Mapping[str, WmiClass]]]


def connect(run: Run, namespaces: Namespaces, namespace: str, server: str = ".") -> Services:
    """Raises what a script gets where WMI is broken or disabled, or the server or namespace is another one."""
    service = run.machine.services.get("winmgmt")
    if run.machine.faults.wmi == "broken" or service is None or service.start_mode == "disabled":
        words = "The service cannot be started, either because it is disabled or because it has no enabled devices"
        raise ComError(0x80070422, f"{words} associated with it.", "SWbemLocator")
    local = {"", ".", "localhost", "127.0.0.1", run.environ.get("COMPUTERNAME", "").lower()}
    if server.lower().strip("\\") not in local:
        raise Refused(0x800706BA, "The RPC server is unavailable.", f"WMI of another machine: {server}")
    classes = namespaces(run).get(namespace.lower().replace("/", "\\").strip("\\"))
    if classes is None:
        raise Refused(WBEM_INVALID_NAMESPACE, "Invalid namespace", namespace)
    return Services(run, classes)


class Locator(ComObject):
    """WbemScripting.SWbemLocator."""

    prog = "SWbemLocator"

    def __init__(self, run: Run, namespaces: Namespaces) -> None:
        self._run = run
        self._namespaces = namespaces

    def connect_server(self, server: object = ".", namespace: object = "root\\cimv2", *_: object) -> Services:
        return connect(self._run, self._namespaces, text(namespace) or "root\\cimv2", text(server))

    @property
    def security_(self) -> Security:
        return Security()


_MONIKER = re.compile(r"winmgmts:(?:\{[^}]*\}!?)?(?:[\\/]{2}([^\\/]+)[\\/])?([^:]*?)(?::(.+))?", re.IGNORECASE)


def moniker(run: Run, namespaces: Namespaces, name: str) -> ComObject:
    """``winmgmts:{impersonationLevel=impersonate}!\\\\.\\root\\cimv2:Win32_Service='x'`` and its shorter forms."""
    match = _MONIKER.fullmatch(name.strip())
    if match is None:
        raise Refused(0x800401E4, "Invalid syntax", name)
    server, namespace, path = match[1] or ".", match[2] or "", match[3] or ""
    if namespace and not namespace.lower().startswith("root"):
        namespace, path = "", namespace
    services = connect(run, namespaces, namespace or "root\\cimv2", server)
    return services.get(path) if path else services
