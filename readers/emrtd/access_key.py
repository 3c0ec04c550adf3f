"""Access keys: the shared passwords of PACE and BAC (9303-11 9.7.2, 9.7.3). None shows in repr.

There is no key for the holder's PIN or PUK: this reader never asks for one, takes one or sends one."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, field
from typing import ClassVar, Final, NoReturn, Protocol

from readers.emrtd import crypto
from readers.errors import AccessPinRefusedError

MRZ_REFERENCE: Final = 1
CAN_REFERENCE: Final = 2
_BAC_SEED_OCTETS: Final = 16
_MRZ_LENGTHS: Final = range(24, 51)
_MRZ_CHARACTERS: Final = frozenset("ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789<")


class AccessKey(Protocol):
    """A password of PACE, perhaps of BAC."""

    @property
    def reference(self) -> int:
        """The value of DO'83' in MSE:Set AT: 1 MRZ, 2 CAN."""

    @property
    def kind(self) -> str:
        """The name under which it is recorded."""

    @property
    def secret(self) -> bytes:
        """The input of the key derivation, f(password)."""

    @property
    def bac_seed(self) -> bytes | None:
        """K_seed of Basic Access Control, 16 octets; None where the password opens no chip that way."""


@dataclass(frozen=True, slots=True)
class Can:
    """The card access number: six digits. Raises ValueError."""

    value: str = field(repr=False)
    reference: ClassVar[int] = CAN_REFERENCE
    kind: ClassVar[str] = "can"

    def __post_init__(self) -> None:
        """Check the form."""
        if len(self.value) != 6 or not (self.value.isascii() and self.value.isdigit()):
            raise ValueError("a CAN has six digits")

    @property
    def secret(self) -> bytes:
        """The characters themselves."""
        return self.value.encode("ascii")

    @property
    def bac_seed(self) -> None:
        """Basic Access Control knows no CAN."""
        return None


@dataclass(frozen=True, slots=True)
class MrzInformation:
    """The MRZ password: document number, birth and expiry dates, each with its check digit. Raises ValueError.

    24 characters, more where the document number is longer than nine (9303-11 Appendix D.2)."""

    value: str = field(repr=False)
    reference: ClassVar[int] = MRZ_REFERENCE
    kind: ClassVar[str] = "mrz"

    def __post_init__(self) -> None:
        """Check the form."""
        if len(self.value) not in _MRZ_LENGTHS or not _MRZ_CHARACTERS.issuperset(self.value):
            raise ValueError("MRZ information has 24 to 50 characters of the MRZ")

    @property
    def secret(self) -> bytes:
        """SHA-1 of the MRZ information, all 20 octets."""
        return hashlib.sha1(self.value.encode("ascii"), usedforsecurity=False).digest()

    @property
    def bac_seed(self) -> bytes:
        """The first 16 octets of the same (9303-11 4.3.2)."""
        return self.secret[:_BAC_SEED_OCTETS]


def nonce_key(key: AccessKey, suite: crypto.CipherSuite) -> bytes:
    """K_pi, which decrypts the chip's nonce (9303-11 9.7.3)."""
    return crypto.derive_key(key.secret, crypto.KDF_PACE, suite)


def refuse_pin() -> NoReturn:
    """What to call where somebody offers the holder's PIN or PUK. Raises AccessPinRefusedError."""
    raise AccessPinRefusedError
