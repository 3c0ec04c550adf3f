"""Passive authentication (9303-11 5.1) in its two questions: is the data consistent, and is its signer
trusted?

`require_consistent` and `require_hashes` need no trust store: they say that everything read is what one
signer signed. `require_chain` says who that signer is. Data groups are parsed only after their hash was
found good.
"""

from __future__ import annotations

import hmac
from types import MappingProxyType
from typing import TYPE_CHECKING, Final, Protocol, TypeVar

from readers.emrtd.card_security import require_signed_infos
from readers.emrtd.evidence import (
    ConsistentChip,
    ConsistentKeys,
    RawChip,
    SecurityObject,
    VerifiedChip,
    freeze,
)
from readers.emrtd.files import (
    DATA_GROUPS,
    DG1,
    DG2,
    DG11,
    DG12,
    DG13,
    DG14,
    DG15,
    EF_CARD_ACCESS,
    EF_CARD_SECURITY,
    EF_COM,
    EF_SOD,
)
from readers.emrtd.holder import parse_holder
from readers.emrtd.lds.card_access import parse_card_access
from readers.emrtd.lds.com import parse_com
from readers.emrtd.lds.dg1 import parse_dg1
from readers.emrtd.lds.dg2 import parse_portrait
from readers.emrtd.lds.dg11 import parse_dg11
from readers.emrtd.lds.dg12 import parse_dg12
from readers.emrtd.lds.dg13 import parse_dg13
from readers.emrtd.lds.dg14 import parse_dg14
from readers.emrtd.lds.dg15 import parse_dg15
from readers.emrtd.pace_variants import offers_better
from readers.emrtd.pki.algorithms import digest
from readers.emrtd.pki.certificate import read_certificate
from readers.emrtd.pki.chain import (
    Document,
    require_fit,
    require_in_time,
    require_issuer,
    require_not_revoked,
    scope_of,
)
from readers.emrtd.pki.errors import (
    CardAccessMismatchError,
    DataGroupHashError,
    DataGroupWithheldError,
    NoTrustAnchorError,
    RevocationUnknownError,
)
from readers.emrtd.pki.profile import edition_of
from readers.emrtd.pki.sod import require_signed
from readers.errors import AccessDowngradeError, ChipFileMissingError, ReaderError, TlvError

if TYPE_CHECKING:
    from collections.abc import Callable
    from datetime import datetime

    from readers.emrtd.evidence import OpenedChip, SignedSecurityInfos
    from readers.emrtd.lds.security_infos import SecurityInfos
    from readers.emrtd.pki.crl import Crl
    from readers.emrtd.pki.store import TrustStore

_NUMBERS: Final = {spec.name: number for number, spec in DATA_GROUPS.items()}
_TERMINAL_ONLY: Final = frozenset({"DG3", "DG4"})
"""Fingerprints and irises: given out to authenticated terminals alone (9303-11 7)."""


class _Details(Protocol):
    """Parsed DG11, DG12 or DG13."""

    @property
    def warnings(self) -> tuple[str, ...]:
        """Codes of what was odd."""


_Parsed = TypeVar("_Parsed", bound=_Details)


def require_consistent(opened: OpenedChip) -> ConsistentKeys:
    """Return the signed EF.SOD with the DG14 and DG15 it lists; EF.CardAccess must offer nothing that DG14 or the
    signed EF.CardSecurity lacks, nor lack anything of PACE that these offer, and a chip opened with BAC must not offer
    PACE in either.

    A DG15 that is listed but withheld stays absent, and the facts name it under `withheld`: a copy without the
    key would do the same, and the chip stays unproven. A withheld DG14 raises: what opened the chip could be
    compared with nothing. Raises what `require_signed` raises, DataGroupHashError, DataGroupWithheldError,
    AccessDowngradeError, CardAccessMismatchError, what `require_signed_infos` raises for an EF.CardSecurity that was
    read, TlvError for a signed but malformed DG14 or DG15, ChipFileMissingError without EF.SOD."""
    if EF_SOD.name not in opened.files:
        raise ChipFileMissingError(file=EF_SOD.name)
    sod = require_signed(opened.files[EF_SOD.name])
    for name in (DG14.name, DG15.name):
        if name in opened.files:
            _require_hash(sod, name, opened.files[name])
    infos = parse_dg14(opened.files[DG14.name]) if DG14.name in opened.files else None
    key = parse_dg15(opened.files[DG15.name]) if DG15.name in opened.files else None
    if infos is None and _NUMBERS[DG14.name] in sod.data_group_hashes:
        raise DataGroupWithheldError(data_group=DG14.name)
    card_security = _read_card_security(opened.files.get(EF_CARD_SECURITY.name))
    facts = dict(sod.facts)
    facts["card_access"] = _require_card_access(opened.files.get(EF_CARD_ACCESS.name), infos, card_security)
    _require_no_downgrade(opened, infos, card_security)
    facts["card_security"] = "not-read" if card_security is None else "signed"
    listed = [spec.name for number, spec in DATA_GROUPS.items() if number in sod.data_group_hashes]
    withheld = [name for name in (DG14.name, DG15.name) if name in listed and name not in opened.files]
    if withheld:
        facts["withheld"] = " ".join(withheld)
    facts |= _com_facts(opened.files.get(EF_COM.name), listed)
    return ConsistentKeys(
        opened=opened,
        sod=sod,
        active_key=key,
        security_infos=infos,
        card_security=card_security,
        facts=freeze(facts),
    )


def _require_hash(sod: SecurityObject, name: str, octets: bytes) -> None:
    expected = sod.data_group_hashes.get(_NUMBERS[name])
    if expected is None:
        raise DataGroupHashError(data_group=name, reason="not-in-sod")
    if not hmac.compare_digest(expected, digest(sod.hash_algorithm, octets)):
        raise DataGroupHashError(data_group=name, reason="hash")


def _read_card_security(octets: bytes | None) -> SignedSecurityInfos | None:
    return None if octets is None else require_signed_infos(octets)


def _require_no_downgrade(
    opened: OpenedChip, signed: SecurityInfos | None, other: SignedSecurityInfos | None
) -> None:
    """A chip must have been opened in the best way that it signs (9303-11 4.2): else its offer was changed before it
    reached the reader.

    What DG14 or EF.CardSecurity signs of PACE must stand in EF.CardAccess, octet for octet; their other infos need
    not. Without EF.CardAccess nothing signed may be better than what was used. After BAC nothing of PACE may be
    signed at all."""
    access = opened.access
    offers = [infos for infos in (signed, None if other is None else other.infos) if infos is not None]
    if access.is_bac and any(infos.offers_pace for infos in offers):
        raise AccessDowngradeError(protocol=access.protocol)
    octets = opened.files.get(EF_CARD_ACCESS.name)
    if octets is None:
        if any(offers_better(infos, access.protocol) for infos in offers):
            raise AccessDowngradeError(protocol=access.protocol, reason="better-signed")
        return
    shown = parse_card_access(octets)
    stripped = {oid for infos in offers for oid in infos.pace_missing_from(shown)}
    if stripped:
        raise AccessDowngradeError(protocol=access.protocol, reason="stripped", missing=len(stripped))


def _require_card_access(
    octets: bytes | None, signed: SecurityInfos | None, other: SignedSecurityInfos | None
) -> str:
    """Compare what opened the chip with what is signed: every info with DG14 (9303-11 9.2.8), those of PACE with
    EF.CardSecurity, whose other infos may be for other terminals; return how far that was possible."""
    if octets is None:
        return "not-read"
    if signed is None and other is None:
        return "unsigned"
    offered = parse_card_access(octets)
    missing = [] if signed is None else list(offered.missing_from(signed))
    if other is not None:
        missing += offered.pace_missing_from(other.infos)
    if missing:
        raise CardAccessMismatchError(protocol=missing[0], missing=len(missing))
    return "signed"


def _com_facts(octets: bytes | None, listed: list[str]) -> dict[str, str]:
    """EF.COM is unsigned: where it disagrees the SOD is believed and the difference recorded."""
    if octets is None:
        return {"com": "absent"}
    try:
        named = [DATA_GROUPS[number].name for number in parse_com(octets).data_groups]
    except TlvError:
        return {"com": "malformed"}
    hidden = [name for name in listed if name not in named]
    surplus = [name for name in named if name not in listed]
    differences = {"com_lacks": hidden, "com_adds": surplus}
    found = {name: " ".join(groups) for name, groups in differences.items() if groups}
    if DG14.name in hidden or DG15.name in hidden:
        found["chip_authentication"] = "suppressed"
    return found


def require_hashes(raw: RawChip) -> ConsistentChip:
    """Compare every data group read with EF.SOD, and only then read name, number and portrait out of them.

    Raises DataGroupHashError, ChipFileMissingError, and TlvError, MrzError or PortraitError for signed but
    unusable contents. DG11, DG12 and DG13 are never a gate (cards issued since 2024 may lock DG13): what cannot be
    read of them is missing, and recorded."""
    keys = raw.genuine.keys
    for spec in (DG1, DG2):
        if spec.name not in raw.files:
            raise ChipFileMissingError(file=spec.name)
    for name, octets in raw.files.items():
        _require_hash(keys.sod, name, octets)
    mrz = parse_dg1(raw.files[DG1.name])
    national, national_said = _optional(raw.files.get(DG13.name), parse_dg13)
    personal, personal_said = _optional(raw.files.get(DG11.name), parse_dg11)
    document, document_said = _optional(raw.files.get(DG12.name), parse_dg12)
    read = {*raw.files, *keys.opened.files}
    listed = [DATA_GROUPS[number].name for number in sorted(keys.sod.data_group_hashes)]
    facts: dict[str, str | int] = {
        "hash_algorithm": keys.sod.hash_algorithm,
        "verified": " ".join(name for name in listed if name in read),
        "not_read": " ".join(name for name in listed if name not in read),
        "undecided": " ".join(name for name in listed if name not in read and name not in _TERMINAL_ONLY),
        "document_code": mrz.document_code,
        "issuing_state": mrz.issuing_state,
        "national_details": national_said,
        "personal_details": personal_said,
        "document_details": document_said,
    }
    return ConsistentChip(
        holder=parse_holder(mrz, national, personal),
        portrait=parse_portrait(raw.files[DG2.name]),
        details=MappingProxyType({}) if national is None else national.fields,
        mrz=mrz,
        national=national,
        personal=personal,
        document=document,
        sod=keys.sod,
        card_security=keys.card_security,
        proven_by=raw.genuine.proven_by,
        facts=freeze(facts),
    )


def _optional(octets: bytes | None, parse: Callable[[bytes], _Parsed]) -> tuple[_Parsed | None, str]:
    """What a data group that is never a gate says, if it can be read, and how that went, for the facts."""
    if octets is None:
        return None, "absent"
    try:
        details = parse(octets)
    except TlvError:
        return None, "unreadable"
    return details, " ".join(details.warnings) or "read"


def require_chain(chip: ConsistentChip, store: TrustStore, at: datetime) -> VerifiedChip:
    """Follow the signer of EF.SOD, and that of EF.CardSecurity where it was read, to a pinned CSCA; `at` is the
    station's time, UTC.

    Raises NoTrustAnchorError, ChainError, CountryMismatchError, IssuingStateUnknownError, ScopeError,
    ClockSuspectError, SigningTimeUnknownError, RevokedError, RevocationUnknownError, and the key errors of
    `load_public_key`; `facts` name the file where it is not EF.SOD."""
    facts = _require_signer(chip, chip.sod.signer_certificate, chip.sod.signing_time, store, at)
    other = chip.card_security
    if other is not None and (other.signer_certificate, other.signing_time) != (
        chip.sod.signer_certificate,
        chip.sod.signing_time,
    ):
        try:
            found = _require_signer(chip, other.signer_certificate, other.signing_time, store, at)
        except ReaderError as error:
            raise type(error)(**{**error.facts, "file": EF_CARD_SECURITY.name}) from None
        facts["card_security_signer_sha256"] = found["signer_sha256"]
    return VerifiedChip(chip=chip, facts=freeze(facts))


def _require_signer(
    chip: ConsistentChip, encoded: bytes, signing_time: datetime | None, store: TrustStore, at: datetime
) -> dict[str, str | int]:
    """One signer's whole chain; what held is in the facts, also in those of an error that is no evidence."""
    signer, holder = read_certificate(encoded), chip.holder
    document = Document(
        code=holder.document_type, issuing_state=holder.issuing_state, signing_time=signing_time
    )
    facts: dict[str, str | int] = {"signer_sha256": signer.fingerprint, **store.facts}
    try:
        anchor = require_issuer(signer, store.anchors_for(signer), scope_of(document.code))
    except NoTrustAnchorError as unknown:
        raise NoTrustAnchorError(**{**facts, **unknown.facts}) from None
    profile, deviations = require_fit(signer, anchor, document)
    require_in_time(signer, anchor.certificate, document.signing_time, at)
    facts |= {
        "csca_sha256": anchor.certificate.fingerprint,
        "profile": profile,
        "edition": edition_of(signer),
    }
    facts["deviations"] = " ".join(deviations)
    crl = store.crl_of(signer.issuer.key, anchor.scope)
    facts |= _crl_facts(crl, at)
    try:
        facts["crl_age_days"] = require_not_revoked(signer, anchor.certificate, crl, at)
    except RevocationUnknownError as unknown:
        raise RevocationUnknownError(**{**facts, **unknown.facts}) from None
    return facts


def _crl_facts(crl: Crl | None, at: datetime) -> dict[str, str | int]:
    """What the list says of itself: its number, and whether its issuer meant to have issued the next one by now."""
    if crl is None:
        return {}
    due = "none" if crl.next_update is None else "passed" if crl.next_update < at else "ahead"
    number = "none" if crl.number is None else str(crl.number)  # up to 20 octets
    return {"crl_number": number, "crl_next_update": due}
