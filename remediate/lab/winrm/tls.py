"""The lab's certificates: its own authority, one certificate per host, one for users that log on by certificate."""

from __future__ import annotations

import ssl
from datetime import UTC, datetime, timedelta
from ipaddress import IPv4Address
from pathlib import Path
from typing import TYPE_CHECKING, Literal

from remediate.lab.folder import locked, write_whole

if TYPE_CHECKING:
    from cryptography import x509
    from cryptography.hazmat.primitives.asymmetric.ec import EllipticCurvePrivateKey

Kind = Literal["works", "expired", "other_name"]
YEAR = timedelta(days=365)


def authority(folder: Path) -> Path:
    """The certificate of the lab's authority (PEM), made when it is missing."""
    return _pair(folder, "authority")[0]


def host_certificate(folder: Path, name: str, kind: Kind = "works") -> tuple[Path, Path]:
    """Certificate and key (PEM) of a host that is reached as 127.0.0.1, localhost or by its name."""
    return _pair(folder, f"host {name} {kind}", kind=kind, host=name)


def user_certificate(folder: Path, user: str) -> tuple[Path, Path]:
    """Certificate and key (PEM) with which ``user`` logs on."""
    return _pair(folder, f"user {user}", user=user)


def server_context(folder: Path, name: str, kind: Kind = "works") -> ssl.SSLContext:
    """TLS for a host. Clients may show a certificate of the lab's authority."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(*host_certificate(folder, name, kind))
    context.load_verify_locations(authority(folder))
    context.verify_mode = ssl.CERT_OPTIONAL
    return context


def _pair(folder: Path, name: str, *, kind: Kind = "works", host: str = "", user: str = "") -> tuple[Path, Path]:
    paths = folder / f"{name}.pem", folder / f"{name}.key"
    with locked(folder / "certificates.lock"):
        if not all(path.exists() for path in paths):
            _write(paths, *(_own_authority() if name == "authority" else _signed(folder, kind, host, user)))
    return paths


def _write(paths: tuple[Path, Path], certificate: x509.Certificate, key: EllipticCurvePrivateKey) -> None:
    from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

    pem = key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    write_whole(paths[1], pem, mode=0o600)
    write_whole(paths[0], certificate.public_bytes(Encoding.PEM))


def _builder(subject: str, begin: datetime, end: datetime) -> tuple[x509.CertificateBuilder, EllipticCurvePrivateKey]:
    from cryptography import x509
    from cryptography.hazmat.primitives.asymmetric import ec
    from cryptography.x509.oid import NameOID

    key = ec.generate_private_key(ec.SECP256R1())
    builder = (
        x509.CertificateBuilder()
        .subject_name(x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, subject)]))
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(begin)
        .not_valid_after(end)
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(key.public_key()), critical=False)
    )
    return builder, key


def _own_authority() -> tuple[x509.Certificate, EllipticCurvePrivateKey]:
    from cryptography import x509
    from cryptography.hazmat.primitives import hashes

    now = datetime.now(UTC)
    builder, key = _builder("Lab authority", now - YEAR * 5, now + YEAR * 20)
    usage = x509.KeyUsage(
        digital_signature=True, key_cert_sign=True, crl_sign=True, content_commitment=False, key_encipherment=False,
        data_encipherment=False, key_agreement=False, encipher_only=False, decipher_only=False,
    )  # fmt: skip
    builder = builder.add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
    builder = builder.issuer_name(x509.Name([*_common_name("Lab authority")])).add_extension(usage, critical=True)
    return builder.sign(key, hashes.SHA256()), key


def _common_name(text: str) -> list[x509.NameAttribute[str]]:
    from cryptography import x509
    from cryptography.x509.oid import NameOID

    return [x509.NameAttribute(NameOID.COMMON_NAME, text)]


def _signed(folder: Path, kind: Kind, host: str, user: str) -> tuple[x509.Certificate, EllipticCurvePrivateKey]:
    from cryptography import x509
    from cryptography.hazmat.primitives import hashes
    from cryptography.hazmat.primitives.asymmetric.ec import EllipticCurvePrivateKey
    from cryptography.hazmat.primitives.serialization import load_pem_private_key

    paths = folder / "authority.pem", folder / "authority.key"
    if not all(path.exists() for path in paths):
        _write(paths, *_own_authority())
    issuer = x509.load_pem_x509_certificate(paths[0].read_bytes())
    signer = load_pem_private_key(paths[1].read_bytes(), password=None)
    assert isinstance(signer, EllipticCurvePrivateKey)
    now = datetime.now(UTC)
    end = now - timedelta(days=1) if kind == "expired" else now + YEAR * 10
    builder, key = _builder(user or host, now - YEAR, end)
    builder = builder.issuer_name(issuer.subject).add_extension(
        x509.AuthorityKeyIdentifier.from_issuer_public_key(signer.public_key()), critical=False
    )
    if host:
        builder = builder.add_extension(_names(host, kind), critical=False)
    return builder.sign(signer, hashes.SHA256()), key


def _names(host: str, kind: Kind) -> x509.SubjectAlternativeName:
    from cryptography import x509

    if kind == "other_name":
        return x509.SubjectAlternativeName([x509.DNSName("another-server.example")])
    names = [x509.DNSName("localhost"), x509.DNSName(host.replace("_", "-").lower())]
    return x509.SubjectAlternativeName([*names, x509.IPAddress(IPv4Address("127.0.0.1"))])
