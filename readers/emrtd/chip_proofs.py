"""The proofs that a chip is no copy, in order: the mapping of PACE-CAM, Chip Authentication, Active Authentication
(9303-11 4.4.3.5, 6.2, 6.1). They take keys whose hashes were found good, so none can be faked by another DG14 or
DG15."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final, cast

from readers.emrtd import active_auth, chip_auth, files
from readers.emrtd.evidence import ActiveProof, ConsistentKeys, Facts, ProvenBy, freeze
from readers.emrtd.secure_messaging import BARE_STATUS
from readers.emrtd.session import is_about_length
from readers.errors import ActiveAuthError, ChipStatusError
from readers.iso7816 import status_words
from readers.iso7816.apdu import MAX_EXTENDED_LE, MAX_SHORT_LE, CommandApdu, ResponseApdu

if TYPE_CHECKING:
    from collections.abc import Callable

    from readers.emrtd.evidence import ChipMapping
    from readers.emrtd.files import FileSpec
    from readers.emrtd.lds.dg15 import ActiveKey
    from readers.emrtd.session import ChipSession
    from readers.emrtd.steps import StepLog
    from readers.errors import SecureMessagingError

_SELECT: Final = 0xA4
_INTERNAL_AUTHENTICATE: Final = 0x88
_LENGTH_TROUBLE: Final = frozenset({status_words.WRONG_LENGTH, status_words.NO_DIAGNOSIS})
_SHORT_MODULUS_BITS: Final = 2048


@dataclass(frozen=True, slots=True, kw_only=True)
class Proofs:
    """What succeeded ("cam", "ca", "aa"), the answer to the challenge if there was one, and what the record says."""

    proven: tuple[str, ...]
    active: ActiveProof | None = field(default=None, repr=False)
    facts: Facts

    @property
    def proven_by(self) -> ProvenBy:
        """Joined in their order, "nothing" where none was performed."""
        return cast("ProvenBy", "+".join(self.proven) or "nothing")


def listed_files(keys: ConsistentKeys) -> tuple[FileSpec, ...]:
    """The data groups that the signed SOD lists."""
    return tuple(
        files.DATA_GROUPS[number] for number in keys.sod.data_group_hashes if number in files.DATA_GROUPS
    )


class ChipProver:
    """Lets one chip prove itself, each proof a step of its own."""

    def __init__(self, session: ChipSession, log: StepLog, *, randbytes: Callable[[int], bytes]) -> None:
        self._session = session
        self._log = log
        self._randbytes = randbytes
        self._facts: dict[str, str | int] = {}
        self._asking: bool | None = None
        self._sending: bool | None = None

    def wants_other_form(self, error: SecureMessagingError) -> bool:
        """Whether the chip ended the session over the form in which a long key was sent or a signature asked for, and
        there is another form, for a new session: it is among the chip's habits from now on."""
        habits = self._session.habits
        if self._sending is not None:
            if habits.long_key is not None or error.facts.get("reason") != BARE_STATUS:
                return False
            habits.long_key = not self._sending
            return True
        if self._asking is None or habits.long_signature is not None or not is_about_length(error):
            return False
        habits.long_signature = not self._asking
        return True

    def prove(self, keys: ConsistentKeys, *, mapping: ChipMapping | None, challenge: bytes | None) -> Proofs:
        """Every proof that the signed keys promise; Active Authentication only with a challenge of eight fresh
        octets.

        Raises ChipAuthError, ActiveAuthError on a failed proof, ChipStatusError when the chip only complains of a
        length, and what the channel raises."""
        proven = ["cam"] if self._mapping_holds(keys, mapping) else []
        if self._authenticate_chip(keys):
            proven.append("ca")
        active = None if challenge is None else self._authenticate_actively(keys, challenge)
        if active is not None:
            proven.append("aa")
        return Proofs(proven=tuple(proven), active=active, facts=freeze(self._facts))

    def _mapping_holds(self, keys: ConsistentKeys, mapping: ChipMapping | None) -> bool:
        signed = keys.security_infos if keys.card_security is None else keys.card_security.infos
        if mapping is None or signed is None:
            self._log.skip("cam", "not-offered" if mapping is None else "no-signed-key")
            return False
        with self._log.step("cam"):
            self._facts |= chip_auth.require_mapping(mapping, signed)
        return True

    def _authenticate_chip(self, keys: ConsistentKeys) -> bool:
        """Chip Authentication; the session goes on with the new keys once the chip has answered under them."""
        choice = None if keys.security_infos is None else chip_auth.choose(keys.security_infos)
        missing = "not-offered" if choice is None else choice.weakness if choice.fault is None else None
        if choice is None or missing is not None:
            self._facts |= {} if choice is None else choice.facts
            self._facts["chip_authentication"] = missing or "not-offered"
            self._log.skip("ca", missing or "not-offered")
            return False
        with self._log.step("ca"):
            known = self._session.habits.long_key
            self._sending = self._session.length.extended is not False if known is None else known
            agreed = chip_auth.run(
                self._session.channel, choice, randbytes=self._randbytes, extended=self._sending
            )
            self._sending = None
            if known:
                self._session.takes_extended()
            select = CommandApdu(ins=_SELECT, p1=0x02, p2=0x0C, data=files.EF_SOD.file_id_bytes)
            chip_auth.confirm(agreed.channel, select)
            self._session.use(agreed.channel)
            self._facts |= agreed.facts
        return True

    def _authenticate_actively(self, keys: ConsistentKeys, challenge: bytes) -> ActiveProof | None:
        infos, key = keys.security_infos, keys.active_key
        declared = None if infos is None else infos.active_auth_algorithm
        if key is None:
            why = "suppressed" if files.DG15 in listed_files(keys) else "no-dg15"
            self._facts["active_authentication"] = why
            self._log.skip("aa", why)
            return None
        with self._log.step("aa") as step:
            weakness = active_auth.weakness(key, declared)
            if weakness is not None:
                step.skip(weakness)
                self._facts["active_authentication"] = weakness
                return None
            signature = self._sign(key, challenge)
            self._facts |= active_auth.require_answer(key, challenge, signature, declared=declared)
        return ActiveProof(challenge=challenge, signature=signature)

    def _sign(self, key: ActiveKey, challenge: bytes) -> bytes:
        """The answer to INTERNAL AUTHENTICATE. A refusal by a chip whose signed DG15 promises a signature is a failed
        proof; one of the length leads to the other form of the command."""
        response = ResponseApdu(sw=status_words.WRONG_LENGTH)
        for extended in self._forms(key):
            long = extended and key.bits > _SHORT_MODULUS_BITS
            command = CommandApdu(
                ins=_INTERNAL_AUTHENTICATE, data=challenge, le=MAX_EXTENDED_LE if long else MAX_SHORT_LE
            )
            self._asking = extended
            response = self._session.channel.send(command, extended=extended)
            self._asking = None
            if response.sw not in _LENGTH_TROUBLE and not status_words.is_wrong_le(response.sw):
                break
        else:
            raise ChipStatusError(command="internal-authenticate", sw=f"{response.sw:04X}")
        if response.sw != status_words.OK:
            raise ActiveAuthError(reason="refused", sw=f"{response.sw:04X}")
        if extended:
            self._session.takes_extended()
        return response.data

    def _forms(self, key: ActiveKey) -> tuple[bool, ...]:
        """Whether to ask in the extended form, in order: a long signature needs it or GET RESPONSE (9303-11 6.1).

        Where nobody knows, the short form goes first: a chip that has no other would end the session."""
        if key.family != "rsa" or key.bits // 8 <= self._session.channel.read_octets:
            return (False,)
        known = self._session.habits.long_signature
        if known is not None:
            return (known,)
        return (True, False) if self._session.length.extended else (False, True)
