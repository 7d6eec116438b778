"""The settings of a WinRM endpoint, by Ansible's names and by this toolkit's own."""

from __future__ import annotations

import importlib.util
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields

from remediate.connections.roadoptions import RoadOptions
from remediate.connections.values import Unfit, choice, first, option, port, source
from remediate.model import Endpoint, Json

AUTHS = ("negotiate", "ntlm", "kerberos", "credssp", "basic", "certificate")
_WORDS = {"plaintext": "basic", "ssl": "basic"}
"""Ansible's other words for ways to log in."""
_CHOICES: Mapping[str, tuple[str, ...]] = {
    "winrm_auth": (*AUTHS, *_WORDS),
    "winrm_scheme": ("http", "https"),
    "winrm_server_cert_validation": ("validate", "ignore"),
    "winrm_encryption": ("auto", "always", "never"),
    "winrm_shell": ("auto", "cmd", "powershell"),
}
_EXTRAS = {"kerberos": ("krb5", "sspilib"), "credssp": ("requests_credssp",)}


@dataclass(frozen=True, slots=True, kw_only=True)
class WinrmOptions(RoadOptions):
    """The settings of one WinRM endpoint. Times are seconds."""

    winrm_scheme: str = ""
    """``http`` or ``https``; by the port when empty: 5985 and 80 are HTTP."""
    winrm_auth: str = "negotiate"
    """``negotiate``, ``ntlm``, ``kerberos``, ``credssp``, ``basic`` (HTTPS only) or ``certificate`` (HTTPS only)."""
    winrm_shell: str = "auto"
    """``cmd`` needs no PowerShell on the host; ``auto`` is that, and PowerShell where a host refuses it."""
    winrm_ca: str = ""
    """File with the issuers of host certificates; the system's when empty."""
    winrm_fingerprint: str = ""
    """SHA-256 of the one certificate the host may show, instead of an issuer."""
    winrm_server_cert_validation: str = "validate"
    """``ignore`` takes any certificate, and is reported."""
    winrm_cert_pem: str = ""
    """Client certificate, for ``winrm_auth: certificate``."""
    winrm_cert_key_pem: str = ""
    winrm_encryption: str = "auto"
    """Sealing of messages: ``auto`` over HTTP, ``always``, ``never`` (reported)."""
    winrm_operation_timeout: float = 20.0
    """How long the host may hold back one answer."""
    winrm_read_timeout: float = 30.0
    """How long an answer is waited for; more than ``winrm_operation_timeout``."""
    winrm_quota_timeout: float = 75.0
    """How long to wait for a shell where the account has used up its number: those of a dead controller end."""
    winrm_path: str = "wsman"
    winrm_proxy: str = ""
    """HTTP proxy on the way; the environment's are not used."""
    winrm_configuration: str = "Microsoft.PowerShell"
    """PowerShell session configuration on the host."""
    winrm_service: str = "host"
    """Service part of the Kerberos name (SPN)."""
    winrm_hostname: str = ""
    """Host part of the Kerberos name (SPN); ``ansible_host`` when empty."""
    winrm_delegate: bool = False
    """Let the host use the Kerberos ticket for other hosts."""
    winrm_send_cbt: bool = True
    """Bind the log-in to the TLS channel."""

    @classmethod
    def of(cls, endpoint: Endpoint) -> WinrmOptions:
        """The options of an endpoint ``endpoint()`` has made."""
        known = {f.name for f in fields(cls)}
        return cls(**{name: value for name, value in endpoint.options.items() if name in known})  # type: ignore[arg-type]


_ALIASES: Mapping[str, tuple[str, str]] = {
    "winrm_scheme": ("scheme", "protocol"),
    "winrm_auth": ("transport", "auth"),
    "winrm_server_cert_validation": ("server_cert_validation", "cert_validation"),
    "winrm_ca": ("ca_trust_path", "ca_cert"),
    "winrm_cert_pem": ("cert_pem", "certificate_pem"),
    "winrm_cert_key_pem": ("cert_key_pem", "certificate_key_pem"),
    "winrm_encryption": ("message_encryption", "message_encryption"),
    "winrm_operation_timeout": ("operation_timeout_sec", "operation_timeout"),
    "winrm_read_timeout": ("read_timeout_sec", "read_timeout"),
    "connect_timeout": ("connection_timeout", "connection_timeout"),
    "winrm_path": ("path", "path"),
    "winrm_proxy": ("proxy", "proxy"),
    "winrm_configuration": ("configuration_name", "configuration_name"),
    "winrm_service": ("service", "negotiate_service"),
    "winrm_hostname": ("kerberos_hostname_override", "negotiate_hostname_override"),
    "winrm_delegate": ("kerberos_delegation", "negotiate_delegate"),
    "winrm_send_cbt": ("send_cbt", "negotiate_send_cbt"),
}
"""Option -> what follows ``ansible_winrm_`` and ``ansible_psrp_``."""
HOST = ("ansible_host", "ansible_winrm_host", "ansible_psrp_host")
PORT = ("ansible_port", "ansible_winrm_port", "ansible_psrp_port")
USER = ("ansible_user", "ansible_winrm_user", "ansible_psrp_user")
PASSWORD = ("ansible_password", "ansible_winrm_password", "ansible_winrm_pass", "ansible_psrp_password")
KEY_PASSWORD = ("winrm_cert_key_password", "ansible_winrm_cert_key_password", "ansible_psrp_certificate_key_password")


def names(option_name: str, connection: str) -> tuple[str, ...]:
    """The variables an option is read from, nearest first; ``connection`` is ``winrm`` or ``psrp``."""
    if option_name not in _ALIASES:
        return (option_name,)
    winrm, psrp = _ALIASES[option_name]
    ansible = (f"ansible_psrp_{psrp}", f"ansible_winrm_{winrm}")
    return (option_name, *(ansible if connection == "psrp" else reversed(ansible)))


def read(host: str, connection: str, variables: Mapping[str, object]) -> tuple[dict[str, Json], int]:
    """The checked settings and the port; UserError (with the value's position) for what cannot be."""
    found: dict[str, Json] = {}
    for field in fields(WinrmOptions):
        name = first(variables, names(field.name, connection))
        if name:
            found[field.name] = _value(name, field.name, variables[name], field.default)
    number = port(variables, PORT, 5985 if found.get("winrm_scheme") == "http" else 5986)
    found.setdefault("winrm_scheme", "http" if number in (80, 5985) else "https")
    if connection == "psrp":
        found.setdefault("winrm_shell", "powershell")
    _check(host, variables, connection, found)
    return found, number


def _value(name: str, option_name: str, value: object, default: object) -> Json:
    if option_name == "winrm_auth":
        return _auth(name, value)
    if option_name in _CHOICES:
        return choice(name, value, _CHOICES[option_name])
    return option(name, value, default)


def _auth(name: str, value: object) -> str:
    """One way to log in; of several (Ansible takes a list) the first."""
    parts: Sequence[object] = value if isinstance(value, list) else str(value).split(",")
    words = [choice(name, part.strip() if isinstance(part, str) else part, _CHOICES["winrm_auth"]) for part in parts]
    if not words:
        raise Unfit(f"{name} is empty", source=source({name: value}, name), hint=f"there are: {', '.join(AUTHS)}")
    return _WORDS.get(words[0], words[0])


def _check(host: str, variables: Mapping[str, object], connection: str, found: Mapping[str, Json]) -> None:
    auth = str(found.get("winrm_auth", "negotiate"))
    where = source(variables, first(variables, names("winrm_auth", connection)))
    bare = auth in ("basic", "certificate")
    if bare and found["winrm_scheme"] == "http":
        raise Unfit(
            f"{auth} over plain HTTP would show the password of {host} to everybody on the way",
            source=where,
            hint="set winrm_scheme: https, or winrm_auth: ntlm, which seals what it says",
        )
    if bare and found.get("winrm_encryption") == "always":
        raise Unfit(f"{auth} cannot seal messages", source=where, hint="leave winrm_encryption at auto")
    if auth == "certificate" and not (found.get("winrm_cert_pem") and found.get("winrm_cert_key_pem")):
        raise Unfit(
            f"host {host} logs in by certificate and has none",
            source=where,
            hint="name the files in winrm_cert_pem and winrm_cert_key_pem",
        )
    if auth in _EXTRAS and not any(importlib.util.find_spec(name) for name in _EXTRAS[auth]):
        raise Unfit(
            f"{auth} (host {host}) needs a package that is not installed",
            source=where,
            hint=f"run: pip install 'remediate-servers[{auth}]'",
        )
    if not 0 < _seconds(found, "winrm_operation_timeout", 20) < _seconds(found, "winrm_read_timeout", 30):
        raise Unfit(
            f"winrm_operation_timeout of {host} must be less than winrm_read_timeout",
            source=source(variables, first(variables, names("winrm_operation_timeout", connection))),
            hint="an answer must be waited for longer than the host may hold it back",
        )


def _seconds(found: Mapping[str, Json], name: str, default: float) -> float:
    value = found.get(name, default)
    return float(value) if isinstance(value, int | float) else default
