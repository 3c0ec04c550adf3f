"""The station's keys and how they lie on a disk: sealed under a master key, or bare (training only).

A *bundle* is the four keys of a station. It is sealed with AES-256-GCM under a 32-byte *master key*.
Each user's *slot* wraps that master key under argon2id of the user's own password, and carries, sealed
under the master key, what the station must know of the user. Where the operating system's keyring works,
it holds the master key too.
"""

from __future__ import annotations

import json
import secrets
import tomllib
import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final, Protocol, cast

from argon2.low_level import Type, hash_secret_raw
from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from sessions.checkpoint import Signer
from sessions.errors import KeysDamagedError, KeysMissingError, SecretTooShortError, WrongSecretError
from sessions.files import make_private_dir, write_private

MIN_SECRET: Final = 8
_BUNDLE_AAD: Final = b"proctor key bundle 1\n"
_SLOT_AAD: Final = b"proctor user slot 1\n"
_USER_AAD: Final = b"proctor user 1\n"
_SERVICE: Final = "proctor"
_BARE: Final = ("database", "evidence", "log-signing", "seal", "master")


@dataclass(frozen=True, slots=True, kw_only=True)
class KeyBundle:
    """Database, evidence and log-signing key (32 bytes each) and the seal's P-256 key (PKCS #8, DER)."""

    database_key: bytes = field(repr=False)
    evidence_key: bytes = field(repr=False)
    signing_seed: bytes = field(repr=False)
    seal_pkcs8: bytes = field(repr=False)

    @classmethod
    def generate(cls) -> KeyBundle:
        """Return fresh keys from the operating system's randomness."""
        seal = ec.generate_private_key(ec.SECP256R1()).private_bytes(
            serialization.Encoding.DER, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
        )
        return cls(
            database_key=secrets.token_bytes(32),
            evidence_key=secrets.token_bytes(32),
            signing_seed=secrets.token_bytes(32),
            seal_pkcs8=seal,
        )

    def signer(self, origin: str) -> Signer:
        """Return the signer of this station's checkpoints."""
        return Signer(origin, self.signing_seed)

    def seal_private_key(self) -> ec.EllipticCurvePrivateKey:
        """Return the key that seals sheets."""
        key = serialization.load_der_private_key(self.seal_pkcs8, password=None)
        return cast("ec.EllipticCurvePrivateKey", key)

    def _fields(self) -> dict[str, bytes]:
        return {
            "database": self.database_key,
            "evidence": self.evidence_key,
            "log-signing": self.signing_seed,
            "seal": self.seal_pkcs8,
        }

    @classmethod
    def _of_fields(cls, parts: Mapping[str, bytes]) -> KeyBundle:
        try:
            bundle = cls(
                database_key=parts["database"],
                evidence_key=parts["evidence"],
                signing_seed=parts["log-signing"],
                seal_pkcs8=parts["seal"],
            )
        except KeyError:
            raise KeysDamagedError(why="incomplete") from None
        if any(len(key) != 32 for key in (bundle.database_key, bundle.evidence_key, bundle.signing_seed)):
            raise KeysDamagedError(why="length")
        return bundle


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


class KeyringBackend(Protocol):
    """The part of the `keyring` package's backends that we use."""

    def get_password(self, service: str, username: str) -> str | None: ...
    def set_password(self, service: str, username: str, password: str) -> None: ...
    def delete_password(self, service: str, username: str) -> None: ...


def require_secret(secret: str) -> str:
    """Return a password of at least MIN_SECRET characters; raises SecretTooShortError."""
    if len(unicodedata.normalize("NFC", secret)) < MIN_SECRET:
        raise SecretTooShortError(minimum=MIN_SECRET)
    return secret


@dataclass(frozen=True, slots=True, kw_only=True)
class Unlocked:
    """Keys in memory: the bundle, the master key, and what the slot that opened them says of its user."""

    bundle: KeyBundle = field(repr=False)
    master: bytes = field(repr=False)
    user: Mapping[str, str] = field(repr=False, default_factory=dict)


class KeyFolder:
    """The directory keys/ of a data root. `origin` binds sealed files to their root."""

    def __init__(self, directory: Path, *, origin: str) -> None:
        self.directory = directory
        self._origin = origin

    @property
    def exists(self) -> bool:
        """Whether the keys have been made."""
        return (self.directory / "keys.toml").is_file()

    @property
    def custody(self) -> str:
        """Where the master key is: "bare" (training), "sealed" (user slots only) or "keyring" (and slots)."""
        try:
            text = (self.directory / "keys.toml").read_text(encoding="utf-8")
            custody = tomllib.loads(text)["custody"]
        except FileNotFoundError:
            raise KeysMissingError from None
        except (OSError, ValueError, KeyError):
            raise KeysDamagedError(file="keys.toml") from None
        if custody not in {"bare", "sealed", "keyring"}:
            raise KeysDamagedError(file="keys.toml")
        return str(custody)

    def create(self, bundle: KeyBundle, *, custody: str, keyring: KeyringBackend | None = None) -> Unlocked:
        """Write a new station's keys and return them with their new master key.

        Nothing is written bare unless custody is "bare". The file keys.toml comes last: without it the keys
        were never made.
        """
        make_private_dir(self.directory)
        make_private_dir(self.directory / "slots")
        master = secrets.token_bytes(32)
        if custody == "bare":
            for name, key in {**bundle._fields(), "master": master}.items():
                write_private(self.directory / f"{name}.key", key.hex().encode() + b"\n")
        else:
            parts = {name: key.hex() for name, key in bundle._fields().items()}
            sealed = _seal(master, json.dumps(parts).encode(), _BUNDLE_AAD + self._origin.encode())
            write_private(self.directory / "bundle.sealed", sealed)
        if custody == "keyring" and keyring is not None:
            keyring.set_password(_SERVICE, self._origin, master.hex())
        write_private(self.directory / "keys.toml", f'schema = 1\ncustody = "{custody}"\n'.encode())
        return Unlocked(bundle=bundle, master=master)

    def open_bare(self) -> Unlocked:
        """Return the keys of a training root; raises KeysMissingError where they do not lie bare."""
        if self.custody != "bare":
            raise KeysMissingError(custody=self.custody)
        parts = {name: self._read_hex(f"{name}.key") for name in _BARE}
        return Unlocked(bundle=KeyBundle._of_fields(parts), master=parts["master"])

    def open_with_keyring(self, keyring: KeyringBackend) -> Unlocked:
        """Return the keys by the operating system's keyring; raises KeysMissingError when it has none."""
        text = keyring.get_password(_SERVICE, self._origin) if self.custody == "keyring" else None
        if text is None:
            raise KeysMissingError(custody=self.custody)
        try:
            master = bytes.fromhex(text)
        except ValueError:
            raise KeysDamagedError(file="keyring") from None
        return Unlocked(bundle=self._open_bundle(master), master=master)

    def open_with_secret(self, user_id: str, secret: str) -> Unlocked:
        """Return the keys by a user's password; raises WrongSecretError for unknown user or wrong
        password.
        """
        custody = self.custody
        slot = self._read_slot(user_id)
        if slot is None:
            raise WrongSecretError
        master = _unwrap(slot, user_id, secret)
        bundle = self.open_bare().bundle if custody == "bare" else self._open_bundle(master)
        return Unlocked(bundle=bundle, master=master, user=_open_user(slot, user_id, master))

    def add_slot(
        self, master: bytes, user_id: str, secret: str, user: Mapping[str, str], cost: Argon2
    ) -> None:
        """Write the slot of a user: the master key under the password, and `user` sealed under the
        master key.
        """
        salt = secrets.token_bytes(16)
        wrapped = _seal(cost.derive(secret, salt), master, _SLOT_AAD + user_id.encode())
        slot = {
            "schema": 1,
            "kdf": "argon2id",
            "passes": cost.passes,
            "memory_kib": cost.memory_kib,
            "lanes": cost.lanes,
            "salt": salt.hex(),
            "wrapped": wrapped.hex(),
            "user": _seal(master, json.dumps(dict(user)).encode(), _USER_AAD + user_id.encode()).hex(),
        }
        write_private(self.directory / "slots" / f"{user_id}.slot", json.dumps(slot, indent=1).encode())

    def slot_ids(self) -> tuple[str, ...]:
        """Return the ids of the users that have a slot, sorted."""
        return tuple(sorted(path.stem for path in (self.directory / "slots").glob("*.slot")))

    def users(self, master: bytes) -> dict[str, dict[str, str]]:
        """Return what the slots say of their users, by id; raises KeysDamagedError for an altered slot."""
        found = {}
        for user_id in self.slot_ids():
            slot = self._read_slot(user_id)
            if slot is not None:
                found[user_id] = _open_user(slot, user_id, master)
        return found

    def _read_slot(self, user_id: str) -> dict[str, Any] | None:
        if user_id not in self.slot_ids():
            return None
        try:
            slot = json.loads((self.directory / "slots" / f"{user_id}.slot").read_text(encoding="utf-8"))
        except (OSError, ValueError):
            raise KeysDamagedError(file="slot") from None
        if not isinstance(slot, dict) or slot.get("schema") != 1 or slot.get("kdf") != "argon2id":
            raise KeysDamagedError(file="slot")
        return slot

    def _open_bundle(self, master: bytes) -> KeyBundle:
        try:
            sealed = (self.directory / "bundle.sealed").read_bytes()
            parts = json.loads(_unseal(master, sealed, _BUNDLE_AAD + self._origin.encode()))
            return KeyBundle._of_fields({name: bytes.fromhex(text) for name, text in parts.items()})
        except (OSError, ValueError, InvalidTag):
            raise KeysDamagedError(file="bundle.sealed") from None

    def _read_hex(self, name: str) -> bytes:
        try:
            return bytes.fromhex((self.directory / name).read_text(encoding="ascii"))
        except FileNotFoundError:
            raise KeysMissingError(file=name) from None
        except (OSError, ValueError):
            raise KeysDamagedError(file=name) from None


def _unwrap(slot: Mapping[str, Any], user_id: str, secret: str) -> bytes:
    """Return the master key of a slot; raises WrongSecretError."""
    try:
        cost = Argon2(passes=slot["passes"], memory_kib=slot["memory_kib"], lanes=slot["lanes"])
        salt, wrapped = bytes.fromhex(slot["salt"]), bytes.fromhex(slot["wrapped"])
        if not (0 < cost.passes <= 64 and 0 < cost.memory_kib <= 2_097_152 and 0 < cost.lanes <= 64):
            raise KeysDamagedError(file="slot")
    except (KeyError, TypeError, ValueError):
        raise KeysDamagedError(file="slot") from None
    try:
        return _unseal(cost.derive(secret, salt), wrapped, _SLOT_AAD + user_id.encode())
    except (InvalidTag, ValueError):
        raise WrongSecretError from None


def _open_user(slot: Mapping[str, Any], user_id: str, master: bytes) -> dict[str, str]:
    try:
        user = json.loads(_unseal(master, bytes.fromhex(slot["user"]), _USER_AAD + user_id.encode()))
        return {str(key): str(value) for key, value in user.items()}
    except (KeyError, TypeError, ValueError, AttributeError, InvalidTag):
        raise KeysDamagedError(file="slot", user=user_id) from None


def _seal(key: bytes, data: bytes, aad: bytes) -> bytes:
    """Return nonce ‖ AES-256-GCM ciphertext and tag."""
    nonce = secrets.token_bytes(12)
    return nonce + AESGCM(key).encrypt(nonce, data, aad)


def _unseal(key: bytes, sealed: bytes, aad: bytes) -> bytes:
    """Return what `_seal` sealed; raises InvalidTag."""
    return AESGCM(key).decrypt(sealed[:12], sealed[12:], aad)
