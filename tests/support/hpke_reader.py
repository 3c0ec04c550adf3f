"""HPKE, mode base, from the text of RFC 9180: a second reader of what is wrapped to a department."""

import hmac
from dataclasses import dataclass

from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey, X25519PublicKey
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

KEM_ID, KDF_ID = 0x0020, 0x0001
KEY_BYTES = {0x0001: 16, 0x0002: 32}


@dataclass(frozen=True)
class Schedule:
    """What a receiver derives (RFC 9180, 4.1 and 5.1)."""

    shared_secret: bytes
    key: bytes
    base_nonce: bytes


def schedule(private: bytes, enc: bytes, info: bytes, aead_id: int) -> Schedule:
    """Return shared secret, key and nonce of a receiver."""
    own = X25519PrivateKey.from_private_bytes(private)
    public = own.public_key().public_bytes_raw()
    kem = b"KEM" + KEM_ID.to_bytes(2, "big")
    suite = b"HPKE" + b"".join(number.to_bytes(2, "big") for number in (KEM_ID, KDF_ID, aead_id))
    dh = own.exchange(X25519PublicKey.from_public_bytes(enc))
    eae = _extract(kem, b"", b"eae_prk", dh)
    shared = _expand(kem, eae, b"shared_secret", enc + public, 32)
    context = b"\0" + _extract(suite, b"", b"psk_id_hash", b"") + _extract(suite, b"", b"info_hash", info)
    secret = _extract(suite, shared, b"secret", b"")
    return Schedule(
        shared_secret=shared,
        key=_expand(suite, secret, b"key", context, KEY_BYTES[aead_id]),
        base_nonce=_expand(suite, secret, b"base_nonce", context, 12),
    )


def open_single(private: bytes, sealed: bytes, info: bytes, aead_id: int = 2) -> bytes:
    """Return what a single-shot message (enc ‖ ct, no associated data) holds; raises InvalidTag."""
    found = schedule(private, sealed[:32], info, aead_id)
    return AESGCM(found.key).decrypt(found.base_nonce, sealed[32:], b"")


def _extract(suite: bytes, salt: bytes, label: bytes, ikm: bytes) -> bytes:
    return hmac.new(salt or bytes(32), b"HPKE-v1" + suite + label + ikm, "sha256").digest()


def _expand(suite: bytes, prk: bytes, label: bytes, info: bytes, length: int) -> bytes:
    labelled = length.to_bytes(2, "big") + b"HPKE-v1" + suite + label + info
    out = block = b""
    while len(out) < length:
        block = hmac.new(prk, block + labelled + bytes([len(out) // 32 + 1]), "sha256").digest()
        out += block
    return out[:length]
