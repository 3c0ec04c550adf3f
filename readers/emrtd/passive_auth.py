"""Passive authentication (9303-11 5.1) in its two questions: is the data consistent, and is its signer
trusted?

`require_consistent` and `require_hashes` need no trust store: they say that everything read is what one
signer signed. `require_chain` says who that signer is. Data groups are parsed only after their hash was
found good.
"""

from __future__ import annotations

import hmac
from dataclasses import replace
from types import MappingProxyType
from typing import TYPE_CHECKING, Final

from readers.emrtd.evidence import (
    ConsistentChip,
    ConsistentKeys,
    Holder,
    RawChip,
    SecurityObject,
    VerifiedChip,
    freeze,
)
from readers.emrtd.files import DATA_GROUPS, DG1, DG2, DG13, DG14, DG15, EF_CARD_ACCESS, EF_COM, EF_SOD
from readers.emrtd.lds.card_access import parse_card_access
from readers.emrtd.lds.com import parse_com
from readers.emrtd.lds.dg1 import parse_dg1
from readers.emrtd.lds.dg2 import parse_portrait
from readers.emrtd.lds.dg13 import parse_dg13
from readers.emrtd.lds.dg14 import parse_dg14
from readers.emrtd.lds.dg15 import parse_dg15
from readers.emrtd.pki.algorithms import digest
from readers.emrtd.pki.certificate import read_certificate
from readers.emrtd.pki.chain import (
    Document,
    require_fit,
    require_in_time,
    require_issuer,
    require_not_revoked,
)
from readers.emrtd.pki.errors import (
    CardAccessMismatchError,
    DataGroupHashError,
    DataGroupWithheldError,
    NoTrustAnchorError,
    RevocationUnknownError,
)
from readers.emrtd.pki.sod import require_signed
from readers.errors import ChipFileMissingError, TlvError

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import datetime

    from readers.emrtd.dates import PartialDate
    from readers.emrtd.evidence import OpenedChip
    from readers.emrtd.lds.mrz import Mrz
    from readers.emrtd.lds.security_infos import SecurityInfos
    from readers.emrtd.pki.store import TrustStore

_NUMBER_DIGITS: Final = 12
_NUMBERS: Final = {spec.name: number for number, spec in DATA_GROUPS.items()}


def require_consistent(opened: OpenedChip) -> ConsistentKeys:
    """Return the signed EF.SOD with the DG14 and DG15 it lists; EF.CardAccess must offer nothing that DG14
    lacks.

    A DG15 that is listed but withheld stays absent, and the facts name it under `withheld`: a copy without the
    key would do the same, and the chip stays unproven. A withheld DG14 raises: what opened the chip could be
    compared with nothing. Raises what `require_signed` raises, DataGroupHashError, DataGroupWithheldError,
    CardAccessMismatchError, TlvError for a signed but malformed DG14 or DG15, ChipFileMissingError without
    EF.SOD."""
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
    facts = dict(sod.facts)
    facts["card_access"] = _require_card_access(opened.files.get(EF_CARD_ACCESS.name), infos)
    listed = [spec.name for number, spec in DATA_GROUPS.items() if number in sod.data_group_hashes]
    withheld = [name for name in (DG14.name, DG15.name) if name in listed and name not in opened.files]
    if withheld:
        facts["withheld"] = " ".join(withheld)
    facts |= _com_facts(opened.files.get(EF_COM.name), listed)
    return ConsistentKeys(opened=opened, sod=sod, active_key=key, security_infos=infos, facts=freeze(facts))


def _require_hash(sod: SecurityObject, name: str, octets: bytes) -> None:
    expected = sod.data_group_hashes.get(_NUMBERS[name])
    if expected is None:
        raise DataGroupHashError(data_group=name, reason="not-in-sod")
    if not hmac.compare_digest(expected, digest(sod.hash_algorithm, octets)):
        raise DataGroupHashError(data_group=name, reason="hash")


def _require_card_access(octets: bytes | None, signed: SecurityInfos | None) -> str:
    """Compare what opened the chip with what is signed (9303-11 9.2.8); return how far that was possible."""
    if octets is None:
        return "not-read"
    if signed is None:
        return "unsigned"
    missing = parse_card_access(octets).missing_from(signed)
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
    return {name: " ".join(groups) for name, groups in differences.items() if groups}


def require_hashes(raw: RawChip) -> ConsistentChip:
    """Compare every data group read with EF.SOD, and only then read name, number and portrait out of them.

    Raises DataGroupHashError, ChipFileMissingError, and TlvError, MrzError or PortraitError for signed but
    unusable contents. DG13 is never a gate (cards issued since 2024 may lock it): what cannot be read of it is
    missing, and recorded."""
    keys = raw.genuine.keys
    for spec in (DG1, DG2):
        if spec.name not in raw.files:
            raise ChipFileMissingError(file=spec.name)
    for name, octets in raw.files.items():
        _require_hash(keys.sod, name, octets)
    mrz = parse_dg1(raw.files[DG1.name])
    details, detail_facts = _read_details(raw.files.get(DG13.name))
    read = {*raw.files, *keys.opened.files}
    listed = [DATA_GROUPS[number].name for number in sorted(keys.sod.data_group_hashes)]
    facts: dict[str, str | int] = {
        "hash_algorithm": keys.sod.hash_algorithm,
        "verified": " ".join(name for name in listed if name in read),
        "not_read": " ".join(name for name in listed if name not in read),
        "document_code": mrz.document_code,
        "issuing_state": mrz.issuing_state,
        **detail_facts,
    }
    return ConsistentChip(
        holder=_holder(mrz, details),
        portrait=parse_portrait(raw.files[DG2.name]),
        details=details,
        sod=keys.sod,
        proven_by=raw.genuine.proven_by,
        facts=freeze(facts),
    )


def _read_details(octets: bytes | None) -> tuple[Mapping[str, str], dict[str, str]]:
    if octets is None:
        return MappingProxyType({}), {"national_details": "absent"}
    try:
        details = parse_dg13(octets)
    except TlvError:
        return MappingProxyType({}), {"national_details": "unreadable"}
    return details.fields, {"national_details": " ".join(details.warnings) or "read"}


def _holder(mrz: Mrz, details: Mapping[str, str]) -> Holder:
    return Holder(
        id_number=_id_number(mrz, details),
        surname_given=f"{mrz.surname} {mrz.given_names}".strip(),
        full_name=details.get("full-name") or None,
        birth=_birth(mrz, details),
        sex=mrz.sex,
        expiry=mrz.expiry,
        nationality=mrz.nationality,
        document_type=mrz.document_code,
        document_number=mrz.document_number,
        issuing_state=mrz.issuing_state,
    )


def _birth(mrz: Mrz, details: Mapping[str, str]) -> PartialDate:
    """The birth date in its century: the MRZ has two digits of the year, the fourth digit of the number the
    century."""
    number, birth = _id_number(mrz, details), mrz.birth
    if len(number) != _NUMBER_DIGITS or int(number[4:6]) != birth.year % 100:
        return birth
    try:
        return replace(birth, year=1900 + 100 * (int(number[3]) // 2) + birth.year % 100)
    except ValueError:  # 29 February of a year that has none: the number means another century
        return birth


def _id_number(mrz: Mrz, details: Mapping[str, str]) -> str:
    """The 12-digit number: the Vietnamese card has it in the optional data of line 1, else DG13, else
    none."""
    first = mrz.optional.split(" ")[0]
    for candidate in (first, details.get("id-number", "")):
        if len(candidate) == _NUMBER_DIGITS and candidate.isascii() and candidate.isdigit():
            return candidate
    return mrz.document_number


def require_chain(chip: ConsistentChip, store: TrustStore, at: datetime) -> VerifiedChip:
    """Follow the signer to a pinned CSCA; `at` is the station's time, UTC.

    Raises NoTrustAnchorError, ChainError, CountryMismatchError, ScopeError, ClockSuspectError,
    SigningTimeUnknownError, RevokedError, RevocationUnknownError, and the key errors of `load_public_key`."""
    signer = read_certificate(chip.sod.signer_certificate)
    holder = chip.holder
    document = Document(
        code=holder.document_type, issuing_state=holder.issuing_state, signing_time=chip.sod.signing_time
    )
    facts: dict[str, str | int] = {"signer_sha256": signer.fingerprint, **store.facts}
    try:
        anchor = require_issuer(signer, store.anchors_named(signer.issuer.key))
    except NoTrustAnchorError as unknown:
        raise NoTrustAnchorError(**{**facts, **unknown.facts}) from None
    profile, deviations = require_fit(signer, anchor, document)
    require_in_time(signer, anchor.certificate, document.signing_time, at)
    facts |= {"csca_sha256": anchor.certificate.fingerprint, "profile": profile}
    facts["deviations"] = " ".join(deviations)
    crl = store.crl_of(signer.issuer.key)
    try:
        facts["crl_age_days"] = require_not_revoked(signer, anchor.certificate, crl, at)
    except RevocationUnknownError as unknown:
        raise RevocationUnknownError(**{**facts, **unknown.facts}) from None
    facts["crl_number"] = "none" if crl is None or crl.number is None else str(crl.number)  # up to 20 octets
    return VerifiedChip(chip=chip, facts=freeze(facts))
