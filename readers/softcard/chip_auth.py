"""Chip Authentication, chip's side: MSE:Set KAT for 3DES, MSE:Set AT and GENERAL AUTHENTICATE for AES
(9303-11 6.2)."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final

from readers.emrtd.crypto import CipherSuite
from readers.emrtd.pace_mapping import MappingError
from readers.errors import TlvError
from readers.iso7816 import der, status_words, tlv
from readers.softcard.pace_chip import domain_of
from readers.softcard.refusal import CommandRefusedError, read_parameters
from readers.softcard.secure_session import SecureSession

if TYPE_CHECKING:
    from collections.abc import Sequence

    from readers.softcard.options import ChipAuthVariant

_DYNAMIC_DATA: Final = 0x7C


@dataclass(frozen=True, slots=True, kw_only=True)
class ChipKey:
    """One static key of the chip; `key_id` None: the only one."""

    variant: ChipAuthVariant
    key_id: int | None
    private: int = field(repr=False)

    @property
    def public(self) -> bytes:
        """The public key, encoded as in DG14 (9303-11 9.4)."""
        return domain_of(self.variant.parameter_id).key_pair_of(self.private).public

    def agree(self, theirs: bytes) -> SecureSession:
        """The session under the new keys. Raises CommandRefusedError: 6A80, no key of the group or our own."""
        domain = domain_of(self.variant.parameter_id)
        own = domain.key_pair_of(self.private)
        try:
            domain.require_key(theirs)
            domain.require_other(own, theirs)
            return SecureSession(domain.agree(own, theirs), self.variant.suite)
        except MappingError:
            raise CommandRefusedError(status_words.WRONG_DATA) from None


def choose(data: bytes, keys: Sequence[ChipKey]) -> ChipKey:
    """The key that MSE:Set AT asks for. Raises CommandRefusedError: 6A80 unknown protocol, 6A88 unknown key."""
    parameters = read_parameters(data)
    offered = [key for key in keys if der.encode_oid(key.variant.oid) == parameters.get(0x80)]
    if not offered:
        raise CommandRefusedError(status_words.WRONG_DATA)
    return _by_id(offered, parameters.get(0x84))


def agree_at_once(data: bytes, keys: Sequence[ChipKey]) -> SecureSession:
    """MSE:Set KAT: the reader's key in 91, the key's number in 84; 3DES only. Raises CommandRefusedError."""
    parameters = read_parameters(data)
    offered = [key for key in keys if key.variant.suite is CipherSuite.TDES]
    if not offered or 0x91 not in parameters:
        raise CommandRefusedError(status_words.WRONG_DATA)
    return _by_id(offered, parameters.get(0x84)).agree(parameters[0x91])


def agree(data: bytes, key: ChipKey) -> SecureSession:
    """GENERAL AUTHENTICATE: the reader's key in 7C {80}. Raises CommandRefusedError."""
    try:
        theirs = tlv.parse_one(data, _DYNAMIC_DATA).child(0x80).value
    except TlvError:
        raise CommandRefusedError(status_words.WRONG_DATA) from None
    return key.agree(theirs)


def _by_id(offered: Sequence[ChipKey], named: bytes | None) -> ChipKey:
    """The key with this number; without a number the only one."""
    if named is None:
        if len(offered) > 1:
            raise CommandRefusedError(status_words.REFERENCED_DATA_NOT_FOUND)
        return offered[0]
    wanted = int.from_bytes(named, "big")
    for key in offered:
        if key.key_id == wanted:
            return key
    raise CommandRefusedError(status_words.REFERENCED_DATA_NOT_FOUND)
