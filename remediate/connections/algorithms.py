"""Which SSH algorithms are used: modern ones only, unless a host is allowed the SHA-1 age by ``ssh_legacy``."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

from remediate.errors import Unreachable

if TYPE_CHECKING:
    from paramiko import Transport

Offer = Mapping[str, Sequence[str]]
"""What a server offered: ``kex``, ``keys``, ``ciphers``, ``macs``."""

OLD: Mapping[str, tuple[str, ...]] = {
    "kex": (
        "diffie-hellman-group-exchange-sha1",
        "diffie-hellman-group14-sha1",
        "diffie-hellman-group1-sha1",
    ),
    "keys": ("ssh-rsa", "ssh-rsa-cert-v01@openssh.com", "ssh-dss"),
    "ciphers": ("aes128-cbc", "aes192-cbc", "aes256-cbc", "3des-cbc", "blowfish-cbc"),
    "macs": ("hmac-sha1", "hmac-sha1-96", "hmac-md5", "hmac-md5-96"),
}
_WORDS = {"kex": "key exchange", "keys": "host key", "ciphers": "cipher", "macs": "MAC"}


def disabled(*, legacy: bool) -> dict[str, list[str]]:
    """What paramiko must not offer, in its own form."""
    if legacy:
        return {}
    return {**{kind: list(names) for kind, names in OLD.items()}, "pubkeys": ["ssh-rsa"]}


def used(transport: Transport, offer: Offer) -> str:
    """The old algorithms a connection came to use, for the report; empty when all are modern."""
    names = {"keys": "host_key_type", "ciphers": "remote_cipher", "macs": "remote_mac"}
    agreed = {kind: str(getattr(transport, name, "")) for kind, name in names.items()}
    agreed["kex"] = next((name for name in transport.preferred_kex if name in offer["kex"]), "")
    old = [f"{word} {agreed[kind]}" for kind, word in _WORDS.items() if agreed[kind] in OLD[kind]]
    return ", ".join(old)


def mismatch(where: str, offer: Offer, supported: Offer, *, legacy: bool) -> Unreachable:
    """The error for a server none of whose algorithms we may use; names what it offered."""
    missing = [kind for kind in OLD if not set(offer.get(kind, ())) & set(supported.get(kind, ()))]
    said = "; ".join(f"{_WORDS[kind]}: {', '.join(offer.get(kind, ())) or 'nothing'}" for kind in missing or offer)
    only_old = all(set(offer.get(kind, ())) & set(OLD[kind]) for kind in missing) and bool(missing)
    if only_old and not legacy:
        hint = (
            "its algorithms are of the SHA-1 age: set `ssh_legacy: true` for this host if the network to it is trusted"
        )
    elif "ssh-dss" in offer.get("keys", ()):
        hint = "give the server an RSA or ECDSA host key: DSA keys are supported by no current SSH client"
    else:
        hint = "enable one of the usual algorithms on the server, or update it"
    return Unreachable(f"{where} offers no algorithm we may use ({said})", kind="algorithms", hint=hint)
