"""PACE with ECDH and generic mapping, reader's side (9303-11 4.4)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from readers.emrtd import crypto
from readers.emrtd.access_key import AccessKey, nonce_key
from readers.emrtd.curves import CURVES, Curve, CurveError, Point
from readers.emrtd.secure_messaging import SecureChannel, SessionKeys
from readers.errors import AccessDeniedError, PaceFailedError, PaceNotOfferedError, TlvError
from readers.iso7816 import der, status_words, tlv
from readers.iso7816.apdu import CommandApdu

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from readers.emrtd.lds.security_infos import PaceInfo
    from readers.iso7816.channel import PlainChannel

SUPPORTED_MAPPING: Final = "ecdh-gm"
SUPPORTED_VERSION: Final = 2
_CLA_CHAINING: Final = 0x10
_MSE: Final = 0x22
_GENERAL_AUTHENTICATE: Final = 0x86
_DYNAMIC_DATA: Final = 0x7C
_PUBLIC_KEY: Final = 0x7F49
_MAX_NONCE_OCTETS: Final = 64


def choose(offered: Sequence[PaceInfo]) -> PaceInfo:
    """The variant to use: AES before 3DES, then the file's order. Raises PaceNotOfferedError."""
    usable = [
        info
        for info in offered
        if info.mapping == SUPPORTED_MAPPING
        and info.version == SUPPORTED_VERSION
        and info.parameter_id in CURVES
    ]
    if not usable:
        raise PaceNotOfferedError(offered=len(offered))
    return min(usable, key=lambda info: info.suite is crypto.CipherSuite.TDES)


def public_key_object(oid: str, point: bytes) -> bytes:
    """The input of an authentication token: 7F49 {06 protocol, 86 point} (9303-11 4.4.3.4)."""
    return tlv.encode(_PUBLIC_KEY, tlv.encode(der.OID, der.encode_oid(oid)), tlv.encode(0x86, point))


class PaceReader:
    """One run of the protocol over a plain channel. Scalars come from `randbytes`, which must be a CSPRNG."""

    def __init__(
        self,
        channel: PlainChannel,
        info: PaceInfo,
        *,
        randbytes: Callable[[int], bytes],
        name_curve: bool = False,
    ) -> None:
        if info.mapping != SUPPORTED_MAPPING or info.parameter_id not in CURVES:
            raise PaceNotOfferedError(protocol=info.protocol)
        self._channel = channel
        self._info = info
        self._curve: Curve = CURVES[info.parameter_id]
        self._randbytes = randbytes
        self._name_curve = name_curve

    def establish(self, key: AccessKey) -> SecureChannel:
        """Prove knowledge of the key and return the protected channel.

        Raises AccessDeniedError when the chip refuses the key, PaceFailedError when the chip breaks the
        protocol, ChipStatusError when it refuses a step, and what the connection raises."""
        self._set_parameters(key)
        nonce = self._read_nonce(key)
        mapped = self._map_nonce(nonce)
        scalar = self._scalar()
        own = self._multiply(scalar, mapped)
        theirs = self._exchange(0x83, own, 0x84, "ephemeral-key")
        secret = self._curve.encode_x(self._multiply(scalar, theirs))
        keys = SessionKeys.derive(self._info.suite, secret)
        self._exchange_tokens(keys.mac, own, theirs)
        return SecureChannel(self._channel, keys)

    def _set_parameters(self, key: AccessKey) -> None:
        data = tlv.encode(0x80, der.encode_oid(self._info.oid)) + tlv.encode(0x83, bytes([key.reference]))
        if self._name_curve:
            data += tlv.encode(0x84, bytes([self._curve.parameter_id]))
        response = self._channel.send(CommandApdu(ins=_MSE, p1=0xC1, p2=0xA4, data=data))
        status_words.require_ok(response, command="mse-set-at")

    def _step(self, data: bytes, expected: int, what: str, *, last: bool = False) -> bytes:
        """One GENERAL AUTHENTICATE: the value of the expected object in the chip's dynamic data."""
        command = CommandApdu(
            cla=0x00 if last else _CLA_CHAINING,
            ins=_GENERAL_AUTHENTICATE,
            data=tlv.encode(_DYNAMIC_DATA, data),
            le=256,
        )
        response = self._channel.send(command)
        if last and status_words.is_verification_failed(response.sw):
            raise AccessDeniedError(sw=f"{response.sw:04X}")
        octets = status_words.require_ok(response, command=f"general-authenticate-{what}")
        try:
            return tlv.parse_one(octets, _DYNAMIC_DATA).child(expected).value
        except TlvError:
            raise PaceFailedError(step=what, reason="malformed") from None

    def _read_nonce(self, key: AccessKey) -> int:
        suite = self._info.suite
        encrypted = self._step(b"", 0x80, "nonce")
        if not 16 <= len(encrypted) <= _MAX_NONCE_OCTETS or len(encrypted) % suite.block_octets:
            raise PaceFailedError(step="nonce", reason="length")
        plain = crypto.cbc_decrypt(suite, nonce_key(key, suite), b"\0" * suite.block_octets, encrypted)
        nonce = int.from_bytes(plain, "big") % self._curve.n
        if nonce == 0:
            raise PaceFailedError(step="nonce", reason="zero")
        return nonce

    def _map_nonce(self, nonce: int) -> Point:
        """The generic mapping: s·G + H, H the shared point of an anonymous key agreement (4.4.3.3.1)."""
        scalar = self._scalar()
        theirs = self._exchange(0x81, self._curve.multiply(scalar), 0x82, "mapping-key")
        try:
            return self._curve.multiply_add(nonce, self._curve.generator, scalar, theirs)
        except CurveError:
            raise PaceFailedError(step="mapping-key", reason="infinity") from None

    def _exchange(self, own_tag: int, own: Point, their_tag: int, what: str) -> Point:
        answer = self._step(tlv.encode(own_tag, self._curve.encode(own)), their_tag, what)
        try:
            theirs = self._curve.decode(answer)
        except CurveError:
            raise PaceFailedError(step=what, reason="bad-point") from None
        if theirs.x == own.x:
            raise PaceFailedError(step=what, reason="own-key-reflected")
        return theirs

    def _exchange_tokens(self, mac_key: bytes, own: Point, theirs: Point) -> None:
        suite, oid = self._info.suite, self._info.oid
        for_chip = public_key_object(oid, self._curve.encode(theirs))
        from_chip = public_key_object(oid, self._curve.encode(own))
        token = tlv.encode(0x85, crypto.mac_token(suite, mac_key, for_chip))
        answer = self._step(token, 0x86, "token", last=True)
        if not crypto.same(answer, crypto.mac_token(suite, mac_key, from_chip)):
            raise PaceFailedError(step="token", reason="wrong-token")

    def _scalar(self) -> int:
        return self._curve.random_scalar(self._randbytes(self._curve.size + 8))

    def _multiply(self, scalar: int, point: Point) -> Point:
        try:
            return self._curve.multiply(scalar, point)
        except CurveError:
            raise PaceFailedError(step="key-agreement", reason="infinity") from None
