"""Basic Access Control, reader's side (9303-11 4.3): for older passports, and only where a rule allows it.

Weaker than PACE: whoever records the exchange can try MRZs against it offline. Nothing here decides to use it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from readers.emrtd import crypto
from readers.emrtd.crypto import CipherSuite
from readers.emrtd.secure_messaging import SecureChannel, SessionKeys
from readers.errors import AccessDeniedError, BacFailedError, ChipStatusError
from readers.iso7816 import status_words
from readers.iso7816.apdu import CommandApdu

if TYPE_CHECKING:
    from collections.abc import Callable

    from readers.emrtd.access_key import AccessKey
    from readers.iso7816.channel import PlainChannel

PROTOCOL: Final = "bac-3des"
SEED_OCTETS: Final = 16
CHALLENGE_OCTETS: Final = 8
_GET_CHALLENGE: Final = 0x84
_EXTERNAL_AUTHENTICATE: Final = 0x82
_CRYPTOGRAM_OCTETS: Final = 32
_ANSWER_OCTETS: Final = _CRYPTOGRAM_OCTETS + crypto.MAC_OCTETS
_SUITE: Final = CipherSuite.TDES
_WRONG_KEY: Final = frozenset(
    {
        status_words.SECURITY_NOT_SATISFIED,
        status_words.CONDITIONS_NOT_SATISFIED,
        status_words.SM_OBJECTS_WRONG,
        status_words.WRONG_DATA,
    }
)
"""What chips answer to a wrong cryptogram besides 6300; 9303-11 4.3.4.2 leaves it to the operating system."""


def seal(keys: SessionKeys, plain: bytes) -> bytes:
    """E || M: 32 octets encrypted under K_ENC, and the MAC over that under K_MAC (9303-11 4.3.3). For both sides."""
    encrypted = crypto.cbc_encrypt(_SUITE, keys.enc, bytes(_SUITE.block_octets), plain)
    return encrypted + crypto.mac_token(_SUITE, keys.mac, encrypted)


def unseal(keys: SessionKeys, sealed: bytes) -> bytes:
    """The 32 octets. Raises ValueError on a wrong length or MAC. For both sides."""
    encrypted, mac = sealed[:_CRYPTOGRAM_OCTETS], sealed[_CRYPTOGRAM_OCTETS:]
    if len(sealed) != _ANSWER_OCTETS:
        raise ValueError("length")
    if not crypto.same(mac, crypto.mac_token(_SUITE, keys.mac, encrypted)):
        raise ValueError("wrong-mac")
    return crypto.cbc_decrypt(_SUITE, keys.enc, bytes(_SUITE.block_octets), encrypted)


def document_keys(seed: bytes) -> SessionKeys:
    """K_ENC and K_MAC of the document from K_seed (9303-11 9.7.2)."""
    return SessionKeys.derive(_SUITE, seed)


def session_keys(
    chip_challenge: bytes, own_challenge: bytes, chip_half: bytes, own_half: bytes
) -> SessionKeys:
    """Keys and counter of the session: K.IC xor K.IFD; SSC the last four octets of each challenge (9303-11 9.8.6.3)."""
    seed = bytes(left ^ right for left, right in zip(chip_half, own_half, strict=True))
    counter = chip_challenge[-4:] + own_challenge[-4:]
    return SessionKeys.derive(_SUITE, seed, ssc=int.from_bytes(counter, "big"))


class BacReader:
    """One run of the protocol over a plain channel, with the eMRTD application selected.

    RND.IFD and K.IFD come from `randbytes`, which must be a CSPRNG."""

    def __init__(self, channel: PlainChannel, *, randbytes: Callable[[int], bytes]) -> None:
        self._channel = channel
        self._randbytes = randbytes

    def establish(self, key: AccessKey) -> SecureChannel:
        """Prove knowledge of the MRZ and return the protected channel.

        Raises AccessDeniedError when the chip refuses the key, BacFailedError when its answers break the protocol,
        ChipStatusError when it refuses a step; ValueError for a key that has no K_seed."""
        if key.bac_seed is None:
            raise ValueError("this password opens no chip by Basic Access Control")
        keys = document_keys(key.bac_seed)
        chip_challenge = self._get_challenge()
        own_challenge, own_half = self._randbytes(CHALLENGE_OCTETS), self._randbytes(SEED_OCTETS)
        answer = self._authenticate(seal(keys, own_challenge + chip_challenge + own_half))
        try:
            plain = unseal(keys, answer)
        except ValueError as error:
            raise BacFailedError(step="external-authenticate", reason=str(error)) from None
        chip_half = _require_answer(plain, chip_challenge, own_challenge, own_half)
        return SecureChannel(self._channel, session_keys(chip_challenge, own_challenge, chip_half, own_half))

    def _get_challenge(self) -> bytes:
        response = self._channel.send(CommandApdu(ins=_GET_CHALLENGE, le=CHALLENGE_OCTETS))
        challenge = status_words.require_ok(response, command="get-challenge")
        if len(challenge) != CHALLENGE_OCTETS:
            raise BacFailedError(step="get-challenge", reason="length")
        return challenge

    def _authenticate(self, sealed: bytes) -> bytes:
        response = self._channel.send(CommandApdu(ins=_EXTERNAL_AUTHENTICATE, data=sealed, le=_ANSWER_OCTETS))
        if status_words.is_verification_failed(response.sw) or response.sw in _WRONG_KEY:
            raise AccessDeniedError(sw=f"{response.sw:04X}")
        if response.sw != status_words.OK:
            raise ChipStatusError(command="external-authenticate", sw=f"{response.sw:04X}")
        return response.data


def _require_answer(plain: bytes, chip_challenge: bytes, own_challenge: bytes, own_half: bytes) -> bytes:
    """K.IC of RND.IC || RND.IFD || K.IC, after both challenges are found in their places. Raises BacFailedError."""
    chip_half = plain[2 * CHALLENGE_OCTETS :]
    if not crypto.same(plain[: 2 * CHALLENGE_OCTETS], chip_challenge + own_challenge):
        raise BacFailedError(step="external-authenticate", reason="wrong-challenge")
    if crypto.same(chip_half, own_half):
        raise BacFailedError(step="external-authenticate", reason="own-key-reflected")
    return chip_half
