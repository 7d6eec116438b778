"""SSH keys of the lab: made once, kept in the state folder, told to known_hosts."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING, Literal

from remediate.secrets import files

if TYPE_CHECKING:
    import paramiko

Kind = Literal["ed25519", "rsa"]


def host_key(folder: Path, name: str, kind: Kind) -> paramiko.PKey:
    """The private key ``name`` of ``folder``, made when it is not there; readable by its owner only."""
    import paramiko

    path = key_file(folder, name, kind)
    if kind == "rsa":
        return paramiko.RSAKey.from_private_key_file(str(path))
    return paramiko.Ed25519Key.from_private_key_file(str(path))


def key_file(folder: Path, name: str, kind: Kind) -> Path:
    """Path of the private key in OpenSSH's form, made when it is not there."""
    path = folder / f"{name}.{kind}"
    if not path.exists():
        files.own_folder(folder)
        partial = path.with_name(f"{path.name}.{os.getpid()}.part")
        partial.touch(mode=0o600)
        partial.write_bytes(_new_key(kind))
        partial.replace(path)
    return path


def _new_key(kind: Kind) -> bytes:
    from cryptography.hazmat.primitives import serialization
    from cryptography.hazmat.primitives.asymmetric import ed25519, rsa

    key: ed25519.Ed25519PrivateKey | rsa.RSAPrivateKey
    key = ed25519.Ed25519PrivateKey.generate() if kind == "ed25519" else rsa.generate_private_key(65537, 2048)
    return key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.OpenSSH, serialization.NoEncryption()
    )


def public_line(key: paramiko.PKey) -> str:
    """``ssh-ed25519 AAAA...``, as authorized_keys and known_hosts have it."""
    return f"{key.get_name()} {key.get_base64()}"


def known_hosts(keys: dict[int, str]) -> str:
    """The text of a known_hosts file for port -> public key on 127.0.0.1."""
    return "".join(f"[127.0.0.1]:{port} {line}\n" for port, line in sorted(keys.items()))
