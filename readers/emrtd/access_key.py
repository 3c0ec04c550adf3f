"""Access keys: the shared passwords of PACE (9303-11 4.4.2, 9.7.2). None shows in repr."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, field
from typing import ClassVar, Protocol

from readers.emrtd import crypto


class AccessKey(Protocol):
    """A password of PACE."""

    @property
    def reference(self) -> int:
        """The value of DO'83' in MSE:Set AT: 1 MRZ, 2 CAN."""

    @property
    def kind(self) -> str:
        """The name under which it is recorded."""

    @property
    def secret(self) -> bytes:
        """The input of the key derivation, f(password)."""


@dataclass(frozen=True, slots=True)
class Can:
    """The card access number: six digits. Raises ValueError."""

    value: str = field(repr=False)
    reference: ClassVar[int] = 2
    kind: ClassVar[str] = "can"

    def __post_init__(self) -> None:
        """Check the form."""
        if len(self.value) != 6 or not (self.value.isascii() and self.value.isdigit()):
            raise ValueError("a CAN has six digits")

    @property
    def secret(self) -> bytes:
        """The characters themselves."""
        return self.value.encode("ascii")


@dataclass(frozen=True, slots=True)
class MrzInformation:
    """The MRZ password: document number, birth and expiry dates, each with its check digit."""

    value: str = field(repr=False)
    reference: ClassVar[int] = 1
    kind: ClassVar[str] = "mrz"

    @property
    def secret(self) -> bytes:
        """SHA-1 of the MRZ information, all 20 octets."""
        return hashlib.sha1(self.value.encode("ascii"), usedforsecurity=False).digest()


def nonce_key(key: AccessKey, suite: crypto.CipherSuite) -> bytes:
    """K_pi, which decrypts the chip's nonce (9303-11 9.7.3)."""
    return crypto.derive_key(key.secret, crypto.KDF_PACE, suite)
