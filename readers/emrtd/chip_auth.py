"""Chip Authentication, reader's side (9303-11 6.2, TR-03110-3 3.4 version 1), and the check of PACE with Chip
Authentication Mapping against the signed key (9303-11 4.4.3.5).

The reader agrees on new session keys with the key that DG14 signs; only a chip that owns its private half can
answer the next protected command. 3DES: MSE:Set KAT (a chip that does not know it is asked as with AES, same keys);
AES: MSE:Set AT, then GENERAL AUTHENTICATE. Nobody else can check the result afterwards: it is no signature."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from itertools import islice
from typing import TYPE_CHECKING, Final

from readers.emrtd.agreement_key import EcKey, StaticKey, parse_dh_key, parse_ec_key
from readers.emrtd.crypto import CipherSuite
from readers.emrtd.curves import CURVES, Curve, CurveError, Point, Scalar
from readers.emrtd.evidence import Facts, freeze
from readers.emrtd.lds.security_infos import ID_CA, ID_PK
from readers.emrtd.pki.errors import UnsupportedAlgorithmError
from readers.emrtd.secure_messaging import BARE_STATUS, NO_MAC, WRONG_MAC, SecureChannel, SessionKeys
from readers.errors import ChipAuthError, ChipStatusError, SecureMessagingError, TlvError
from readers.iso7816 import der, status_words, tlv
from readers.iso7816.apdu import CommandApdu

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from readers.emrtd.evidence import ChipMapping
    from readers.emrtd.lds.security_infos import ChipAuthInfo, ChipAuthKey, SecurityInfos
    from readers.iso7816.apdu import ResponseApdu

SUPPORTED_VERSION: Final = 1
MAX_KEY_ID: Final = (1 << 32) - 1
MAX_MAPPING_KEYS: Final = 4
"""Keys on one curve that a mapping may be meant for; each costs a multiplication, and nobody issues more than one."""
_FAMILIES: Final = {"1": "dh", "2": "ecdh"}
_SUITES: Final = {
    "1": CipherSuite.TDES,
    "2": CipherSuite.AES_128,
    "3": CipherSuite.AES_192,
    "4": CipherSuite.AES_256,
}
_CLA_CHAINING: Final = 0x10
_MSE: Final = 0x22
_GENERAL_AUTHENTICATE: Final = 0x86
_SET_FOR_COMPUTATION: Final = 0x41
_KEY_AGREEMENT_TEMPLATE: Final = 0xA6
_AUTHENTICATION_TEMPLATE: Final = 0xA4
_DYNAMIC_DATA: Final = 0x7C
_LENGTH_TROUBLE: Final = frozenset({status_words.WRONG_LENGTH, status_words.NO_DIAGNOSIS})
_UNKNOWN_TEMPLATE: Final = frozenset(
    {status_words.FUNCTION_NOT_SUPPORTED, status_words.WRONG_P1P2, status_words.INS_NOT_SUPPORTED}
)


@dataclass(frozen=True, slots=True, kw_only=True)
class ChipAuthChoice:
    """One variant with its key. `weakness`: why this reader cannot use it; `fault`: what is wrong with the key.

    `origin`: "info", or "assumed" where DG14 has a key and no ChipAuthenticationInfo for it, which means 3DES."""

    oid: str
    family: str
    suite: CipherSuite
    key: StaticKey | None = field(default=None, repr=False)
    key_id: int | None = None
    origin: str = "info"
    weakness: str | None = None
    fault: str | None = None

    @property
    def protocol(self) -> str:
        """Readable name, as recorded: ca-ecdh-aes-128."""
        return f"ca-{self.family}-{self.suite.label}"

    @property
    def facts(self) -> Facts:
        """What the record says of the variant; never the key."""
        facts: dict[str, str | int] = {"ca_protocol": self.protocol, "ca_info": self.origin}
        if self.key is not None:
            facts["ca_key"] = self.key.label
        if self.weakness is not None:
            facts["ca_weakness"] = self.weakness
        return freeze(facts)


@dataclass(frozen=True, slots=True, kw_only=True)
class ChipAuthenticated:
    """The channel with the new keys. The chip has proven nothing before it answered a command on it: `confirm`."""

    channel: SecureChannel = field(repr=False)
    facts: Facts


def choose(infos: SecurityInfos) -> ChipAuthChoice | None:
    """The strongest variant with a sound key: AES before 3DES, long keys before short ones, ECDH before DH.

    None: nothing is offered. Without a usable one, the first that is offered, with its `fault` or `weakness`.
    Raises TlvError when an info is malformed."""
    offered = sorted(_candidates(infos), key=_strength, reverse=True)
    return offered[0] if offered else None


def _strength(choice: ChipAuthChoice) -> tuple[bool, bool, bool, int, int, bool]:
    usable = choice.key is not None and choice.weakness is None
    bits = 0 if choice.key is None else choice.key.bits
    suite = choice.suite
    strong = suite is not CipherSuite.TDES
    return usable, choice.fault is not None, strong, suite.key_octets, bits, choice.family == "ecdh"


def _candidates(infos: SecurityInfos) -> Iterator[ChipAuthChoice]:
    keys = infos.chip_auth_keys
    named: set[str] = set()
    for info in infos.chip_auth:
        family, suite = _variant(info.oid)
        named.add(family)
        if suite is None:
            yield ChipAuthChoice(
                oid=info.oid, family=family, suite=CipherSuite.TDES, weakness="unknown-variant"
            )
            continue
        found = _key_of(info, [key for key in keys if _family(key) == family])
        if isinstance(found, str):
            yield ChipAuthChoice(oid=info.oid, family=family, suite=suite, weakness=found)
        else:
            key_id = found.key_id if info.key_id is None else info.key_id
            yield _choice(info.oid, family, suite, found, key_id=key_id, origin="info")
    for key in keys:
        family = _family(key)
        if family not in named and family in _FAMILIES.values():
            arc = next(arc for arc, name in _FAMILIES.items() if name == family)
            oid = f"{ID_CA}.{arc}.1"
            yield _choice(oid, family, CipherSuite.TDES, key, key_id=key.key_id, origin="assumed")


def _variant(oid: str) -> tuple[str, CipherSuite | None]:
    arcs = oid[len(ID_CA) + 1 :].split(".")
    family = _FAMILIES.get(arcs[0], "unknown")
    known = len(arcs) == 2 and family != "unknown"
    return family, _SUITES.get(arcs[1]) if known else None


def _family(key: ChipAuthKey) -> str:
    return _FAMILIES.get(key.oid[len(ID_PK) + 1 :], "unknown")


def _key_of(info: ChipAuthInfo, keys: list[ChipAuthKey]) -> ChipAuthKey | str:
    """The key that the info means, or why there is none: by identifier, else the only one of its family."""
    if info.version != SUPPORTED_VERSION:
        return "version"
    if not keys:
        return "no-key"
    same = [key for key in keys if key.key_id == info.key_id]
    if len(same) == 1:
        return same[0]
    if len(keys) == 1 and None in (info.key_id, keys[0].key_id):
        return keys[0]
    return "key-ambiguous" if same or info.key_id is None else "no-key"


def _choice(
    oid: str, family: str, suite: CipherSuite, key: ChipAuthKey, *, key_id: int | None, origin: str
) -> ChipAuthChoice:
    static: StaticKey | None = None
    weakness = fault = None
    try:
        static = parse_ec_key(key.spki) if family == "ecdh" else parse_dh_key(key.spki)
    except ChipAuthError as error:
        fault = str(error.facts["reason"])
    except UnsupportedAlgorithmError as error:
        weakness = f"{error.facts['what']}-unsupported"
    except TlvError:
        weakness = "key-malformed"
    if key_id is not None and not 0 <= key_id <= MAX_KEY_ID:
        weakness = "key-id"
    return ChipAuthChoice(
        oid=oid,
        family=family,
        suite=suite,
        key=static,
        key_id=key_id,
        origin=origin,
        weakness=weakness,
        fault=fault,
    )


def run(
    channel: SecureChannel,
    choice: ChipAuthChoice,
    *,
    randbytes: Callable[[int], bytes],
    extended: bool = True,
) -> ChipAuthenticated:
    """Agree on new keys over the present channel, which must not be used again.

    A key that does not fit a short command goes out in the extended form, or where the chip has none (`extended`
    False) in a chain of short ones (ISO/IEC 7816-4 5.3.3).
    Raises ChipAuthError: reason "bad-point", "infinity", "curve-parameters", "group-parameters", "bad-element" or
    "own-key-reflected" (the key can prove nothing; nothing was sent), "unusable" (a choice with a weakness), or
    "refused" with `step` and `sw` (the chip does not do what its signed DG14 promises). Raises ChipStatusError where
    the chip only complains of a length, and what the channel raises."""
    if choice.key is None or choice.weakness is not None:
        raise ChipAuthError(reason=choice.fault or "unusable")
    own, secret = choice.key.agree(randbytes)
    sender = _Sender(channel, extended=extended)
    if choice.suite is not CipherSuite.TDES or not _set_key_agreement(sender, choice, own):
        _authenticate(sender, choice, own)
    keys = SessionKeys.derive(choice.suite, secret)
    return ChipAuthenticated(channel=SecureChannel(channel.inner, keys), facts=choice.facts)


def confirm(channel: SecureChannel, command: CommandApdu) -> ResponseApdu:
    """Send the first command under the new keys; any answer with a good MAC proves the chip, whatever its status.

    A wrong MAC, 9000 without any, or a bare status by which a chip with other keys refuses the command (6982, 6985,
    6987, 6988 …), is evidence against it: ChipAuthError with reason "session". What a noisy link makes of an honest
    answer is not: an answer cut short or out of form, a bare complaint of the length or without a diagnosis (6700,
    6Cxx, 6F00), an answer whose MAC holds and whose contents do not; the SecureMessagingError stays as it is. Whoever
    answers so on purpose gains nothing: the chip is not proven, the session is over, and the read ends.
    Raises what the connection raises: a lost card proves nothing against it."""
    try:
        return channel.send(command)
    except SecureMessagingError as error:
        if not _is_evidence(error):
            raise
        raise ChipAuthError(reason="session", detail=error.facts["reason"]) from None


def _is_evidence(error: SecureMessagingError) -> bool:
    sw = int(str(error.facts.get("sw", "0")), 16)
    if error.facts["reason"] == BARE_STATUS:
        return sw not in _LENGTH_TROUBLE and not status_words.is_wrong_le(sw)
    return error.facts["reason"] == WRONG_MAC or (error.facts["reason"] == NO_MAC and sw == status_words.OK)


class _Sender:
    """Sends commands of any length over a protected channel."""

    def __init__(self, channel: SecureChannel, *, extended: bool) -> None:
        self._channel = channel
        self._extended = extended

    def send(self, command: CommandApdu, step: str) -> ResponseApdu:
        """The answer to the whole command. Raises ChipStatusError where the chip takes no chain."""
        most = self._channel.read_octets  # what fits a short answer fits a short command too
        if self._extended or len(command.data) <= most:
            return self._channel.send(command)
        pieces = [command.data[start : start + most] for start in range(0, len(command.data), most)]
        for piece in pieces[:-1]:
            response = self._channel.send(replace(command, cla=_CLA_CHAINING, data=piece, le=None))
            if response.sw != status_words.OK:
                raise ChipStatusError(command=step, sw=f"{response.sw:04X}")
        return self._channel.send(replace(command, data=pieces[-1]))


def _set_key_agreement(sender: _Sender, choice: ChipAuthChoice, own: bytes) -> bool:
    """MSE:Set KAT; False when the chip does not know this form of the command (9303-11 6.2.4.1)."""
    data = tlv.encode(0x91, own) + _key_reference(choice)
    command = CommandApdu(ins=_MSE, p1=_SET_FOR_COMPUTATION, p2=_KEY_AGREEMENT_TEMPLATE, data=data)
    response = sender.send(command, "mse-set-kat")
    if response.sw in _UNKNOWN_TEMPLATE:
        return False
    _require_done(response, "mse-set-kat")
    return True


def _authenticate(sender: _Sender, choice: ChipAuthChoice, own: bytes) -> None:
    """MSE:Set AT and GENERAL AUTHENTICATE (9303-11 6.2.4.2)."""
    data = tlv.encode(0x80, der.encode_oid(choice.oid)) + _key_reference(choice)
    select = CommandApdu(ins=_MSE, p1=_SET_FOR_COMPUTATION, p2=_AUTHENTICATION_TEMPLATE, data=data)
    _require_done(sender.send(select, "mse-set-at"), "mse-set-at")
    dynamic = tlv.encode(_DYNAMIC_DATA, tlv.encode(0x80, own))
    agree = CommandApdu(ins=_GENERAL_AUTHENTICATE, data=dynamic, le=256)
    _require_done(sender.send(agree, "general-authenticate"), "general-authenticate")


def _key_reference(choice: ChipAuthChoice) -> bytes:
    if choice.key_id is None:
        return b""
    return tlv.encode(0x84, choice.key_id.to_bytes(max(1, (choice.key_id.bit_length() + 7) // 8), "big"))


def _require_done(response: ResponseApdu, step: str) -> None:
    sw = f"{response.sw:04X}"
    if response.sw in _LENGTH_TROUBLE or status_words.is_wrong_le(response.sw):
        raise ChipStatusError(command=step, sw=sw)
    if response.sw != status_words.OK:
        raise ChipAuthError(reason="refused", step=step, sw=sw)


def require_mapping(mapping: ChipMapping, infos: SecurityInfos) -> Facts:
    """Check PK_Map = CA_IC · PK_IC with a key of the signed infos: then the chip that ran PACE owns that key.

    Raises ChipAuthError: reason "mapping-curve", "mapping-key-missing" (no sound key on the mapping's curve),
    "mapping-point", "mapping-scalar", or "mapping" when the equation does not hold. Raises UnsupportedAlgorithmError
    for more than MAX_MAPPING_KEYS keys on the curve, TlvError."""
    curve = CURVES.get(mapping.parameter_id)
    if curve is None:
        raise ChipAuthError(reason="mapping-curve")
    keys = list(islice(_mapping_keys(infos, curve), MAX_MAPPING_KEYS + 1))
    if not keys:
        raise ChipAuthError(reason="mapping-key-missing")
    if len(keys) > MAX_MAPPING_KEYS:
        raise UnsupportedAlgorithmError(what="mapping-keys", algorithm=curve.name)
    try:
        mapped = curve.decode(mapping.mapping_key)
    except CurveError:
        raise ChipAuthError(reason="mapping-point") from None
    number = int.from_bytes(mapping.data, "big")
    if len(mapping.data) > curve.size or not 0 < number < curve.n:
        raise ChipAuthError(reason="mapping-scalar")
    scalar = Scalar(curve, number)
    if not any(_maps(scalar, key, mapped) for key in keys):
        raise ChipAuthError(reason="mapping")
    return freeze({"cam_curve": curve.name, "cam_keys": len(keys)})


def _maps(scalar: Scalar, key: EcKey, mapped: Point) -> bool:
    """Whether the key's multiple is the mapping key; the y-coordinate, which costs most, only where x is right."""
    return scalar.x_of(key.point) == key.curve.encode_x(mapped) and scalar.of(key.point) == mapped


def _mapping_keys(infos: SecurityInfos, curve: Curve) -> Iterator[EcKey]:
    for info in infos.chip_auth_keys:
        if _family(info) != "ecdh":
            continue
        try:
            key = parse_ec_key(info.spki)
        except (ChipAuthError, UnsupportedAlgorithmError, TlvError):
            continue  # a key that can prove nothing is no key; without any the mapping fails
        if key.curve is curve:
            yield key
