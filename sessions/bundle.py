"""A station's keys in memory, and the bytes that are sealed of them. Form: docs/log-format.md, "Keys on disk"."""

from __future__ import annotations

import json
import secrets
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any, cast

from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec

from sessions.checkpoint import Signer, VerifierKey
from sessions.errors import KeysDamagedError
from sessions.pkcs11 import PublicSigner, TokenKey, TokenSigner


@dataclass(frozen=True, slots=True, kw_only=True)
class KeyBundle:
    """Database, evidence and log-signing key (32 bytes each) and the seal's P-256 key (PKCS #8, DER).

    With `token` the log-signing key lies in a PKCS#11 token and there is no seed; `signing` is that token, open.
    `work` is what a rotation still has to do.
    """

    database_key: bytes = field(repr=False)
    evidence_key: bytes = field(repr=False)
    signing_seed: bytes = field(repr=False)
    seal_pkcs8: bytes = field(repr=False)
    token: TokenKey | None = field(default=None, repr=False)
    work: Mapping[str, Any] | None = field(default=None, repr=False)
    signing: TokenSigner | None = field(default=None, repr=False, compare=False)

    @classmethod
    def generate(cls) -> KeyBundle:
        """Return fresh keys from the operating system's randomness."""
        return cls(
            database_key=secrets.token_bytes(32),
            evidence_key=secrets.token_bytes(32),
            signing_seed=secrets.token_bytes(32),
            seal_pkcs8=new_seal_key(),
        )

    @property
    def signing_custody(self) -> str:
        """Where the log-signing key is: "file" or "pkcs11"."""
        return "file" if self.token is None else "pkcs11"

    def verifier_key(self, origin: str) -> VerifierKey:
        """Return the public half of the log-signing key under an origin; no token is needed."""
        return self.signer(origin).key

    def signer(self, origin: str) -> Signer:
        """Return the signer of this station's checkpoints. One whose token is not open raises when it shall sign."""
        if self.token is None:
            return Signer(origin, self.signing_seed)
        if self.signing is not None:
            return self.signing.named(origin)
        return PublicSigner(origin, self.token.public)

    def seal_private_key(self) -> ec.EllipticCurvePrivateKey:
        """Return the key that seals sheets."""
        key = serialization.load_der_private_key(self.seal_pkcs8, password=None)
        return cast("ec.EllipticCurvePrivateKey", key)

    def as_fields(self) -> dict[str, bytes]:
        """Return the keys by the names that they have on disk."""
        return {
            "database": self.database_key,
            "evidence": self.evidence_key,
            "log-signing": self.signing_seed,
            "seal": self.seal_pkcs8,
        }

    @classmethod
    def of_fields(cls, parts: Mapping[str, bytes]) -> KeyBundle:
        """Return the bundle of `as_fields`; raises KeysDamagedError."""
        try:
            bundle = cls(
                database_key=parts["database"],
                evidence_key=parts["evidence"],
                signing_seed=parts["log-signing"],
                seal_pkcs8=parts["seal"],
            )
        except KeyError:
            raise KeysDamagedError(why="incomplete") from None
        if any(len(key) != 32 for key in (bundle.database_key, bundle.evidence_key)):
            raise KeysDamagedError(why="length")
        return bundle

    def encode(self) -> bytes:
        """Return the bundle as it is sealed."""
        parts: dict[str, Any] = {name: key.hex() for name, key in self.as_fields().items()}
        if self.token is not None:
            parts["token"] = self.token.as_fields()
        if self.work is not None:
            parts["work"] = dict(self.work)
        return json.dumps(parts).encode()

    @classmethod
    def decode(cls, data: bytes) -> KeyBundle:
        """Return the bundle of `encode`; raises KeysDamagedError."""
        try:
            parts = json.loads(data)
            token, work = parts.pop("token", None), parts.pop("work", None)
            bundle = cls.of_fields({name: bytes.fromhex(text) for name, text in parts.items()})
        except (ValueError, TypeError, AttributeError):
            raise KeysDamagedError(file="bundle.sealed") from None
        bundle = replace(bundle, token=None if token is None else TokenKey.of_fields(token), work=work)
        if len(bundle.signing_seed) != (32 if bundle.token is None else 0):
            raise KeysDamagedError(why="length")
        return bundle


def new_seal_key() -> bytes:
    """Return a fresh P-256 key, PKCS #8 in DER."""
    return ec.generate_private_key(ec.SECP256R1()).private_bytes(
        serialization.Encoding.DER, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
