"""Encrypted evidence: a key of its own for each piece, bound by hash in the body.

Nothing derived from the plaintext is outside the ciphertext, so that destroying a piece's key destroys the
piece, and the log still verifies. The keys lie in `evidence_keys`.
"""

from __future__ import annotations

import hashlib
import secrets
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from sessions.errors import StoreAlteredError

TakeKeys = Callable[[int], tuple[int, tuple[bytes, ...]]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Boxed:
    """The stored form of one entry's evidence: a ciphertext per name, in the order of the names, and the first of
    their slots; `commitments` are the keys' hashes.
    """

    ciphertexts: Mapping[str, bytes] = field(repr=False)
    commitments: Mapping[str, str]
    slot: int

    def as_body(self) -> dict[str, Any]:
        """Return the fields that bind the evidence into the body: SHA-256 in hexadecimal, first slot."""
        names = {name: hashlib.sha256(data).hexdigest() for name, data in self.ciphertexts.items()}
        return {"evidence": names, "evidence_keys": dict(self.commitments), "evidence_slot": self.slot}


def box(evidence: Mapping[str, bytes], *, take: TakeKeys, station: str) -> Boxed:
    """Return the evidence of one entry, encrypted. Which entry it belongs to, the body's hashes say."""
    names = sorted(evidence)
    slot, keys = take(len(names))
    return Boxed(
        ciphertexts={
            name: _seal(key, evidence[name], data_aad(station, name))
            for name, key in zip(names, keys, strict=True)
        },
        commitments={name: commitment(key) for name, key in zip(names, keys, strict=True)},
        slot=slot,
    )


def slot_of(body: Mapping[str, Any], name: str) -> int:
    """Return the slot of a piece of an entry of schema 2; raises StoreAlteredError."""
    try:
        return int(body["evidence_slot"]) + sorted(body["evidence"]).index(name)
    except (KeyError, ValueError, TypeError):
        raise StoreAlteredError(evidence=name) from None


def commitment(key: bytes) -> str:
    """Return what a body says of a key: SHA-256 in hexadecimal."""
    return hashlib.sha256(b"proctor evidence key 2\n" + key).hexdigest()


def unbox(ciphertext: bytes, key: bytes, *, station: str, name: str, schema: int = 2) -> bytes:
    """Return one piece of evidence in the clear; raises StoreAlteredError when it does not open."""
    try:
        return _open(key, ciphertext, data_aad(station, name, schema))
    except (InvalidTag, ValueError):
        raise StoreAlteredError(evidence=name) from None


def unbox_1(ciphertext: bytes, wrapped: bytes, *, evidence_key: bytes, origin: str, name: str) -> bytes:
    """Return one piece of evidence of schema 1, whose key is wrapped beside it; raises StoreAlteredError."""
    key = unwrap_1(wrapped, evidence_key=evidence_key, origin=origin, name=name)
    return unbox(ciphertext, key, station=origin, name=name, schema=1)


def unwrap_1(wrapped: bytes, *, evidence_key: bytes, origin: str, name: str) -> bytes:
    """Return the key of an entry of schema 1, the same for all its pieces; raises StoreAlteredError."""
    try:
        return _open(evidence_key, wrapped, f"proctor evidence key 1\n{origin}\n".encode())
    except (InvalidTag, ValueError):
        raise StoreAlteredError(evidence=name) from None


def data_aad(station: str, name: str, schema: int = 2) -> bytes:
    """Return the associated data of a ciphertext."""
    return f"proctor evidence {schema}\n{station}\n{name}\n".encode()


def _seal(key: bytes, data: bytes, aad: bytes) -> bytes:
    nonce = secrets.token_bytes(12)
    return nonce + AESGCM(key).encrypt(nonce, data, aad)


def _open(key: bytes, sealed: bytes, aad: bytes) -> bytes:
    return AESGCM(key).decrypt(sealed[:12], sealed[12:], aad)
