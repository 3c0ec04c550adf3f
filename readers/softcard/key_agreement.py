"""PACE with the CAN and Chip Authentication, chip's side, on brainpoolP256r1 with AES-128 (9303-11 4.4,
6.2)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from readers.emrtd import crypto
from readers.emrtd.crypto import CipherSuite
from readers.emrtd.curves import Curve, CurveError, Point, curve_by_name
from readers.errors import TlvError
from readers.iso7816 import der, status_words, tlv

if TYPE_CHECKING:
    from collections.abc import Callable

    from readers.softcard.faults import PaceFault

CURVE_NAME: Final = "brainpoolP256r1"
PACE_OID: Final = "0.4.0.127.0.7.2.2.4.2.2"
CHIP_AUTH_OID: Final = "0.4.0.127.0.7.2.2.3.2.2"
CAN_REFERENCE: Final = b"\x02"
_SUITE: Final = CipherSuite.AES_128
_NONCE_OCTETS: Final = 16
_DYNAMIC_DATA: Final = 0x7C


class CommandRefusedError(Exception):
    """The chip answers with this status word and forgets the protocol run."""

    def __init__(self, sw: int) -> None:
        super().__init__(f"{sw:04X}")
        self.sw = sw


def read_parameters(data: bytes) -> dict[int, bytes]:
    """The data objects of MSE:Set AT, by tag. Raises CommandRefusedError."""
    try:
        return {item.tag: item.value for item in tlv.parse_all(data)}
    except TlvError:
        raise CommandRefusedError(status_words.WRONG_DATA) from None


class PaceChip:
    """One run of PACE-ECDH-GM: nonce, mapping, key agreement, tokens, strictly in this order.

    `secret`: the octets of the password from which the nonce's key is derived (9303-11 9.7.3)."""

    def __init__(self, secret: bytes, *, randbytes: Callable[[int], bytes], fault: PaceFault = "") -> None:
        self._password = secret
        self._randbytes = randbytes
        self._fault = fault
        self._curve: Curve = curve_by_name(CURVE_NAME)
        self._steps = [self._nonce_step, self._mapping_step, self._agreement_step, self._token_step]
        self._nonce = 0
        self._mapped = self._curve.generator
        self._tokens = (b"", b"")
        self._secret = b""

    @staticmethod
    def check_parameters(data: bytes) -> None:
        """Accept MSE:Set AT for this protocol, the CAN and the one curve. Raises CommandRefusedError."""
        parameters = read_parameters(data)
        if parameters.get(0x80) != der.encode_oid(PACE_OID):
            raise CommandRefusedError(status_words.WRONG_DATA)
        if parameters.get(0x83) != CAN_REFERENCE:
            raise CommandRefusedError(status_words.REFERENCED_DATA_NOT_FOUND)
        if parameters.get(0x84, b"\x0d") != b"\x0d":
            raise CommandRefusedError(status_words.REFERENCED_DATA_NOT_FOUND)

    def step(self, data: bytes, *, chained: bool) -> tuple[bytes, bytes | None]:
        """Answer one GENERAL AUTHENTICATE; with the last one return the shared secret too.

        Raises CommandRefusedError: 6985 out of order, 6A80 malformed or bad point, 6300 wrong token."""
        last = len(self._steps) == 1
        if chained is last:
            raise CommandRefusedError(status_words.CONDITIONS_NOT_SATISFIED)
        try:
            objects = {item.tag: item.value for item in tlv.parse_one(data, _DYNAMIC_DATA).children()}
            answer = self._steps.pop(0)(objects)
        except (TlvError, CurveError, KeyError):
            raise CommandRefusedError(status_words.WRONG_DATA) from None
        answer = b"\x00" if self._fault == "malformed" else tlv.encode(_DYNAMIC_DATA, answer)
        return answer, self._secret if last else None

    def _nonce_step(self, _: dict[int, bytes]) -> bytes:
        nonce = bytes(_NONCE_OCTETS) if self._fault == "zero-nonce" else self._randbytes(_NONCE_OCTETS)
        self._nonce = int.from_bytes(nonce, "big")
        key = crypto.derive_key(self._password, crypto.KDF_PACE, _SUITE)
        return tlv.encode(0x80, crypto.cbc_encrypt(_SUITE, key, bytes(_SUITE.block_octets), nonce))

    def _mapping_step(self, objects: dict[int, bytes]) -> bytes:
        theirs = self._curve.decode(objects[0x81])
        scalar = self._scalar()
        own = self._curve.multiply(scalar)
        if own == theirs:
            raise CurveError("reflected")
        if self._fault != "zero-nonce":
            self._mapped = self._curve.multiply_add(self._nonce, self._curve.generator, scalar, theirs)
        return tlv.encode(0x82, self._point(own, theirs))

    def _agreement_step(self, objects: dict[int, bytes]) -> bytes:
        theirs = self._curve.decode(objects[0x83])
        scalar = self._scalar()
        own = self._curve.multiply(scalar, self._mapped)
        if own == theirs:
            raise CurveError("reflected")
        self._secret = self._curve.encode_x(self._curve.multiply(scalar, theirs))
        key = crypto.derive_key(self._secret, crypto.KDF_MAC, _SUITE)
        self._tokens = (self._token(key, own), self._token(key, theirs))
        return tlv.encode(0x84, self._curve.encode(own))

    def _token_step(self, objects: dict[int, bytes]) -> bytes:
        expected, own = self._tokens
        if not crypto.same(expected, objects[0x85]):
            raise CommandRefusedError(status_words.VERIFICATION_FAILED)
        if self._fault == "no-token":
            return b""
        return tlv.encode(0x86, bytes(8) if self._fault == "wrong-token" else own)

    def _token(self, key: bytes, point: Point) -> bytes:
        return crypto.mac_token(_SUITE, key, public_key_object(PACE_OID, self._curve.encode(point)))

    def _point(self, own: Point, theirs: Point) -> bytes:
        """The mapping key as the reader gets it."""
        if self._fault == "reflected-key":
            return self._curve.encode(theirs)
        encoded = self._curve.encode(own)
        return encoded[:-1] + bytes([encoded[-1] ^ 1]) if self._fault == "bad-point" else encoded

    def _scalar(self) -> int:
        return self._curve.random_scalar(self._randbytes(self._curve.size + 8))


def public_key_object(oid: str, point: bytes) -> bytes:
    """7F49 {06 protocol, 86 point}: what the tokens are computed over (9303-11 9.4.4)."""
    return tlv.encode(0x7F49, tlv.encode(der.OID, der.encode_oid(oid)), tlv.encode(0x86, point))


def chip_auth_secret(private_key: int, data: bytes) -> bytes:
    """The new shared secret of Chip Authentication, from the reader's ephemeral key in 7C {80}.

    Raises CommandRefusedError when the key is no point of the curve or is the chip's own."""
    curve = curve_by_name(CURVE_NAME)
    try:
        theirs = curve.decode(tlv.parse_one(data, _DYNAMIC_DATA).child(0x80).value)
        if theirs.x == curve.multiply(private_key).x:
            raise CurveError("reflected")
        return curve.encode_x(curve.multiply(private_key, theirs))
    except (TlvError, CurveError):
        raise CommandRefusedError(status_words.WRONG_DATA) from None
