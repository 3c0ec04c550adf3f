"""Is this PDF, to the last byte, what the pinned station sealed, with nothing added but signatures, stamps and proofs?

Two judges. Our own reads bytes: revisions without gaps, the station's CMS rebuilt from its parts, every later CMS
verified, every update explained object by object. Only bytes that passed it are parsed as a PDF, by pyHanko, which
must agree. (Viewers call a file valid that was added to after signing; this does not.)
"""

from __future__ import annotations

import hashlib
import io
import logging
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Final

from asn1crypto import x509 as asn1_x509
from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding
from pyhanko.pdf_utils.misc import PdfError
from pyhanko.pdf_utils.reader import PdfFileReader
from pyhanko.sign.diff_analysis import DEFAULT_DIFF_POLICY, ModificationLevel, StandardDiffPolicy
from pyhanko.sign.general import SigningError
from pyhanko.sign.validation import EmbeddedPdfSignature, validate_pdf_signature, validate_pdf_timestamp
from pyhanko.sign.validation.errors import SignatureValidationError
from pyhanko.sign.validation.status import (
    DocumentTimestampStatus,
    PdfSignatureStatus,
    SignatureCoverageLevel,
)
from pyhanko_certvalidator import ValidationContext

from reports.dss import Dss, dss_at, require_dss
from reports.errors import PdfAlteredError, PdfSealTimeError, PdfUnsignedError
from reports.signing_errors import UNREADABLE
from reports.signing_official import reserved_digits
from reports.verify_changes import STATION_FIELD, Addition, Place, Update, additions_of, places_of
from reports.verify_cms import Signed, digest_of, judge_cms
from reports.verify_look import require_no_look, require_official_look, require_station_look
from reports.verify_revisions import MAX_BYTES as _LIMIT
from reports.verify_revisions import Revision, covered_by, envelope_of, split_revisions
from reports.verify_station import require_envelope

MAX_BYTES: Final = _LIMIT
_UNREADABLE = (
    PdfError,
    SigningError,
    SignatureValidationError,
    ValueError,
    TypeError,
    KeyError,
    AttributeError,
)
_UNREADABLE_TOO = (*UNREADABLE, RecursionError, NotImplementedError, AssertionError)
"""What pyHanko raises for structures that it does not expect; its own assertions too."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SealedPdf:
    """What a verified file says: the pinned certificate's fingerprint and name, the station's own time (UTC)."""

    fingerprint: str
    origin: str
    signed_at: datetime

    @property
    def facts(self) -> Mapping[str, str | int]:
        """The same, for the record."""
        return {
            "fingerprint": self.fingerprint,
            "origin": self.origin,
            "signed_at": self.signed_at.isoformat(timespec="seconds"),
        }


@dataclass(frozen=True, slots=True, kw_only=True)
class Added:
    """An update after the seal with what its CMS proves and the time that it claims; a store has neither."""

    addition: Addition
    signed: Signed | None = None
    claimed_at: datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class IntactPdf:
    """A file in which both judges found nothing altered. Whose certificates the additions bear is not judged yet.

    `places`: the sheet's fields as sealed; `sealed_sha256`: of the file up to the seal; `unsigned`: the first revision,
    what was drawn before any seal; `stores`: certificates, lists and answers by revision as they grew; `whole`: the
    last revision is a signature's.
    """

    sealed: SealedPdf
    places: tuple[Place, ...]
    additions: tuple[Added, ...]
    sealed_sha256: str
    unsigned: bytes = field(repr=False)
    stores: Mapping[int, Dss] = field(repr=False)
    whole: bool

    @property
    def unsigned_sha256(self) -> str:
        """SHA-256 of the first revision, hexadecimal."""
        return hashlib.sha256(self.unsigned).hexdigest()


def verify_pdf(pdf: bytes, trusted: bytes | str) -> SealedPdf:
    """Return what the file says if the pinned station sealed it and nothing was altered since.

    `trusted` is the station's certificate (DER) or its SHA-256 in hexadecimal, known beforehand; nothing inside
    the file is believed. Officials' signatures in the fields that the station made for them, time stamps and the
    proofs that go with them alter nothing; whether they count is asked of `verify_sheet.verify_sheet`.
    Raises PdfFormatError, PdfUnsignedError, PdfOtherSignerError, PdfAlteredError, PdfSealTimeError.
    """
    return verify_intact(pdf, trusted).sealed


def verify_intact(pdf: bytes, trusted: bytes | str) -> IntactPdf:
    """Return everything that the file says and both judges found unaltered. Raises as `verify_pdf`."""
    revisions = split_revisions(pdf)
    pinned = trusted.lower() if isinstance(trusted, str) else hashlib.sha256(trusted).hexdigest()
    seal = next((each for each in revisions if each.gap is not None), None)
    if seal is None:
        raise PdfUnsignedError
    certificate = require_envelope(covered_by(pdf, seal), envelope_of(pdf, seal), pinned)
    proofs = {each.number: _proof(pdf, each) for each in revisions[seal.number + 1 :] if each.gap is not None}
    for each in revisions[seal.number + 1 :]:
        if each.gap is None:
            require_dss(pdf, revisions[: each.number + 1])
    with _quiet_pyhanko():
        try:
            return _require_pyhanko(pdf, revisions, proofs, certificate)
        except (*_UNREADABLE, *_UNREADABLE_TOO):
            raise PdfAlteredError(why="structure") from None


# -- our own judge on what was added ---------------------------------------------------------------


def _proof(pdf: bytes, revision: Revision) -> Signed:
    """Return what the CMS of an update proves about everything before it."""
    try:
        return judge_cms(envelope_of(pdf, revision), digest_of(covered_by(pdf, revision)))
    except PdfAlteredError as error:
        raise PdfAlteredError(**{**error.facts, "revision": revision.number}) from None


def _added(addition: Addition, proofs: Mapping[int, Signed], revisions: tuple[Revision, ...]) -> Added:
    """Return an addition with its proof; a time stamp proves a time, a signature none."""
    signed, gap = proofs.get(addition.revision), revisions[addition.revision].gap
    if signed is not None and (signed.at is None) is (addition.kind is Update.STAMP):
        raise PdfAlteredError(why="signature-form", field=addition.field, revision=addition.revision)
    if signed is not None and gap is not None and addition.kind is Update.TOKEN:
        digits = reserved_digits(signed.certificate, signed.others)
        if gap[1] - gap[0] - len("<>") != digits or signed.stamp is not None:
            raise PdfAlteredError(why="certificates", field=addition.field, revision=addition.revision)
    return Added(addition=addition, signed=signed)


# -- the second judge ------------------------------------------------------------------------------


_STRICT = StandardDiffPolicy(
    global_rules=DEFAULT_DIFF_POLICY.global_rules,
    form_rule=DEFAULT_DIFF_POLICY.form_rule,
    ignore_orphaned_objects=False,
)
"""pyHanko's rules; objects that nothing points to are no harmless leftovers: they may be shown later."""


def _require_pyhanko(
    pdf: bytes, revisions: tuple[Revision, ...], proofs: Mapping[int, Signed], certificate: x509.Certificate
) -> IntactPdf:
    """Return the file's statement if pyHanko finds it whole, changed as permitted, signed as our judge found."""
    seal = next(each.number for each in revisions if each.gap is not None)
    reader = PdfFileReader(io.BytesIO(pdf))
    places = places_of(reader, seal)
    additions = additions_of(reader, revisions, seal)
    added = [_added(each, proofs, revisions) for each in additions]
    first, *others = reader.embedded_signatures
    sealed = _require_seal(first, certificate, alone=len(revisions) == seal + 1)
    signed = [each for each in added if each.signed is not None]
    if [each.field_name for each in others] != [each.addition.field for each in signed]:
        raise PdfAlteredError(why="fields")
    dated = {
        each.addition.field: _require_agreed(found, each) for found, each in zip(others, signed, strict=True)
    }
    _require_looks(reader, places, sealed, certificate, dated)
    stores = [each.revision for each in additions if each.kind is Update.STORE]
    return IntactPdf(
        sealed=sealed,
        places=places,
        additions=tuple(dated.get(each.addition.field, each) for each in added),
        sealed_sha256=hashlib.sha256(pdf[: revisions[seal].end]).hexdigest(),
        unsigned=pdf[: revisions[0].end],
        stores={number: dss_at(pdf, revisions[: number + 1]) for number in stores},
        whole=revisions[-1].gap is not None,
    )


def _require_seal(found: EmbeddedPdfSignature, certificate: x509.Certificate, *, alone: bool) -> SealedPdf:
    signed_at = found.self_reported_timestamp
    anchor = asn1_x509.Certificate.load(certificate.public_bytes(Encoding.DER))
    context = ValidationContext(trust_roots=[anchor], allow_fetching=False, moment=signed_at)
    status = validate_pdf_signature(found, signer_validation_context=context, diff_policy=_STRICT)
    if signed_at is None or not _sound(status, alone=alone) or found.docmdp_level is None:
        raise PdfAlteredError(why="validation")
    if not certificate.not_valid_before_utc <= signed_at <= certificate.not_valid_after_utc:
        raise PdfSealTimeError(at=signed_at.isoformat(timespec="seconds"))
    names = certificate.subject.get_attributes_for_oid(x509.NameOID.COMMON_NAME)
    return SealedPdf(
        fingerprint=hashlib.sha256(anchor.dump()).hexdigest(),
        origin=str(names[0].value) if names else "",
        signed_at=signed_at.astimezone(UTC),
    )


def _sound(status: PdfSignatureStatus, *, alone: bool) -> bool:
    """Whether pyHanko trusts the seal; `alone`: nothing stands after it, and the whole file is covered."""
    level = status.modification_level
    if not (status.bottom_line and status.trusted and status.docmdp_ok):
        return False
    if alone:
        return status.coverage is SignatureCoverageLevel.ENTIRE_FILE and level is ModificationLevel.NONE
    harmless = (ModificationLevel.LTA_UPDATES, ModificationLevel.FORM_FILLING)
    return status.coverage is SignatureCoverageLevel.ENTIRE_REVISION and level in harmless


def _require_agreed(found: EmbeddedPdfSignature, added: Added) -> Added:
    """Return an addition with the time it claims if pyHanko, too, finds its signature good and its revision covered.

    What came after it was compared with everything before when the seal was judged.
    """
    own = asn1_x509.Certificate.load(added.signed.certificate if added.signed else b"")
    context = ValidationContext(trust_roots=[own], allow_fetching=False, revocation_mode="none")
    at: datetime | None
    status: DocumentTimestampStatus | PdfSignatureStatus
    if added.addition.kind is Update.STAMP:
        status = validate_pdf_timestamp(found, validation_context=context, skip_diff=True)
        at = status.timestamp
    else:
        status = validate_pdf_signature(found, signer_validation_context=context, skip_diff=True)
        at = found.self_reported_timestamp
    covered = status.coverage in {SignatureCoverageLevel.ENTIRE_REVISION, SignatureCoverageLevel.ENTIRE_FILE}
    if not (status.intact and status.valid and covered) or at is None or at.tzinfo is None:
        raise PdfAlteredError(why="validation", field=added.addition.field, revision=added.addition.revision)
    return Added(addition=added.addition, signed=added.signed, claimed_at=at.astimezone(UTC))


def _require_looks(
    reader: PdfFileReader,
    places: tuple[Place, ...],
    sealed: SealedPdf,
    certificate: x509.Certificate,
    dated: Mapping[str, Added],
) -> None:
    """Raise unless every field of the sheet shows what this program draws for it. Looks do not change once signed."""
    found = [each.get_object() for each in reader.root["/AcroForm"]["/Fields"]]
    fields = {str(each["/T"]): each for each in found}
    require_station_look(fields[STATION_FIELD], certificate.public_bytes(Encoding.DER), sealed.signed_at)
    for place in places[1:]:
        added = dated.get(place.name)
        if added is None:
            require_no_look(fields[place.name])
        elif added.signed is not None and added.claimed_at is not None:
            require_official_look(fields[place.name], added.signed.certificate, added.claimed_at)


@contextmanager
def _quiet_pyhanko() -> Iterator[None]:
    """Keep pyHanko's remarks on what it refuses out of the diagnostics: they quote the file."""
    names = ("pyhanko", "pyhanko_certvalidator")
    loggers = [logging.getLogger(name) for name in names]
    before = [each.level for each in loggers]
    for each in loggers:
        each.setLevel(logging.CRITICAL + 1)
    try:
        yield
    finally:
        for each, level in zip(loggers, before, strict=True):
            each.setLevel(level)
