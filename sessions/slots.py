"""A user's slot: how one person's password opens the station's master key.

A slot has a key pair of its own. Its private half lies under argon2id of the password; the master key is wrapped to
its public half, so that a new master key reaches every user without their passwords. What the station must know
of the user is sealed under the master key together with that public half: a slot that somebody slipped in is not
handed a new master key. Form: docs/log-format.md, "Keys on disk".
"""

from __future__ import annotations

import json
import secrets
import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Final

from argon2.low_level import Type, hash_secret_raw
from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives import hpke
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey, X25519PublicKey
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from sessions.errors import KeysDamagedError, WrongSecretError

_SUITE: Final = hpke.Suite(hpke.KEM.X25519, hpke.KDF.HKDF_SHA256, hpke.AEAD.AES_256_GCM)
_SLOT: Final = {1: b"proctor user slot 1\n", 2: b"proctor user slot 2\n"}
_USER: Final = {1: b"proctor user 1\n", 2: b"proctor user 2\n"}
_PERSONAL: Final = b"proctor user personal 1\n"
MAX_SLOT: Final = 16_384


@dataclass(frozen=True, slots=True, kw_only=True)
class Argon2:
    """Cost of turning a password into a key: passes, memory in KiB, lanes. Stored in each slot."""

    passes: int = 3
    memory_kib: int = 65_536
    lanes: int = 2

    def derive(self, secret: str, salt: bytes) -> bytes:
        """Return the 32-byte argon2id key of a password in NFC."""
        return hash_secret_raw(
            unicodedata.normalize("NFC", secret).encode(),
            salt,
            self.passes,
            self.memory_kib,
            self.lanes,
            32,
            Type.ID,
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class OpenedSlot:
    """What a password opened: the station's master key, and what is the user's alone, by name, in hexadecimal:
    `signing` (Ed25519 seed), `totp` (shared secret). A slot of before there were such has nothing of it.
    """

    master: bytes = field(repr=False)
    personal: Mapping[str, str] = field(repr=False, default_factory=dict)


def make_slot(
    master: bytes,
    user_id: str,
    secret: str,
    user: Mapping[str, str],
    cost: Argon2,
    *,
    personal: Mapping[str, str] | None = None,
) -> bytes:
    """Return the slot of a user under a password; `user` is sealed under the master key, `personal` under the
    password alone.
    """
    salt, private = secrets.token_bytes(16), X25519PrivateKey.generate()
    seed, public = private.private_bytes_raw(), private.public_key().public_bytes_raw()
    slot = {
        "schema": 2,
        "kdf": "argon2id",
        "passes": cost.passes,
        "memory_kib": cost.memory_kib,
        "lanes": cost.lanes,
        "salt": salt.hex(),
        "public": public.hex(),
    }
    key = cost.derive(secret, salt)
    slot["private"] = seal(key, seed, _SLOT[2] + user_id.encode()).hex()
    if personal:
        slot["personal"] = seal(key, json.dumps(dict(personal)).encode(), _personal_aad(slot, user_id)).hex()
    return _with_master(slot, master, user_id, user)


def rewrap(slot: Mapping[str, Any], user_id: str, old: bytes, new: bytes) -> bytes:
    """Return a slot that opens to a new master key by the same password.

    Raises KeysDamagedError for one of schema 1 (no public half), or that the old master key does not vouch for.
    """
    return _with_master(slot, new, user_id, open_user(slot, user_id, old))


def parse_slot(data: bytes) -> dict[str, Any]:
    """Return a slot file taken apart; raises KeysDamagedError."""
    try:
        slot = json.loads(data.decode("utf-8"))
    except (ValueError, RecursionError):
        raise KeysDamagedError(file="slot") from None
    if not isinstance(slot, dict) or slot.get("schema") not in {1, 2} or slot.get("kdf") != "argon2id":
        raise KeysDamagedError(file="slot")
    return slot


def open_slot(slot: Mapping[str, Any], user_id: str, secret: str) -> OpenedSlot:
    """Return what a password opens of a slot; raises WrongSecretError, KeysDamagedError."""
    key = slot_cost(slot).derive(secret, _hex(slot, "salt"))
    under = _hex(slot, "wrapped" if slot["schema"] == 1 else "private")
    try:
        opened = unseal(key, under, _SLOT[slot["schema"]] + user_id.encode())
    except (InvalidTag, ValueError):
        raise WrongSecretError from None
    if slot["schema"] == 1:
        return OpenedSlot(master=opened)
    try:
        private = X25519PrivateKey.from_private_bytes(opened)
        master = _SUITE.decrypt(_hex(slot, "wrapped"), private, _SLOT[2] + user_id.encode())
        return OpenedSlot(master=master, personal=_personal(slot, user_id, key))
    except (InvalidTag, ValueError):
        raise KeysDamagedError(file="slot", user=user_id) from None


def _personal(slot: Mapping[str, Any], user_id: str, key: bytes) -> dict[str, str]:
    """Return what is sealed under the password alone; raises InvalidTag, ValueError."""
    if "personal" not in slot:
        return {}
    found = json.loads(unseal(key, _hex(slot, "personal"), _personal_aad(slot, user_id)))
    if not isinstance(found, dict):
        raise ValueError("personal")
    return {str(name): str(value) for name, value in found.items()}


def _personal_aad(slot: Mapping[str, Any], user_id: str) -> bytes:
    return _PERSONAL + user_id.encode() + b"\n" + _hex(slot, "public")


def open_user(slot: Mapping[str, Any], user_id: str, master: bytes) -> dict[str, str]:
    """Return what a slot says of its user; raises KeysDamagedError unless the master key vouches for the slot."""
    try:
        user = json.loads(unseal(master, _hex(slot, "user"), _user_aad(slot, user_id)))
        return {str(key): str(value) for key, value in user.items()}
    except (ValueError, AttributeError, InvalidTag):
        raise KeysDamagedError(file="slot", user=user_id) from None


def seal(key: bytes, data: bytes, aad: bytes) -> bytes:
    """Return nonce ‖ AES-256-GCM ciphertext and tag."""
    nonce = secrets.token_bytes(12)
    return nonce + AESGCM(key).encrypt(nonce, data, aad)


def unseal(key: bytes, sealed: bytes, aad: bytes) -> bytes:
    """Return what `seal` sealed; raises InvalidTag, ValueError."""
    return AESGCM(key).decrypt(sealed[:12], sealed[12:], aad)


def _with_master(slot: Mapping[str, Any], master: bytes, user_id: str, user: Mapping[str, str]) -> bytes:
    public = X25519PublicKey.from_public_bytes(_hex(slot, "public"))
    whole = {
        **slot,
        "wrapped": _SUITE.encrypt(master, public, _SLOT[2] + user_id.encode()).hex(),
        "user": seal(master, json.dumps(dict(user)).encode(), _user_aad(slot, user_id)).hex(),
    }
    return json.dumps(whole, indent=1).encode()


def _user_aad(slot: Mapping[str, Any], user_id: str) -> bytes:
    if slot["schema"] == 1:
        return _USER[1] + user_id.encode()
    return _USER[2] + user_id.encode() + b"\n" + _hex(slot, "public")


def slot_cost(slot: Mapping[str, Any]) -> Argon2:
    """Return the cost of a slot's password; raises KeysDamagedError for an impossible one."""
    numbers = [slot.get(name) for name in ("passes", "memory_kib", "lanes")]
    passes, memory, lanes = (number if type(number) is int else 0 for number in numbers)
    if not (0 < passes <= 64 and 8 <= memory <= 2_097_152 and 0 < lanes <= 64 and 8 * lanes <= memory):
        raise KeysDamagedError(file="slot")
    return Argon2(passes=passes, memory_kib=memory, lanes=lanes)


def _hex(slot: Mapping[str, Any], name: str) -> bytes:
    try:
        return bytes.fromhex(slot[name])
    except (KeyError, TypeError, ValueError):
        raise KeysDamagedError(file="slot") from None
