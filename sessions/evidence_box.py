"""Encrypted evidence: a fresh key per entry, wrapped by the station's evidence key, bound by hash in
the body.

Nothing derived from the plaintext is outside the ciphertext, so that destroying the entry's key destroys the
evidence, and the log still verifies.
"""

from __future__ import annotations

import hashlib
import secrets
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from sessions.errors import StoreAlteredError


@dataclass(frozen=True, slots=True, kw_only=True)
class Boxed:
    """The stored form of one entry's evidence: the wrapped key, and a ciphertext per name."""

    wrapped: bytes = field(repr=False)
    ciphertexts: Mapping[str, bytes] = field(repr=False)

    def as_body(self) -> dict[str, Any]:
        """Return the fields that bind the evidence into the body: SHA-256 in hexadecimal."""
        names = {name: hashlib.sha256(data).hexdigest() for name, data in self.ciphertexts.items()}
        return {"evidence": names, "evidence_key": hashlib.sha256(self.wrapped).hexdigest()}


def box(evidence: Mapping[str, bytes], *, evidence_key: bytes, origin: str) -> Boxed:
    """Return the evidence of one entry, encrypted. Which entry it belongs to, the body's hashes say."""
    key = secrets.token_bytes(32)
    return Boxed(
        wrapped=_seal(evidence_key, key, key_aad(origin)),
        ciphertexts={name: _seal(key, data, data_aad(origin, name)) for name, data in evidence.items()},
    )


def unbox(ciphertext: bytes, wrapped: bytes, *, evidence_key: bytes, origin: str, name: str) -> bytes:
    """Return one piece of evidence in the clear; raises StoreAlteredError when it does not open."""
    try:
        key = _open(evidence_key, wrapped, key_aad(origin))
        return _open(key, ciphertext, data_aad(origin, name))
    except (InvalidTag, ValueError):
        raise StoreAlteredError(evidence=name) from None


def key_aad(origin: str) -> bytes:
    """Return the associated data of a wrapped key."""
    return f"proctor evidence key 1\n{origin}\n".encode()


def data_aad(origin: str, name: str) -> bytes:
    """Return the associated data of a ciphertext."""
    return f"proctor evidence 1\n{origin}\n{name}\n".encode()


def _seal(key: bytes, data: bytes, aad: bytes) -> bytes:
    nonce = secrets.token_bytes(12)
    return nonce + AESGCM(key).encrypt(nonce, data, aad)


def _open(key: bytes, sealed: bytes, aad: bytes) -> bytes:
    return AESGCM(key).decrypt(sealed[:12], sealed[12:], aad)
