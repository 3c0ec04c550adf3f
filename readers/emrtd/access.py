"""Opening a chip: which protocol, which of the keys, how many tries (9303-11 4.2, 4.3, 4.4).

The order of decisions, none of which is ever made again with a weaker result:
1. EF.CardAccess, by file identifier, short identifier, and both once more after SELECT MF where that helps;
   without it the way of the Vietnamese card is assumed, and recorded as assumed.
2. The best PACE variant on offer (pace_variants). What the chip says no to before a key is used (the form of
   MSE:Set AT, a kind of password it does not know) costs no try; the next form or kind is asked for.
3. The keys in the caller's order, at most `pace_tries` of them on this chip, BAC included. A wrong key leads to the
   next one; a chip that breaks the protocol ends it. A chip that is opened again gets the key that it took, and that
   one alone: it is no further key, and where it is refused now no key is sent any more.
4. BAC only where the policy allows it and the chip offers no PACE at all: CardAccess was read and names none, or
   there is no such file and the assumed way is unknown to the chip. Never because PACE failed. A file whose
   identifier is refused for want of rights (6982, 6985) is there; an answer without a diagnosis (6900, 6F00) says
   that neither file nor PACE is there only where the chip has given this one answer to everything so far.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Final, Literal, Protocol

from readers.emrtd import bac, files
from readers.emrtd.access_key import CAN_REFERENCE, MRZ_REFERENCE, AccessKey, refuse_pin
from readers.emrtd.evidence import Access, CardAccessOrigin, ChipMapping, Facts, freeze
from readers.emrtd.lds.card_access import parse_card_access
from readers.emrtd.pace import PaceSession, Refusal
from readers.emrtd.pace_mapping import EcDomain
from readers.emrtd.pace_start import BLOCKED, begin_pace
from readers.emrtd.pace_variants import Form, PaceVariant, assumed_variant, choose_variant
from readers.errors import (
    AccessDeniedError,
    AccessLockedError,
    ChipFileMissingError,
    ChipFileTooLargeError,
    ChipMalformedError,
    ChipStatusError,
    PaceNotOfferedError,
)
from readers.iso7816 import status_words as sw
from readers.iso7816.apdu import CommandApdu

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from readers.emrtd.files import FileSpec
    from readers.emrtd.secure_messaging import SecureChannel
    from readers.iso7816.channel import Channel, PlainChannel

BacReason = Literal["no-pace-offered", "no-card-access"]
_SELECT: Final = 0xA4
_MASTER_FILE: Final = bytes.fromhex("3F00")
_NOTHING_HERE: Final = frozenset(
    {
        sw.CHANNEL_NOT_SUPPORTED,
        sw.NO_APPLICATION,
        sw.FUNCTION_NOT_SUPPORTED,
        sw.WRONG_P1P2,
        sw.WRONG_OFFSET,
        sw.INS_NOT_SUPPORTED,
        sw.CLA_NOT_SUPPORTED,
    }
)
"""Answers of chips that have neither files nor protocols outside the application."""
_NO_PACE: Final = _NOTHING_HERE | {
    sw.WRONG_DATA,
    sw.FILE_NOT_FOUND,
    sw.REFERENCED_DATA_NOT_FOUND,
    sw.SECURITY_NOT_SATISFIED,
    sw.CONDITIONS_NOT_SATISFIED,
}
"""Answers to the assumed PACE by which a chip says that it does not speak it."""
_NO_DIAGNOSIS: Final = frozenset({sw.NOT_ALLOWED, sw.NO_DIAGNOSIS})


class FileSource(Protocol):
    """Reads files over one channel."""

    def read(self, spec: FileSpec) -> bytes:
        """By file identifier. Raises ReaderError."""

    def read_by_sfi(self, spec: FileSpec) -> bytes:
        """By short identifier. Raises ReaderError."""


@dataclass(frozen=True, slots=True, kw_only=True)
class AccessPolicy:
    """`pace_tries`: keys ever sent to one chip, BAC included; `bac_allowed`: where a rule says so."""

    pace_tries: int = 4
    bac_allowed: bool = False


@dataclass(slots=True, kw_only=True)
class Tries:
    """What one chip was asked to accept, in all sessions of a read. `sent`: different keys; `over`: it refused the key
    that it had taken before, so that none is sent any more."""

    sent: int = 0
    over: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Granted:
    """An open chip. `key`: the one that worked; `card_access` None: assumed; `card_security`: EF.CardSecurity, read
    after the Chip Authentication Mapping; `mapping`: what that gave, still to be checked against a signed key.

    `application_selected`: after BAC; selecting it again may end the session."""

    channel: SecureChannel = field(repr=False)
    access: Access
    card_access: bytes | None = field(repr=False)
    card_security: bytes | None = field(default=None, repr=False)
    mapping: ChipMapping | None = field(default=None, repr=False)
    key: AccessKey = field(repr=False)
    application_selected: bool = False
    facts: Facts

    @property
    def domain(self) -> str:
        """Name of the curve or group; empty after BAC, which has none."""
        return str(self.facts.get("curve", self.facts.get("group", "")))


def difference(first: Granted, again: Granted) -> str | None:
    """In what a chip was opened otherwise than the first time, None where in nothing.

    A later session must not be the weaker one that the first was not: same protocol, same curve or group, and the
    octets of EF.CardAccess and EF.CardSecurity that are compared with DG14. A file that the chip no longer shows
    (some do not, once the application is selected) is the first one still: it decided nothing."""
    pairs = {
        "access-protocol": (first.access.protocol, again.access.protocol),
        "access-domain": (first.domain, again.domain),
        "card-access": (
            first.card_access,
            first.card_access if again.card_access is None else again.card_access,
        ),
        "card-security": (
            first.card_security,
            first.card_security if again.card_security is None else again.card_security,
        ),
    }
    return next((name for name, (before, after) in pairs.items() if before != after), None)


@dataclass(frozen=True, slots=True, kw_only=True)
class _CardAccess:
    """EF.CardAccess as found. `absent`: the chip says that there is none; `answers`: the status words with which it
    refused everything that it was asked for it."""

    octets: bytes | None = field(repr=False)
    origin: CardAccessOrigin
    absent: bool = False
    answers: frozenset[int] = frozenset()

    def without_diagnosis(self, status: int) -> bool:
        """Whether this status word is all that the chip has ever said, and tells nothing."""
        return status in _NO_DIAGNOSIS and self.answers == {status}


@dataclass(frozen=True, slots=True, kw_only=True)
class _Opened:
    """A session and the key that gave it, with its place among the keys."""

    session: PaceSession
    form: Form
    index: int
    key: AccessKey = field(repr=False)


class AccessOpener:
    """Opens one chip over one plain channel; counts the keys that it was asked to accept.

    `reader_for` makes a reader of files over a channel, plain or protected; `tries`: what this chip was asked before,
    on an earlier connection or in an earlier session; it is counted on."""

    def __init__(
        self,
        plain: PlainChannel,
        *,
        randbytes: Callable[[int], bytes],
        reader_for: Callable[[Channel], FileSource],
        policy: AccessPolicy | None = None,
        tries: Tries | None = None,
    ) -> None:
        self._plain = plain
        self._randbytes = randbytes
        self._reader_for = reader_for
        self._policy = policy or AccessPolicy()
        self._tries = tries or Tries()
        self._taken: AccessKey | None = None

    @property
    def tries(self) -> int:
        """How many access keys this chip has been asked to accept."""
        return self._tries.sent

    def open(self, keys: Sequence[AccessKey]) -> Granted:
        """Open the chip with the first of the keys that fits.

        Raises AccessDeniedError (no key sent fits), AccessLockedError (no tries left, or the chip has blocked the
        password; nothing is sent), PaceFailedError, BacFailedError, PaceNotOfferedError, CurveParametersError,
        AccessPinRefusedError, ChipStatusError, and what reading raises; ValueError without keys."""
        _require_passwords(keys)
        if not any(self._may_send(key) for key in keys):
            raise AccessLockedError(tries=self.tries)
        found = self._read_card_access()
        if found.octets is None:
            return self._open_as_assumed(keys, found)
        offered = parse_card_access(found.octets)
        if not offered.offers_pace:
            return self._open_by_bac(keys, found, "no-pace-offered")
        variant = choose_variant(offered)
        opened = self._try_keys(variant, keys)
        if isinstance(opened, Refusal):
            raise ChipStatusError(command=opened.command, sw=f"{opened.sw:04X}")
        return self._granted(variant, opened, found)

    def open_again(self, key: AccessKey) -> Granted:
        """Open the chip in a new session, with the key that it took before: that is no further key, so the limit does
        not keep it back. A chip that refuses it now is sent no key any more.

        Raises what `open` raises."""
        self._taken = key
        try:
            return self.open((key,))
        except (AccessDeniedError, AccessLockedError):
            self._tries.over = True
            raise
        finally:
            self._taken = None

    def _may_send(self, key: AccessKey) -> bool:
        return not self._tries.over and (key is self._taken or self.tries < self._policy.pace_tries)

    def _count(self, key: AccessKey) -> None:
        if key is not self._taken:
            self._tries.sent += 1

    def _open_as_assumed(self, keys: Sequence[AccessKey], found: _CardAccess) -> Granted:
        variant = assumed_variant()
        opened = self._try_keys(variant, keys)
        if isinstance(opened, _Opened):
            return self._granted(variant, opened, found)
        facts: dict[str, str | int] = {"command": opened.command, "sw": f"{opened.sw:04X}"}
        silent = self._policy.bac_allowed and found.without_diagnosis(opened.sw)
        if opened.sw not in _NO_PACE and not silent:
            raise ChipStatusError(**facts)
        if found.absent or silent:
            return self._open_by_bac(keys, found, "no-card-access", facts)
        raise PaceNotOfferedError(**facts)

    # --- PACE ---

    def _try_keys(self, variant: PaceVariant, keys: Sequence[AccessKey]) -> _Opened | Refusal:
        """The session of the first key that fits, or what the chip said when it takes none of their kinds."""
        refusals: dict[int, Refusal] = {}
        denied: AccessDeniedError | None = None
        forms = variant.forms
        for index, key in enumerate(keys, start=1):
            if key.reference in refusals or not self._may_send(key):
                continue
            begun = begin_pace(self._plain, variant, forms, key, randbytes=self._randbytes)
            if isinstance(begun, Refusal):
                refusals[key.reference] = begun
                continue
            protocol, form = begun
            forms = (form,)
            self._count(key)
            try:
                return _Opened(session=protocol.finish(key), form=form, index=index, key=key)
            except AccessDeniedError as error:
                denied = error
                if _is_blocked(denied):
                    refusals[key.reference] = Refusal(command="token", sw=sw.METHOD_BLOCKED)
        if denied is not None:
            kind = AccessLockedError if _is_blocked(denied) else AccessDeniedError
            raise kind(**denied.facts, tries=self.tries)
        refusal = next(iter(refusals.values()))
        if refusal.sw in BLOCKED:
            raise AccessLockedError(sw=f"{refusal.sw:04X}", tries=self.tries)
        return refusal

    def _granted(self, variant: PaceVariant, opened: _Opened, found: _CardAccess) -> Granted:
        session, domain = opened.session, opened.form.domain
        facts: dict[str, str | int] = {
            "protocol": variant.info.protocol,
            "curve" if isinstance(domain, EcDomain) else "group": domain.name,
        }
        card_security = None
        if session.mapping is not None:
            card_security, facts["card_security"] = self._read_card_security(session.channel)
        return Granted(
            channel=session.channel,
            access=Access(protocol=variant.info.protocol, password=opened.key.kind, card_access=found.origin),
            card_access=found.octets,
            card_security=card_security,
            mapping=session.mapping,
            key=opened.key,
            facts=self._facts(facts, opened.index, opened.key, found),
        )

    def _facts(self, facts: Mapping[str, str | int], index: int, key: AccessKey, found: _CardAccess) -> Facts:
        return freeze(
            {
                **facts,
                "password": key.kind,
                "key_index": index,
                "tries": self.tries,
                "card_access": found.origin,
            }
        )

    # --- BAC ---

    def _open_by_bac(
        self,
        keys: Sequence[AccessKey],
        found: _CardAccess,
        reason: BacReason,
        refused: Mapping[str, str | int] | None = None,
    ) -> Granted:
        """Basic Access Control, where the policy allows it, with those keys that have a seed."""
        usable = [(index, key) for index, key in enumerate(keys, start=1) if key.bac_seed is not None]
        if not self._policy.bac_allowed or not usable:
            why = "no-mrz-key" if self._policy.bac_allowed else "not-allowed"
            raise PaceNotOfferedError(**(refused or {"offered": 0}), bac=why)
        denied: AccessDeniedError | None = None
        for index, key in usable:
            if not self._may_send(key):
                break
            self._select_application()
            self._count(key)
            try:
                channel = bac.BacReader(self._plain, randbytes=self._randbytes).establish(key)
            except AccessDeniedError as error:
                denied = error
                continue
            return Granted(
                channel=channel,
                access=Access(protocol=bac.PROTOCOL, password=key.kind, card_access=found.origin),
                card_access=found.octets,
                key=key,
                application_selected=True,
                facts=self._facts({"protocol": bac.PROTOCOL, "bac_reason": reason}, index, key, found),
            )
        raise AccessDeniedError(**(denied.facts if denied else {}), tries=self.tries)

    def _select_application(self) -> None:
        response = self._plain.send(CommandApdu(ins=_SELECT, p1=0x04, p2=0x0C, data=files.LDS1_AID))
        if response.sw == sw.FILE_NOT_FOUND:
            raise ChipFileMissingError(file="LDS1")
        sw.require_ok(response, command="select-application")

    # --- files ---

    def _read_card_access(self) -> _CardAccess:
        """EF.CardAccess by every way there is, else what says that there is none to read."""
        found = self._read_card_access_once()
        if found.octets is not None:
            return found
        status = self._select_master_file()
        if status != sw.OK:
            return replace(found, answers=found.answers | {status})
        again = self._read_card_access_once()
        return (
            again if again.octets is not None or again.absent else replace(found, answers=frozenset({sw.OK}))
        )

    def _read_card_access_once(self) -> _CardAccess:
        reader = self._reader_for(self._plain)
        try:
            return _CardAccess(octets=reader.read(files.EF_CARD_ACCESS), origin="file-id")
        except (ChipFileMissingError, ChipStatusError) as error:
            by_id = _status(error)
        try:
            return _CardAccess(octets=reader.read_by_sfi(files.EF_CARD_ACCESS), origin="sfi")
        except (ChipFileMissingError, ChipStatusError) as error:
            return _CardAccess(
                octets=None,
                origin="assumed",
                absent=by_id == sw.FILE_NOT_FOUND or by_id in _NOTHING_HERE,
                answers=frozenset({by_id, _status(error)}),
            )

    def _select_master_file(self) -> int:
        """Status word of SELECT MF; the Vietnamese card answers 6D00."""
        command = CommandApdu(ins=_SELECT, p1=0x00, p2=0x0C, data=_MASTER_FILE)
        return self._plain.send(command).sw

    def _read_card_security(self, channel: SecureChannel) -> tuple[bytes | None, str]:
        """EF.CardSecurity, which the mapping's key is in, and what to record of it; a chip that does not show it may
        still have the key in DG14."""
        reader = self._reader_for(channel)
        code = ""
        for read in (reader.read, reader.read_by_sfi):
            try:
                return read(files.EF_CARD_SECURITY), "read"
            except (ChipFileMissingError, ChipStatusError) as error:
                code = error.code
            except (ChipFileTooLargeError, ChipMalformedError) as error:
                return None, error.code
        return None, code


def _is_blocked(denied: AccessDeniedError) -> bool:
    return int(str(denied.facts["sw"]), 16) in BLOCKED


def _status(refused: ChipFileMissingError | ChipStatusError) -> int:
    return int(str(refused.facts["sw"]), 16) if isinstance(refused, ChipStatusError) else sw.FILE_NOT_FOUND


def _require_passwords(keys: Sequence[AccessKey]) -> None:
    if not keys:
        raise ValueError("no access key")
    if any(key.reference not in (MRZ_REFERENCE, CAN_REFERENCE) for key in keys):
        refuse_pin()
