"""PACE, reader's side, with every mapping, cipher and standardised group (9303-11 4.4).

A run has two halves. `begin` selects the protocol and takes the encrypted nonce: nothing of the key has been used,
and a refusal says only what the chip does not know. `finish` uses the key; whatever goes wrong there is a wrong key
(AccessDeniedError), a refused step (ChipStatusError) or a chip that breaks the protocol (PaceFailedError).

Public keys of the 2048-bit groups exceed 255 octets: those commands take the extended form (9303-11 9.3.1.2).
Splitting them into a command chain is not done: the chain of GENERAL AUTHENTICATE is the protocol itself, and
chaining "must not be used for other purposes" (9.3.2). A chip that refuses the extended form gives ChipStatusError.

Where the domain is a guess (PACEInfo without parameterId, nothing that describes the parameters), `begin` goes on
until public keys are exchanged: a chip that refuses the first one, or answers with a key of another domain, has
refused the guess. Those keys tell nothing of the password, so that no try is used up.

Implementations differ on leading zero octets of a Diffie-Hellman secret (PKCS #3 8.3 keeps them, some drop them). A
run that ends in such a secret is given up before the token, which would be the try, and begun again.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final

from readers.emrtd import crypto, pace_mapping
from readers.emrtd.access_key import AccessKey, nonce_key
from readers.emrtd.evidence import ChipMapping
from readers.emrtd.pace_mapping import Domain, MappingError, standard_domain
from readers.emrtd.secure_messaging import SecureChannel, SessionKeys
from readers.errors import AccessDeniedError, ChipStatusError, PaceFailedError, PaceNotOfferedError, TlvError
from readers.iso7816 import der, status_words, tlv
from readers.iso7816.apdu import MAX_EXTENDED_LE, MAX_SHORT_LC, MAX_SHORT_LE, CommandApdu

if TYPE_CHECKING:
    from collections.abc import Callable

    from readers.emrtd.lds.security_infos import PaceInfo
    from readers.emrtd.pace_mapping import KeyPair
    from readers.iso7816.apdu import ResponseApdu
    from readers.iso7816.channel import PlainChannel

MSE_SET_AT: Final = "mse-set-at"
_CLA_CHAINING: Final = 0x10
_MSE: Final = 0x22
_GENERAL_AUTHENTICATE: Final = 0x86
_DYNAMIC_DATA: Final = 0x7C
_NONCE: Final = 0x80
_MAX_NONCE_OCTETS: Final = 64
_CHIP_AUTHENTICATION_DATA: Final = 0x8A
_MAX_RUNS: Final = 4
_WRONG_KEY: Final = frozenset(
    {
        status_words.SECURITY_NOT_SATISFIED,
        status_words.CONDITIONS_NOT_SATISFIED,
        status_words.SM_OBJECTS_WRONG,
        status_words.WRONG_DATA,
        status_words.REFERENCED_DATA_NOT_FOUND,
    }
)
"""What chips answer to a wrong token besides 6300 (9303-11 4.4.4.2): its own step failed, and nothing else is in it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Refusal:
    """A step that the chip refused before any key was used. `of_guess`: it refused a public key of a guessed domain."""

    command: str
    sw: int
    of_guess: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class OtherDomain:
    """The chip's public key that is none of the guessed domain, and what it is where it is none of any other."""

    public_key: bytes = field(repr=False)
    error: PaceFailedError


@dataclass(frozen=True, slots=True, kw_only=True)
class PaceSession:
    """The protected channel; `mapping`: what the Chip Authentication Mapping gave, still to be checked."""

    channel: SecureChannel
    mapping: ChipMapping | None = field(default=None, repr=False)


@dataclass(slots=True, kw_only=True)
class _Agreed:
    """What the key agreement left behind. `clear`: both sides encode the secret alike."""

    clear: bool
    keys: SessionKeys = field(repr=False)
    own: KeyPair = field(repr=False)
    theirs: bytes = field(repr=False)


class PaceReader:
    """One run of the protocol over a plain channel. Randomness comes from `randbytes`, which must be a CSPRNG.

    `domain`: the parameters, those of the info's standardised id by default; `reference`: what MSE:Set AT names in
    DO'84', None to leave it out; `guessed`: the chip has not said that the domain is this one. Raises
    PaceNotOfferedError without a domain."""

    def __init__(
        self,
        channel: PlainChannel,
        info: PaceInfo,
        *,
        randbytes: Callable[[int], bytes],
        domain: Domain | None = None,
        reference: int | None = None,
        guessed: bool = False,
    ) -> None:
        if domain is None and info.parameter_id is not None:
            domain = standard_domain(info.parameter_id)
        if domain is None:
            raise PaceNotOfferedError(protocol=info.protocol)
        self._channel = channel
        self._info = info
        self._suite = info.suite
        self._domain: Domain = domain
        self._reference = reference
        self._guessed = guessed
        self._randbytes = randbytes
        self._encrypted_nonce = b""
        self._mapping_key = b""
        self._received_key = b""
        self._agreed: _Agreed | None = None

    def establish(self, key: AccessKey) -> SecureChannel:
        """Both halves in one. Raises what `finish` raises, and ChipStatusError when the chip refuses `begin`."""
        self._require_begun(key)
        return self.finish(key).channel

    def begin(self, key: AccessKey) -> Refusal | OtherDomain | None:
        """Select protocol, kind of password and parameters, and take the encrypted nonce; show a guessed domain to
        be the chip's.

        63Cx is a warning that so many tries are left (TR-03110-3 B.1), and no refusal unless it says none. Raises
        PaceFailedError, and with a guessed domain ChipStatusError."""
        refusal = self._start(key)
        return self._try_guess(key) if refusal is None and self._guessed else refusal

    def _start(self, key: AccessKey) -> Refusal | None:
        response = self._channel.send(self._set_parameters(key))
        if response.sw != status_words.OK and not _is_tries_left(response.sw):
            return Refusal(command=MSE_SET_AT, sw=response.sw)
        response = self._send(b"")
        if response.sw != status_words.OK:
            return Refusal(command=_command("nonce"), sw=response.sw)
        self._encrypted_nonce = _value(_objects("nonce", response.data), _NONCE, "nonce")
        return None

    def finish(self, key: AccessKey) -> PaceSession:
        """Prove knowledge of the key and return the protected channel.

        Raises AccessDeniedError when the chip refuses the key, PaceFailedError when the chip breaks the
        protocol, ChipStatusError when it refuses a step, and what the connection raises."""
        agreed = self._agreed or self._run(key)
        for _ in range(_MAX_RUNS - 1):
            if agreed.clear:
                break
            self._require_begun(key)
            agreed = self._run(key)
        objects = self._exchange_tokens(agreed)
        mapping = self._read_mapping(agreed.keys, objects) if self._info.mapping == "ecdh-cam" else None
        return PaceSession(channel=SecureChannel(self._channel, agreed.keys), mapping=mapping)

    def _require_begun(self, key: AccessKey) -> None:
        refusal = self._start(key)
        if refusal is not None:
            raise ChipStatusError(command=refusal.command, sw=f"{refusal.sw:04X}")

    def _try_guess(self, key: AccessKey) -> Refusal | OtherDomain | None:
        """Run up to the key agreement; what is wrong with the first public keys is wrong with the guess."""
        first = "ephemeral-key" if self._info.mapping.endswith("-im") else "mapping-key"
        try:
            self._agreed = self._run(key)
        except ChipStatusError as error:
            if error.facts["command"] != _command(first):
                raise
            return Refusal(command=_command(first), sw=int(str(error.facts["sw"]), 16), of_guess=True)
        except PaceFailedError as error:
            if (error.facts["step"], error.facts["reason"]) not in (
                (first, "bad-point"),
                (first, "bad-element"),
            ):
                raise
            return OtherDomain(public_key=self._received_key, error=error)
        return None

    def _run(self, key: AccessKey) -> _Agreed:
        """From the nonce to the key agreement: nothing that tells the chip whether the key is right."""
        self._mapping_key = b""
        return self._agree(self._map(self._decrypt_nonce(key)))

    def _set_parameters(self, key: AccessKey) -> CommandApdu:
        data = tlv.encode(0x80, der.encode_oid(self._info.oid)) + tlv.encode(0x83, bytes([key.reference]))
        if self._reference is not None:
            octets = self._reference.to_bytes((self._reference.bit_length() + 7) // 8 or 1, "big")
            data += tlv.encode(0x84, octets)
        return CommandApdu(ins=_MSE, p1=0xC1, p2=0xA4, data=data)

    def _send(self, data: bytes, *, last: bool = False) -> ResponseApdu:
        """One GENERAL AUTHENTICATE; once more with the Le that the chip names (6Cxx)."""
        body = tlv.encode(_DYNAMIC_DATA, data)
        le = MAX_EXTENDED_LE if len(body) > MAX_SHORT_LC else MAX_SHORT_LE
        cla = 0x00 if last else _CLA_CHAINING
        response = self._channel.send(CommandApdu(cla=cla, ins=_GENERAL_AUTHENTICATE, data=body, le=le))
        if status_words.is_wrong_le(response.sw) and response.sw & 0xFF:
            le = response.sw & 0xFF
            response = self._channel.send(CommandApdu(cla=cla, ins=_GENERAL_AUTHENTICATE, data=body, le=le))
        return response

    def _step(self, tag: int, value: bytes, what: str, *, last: bool = False) -> dict[int, bytes]:
        """One step with the key in use: the objects of the chip's dynamic data."""
        response = self._send(tlv.encode(tag, value), last=last)
        if last and _is_wrong_key(response.sw):
            raise AccessDeniedError(sw=f"{response.sw:04X}")
        return _objects(what, status_words.require_ok(response, command=_command(what)))

    def _decrypt_nonce(self, key: AccessKey) -> bytes:
        suite, encrypted = self._suite, self._encrypted_nonce
        allowed = range(suite.block_octets, _MAX_NONCE_OCTETS + 1, suite.block_octets)
        if len(encrypted) not in allowed:
            raise PaceFailedError(step="nonce", reason="length")
        return crypto.cbc_decrypt(suite, nonce_key(key, suite), bytes(suite.block_octets), encrypted)

    def _map(self, nonce: bytes) -> Domain:
        """The ephemeral domain parameters (4.4.3.3)."""
        if self._info.mapping.endswith("-im"):
            return self._map_integrated(nonce)
        try:
            self._domain.require_nonce(nonce)
        except MappingError as error:
            raise PaceFailedError(step="nonce", reason=error.reason) from None
        own = self._domain.key_pair(self._randbytes)
        theirs = self._exchange(self._domain, 0x81, own, 0x82, "mapping-key")
        self._mapping_key = theirs
        try:
            return self._domain.map_generic(nonce, own, theirs)
        except MappingError as error:
            raise PaceFailedError(step="mapping-key", reason=error.reason) from None

    def _map_integrated(self, nonce: bytes) -> Domain:
        """Send t; the chip's mapping data are empty (4.4.5.2.2)."""
        if len(nonce) != pace_mapping.nonce_octets(self._suite):
            raise PaceFailedError(step="nonce", reason="length")
        own_nonce = self._randbytes(self._suite.key_octets)
        if self._step(0x81, own_nonce, "mapping-nonce").get(0x82):
            raise PaceFailedError(step="mapping-nonce", reason="malformed")
        try:
            return self._domain.map_integrated(self._suite, nonce, own_nonce)
        except MappingError as error:
            raise PaceFailedError(step="mapping-nonce", reason=error.reason) from None

    def _agree(self, mapped: Domain) -> _Agreed:
        own = mapped.key_pair(self._randbytes)
        theirs = self._exchange(mapped, 0x83, own, 0x84, "ephemeral-key")
        try:
            secret = mapped.agree(own, theirs)
        except MappingError as error:
            raise PaceFailedError(step="key-agreement", reason=error.reason) from None
        clear = mapped.encodes_alike(secret)
        return _Agreed(clear=clear, keys=SessionKeys.derive(self._suite, secret), own=own, theirs=theirs)

    def _exchange(self, domain: Domain, own_tag: int, own: KeyPair, their_tag: int, what: str) -> bytes:
        """Public keys: theirs, checked to be one and not ours."""
        self._received_key = theirs = _value(self._step(own_tag, own.public, what), their_tag, what)
        if theirs == self._mapping_key:
            raise PaceFailedError(step=what, reason="mapping-key-repeated")
        try:
            domain.require_key(theirs)
            domain.require_other(own, theirs)
        except MappingError as error:
            raise PaceFailedError(step=what, reason=error.reason) from None
        return theirs

    def _exchange_tokens(self, agreed: _Agreed) -> dict[int, bytes]:
        """Prove both sides' keys; the objects of the chip's last answer."""
        objects = self._step(0x85, self._token(agreed.keys, agreed.theirs), "token", last=True)
        expected = self._token(agreed.keys, agreed.own.public)
        if not crypto.same(_value(objects, 0x86, "token"), expected):
            raise PaceFailedError(step="token", reason="wrong-token")
        return objects

    def _token(self, keys: SessionKeys, public: bytes) -> bytes:
        return pace_mapping.token(self._suite, keys.mac, self._info.oid, self._domain, public)

    def _read_mapping(self, keys: SessionKeys, objects: dict[int, bytes]) -> ChipMapping:
        """Decrypt the Chip Authentication Data, which this mapping must come with (4.4.5)."""
        what = "chip-authentication-data"
        encrypted = _value(objects, _CHIP_AUTHENTICATION_DATA, what)
        try:
            data = pace_mapping.decrypt_chip_authentication_data(self._suite, keys.enc, encrypted)
        except MappingError as error:
            raise PaceFailedError(step=what, reason=error.reason) from None
        return ChipMapping(
            oid=self._info.oid,
            parameter_id=self._domain.parameter_id,
            mapping_key=self._mapping_key,
            data=data,
        )


def _command(step: str) -> str:
    return f"general-authenticate-{step}"


def _is_tries_left(sw: int) -> bool:
    return 0x63C1 <= sw <= 0x63CF


def _is_wrong_key(sw: int) -> bool:
    """63xx as prescribed, 6983, and what other chips answer to a wrong token."""
    return status_words.is_verification_failed(sw) or sw in _WRONG_KEY


def _objects(step: str, octets: bytes) -> dict[int, bytes]:
    """The dynamic data's objects, each tag once. Raises PaceFailedError."""
    try:
        items = tlv.parse_one(octets, _DYNAMIC_DATA).children()
    except TlvError:
        raise PaceFailedError(step=step, reason="malformed") from None
    objects = {item.tag: item.value for item in items}
    if len(objects) != len(items):
        raise PaceFailedError(step=step, reason="malformed")
    return objects


def _value(objects: dict[int, bytes], tag: int, step: str) -> bytes:
    if tag not in objects:
        raise PaceFailedError(step=step, reason="malformed")
    return objects[tag]
