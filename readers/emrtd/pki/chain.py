"""From the signer of an EF.SOD to a pinned CSCA: who issued it, when, for what, and whether it is revoked.

9303-12 chains have two links. Keys decide, never names: a CSCA that only shares the name and key identifier
of a pinned one is evidence of forgery, while an unknown key of a known issuer is a signer we do not know yet.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING, Final, Literal

from readers.emrtd.pki.crl import MAX_AGE_DAYS
from readers.emrtd.pki.errors import (
    ChainError,
    ClockSuspectError,
    CountryMismatchError,
    IssuingStateUnknownError,
    NoTrustAnchorError,
    RevocationUnknownError,
    RevokedError,
    ScopeError,
    SigningTimeUnknownError,
)
from readers.emrtd.pki.profile import REFUSED, deviations, profile_of
from readers.emrtd.pki.public_key import SignatureRefusedError, load_public_key
from readers.emrtd.pki.states import STATES
from readers.errors import ReaderError

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from datetime import datetime

    from readers.emrtd.pki.certificate import Certificate
    from readers.emrtd.pki.crl import Crl

Scope = Literal["identity-card", "passport"]
MAX_TRIES: Final = 8
"""Keys that one object is tried with at import: names and key identifiers are anybody's to choose, and every try costs
the verification of a signature."""
CLOCK_TOLERANCE: Final = timedelta(days=1)
_IDENTITY_CARD_CODES: Final = ("I", "A", "C")


@dataclass(frozen=True, slots=True, kw_only=True)
class Anchor:
    """A pinned CSCA and the kind of document it was pinned for."""

    certificate: Certificate
    scope: Scope


@dataclass(frozen=True, slots=True, kw_only=True)
class Document:
    """What the chain must agree with: document code and issuing state of the MRZ, signing time of the SOD."""

    code: str
    issuing_state: str
    signing_time: datetime | None


def require_issuer(signer: Certificate, anchors: Sequence[Anchor], scope: str = "") -> Anchor:
    """Return the pinned CSCA whose key signed the certificate; `anchors` are those that bear its issuer's name.

    One key may stand in several certificates (self-signed, link, renewed), and be pinned for both kinds of document:
    one pinned for this kind (`scope`) is taken before any other, then one that was valid when the signer was issued.
    A pointer that fits none of them is no obstacle to a key that did sign (ADR 0007). Raises
    NoTrustAnchorError when none claims to be that key, ChainError when one does but is not."""
    claimed = [anchor for anchor in anchors if _is_claimed(signer, anchor.certificate)]
    found = [anchor for anchor in claimed if issued_by(signer, anchor.certificate)]
    if not claimed:
        found = [anchor for anchor in anchors if _issued_all_the_same(signer, anchor.certificate)]
    if found:
        issued = signer.validity.start
        return max(
            found, key=lambda anchor: (anchor.scope == scope, *_was_in_use(anchor.certificate, issued))
        )
    if not anchors:
        raise NoTrustAnchorError(reason="issuer-name")
    if not claimed or (signer.authority_key_id is None and signer.authority_serial is None):
        raise NoTrustAnchorError(reason="issuer-key")
    raise ChainError(reason="signature")


def _issued_all_the_same(signer: Certificate, anchor: Certificate) -> bool:
    try:
        return issued_by(signer, anchor)
    except ReaderError:  # too weak or unknown to tell: then nobody known signed it
        return False


def _was_in_use(anchor: Certificate, issued: datetime | None) -> tuple[bool, bool]:
    """How well the certificate's own times fit something issued then; a self-signed one before a link."""
    used = anchor.usage_period
    fits = issued is not None and anchor.validity.covers(issued) and (used is None or used.covers(issued))
    return fits, anchor.authority_key_id in (None, anchor.key_id)


def _is_claimed(signer: Certificate, anchor: Certificate) -> bool:
    """Whether the signer points at this anchor's key; without a pointer every anchor of the name may be
    meant."""
    if signer.authority_key_id is not None:
        return signer.authority_key_id == anchor.key_id
    return signer.authority_serial in (None, anchor.serial)


def likely_issuers(pointer: bytes | None, known: Iterable[Certificate]) -> list[Certificate]:
    """Whose key may have signed something with this authority key identifier: one certificate of each key, those with
    the identifier first, MAX_TRIES at most."""
    keys: dict[bytes, Certificate] = {}
    for certificate in known:
        keys.setdefault(certificate.spki, certificate)
    return sorted(keys.values(), key=lambda found: pointer not in (None, found.key_id))[:MAX_TRIES]


def issued_by(signer: Certificate, anchor: Certificate) -> bool:
    """Whether the anchor's key signed the certificate. Raises the key errors of `load_public_key`."""
    try:
        load_public_key(anchor.spki).verify(signer.signature, signer.signed_part, signer.algorithm)
    except SignatureRefusedError:
        return False
    return True


def require_fit(signer: Certificate, anchor: Anchor, document: Document) -> tuple[str, tuple[str, ...]]:
    """Check roles, country and scope; return the profile's name and the deviations it accepted.

    Raises ChainError, CountryMismatchError, IssuingStateUnknownError, ScopeError."""
    _require_roles(signer, anchor.certificate)
    country = _require_country(signer, anchor.certificate, document)
    _require_scope(signer, anchor, document)
    profile, found = profile_of(country, anchor.scope), deviations(signer, anchor.certificate)
    refused = [name for name in found if name in REFUSED[profile]]
    if refused:
        raise ChainError(reason="profile", deviation=refused[0])
    return profile, found


def _require_roles(signer: Certificate, anchor: Certificate) -> None:
    if signer.is_authority or signer.self_issued or signer.spki == anchor.spki:
        raise ChainError(reason="signer-is-authority")
    if signer.key_usage is not None and "digital_signature" not in signer.key_usage:
        raise ChainError(reason="key-usage")
    if signer.unknown_critical:
        raise ChainError(reason="critical-extension")
    if signer.has_extended_usage:  # 9303-12 7.1.1: a signer of documents has none; others of the PKI do
        raise ChainError(reason="extended-key-usage")


def _require_country(signer: Certificate, anchor: Certificate, document: Document) -> str:
    """The one country of both certificates, which must be the issuing state's."""
    country = anchor.subject.country
    if {signer.issuer.country, signer.subject.country} != {country}:
        raise CountryMismatchError()
    if document.issuing_state not in STATES:
        raise IssuingStateUnknownError()
    if country not in STATES[document.issuing_state]:
        raise CountryMismatchError()
    return country


def _require_scope(signer: Certificate, anchor: Anchor, document: Document) -> None:
    if scope_of(document.code) != anchor.scope:
        raise ScopeError(reason="anchor", pinned_for=anchor.scope)
    if signer.document_types is not None and not _codes(signer.document_types) & {
        document.code,
        document.code[
            :1
        ],  # a list that names the kind alone covers what issuers put behind it (9303-12 7.1.1.6)
    }:
        raise ScopeError(reason="document-type")


def _codes(document_types: tuple[str, ...]) -> set[str]:
    return {code.rstrip("<") for code in document_types}


def scope_of(code: str) -> str:
    """The kind of document an MRZ document code stands for (9303-5 4.2.2.1, 9303-4 4.2.2.1)."""
    if code.startswith(_IDENTITY_CARD_CODES):
        return "identity-card"
    return "passport" if code.startswith("P") else "unknown"


def require_in_time(
    signer: Certificate, anchor: Certificate, signing_time: datetime | None, at: datetime
) -> None:
    """Check that signing happened while both certificates and the signer's key were in use.

    What has expired since does not matter. Raises ChainError, ClockSuspectError, SigningTimeUnknownError."""
    moment = at if signing_time is None else signing_time
    if moment - at > CLOCK_TOLERANCE:
        raise ClockSuspectError(days_ahead=(moment - at).days)
    if signing_time is None and not signer.validity.covers(at):
        raise SigningTimeUnknownError()
    if not signer.validity.covers(moment):
        raise ChainError(reason="signing-time")
    used_from = signer.usage_period
    if signing_time is not None and used_from is not None and not used_from.covers(signing_time):
        raise ChainError(reason="usage-period")
    issued = signer.validity.start
    if issued is not None and not anchor.validity.covers(issued):
        raise ChainError(reason="issuer-validity")
    if issued is not None and anchor.usage_period is not None and not anchor.usage_period.covers(issued):
        raise ChainError(reason="issuer-usage-period")
    if not anchor.validity.covers(moment):
        raise ChainError(reason="issuer-validity")


def require_not_revoked(signer: Certificate, anchor: Certificate, crl: Crl | None, at: datetime) -> int:
    """Return the age of the CRL in days. A certificate once listed stays revoked, however old the list, and though a
    newer list has dropped it (fact `list`).

    Raises RevokedError, RevocationUnknownError when the list is absent, older than 90 days or from the
    future."""
    if crl is None:
        raise RevocationUnknownError(reason="no-crl")
    for what, serial in (("signer", signer.serial), ("csca", anchor.serial)):
        if serial in crl.serials:
            raise RevokedError(what=what)
        if crl.revokes(serial):
            raise RevokedError(what=what, list="earlier")
    age = crl.age_days(at)
    if at - crl.this_update > timedelta(days=MAX_AGE_DAYS):
        raise RevocationUnknownError(reason="crl-stale", age_days=age)
    if crl.this_update - at > CLOCK_TOLERANCE:
        raise RevocationUnknownError(reason="crl-from-future", age_days=age)
    return age
