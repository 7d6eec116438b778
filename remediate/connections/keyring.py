"""Private keys, read and decrypted once for a whole process, and the agent's keys."""

from __future__ import annotations

import threading
from pathlib import Path
from typing import TYPE_CHECKING

from remediate.errors import UserError
from remediate.model import Secret

if TYPE_CHECKING:
    from paramiko import PKey


class KeyRing:
    """Loads each key file once. Thread-safe."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._keys: dict[tuple[Path, Secret | None], PKey] = {}

    def load(self, path: Path, passphrase: Secret | None) -> PKey:
        """The key of a file; UserError says what is wrong with it."""
        with self._lock:
            key = self._keys.get((path, passphrase))
            if key is None:
                key = self._keys[path, passphrase] = _read(path, passphrase)
            return key

    def agent(self) -> tuple[PKey, ...]:
        """The keys an SSH agent holds; none when there is no agent."""
        from paramiko import Agent, SSHException

        try:
            return tuple(Agent().get_keys())
        except (SSHException, OSError):
            return ()


def _read(path: Path, passphrase: Secret | None) -> PKey:
    from paramiko import PasswordRequiredException, PKey, SSHException
    from paramiko.pkey import UnknownKeyType

    try:
        # bytes, whatever the annotation says: cryptography takes nothing else
        return PKey.from_path(path, passphrase.reveal().encode() if passphrase else None)  # type: ignore[arg-type]
    except FileNotFoundError:
        raise UserError(
            f"there is no private key {path}", hint="correct ansible_ssh_private_key_file for this host"
        ) from None
    except PasswordRequiredException:
        hint = "name its passphrase in ansible_ssh_private_key_passphrase, or use the agent (ssh_agent: true)"
        raise UserError(f"private key {path} is encrypted", hint=hint) from None
    except TypeError:  # cryptography's word for a passphrase that is missing or not needed
        if passphrase is not None:
            return _read(path, None)
        hint = "name its passphrase in ansible_ssh_private_key_passphrase, or use the agent (ssh_agent: true)"
        raise UserError(f"private key {path} is encrypted", hint=hint) from None
    except OSError as error:
        raise UserError(f"private key {path} cannot be read: {error.strerror or error}") from None
    except (SSHException, UnknownKeyType, ValueError):
        what = "its passphrase is wrong, or it is no private key" if passphrase else "it is no private key"
        hint = "name one in OpenSSH or PEM form in ansible_ssh_private_key_file: `ssh-keygen -y -f FILE` reads it"
        raise UserError(f"{path} cannot be used as a private key: {what} that can be read", hint=hint) from None
