"""How a host's WinRM is set up, as its inventory declares it, and what its clients are told."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, cast

from remediate.lab.fields import Fields
from remediate.model import Json

Connection = Literal["ssh", "winrm", "psrp"]
Auth = Literal["ntlm", "basic", "certificate"]
CONNECTIONS = ("ssh", "winrm", "psrp")
AUTHS = ("ntlm", "basic", "certificate")
TRANSPORTS = ("http", "https")
VERSIONS = ("2.1", "2.3")


@dataclass(frozen=True, slots=True, kw_only=True)
class WinrmSpec:
    """One host's listener."""

    transport: Literal["http", "https"] = "http"
    version: Literal["2.1", "2.3"] = "2.1"
    """Of PSRP: 2.1 is WinRM 2.0 with PowerShell 2.0, the last for Windows Server 2003; 2.3 came with PowerShell 5."""
    auth: tuple[Auth, ...] = ("ntlm",)
    """The first is what the inventory tells clients to use."""

    def to_json(self) -> dict[str, Json]:
        """The mapping ``parse`` accepts."""
        return {"transport": self.transport, "version": self.version, "auth": list(self.auth)}


def parse(fields: Fields) -> WinrmSpec | None:
    """``winrm:`` of a host; None where there is none and the host is reached by SSH. Raises UserError."""
    sub = fields.sub("winrm")
    if not fields.has("winrm") and fields.text("connection", "ssh") == "ssh":
        return None
    transport = sub.choice("transport", TRANSPORTS, "http")
    auth = sub.names("auth") or ("ntlm",)
    for word in auth:
        if word not in AUTHS:
            raise sub.wrong("auth", f"some of {', '.join(AUTHS)}")
    if transport == "http" and "ntlm" not in auth:
        raise sub.wrong("auth", "ntlm where the transport is http: it alone seals what is said")
    spec = WinrmSpec(
        transport=cast("Literal['http', 'https']", transport),
        version=cast("Literal['2.1', '2.3']", sub.choice("version", VERSIONS, "2.1")),
        auth=cast("tuple[Auth, ...]", auth),
    )
    sub.done()
    return spec


def connection(fields: Fields) -> Connection:
    """``connection:`` of a host. Raises UserError."""
    return cast("Connection", fields.choice("connection", CONNECTIONS, "ssh"))


def client_variables(
    road: Connection, spec: WinrmSpec, *, authority: str, certificate: tuple[str, str]
) -> dict[str, str]:
    """Ansible's variables for a client: ``authority`` and ``certificate`` (with key) are files."""
    psrp = road == "psrp"
    names = (
        ("ansible_psrp_protocol", "ansible_psrp_auth", "ansible_psrp_ca_cert")
        if psrp
        else ("ansible_winrm_scheme", "ansible_winrm_transport", "ansible_winrm_ca_trust_path")
    )
    told: dict[str, str] = {"ansible_connection": road, names[0]: spec.transport, names[1]: spec.auth[0]}
    if spec.transport == "https":
        told[names[2]] = authority
    if spec.auth[0] == "certificate":
        prefix = "ansible_psrp_certificate" if psrp else "ansible_winrm_cert"
        told |= {f"{prefix}_pem": certificate[0], f"{prefix}_key_pem": certificate[1]}
    return told
