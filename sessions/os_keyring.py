"""The operating system's keyring, taken only after it has kept and given back a value."""

from __future__ import annotations

import secrets
from collections.abc import Callable

import keyring
import keyring.errors

from sessions.keys import KeyringBackend

_PROBE = "proctor-probe"


def working_keyring(get: Callable[[], KeyringBackend] = keyring.get_keyring) -> KeyringBackend | None:
    """Return the keyring if a set, get and delete of a throw-away value succeed, else None."""
    name, value = secrets.token_hex(8), secrets.token_hex(16)
    try:
        backend = get()
        backend.set_password(_PROBE, name, value)
        kept = backend.get_password(_PROBE, name)
        backend.delete_password(_PROBE, name)
    except (keyring.errors.KeyringError, OSError, RuntimeError):
        return None
    return backend if kept == value else None
