"""Signs programs the way Authenticode does, with a certificate of the tests' own."""

from __future__ import annotations

import hashlib
import struct
from datetime import UTC, datetime
from functools import cache

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import padding, rsa
from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.x509.oid import NameOID

from tests.kb.packagefiles import OPTIONAL_AT

ENTRY = OPTIONAL_AT + 96 + 4 * 8
CHECKSUM = OPTIONAL_AT + 64
ALGORITHMS = {
    "md5": ("1.2.840.113549.2.5", hashes.MD5()),
    "sha1": ("1.3.14.3.2.26", hashes.SHA1()),
    "sha256": ("2.16.840.1.101.3.4.2.1", hashes.SHA256()),
}
SIGNED_DATA, INDIRECT, IMAGE = "1.2.840.113549.1.7.2", "1.3.6.1.4.1.311.2.1.4", "1.3.6.1.4.1.311.2.1.15"
CONTENT_TYPE, MESSAGE_DIGEST, RSA = "1.2.840.113549.1.9.3", "1.2.840.113549.1.9.4", "1.2.840.113549.1.1.1"


def signed(program: bytes, digest: str = "sha1") -> bytes:
    """The program with a signature; its bytes up to there stay but for the entry of the certificate table."""
    data = bytearray(program + b"\0" * (-len(program) % 8))
    whole = hashlib.new(digest)
    for start, end in ((0, CHECKSUM), (CHECKSUM + 4, ENTRY), (ENTRY + 8, len(data))):
        whole.update(data[start:end])
    blob = _blob(whole.digest(), digest)
    blob += b"\0" * (-len(blob) % 8)
    struct.pack_into("<II", data, ENTRY, len(data), len(blob) + 8)
    return bytes(data) + struct.pack("<IHH", len(blob) + 8, 0x0200, 2) + blob


def der(tag: int, *parts: bytes) -> bytes:
    body = b"".join(parts)
    if len(body) < 0x80:
        return bytes([tag, len(body)]) + body
    length = len(body).to_bytes((len(body).bit_length() + 7) // 8, "big")
    return bytes([tag, 0x80 | len(length)]) + length + body


def oid(dotted: str) -> bytes:
    first, second, *rest = (int(part) for part in dotted.split("."))
    body = bytes([40 * first + second])
    for number in rest:
        groups = [number & 0x7F]
        while number := number >> 7:
            groups.append(0x80 | number & 0x7F)
        body += bytes(reversed(groups))
    return der(0x06, body)


@cache
def _key() -> tuple[rsa.RSAPrivateKey, x509.Certificate]:
    key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "Contoso Corporation")])
    certificate = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(4711)
        .not_valid_before(datetime(2004, 1, 1, tzinfo=UTC))
        .not_valid_after(datetime(2005, 1, 1, tzinfo=UTC))
        .sign(key, hashes.SHA256())
    )
    return key, certificate


def _blob(image: bytes, digest: str) -> bytes:
    key, certificate = _key()
    number, algorithm = ALGORITHMS[digest]
    named = der(0x30, oid(number), der(0x05))
    told = der(0x30, der(0x30, oid(IMAGE), der(0x30)), der(0x30, named, der(0x04, image)))
    inner = told[2:] if told[1] < 0x80 else told[2 + (told[1] & 0x7F) :]
    attributes = [
        der(0x30, oid(CONTENT_TYPE), der(0x31, oid(INDIRECT))),
        der(0x30, oid(MESSAGE_DIGEST), der(0x31, der(0x04, hashlib.new(digest, inner).digest()))),
    ]
    seal = key.sign(der(0x31, *attributes), padding.PKCS1v15(), algorithm)
    issuer = certificate.issuer.public_bytes()
    signer = der(
        0x30, der(0x02, b"\1"), der(0x30, issuer, der(0x02, (4711).to_bytes(2, "big"))), named,
        der(0xA0, *attributes), der(0x30, oid(RSA), der(0x05)), der(0x04, seal),
    )  # fmt: skip
    content = der(
        0x30, der(0x02, b"\1"), der(0x31, named), der(0x30, oid(INDIRECT), der(0xA0, told)),
        der(0xA0, certificate.public_bytes(Encoding.DER)), der(0x31, signer),
    )  # fmt: skip
    return der(0x30, oid(SIGNED_DATA), der(0xA0, content))
