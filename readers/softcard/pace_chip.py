"""PACE, chip's side: generic, integrated and chip-authentication mapping, every group and cipher (9303-11 4.4)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from readers.emrtd import crypto, pace_mapping
from readers.emrtd.curves import CURVES
from readers.emrtd.pace_mapping import Domain, MappingError
from readers.errors import TlvError
from readers.iso7816 import der, status_words, tlv
from readers.softcard.refusal import CommandRefusedError, read_parameters

if TYPE_CHECKING:
    from collections.abc import Callable

    from readers.softcard.faults import PaceFault
    from readers.softcard.options import ChipOptions, PaceVariant

PASSWORDS: Final = {1: "mrz", 2: "can"}
_DYNAMIC_DATA: Final = 0x7C
_NONCE_OCTETS: Final = 16
_STEPS: Final = 4


def choose(data: bytes, options: ChipOptions) -> tuple[PaceVariant, str]:
    """The variant and the kind of password that MSE:Set AT asks for.

    Raises CommandRefusedError: 6A80 unknown protocol or malformed, 6A88 password or parameters that the chip does
    not know or that are not named where they must be (9303-11 4.4.4.1)."""
    parameters = read_parameters(data)
    named = parameters.get(0x84)
    offered = [variant for variant in options.pace if der.encode_oid(variant.oid) == parameters.get(0x80)]
    if not offered or (named is not None and options.parameter_reference == "refused"):
        raise CommandRefusedError(status_words.WRONG_DATA)
    password = PASSWORDS.get(int.from_bytes(parameters.get(0x83, b""), "big"), "")
    if password not in options.passwords:
        raise CommandRefusedError(status_words.REFERENCED_DATA_NOT_FOUND)
    if named is not None:
        offered = [variant for variant in offered if bytes([variant.parameter_id]) == named]
    elif options.parameter_reference == "required" or len(offered) > 1:
        offered = []
    if not offered:
        raise CommandRefusedError(status_words.REFERENCED_DATA_NOT_FOUND)
    return offered[0], password


class PaceChip:
    """One run: nonce, mapping, key agreement, tokens, strictly in this order.

    `secret`: the octets of the password from which the nonce's key is derived (9303-11 9.7.3). `static_key`: the
    private key that the chip-authentication mapping proves."""

    def __init__(
        self,
        variant: PaceVariant,
        secret: bytes,
        *,
        randbytes: Callable[[int], bytes],
        static_key: int | None = None,
        fault: PaceFault = "",
    ) -> None:
        self.variant = variant
        self._suite = variant.suite
        self._password = secret
        self._randbytes = randbytes
        self._static_key = static_key
        self._fault = fault
        self._domain = domain_of(variant.parameter_id)
        self._mapped = self._domain
        self._steps = [self._nonce_step, self._mapping_step, self._agreement_step, self._token_step]
        self._nonce = b""
        self._mapping_private = 0
        self._tokens = (b"", b"")
        self._secret = b""

    @property
    def is_fresh(self) -> bool:
        """Whether no step was taken yet."""
        return len(self._steps) == _STEPS

    def step(self, data: bytes, *, chained: bool) -> tuple[bytes, bytes | None]:
        """Answer one GENERAL AUTHENTICATE; with the last one return the shared secret too.

        Raises CommandRefusedError: 6985 out of order, 6A80 malformed or bad key, 6300 wrong token."""
        last = len(self._steps) == 1
        if chained is last:
            raise CommandRefusedError(status_words.CONDITIONS_NOT_SATISFIED)
        try:
            objects = {item.tag: item.value for item in tlv.parse_one(data, _DYNAMIC_DATA).children()}
            answer = self._steps.pop(0)(objects)
        except (TlvError, MappingError, KeyError):
            raise CommandRefusedError(status_words.WRONG_DATA) from None
        answer = b"\x00" if self._fault == "malformed" else tlv.encode(_DYNAMIC_DATA, answer)
        return answer, self._secret if last else None

    def _nonce_step(self, _: dict[int, bytes]) -> bytes:
        integrated = self._is_integrated
        length = pace_mapping.nonce_octets(self._suite) if integrated else _NONCE_OCTETS
        self._nonce = bytes(length) if self._fault == "zero-nonce" else self._randbytes(length)
        key = crypto.derive_key(self._password, crypto.KDF_PACE, self._suite)
        iv = bytes(self._suite.block_octets)
        return tlv.encode(0x80, crypto.cbc_encrypt(self._suite, key, iv, self._nonce))

    @property
    def _is_integrated(self) -> bool:
        return self.variant.mapping.endswith("-im")

    def _mapping_step(self, objects: dict[int, bytes]) -> bytes:
        theirs = objects[0x81]
        if self._is_integrated:
            if len(theirs) != self._suite.key_octets:
                raise MappingError("length")
            self._mapped = self._domain.map_integrated(self._suite, self._nonce, theirs)
            return tlv.encode(0x82)
        own = self._domain.key_pair(self._randbytes)
        self._domain.require_other(own, theirs)
        self._mapping_private = own.private
        if self._fault != "zero-nonce":
            self._mapped = self._domain.map_generic(self._nonce, own, theirs)
        return tlv.encode(0x82, self._spoil(own.public, theirs))

    def _agreement_step(self, objects: dict[int, bytes]) -> bytes:
        theirs = objects[0x83]
        self._domain.require_key(theirs)
        own = self._mapped.key_pair(self._randbytes)
        self._mapped.require_other(own, theirs)
        self._secret = self._mapped.agree(own, theirs)
        key = crypto.derive_key(self._secret, crypto.KDF_MAC, self._suite)
        self._tokens = (self._token(key, own.public), self._token(key, theirs))
        return tlv.encode(0x84, theirs if self._fault == "identical-keys" else own.public)

    def _token_step(self, objects: dict[int, bytes]) -> bytes:
        expected, own = self._tokens
        if not crypto.same(expected, objects[0x85]):
            raise CommandRefusedError(status_words.VERIFICATION_FAILED)
        if self._fault == "no-token":
            return b""
        token = tlv.encode(0x86, bytes(8) if self._fault == "wrong-token" else own)
        return token + (self._mapping_proof() if self.variant.mapping == "ecdh-cam" else b"")

    def _mapping_proof(self) -> bytes:
        """8A: the mapping key divided by the static key, encrypted under the new key (9303-11 4.4.3.5.2)."""
        if self._fault == "no-mapping-proof" or self._static_key is None:
            return b""
        curve = CURVES[self.variant.parameter_id]
        data = pace_mapping.chip_authentication_data(curve, self._mapping_private, self._static_key)
        if self._fault == "wrong-mapping-proof":
            data = data[:-1] + bytes([data[-1] ^ 1])
        key = crypto.derive_key(self._secret, crypto.KDF_ENC, self._suite)
        return tlv.encode(0x8A, pace_mapping.encrypt_chip_authentication_data(self._suite, key, data))

    def _token(self, key: bytes, public: bytes) -> bytes:
        return pace_mapping.token(self._suite, key, self.variant.oid, self._domain, public)

    def _spoil(self, own: bytes, theirs: bytes) -> bytes:
        """The mapping key as the reader gets it."""
        match self._fault:
            case "reflected-key":
                return theirs
            case "bad-point":
                return own[:-1] + bytes([own[-1] ^ 1])
            case "zero-key":
                is_point = self._domain.public_key_tag == pace_mapping.EC_PUBLIC_POINT
                return own[:1] + bytes(len(own) - 1) if is_point else bytes(len(own))
            case _:
                return own


def domain_of(parameter_id: int) -> Domain:
    """The standardised domain of an option, which was checked when the option was made."""
    domain = pace_mapping.standard_domain(parameter_id)
    if domain is None:
        raise ValueError("parameter id")
    return domain
