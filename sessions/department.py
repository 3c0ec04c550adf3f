"""The department's key: what leaves the station in the clear leaves it for nobody else.

The key pair is made on a machine of the department that is never online; the station holds the public half only.
HPKE, RFC 9180, mode base: DHKEM(X25519, HKDF-SHA256), HKDF-SHA256, AES-256-GCM, no associated data; what a sealed
thing is for stands in `info`. Forms: docs/log-format.md, "Department key".
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import json
import re
import secrets
import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Final, Self

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives import hpke
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey, X25519PublicKey
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from sessions.errors import (
    DepartmentKeyError,
    DepartmentMismatchError,
    DepartmentWrapError,
    WrongSecretError,
)
from sessions.keys import Argon2, require_secret

PUBLIC_NAME: Final = "department.pub"
PRIVATE_NAME: Final = "department.key"
MAX_FILE: Final = 8_192
OVERHEAD: Final = 32 + 16
"""Bytes that `wrap` adds: the encapsulated key and the tag."""
COST: Final = Argon2(passes=4, memory_kib=262_144, lanes=2)
_WORD: Final = "proctor-department-1"
_FORM: Final = "proctor department private 1"
_INFO: Final = b"proctor department 1\n"
_PUBLIC_AAD: Final = b"proctor department key 1\n"
_FINGERPRINT: Final = re.compile(r"[0-9a-f]{64}")
_MAX_NAME: Final = 64
_SUITE: Final = hpke.Suite(hpke.KEM.X25519, hpke.KDF.HKDF_SHA256, hpke.AEAD.AES_256_GCM)


@dataclass(frozen=True, slots=True, kw_only=True)
class DepartmentPublic:
    """The public half: 32 bytes of X25519, and the department's name as it likes to be shown."""

    name: str
    public: bytes

    def __post_init__(self) -> None:
        if len(self.public) != 32 or self.name != clean_name(self.name):
            raise DepartmentKeyError(why="public")

    @property
    def fingerprint(self) -> str:
        """SHA-256 of the 32 public bytes, lowercase hexadecimal: what people compare."""
        return hashlib.sha256(self.public).hexdigest()

    def encode(self) -> str:
        """Return the one line of the public file, without a line feed: word, base64, checksum, name."""
        packed = base64.b64encode(self.public).decode()
        return f"{_WORD} {packed} {_checksum(self.name, self.public)} {self.name}"

    @classmethod
    def parse(cls, data: bytes | str) -> Self:
        """Return the key of a public file; raises DepartmentKeyError for anything else."""
        parts = _line(data).split(" ", 3)
        if len(parts) != 4 or parts[0] != _WORD:
            raise DepartmentKeyError(why="public")
        try:
            public = base64.b64decode(parts[1], validate=True)
        except (binascii.Error, ValueError):
            raise DepartmentKeyError(why="public") from None
        key = cls(name=parts[3], public=public)
        if parts[2] != _checksum(key.name, public) or key.encode() != " ".join(parts):
            raise DepartmentKeyError(why="checksum")
        return key

    def wrap(self, data: bytes, *, info: bytes) -> bytes:
        """Return data that only the department opens, under the same `info`: 48 bytes longer."""
        try:
            key = X25519PublicKey.from_public_bytes(self.public)
            return _SUITE.encrypt(data, key, _INFO + info)
        except ValueError:  # a public key of low order
            raise DepartmentKeyError(why="public") from None


@dataclass(frozen=True, slots=True, kw_only=True)
class DepartmentPrivate:
    """The private half. No repr shows it."""

    public: DepartmentPublic
    _seed: bytes = field(repr=False)

    @classmethod
    def generate(cls, name: str) -> Self:
        """Return a fresh key pair under a department's name; raises DepartmentKeyError for an impossible name."""
        return cls._of_seed(clean_name(name), secrets.token_bytes(32))

    @classmethod
    def _of_seed(cls, name: str, seed: bytes) -> Self:
        public = X25519PrivateKey.from_private_bytes(seed).public_key().public_bytes_raw()
        return cls(public=DepartmentPublic(name=name, public=public), _seed=seed)

    def unwrap(self, sealed: bytes, *, info: bytes) -> bytes:
        """Return what was wrapped to this key under `info`; raises DepartmentWrapError."""
        try:
            return _SUITE.decrypt(sealed, X25519PrivateKey.from_private_bytes(self._seed), _INFO + info)
        except (InvalidTag, ValueError):
            raise DepartmentWrapError(fingerprint=self.public.fingerprint) from None

    def seal(self, passphrase: str, cost: Argon2 = COST) -> bytes:
        """Return the private file under a passphrase; raises SecretTooShortError."""
        salt = secrets.token_bytes(16)
        nonce = secrets.token_bytes(12)
        key = cost.derive(require_secret(passphrase), salt)
        line = self.public.encode()
        return _dump(
            {
                "public": line,
                "kdf": "argon2id",
                "passes": cost.passes,
                "memory_kib": cost.memory_kib,
                "lanes": cost.lanes,
                "salt": salt.hex(),
                "sealed": (nonce + AESGCM(key).encrypt(nonce, self._seed, _aad(line))).hex(),
            }
        )

    def bare(self) -> bytes:
        """Return the private file in the clear: for training only."""
        return _dump({"public": self.public.encode(), "kdf": "none", "bare": self._seed.hex()})

    @classmethod
    def open(cls, data: bytes, passphrase: str | None, *, training: bool = False) -> Self:
        """Return the key of a private file. One that lies bare opens where `training` says so, and nowhere else.

        Raises DepartmentKeyError, WrongSecretError.
        """
        document = read_private(data)
        public = DepartmentPublic.parse(str(document.get("public")))
        if is_bare(document):
            if not training:
                raise DepartmentKeyError(why="bare")
            seed = _hex(document, "bare")
        else:
            seed = _unseal(document, public, passphrase)
        if len(seed) != 32:
            raise DepartmentKeyError(why="private")
        key = cls._of_seed(public.name, seed)
        if key.public != public:
            raise DepartmentKeyError(why="pair")
        return key

    def require(self, fingerprint: str) -> Self:
        """Return this key if it has that fingerprint; raises DepartmentMismatchError."""
        if self.public.fingerprint != fingerprint:
            raise DepartmentMismatchError(wanted=fingerprint, found=self.public.fingerprint)
        return self


def clean_name(name: str) -> str:
    """Return a department's name in NFC with single spaces; raises DepartmentKeyError when none is left."""
    cleaned = " ".join(unicodedata.normalize("NFC", name).split())
    if not cleaned or len(cleaned) > _MAX_NAME or not cleaned.isprintable():
        raise DepartmentKeyError(why="name")
    return cleaned


def read_private(data: bytes) -> Mapping[str, Any]:
    """Return a private file taken apart, nothing opened; raises DepartmentKeyError."""
    if len(data) > MAX_FILE:
        raise DepartmentKeyError(why="private")
    try:
        document = json.loads(data.decode("utf-8"))
    except (ValueError, RecursionError):
        raise DepartmentKeyError(why="private") from None
    if not isinstance(document, dict) or document.get("form") != _FORM:
        raise DepartmentKeyError(why="private")
    return document


def is_bare(document: Mapping[str, Any]) -> bool:
    """Whether a private file needs no passphrase."""
    return document.get("kdf") == "none"


def require_fingerprint(text: str) -> str:
    """Return 64 hexadecimal digits; spaces, colons and capitals do not matter. Raises DepartmentKeyError."""
    cleaned = re.sub(r"[\s:]", "", text).lower()
    if not _FINGERPRINT.fullmatch(cleaned):
        raise DepartmentKeyError(why="fingerprint")
    return cleaned


def _unseal(document: Mapping[str, Any], public: DepartmentPublic, passphrase: str | None) -> bytes:
    if document.get("kdf") != "argon2id":
        raise DepartmentKeyError(why="private")
    if passphrase is None:
        raise WrongSecretError
    numbers = [document.get(name) for name in ("passes", "memory_kib", "lanes")]
    passes, memory, lanes = (number if type(number) is int else 0 for number in numbers)
    if not (0 < passes <= 64 and 8 <= memory <= 2_097_152 and 0 < lanes <= 64 and 8 * lanes <= memory):
        raise DepartmentKeyError(why="private")
    salt, sealed = _hex(document, "salt"), _hex(document, "sealed")
    if len(salt) != 16 or len(sealed) != 12 + 32 + 16:
        raise DepartmentKeyError(why="private")
    key = Argon2(passes=passes, memory_kib=memory, lanes=lanes).derive(passphrase, salt)
    try:
        return AESGCM(key).decrypt(sealed[:12], sealed[12:], _aad(public.encode()))
    except InvalidTag:
        raise WrongSecretError from None


def _checksum(name: str, public: bytes) -> str:
    return hashlib.sha256(_PUBLIC_AAD + public + name.encode()).hexdigest()[:8]


def _aad(line: str) -> bytes:
    return _FORM.encode() + b"\n" + line.encode()


def _line(data: bytes | str) -> str:
    if len(data) > MAX_FILE:
        raise DepartmentKeyError(why="public")
    try:
        text = data.decode("utf-8-sig") if isinstance(data, bytes) else data
    except UnicodeDecodeError:
        raise DepartmentKeyError(why="public") from None
    return text.strip("\r\n")


def _hex(document: Mapping[str, Any], name: str) -> bytes:
    try:
        return bytes.fromhex(str(document.get(name)))
    except ValueError:
        raise DepartmentKeyError(why="private") from None


def _dump(fields: Mapping[str, Any]) -> bytes:
    return json.dumps({"form": _FORM, **fields}, ensure_ascii=False, indent=1).encode() + b"\n"
