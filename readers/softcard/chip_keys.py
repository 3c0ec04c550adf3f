"""Where the keys of chips come from: fresh ones, or a few that a roster shares."""

from __future__ import annotations

import secrets
from typing import TYPE_CHECKING, Final, Protocol

from cryptography.hazmat.primitives.asymmetric import rsa

from readers.emrtd.crypto import CipherSuite
from readers.emrtd.curves import CURVES
from readers.softcard.active_auth import EcProver, Prover, RsaProver, trailer_of
from readers.softcard.chip_auth import ChipKey
from readers.softcard.options import ChipAuthVariant
from readers.softcard.pace_chip import domain_of

if TYPE_CHECKING:
    from readers.softcard.options import ChipOptions

SHARED_KEYS: Final = 4
_CAM: Final = "ecdh-cam"


class KeySource(Protocol):
    """Gives each chip its keys."""

    def prover(self, options: ChipOptions) -> Prover | None:
        """The key of Active Authentication, if the chip has one."""

    def chip_keys(self, options: ChipOptions) -> tuple[ChipKey, ...]:
        """The keys of Chip Authentication, numbered from 1 where they are several."""

    def mapping_key(self, options: ChipOptions) -> ChipKey | None:
        """The static key of PACE with chip-authentication mapping, if the chip offers that."""


class FreshKeys:
    """New keys for every chip."""

    def prover(self, options: ChipOptions) -> Prover | None:
        """A new key."""
        chosen = options.active_auth
        if chosen.family == "rsa":
            key = self.rsa_key(chosen.size, options.active_auth_exponent)
            return RsaProver(key, chosen.hash, trailer_of(chosen.hash, options.active_auth_trailer))
        if chosen.family == "ecdsa":
            curve = CURVES[chosen.size]
            return EcProver(curve, curve.random_scalar(secrets.token_bytes(curve.size + 8)), chosen.hash)
        return None

    def rsa_key(self, bits: int, exponent: int) -> rsa.RSAPrivateKey:
        """A new RSA key; the size and exponent 3 are hostile cards'."""
        return rsa.generate_private_key(exponent, bits)

    def chip_keys(self, options: ChipOptions) -> tuple[ChipKey, ...]:
        """New keys."""
        numbered = options.chip_auth_key_ids or len(options.chip_auth) > 1
        return tuple(
            ChipKey(
                variant=variant, key_id=number if numbered else None, private=_private(variant.parameter_id)
            )
            for number, variant in enumerate(options.chip_auth, start=1)
        )

    def mapping_key(self, options: ChipOptions) -> ChipKey | None:
        """A new key on the curve of the first such variant; its number is the curve's, as in Appendix I.1."""
        for variant in options.pace:
            if variant.mapping == _CAM:
                kind = ChipAuthVariant("ecdh", CipherSuite.AES_128, variant.parameter_id)
                private = _private(variant.parameter_id)
                return ChipKey(variant=kind, key_id=variant.parameter_id, private=private)
        return None


class SharedKeys(FreshKeys):
    """RSA keys from a small pool: chips of a roster that nobody clones. Elliptic ones are new each time."""

    def __init__(self, size: int = SHARED_KEYS) -> None:
        self._size = size
        self._pools: dict[tuple[int, int], list[rsa.RSAPrivateKey]] = {}
        self._given = 0

    def rsa_key(self, bits: int, exponent: int) -> rsa.RSAPrivateKey:
        """A new key until the pool is full, then those of the pool in turn."""
        pool = self._pools.setdefault((bits, exponent), [])
        if len(pool) < self._size:
            pool.append(super().rsa_key(bits, exponent))
            return pool[-1]
        self._given += 1
        return pool[(self._given - 1) % self._size]


FRESH_KEYS: Final[KeySource] = FreshKeys()


def _private(parameter_id: int) -> int:
    return domain_of(parameter_id).key_pair(secrets.token_bytes).private
