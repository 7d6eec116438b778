"""HTTP to one host's WinRM: renews what a pause has broken, repeats what may be repeated, says what went wrong."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from datetime import UTC
from email.utils import parsedate_to_datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast

import requests
from pypsrp.exceptions import WinRMTransportError
from pypsrp.wsman import WSMan

from remediate.connections.attended import attend
from remediate.connections.winrmerrors import translated
from remediate.connections.winrmoptions import WinrmOptions
from remediate.errors import HostError, UserError
from remediate.model import Endpoint

if TYPE_CHECKING:
    from remediate.connections.shared import Shared

IDLE = 60.0
"""Seconds after which a sealed connection is made anew before it is used: http.sys ends idle ones after two minutes."""
_TRIES = 3
"""How often an answer that got lost on the way is asked for. likely: the host keeps it for the same question."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Outside:
    """The clock (monotonic seconds) and the wait a wire uses."""

    clock: Callable[[], float]
    wait: Callable[[float], None]
    dated: Callable[[float, float], None]
    """Told of the clock each answer shows (seconds since 1970), and how many seconds it took to come."""
    prove: Callable[[], None]
    """Raises what keeps a message that starts something from leaving."""


class Carrier:
    """Takes the place of pypsrp's transport; for one thread at a time."""

    def __init__(self, inner: Any, options: WinrmOptions, outside: Outside) -> None:
        self._inner = inner
        self._options = options
        self._outside = outside
        self._used = outside.clock()
        self._most = float("inf")
        self.server = ""
        """What the web server calls itself."""
        self.deadline = float("inf")
        """Answers that got lost are not asked for again after this."""
        self.starting = False
        """What is sent starts something on the host, or feeds it."""

    @property
    def endpoint(self) -> str:
        return str(self._inner.endpoint)

    @property
    def sealed(self) -> bool:
        return bool(self._inner.wrap_required)

    @property
    def login(self) -> str:
        """What was logged in with."""
        way = self._options.winrm_auth
        contexts = getattr(getattr(self._inner.session, "auth", None), "contexts", None) or {}
        for context in contexts.values():
            used = str(getattr(context, "negotiated_protocol", None) or "")
            return f"{way} ({used})" if used and used != way else way
        return way

    def hurry(self) -> None:
        """From now on nothing is waited for long: only farewells follow."""
        self._most = 5.0

    def send(self, message: bytes, *, retries_on_read_timeout: int = 0, timeout: float | None = None) -> bytes:
        """One message and its answer; with retries the same again where the answer got lost."""
        if self.sealed and self._outside.clock() - self._used > IDLE:
            self.renew()
        tries = _TRIES if retries_on_read_timeout else 1
        for left in reversed(range(tries)):
            try:
                return self._send(message, timeout)
            except (requests.exceptions.ConnectionError, requests.exceptions.ChunkedEncodingError, requests.Timeout):
                self.renew()
                if not left or self._outside.clock() > self.deadline:
                    raise
            self._outside.wait(0.2 * (tries - left))
        raise AssertionError

    def _send(self, message: bytes, timeout: float | None) -> bytes:
        try:
            return self._exchange(message, timeout)
        except WinRMTransportError as error:
            if not (self.sealed and error.code == 400 and not str(error.response_text).strip()):
                raise
            self.renew()  # sealed for a connection that is gone: nobody has read it
            return self._exchange(message, timeout)

    def _exchange(self, message: bytes, timeout: float | None) -> bytes:
        options = self._options
        slack = options.winrm_read_timeout - options.winrm_operation_timeout
        read = options.winrm_read_timeout if timeout is None else timeout + slack
        if self._inner.session is None:
            self._inner.session = self._session()
        limits = (min(options.connect_timeout, self._most), min(read, self._most))
        try:
            return cast("bytes", self._inner.send(message, timeout=limits))
        except HostError:  # the line may have been left in the middle of a log-in
            self.renew()
            raise
        finally:
            self._used = self._outside.clock()

    def _session(self) -> requests.Session:
        session = cast("requests.Session", self._inner._build_session())
        session.trust_env = False  # it has read proxies and certificates now, and would again for every message
        session.hooks["response"].append(self._heard)
        attend(session, self._leaving)
        if self._options.winrm_fingerprint:
            adapter = cast("Any", session.get_adapter("https://"))
            pin = self._options.winrm_fingerprint.replace(":", "").replace(" ", "")
            adapter.poolmanager.connection_pool_kw["assert_fingerprint"] = pin
        return session

    def _leaving(self) -> None:
        if self.starting:
            self._outside.prove()

    def _heard(self, response: requests.Response, *_: object, **__: object) -> None:
        self.server = response.headers.get("Server", self.server)
        with suppress(ValueError, OverflowError):  # whatever it writes there, it is only a clock
            told = parsedate_to_datetime(response.headers.get("Date", "")).replace(tzinfo=UTC)
            self._outside.dated(told.timestamp(), response.elapsed.total_seconds())

    def renew(self) -> None:
        """The next message goes over a new connection, with a new log-in; shells on the host do not mind."""
        self.close()
        self._inner.session = self._inner.encryption = None

    def close(self) -> None:
        """Hangs up."""
        self._inner.close()


@dataclass(frozen=True, slots=True, kw_only=True)
class Wire:
    """A WSMan client whose troubles are told in words."""

    wsman: WSMan
    carrier: Carrier
    options: WinrmOptions
    outside: Outside
    where: str
    user: str

    @contextmanager
    def words(self) -> Iterator[None]:
        """Turns the libraries' exceptions into ours."""
        with translated(self.where, self.user):
            yield

    @contextmanager
    def starting(self) -> Iterator[None]:
        """Whatever is sent within starts something on the host: may it still? Asked right before it leaves."""
        self.carrier.starting = True
        try:
            yield
        finally:
            self.carrier.starting = False

    def seconds(self, left: float) -> int:
        """How long the host may hold back one answer when ``left`` seconds remain."""
        return max(1, min(round(self.options.winrm_operation_timeout), round(left)))

    def close(self) -> None:
        """Hangs up."""
        self.carrier.close()


def wire(endpoint: Endpoint, options: WinrmOptions, shared: Shared, prove: Callable[[], None]) -> Wire:
    """A client for the endpoint; nothing is sent yet. UserError for files that are not there."""
    logger = logging.getLogger("pypsrp")  # it logs tracebacks of what is reported here in plain words
    if not logger.handlers:
        logger.addHandler(logging.NullHandler())
    clocks = shared.clocks

    def dated(told: float, took: float) -> None:
        clocks.heard(endpoint.host, told, clocks.ago(took), coarse=1.0)

    outside = Outside(clock=shared.clock, wait=shared.wait, dated=dated, prove=prove)
    tls = options.winrm_scheme == "https"
    where = f"{endpoint.address}:{endpoint.port}"
    wsman = WSMan(
        endpoint.address,
        port=endpoint.port,
        username=endpoint.user or None,
        password=endpoint.password.reveal() if endpoint.password else None,
        ssl=tls,
        path=options.winrm_path.strip("/"),
        auth=options.winrm_auth,
        cert_validation=_validation(options),
        encryption=options.winrm_encryption,
        proxy=options.winrm_proxy or None,
        no_proxy=not options.winrm_proxy,
        operation_timeout=round(options.winrm_operation_timeout),
        certificate_pem=_file("winrm_cert_pem", options.winrm_cert_pem),
        certificate_key_pem=_file("winrm_cert_key_pem", options.winrm_cert_key_pem),
        certificate_key_password=_key_password(endpoint),
        negotiate_service=options.winrm_service,
        negotiate_hostname_override=options.winrm_hostname or None,
        negotiate_delegate=options.winrm_delegate,
        negotiate_send_cbt=options.winrm_send_cbt,
    )
    carrier = Carrier(wsman.transport, options, outside)
    wsman.transport = carrier  # type: ignore[assignment]  # WSMan needs no more of it than a Carrier has
    return Wire(wsman=wsman, carrier=carrier, options=options, outside=outside, where=where, user=endpoint.user)


def _validation(options: WinrmOptions) -> Any:
    if options.winrm_fingerprint or options.winrm_server_cert_validation == "ignore":
        return False
    path = _file("winrm_ca", options.winrm_ca)
    if path is not None and Path(path).is_file() and b"BEGIN CERTIFICATE" not in Path(path).read_bytes():
        raise UserError(f"winrm_ca {path} holds no certificates", hint="it must be a PEM file")
    return path or True


def _file(name: str, value: str) -> str | None:
    if not value:
        return None
    path = Path(value).expanduser()
    if not path.exists():
        raise UserError(f"{name}: there is no file {path}", hint="a path is taken from the folder you run in")
    return str(path)


def _key_password(endpoint: Endpoint) -> str | None:
    found = endpoint.secrets.get("key_password")
    return found.reveal() if found else None
