"""Whether a program's Authenticode signature fits its bytes, and who it says it is from. Evidence, never a condition.

No chain is followed: signatures of 2004 use MD5 or SHA-1 and certificates that have long expired. What can still be
told is that the file is, to the byte, what was signed. signify would do it, and does not import with OpenSSL 3.0.10
and later (by way of oscrypto, which nobody mends).
"""

from __future__ import annotations

import hashlib
import struct
import warnings
from typing import TYPE_CHECKING, Any

from remediate.kb import der
from remediate.kb.evidence import Signature
from remediate.kb.localfile import CHUNK, Window

if TYPE_CHECKING:
    from cryptography.hazmat.primitives.hashes import HashAlgorithm
    from cryptography.x509 import Certificate

DIRECTORY = 4
"""The certificate table among the data directories of a program."""
LARGEST = 1 << 20
_PKCS_SIGNED = 2
_INDIRECT = "1.3.6.1.4.1.311.2.1.4"
_MESSAGE_DIGEST = "1.2.840.113549.1.9.4"
_DIGESTS = {
    "1.2.840.113549.2.5": "md5",
    "1.3.14.3.2.26": "sha1",
    "2.16.840.1.101.3.4.2.1": "sha256",
    "2.16.840.1.101.3.4.2.2": "sha384",
    "2.16.840.1.101.3.4.2.3": "sha512",
}
_UNREADABLE = Signature(state="unreadable")


def read(image: Any, data: Window) -> Signature:
    """``image`` is pefile's, of the program in ``data``."""
    directories = image.OPTIONAL_HEADER.DATA_DIRECTORY
    if len(directories) <= DIRECTORY or not directories[DIRECTORY].Size:
        return Signature()
    return _found(image, directories[DIRECTORY], data)


def _found(image: Any, entry: Any, data: Window) -> Signature:
    from cryptography.exceptions import UnsupportedAlgorithm

    start, size = int(entry.VirtualAddress), int(entry.Size)
    if not 8 <= size <= LARGEST or start + size > len(data):
        return _UNREADABLE
    length, _, kind = struct.unpack("<IHH", data.part(start, start + 8))
    if kind != _PKCS_SIGNED or not 8 < length <= size:
        return _UNREADABLE
    gaps = ((int(image.OPTIONAL_HEADER.get_file_offset()) + 64, 4), (int(entry.get_file_offset()), 8), (start, size))
    try:
        return _judged(data.part(start + 8, start + length), data, gaps)
    except (ValueError, TypeError, LookupError, UnsupportedAlgorithm):
        return _UNREADABLE


def _judged(blob: bytes, data: Window, gaps: tuple[tuple[int, int], ...]) -> Signature:
    signed = der.parse(blob).child(1, 0xA0).child(0, der.SEQUENCE)
    content = signed.child(2, der.SEQUENCE)
    if content.child(0, der.OID).dotted != _INDIRECT:
        return _UNREADABLE
    told = content.child(1, 0xA0).child(0, der.SEQUENCE)
    info = told.child(1, der.SEQUENCE)
    wanted = info.child(1, der.OCTETS).body
    signer = signed.children()[-1].child(0, der.SEQUENCE)
    certificate = _certificate(signed, signer.child(1, der.SEQUENCE).child(1, der.INTEGER).body)
    if certificate is None:
        return _UNREADABLE
    whole = _image_digest(_digest(info.child(0, der.SEQUENCE)), data, gaps) == wanted
    whole = whole and _signed_by(certificate, signer, told)
    return Signature(state="whole" if whole else "broken", signer=_name(certificate))


def _digest(algorithm: der.Node) -> str:
    """hashlib's name; ValueError for one that is not known."""
    name = _DIGESTS.get(algorithm.child(0, der.OID).dotted, "")
    if not name:
        raise ValueError("an unknown digest")
    return name


def _image_digest(name: str, data: Window, gaps: tuple[tuple[int, int], ...]) -> bytes:
    """Over everything but the checksum, the entry of the certificate table and the table itself."""
    digest, at = hashlib.new(name, usedforsecurity=False), 0
    for start, size in (*sorted(gaps), (len(data), 0)):
        while at < start:
            piece = data.part(at, min(start, at + CHUNK))
            if not piece:
                raise ValueError("cut short")
            digest.update(piece)
            at += len(piece)
        at = max(at, start + size)
    return digest.digest()


def _certificate(signed: der.Node, serial: bytes) -> Certificate | None:
    """The signer's certificate, by its serial number; None when it is not among those that came along."""
    from cryptography.x509 import InvalidVersion, load_der_x509_certificate

    number = int.from_bytes(serial, "big", signed=True)
    held = signed.tagged(0xA0)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # certificates of that time break rules made since
        found = (load_der_x509_certificate(node.whole) for node in (held.children() if held else ()))
        try:
            return next((one for one in found if one.serial_number == number), None)
        except InvalidVersion as error:  # no ValueError, unlike all else that can be wrong with one
            raise ValueError(str(error)) from None


def _name(certificate: Certificate) -> str:
    from cryptography.x509.oid import NameOID

    named = [
        str(attribute.value)
        for oid in (NameOID.COMMON_NAME, NameOID.ORGANIZATION_NAME)
        for attribute in certificate.subject.get_attributes_for_oid(oid)
    ]
    return "".join(c if c.isprintable() else " " for c in (named or [""])[0])[:120]


def _signed_by(certificate: Certificate, signer: der.Node, told: der.Node) -> bool:
    """Whether the key of the certificate signed what the signature says of the file."""
    from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm
    from cryptography.hazmat.primitives.asymmetric.padding import PKCS1v15
    from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey

    name = _digest(signer.child(2, der.SEQUENCE))
    attributes = signer.tagged(0xA0)
    key = certificate.public_key()
    if attributes is None or not isinstance(key, RSAPublicKey):
        raise ValueError("not signed the way programs are")
    if hashlib.new(name, told.body, usedforsecurity=False).digest() != _message_digest(attributes):
        return False
    sealed = next(node.body for node in reversed(signer.children()) if node.tag == der.OCTETS)
    try:
        key.verify(sealed, bytes([der.SET]) + attributes.whole[1:], PKCS1v15(), _algorithm(name))
    except InvalidSignature:
        return False
    except UnsupportedAlgorithm:
        raise ValueError("a digest this machine refuses") from None
    return True


def _message_digest(attributes: der.Node) -> bytes:
    for attribute in attributes.children():
        if attribute.child(0, der.OID).dotted == _MESSAGE_DIGEST:
            return attribute.child(1, der.SET).child(0, der.OCTETS).body
    raise ValueError("no digest among the attributes")


def _algorithm(name: str) -> HashAlgorithm:
    from cryptography.hazmat.primitives import hashes

    known: dict[str, type[HashAlgorithm]] = {
        "md5": hashes.MD5,
        "sha1": hashes.SHA1,
        "sha256": hashes.SHA256,
        "sha384": hashes.SHA384,
        "sha512": hashes.SHA512,
    }
    return known[name]()
