"""A sheet's file as a court asks about it: every signature, whose, when, of what worth, and whether all is unaltered.

Whoever is believed comes from outside: the station's certificate, authorities for signatures and for time stamps.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from datetime import datetime
from enum import StrEnum
from typing import Final

from cryptography import x509
from cryptography.x509 import ocsp
from cryptography.x509.oid import ExtendedKeyUsageOID

from reports.chain_proofs import unproven, whole_chain
from reports.dss import Dss
from reports.errors import PdfAlteredError, PdfFormatError, ReportsError
from reports.signing_errors import UNREADABLE, SigningCertificateError
from reports.signing_revocation import read_crl
from reports.signing_status import Judged, SignatureStatus, judge, name_of
from reports.verification import Added, IntactPdf, verify_intact
from reports.verify_changes import STATION_FIELD, Update
from reports.verify_cms import Signed
from reports.verify_linked import load_certificate, require_linked, require_proven

MAX_MOMENTS: Final = 8
_GOOD: Final = frozenset({SignatureStatus.VALID, SignatureStatus.UNKNOWN})


class SignatureKind(StrEnum):
    """Whose signature: the station's seal, an official's token, a time-stamp authority's."""

    SEAL = "seal"
    TOKEN = "token"  # noqa: S105 - a kind of signature
    STAMP = "time-stamp"


class Level(StrEnum):
    """How long a signature can be judged (ETSI EN 319 142-1): bare; dated by an authority; with what proves its
    chain; all of that dated again.
    """

    BARE = "B-B"
    DATED = "B-T"
    LONG_TERM = "B-LT"
    ARCHIVED = "B-LTA"


@dataclass(frozen=True, slots=True, kw_only=True)
class Believed:
    """Who is believed, DER each: authorities for `signatures`, for `time_stamps`; lists and answers; `others` may
    stand in between.
    """

    signatures: tuple[bytes, ...] = field(default=(), repr=False)
    time_stamps: tuple[bytes, ...] = field(default=(), repr=False)
    crls: tuple[bytes, ...] = field(default=(), repr=False)
    ocsps: tuple[bytes, ...] = field(default=(), repr=False)
    others: tuple[bytes, ...] = field(default=(), repr=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class SignatureFinding:
    """One signature. `claimed_at` is what the signer says, `stamped_at` what a believed authority proves, UTC.

    `why` says more where the status is neither valid nor unknown; `authority`: SHA-256 of the pinned certificate.
    """

    holder: str = field(repr=False)
    issuer: str = ""
    field: str
    role: str
    kind: SignatureKind
    certificate: str = ""
    authority: str = ""
    claimed_at: datetime
    stamped_at: datetime | None = None
    status: SignatureStatus
    why: str = ""
    level: Level = Level.BARE
    revision: int


@dataclass(frozen=True, slots=True, kw_only=True)
class SheetFinding:
    """What a file is worth. `error` is why it is not intact; then nothing in it counts and nothing else is said.

    `unsigned_sha256` is of the first revision, `sealed_sha256` of the file as the station sealed it (the log has
    both); `open_fields`: name and role of the fields that nobody signed; `whole`: the last signature covers the whole
    file (a store of proofs after it is checked byte by byte instead).
    """

    error: ReportsError | None = None
    signatures: tuple[SignatureFinding, ...] = ()
    open_fields: tuple[tuple[str, str], ...] = ()
    unsigned_sha256: str = ""
    sealed_sha256: str = ""
    unsigned: bytes = field(default=b"", repr=False)
    whole: bool = False

    @property
    def intact(self) -> bool:
        """Whether nothing was altered."""
        return self.error is None

    @property
    def credible(self) -> bool:
        """Whether every signature is believed; an unknown status does not make one unbelieved."""
        return self.intact and all(each.status in _GOOD for each in self.signatures)


def verify_sheet(
    pdf: bytes, station: bytes | str, believed: Believed | None = None, *, at: datetime
) -> SheetFinding:
    """Return what a sheet's file is worth at a moment, UTC; an altered one is named, never valid.

    `station`: the pinned certificate (DER) or its SHA-256. Raises PdfFormatError for what is no PDF at all.
    """
    believed = believed or Believed()
    try:
        intact = verify_intact(pdf, station)
        require_linked(intact, believed.signatures + believed.time_stamps + believed.others)
        return _finding(intact, believed, at)
    except PdfFormatError:
        raise
    except ReportsError as error:
        return SheetFinding(error=error)


# -- worth -----------------------------------------------------------------------------------------


def _finding(intact: IntactPdf, believed: Believed, at: datetime) -> SheetFinding:
    court = _Court(intact, believed, at)
    tokens = [court.token(each) for each in intact.additions if each.addition.kind is Update.TOKEN]
    found = [court.levelled(each) for each in (court.seal(), *tokens, *court.stamps)]
    signed = {each.field for each in found}
    return SheetFinding(
        signatures=tuple(sorted(found, key=lambda each: each.revision)),
        open_fields=tuple((each.name, each.role) for each in intact.places if each.name not in signed),
        unsigned_sha256=intact.unsigned_sha256,
        sealed_sha256=intact.sealed_sha256,
        unsigned=intact.unsigned,
        whole=intact.whole,
    )


class _Court:
    """Who is believed of those who signed an intact file, and since when."""

    def __init__(self, intact: IntactPdf, believed: Believed, at: datetime) -> None:
        self._intact, self._believed, self._at = intact, believed, at
        self._pinned = believed.signatures + believed.time_stamps + believed.others
        self.stamps: list[SignatureFinding] = []
        for added in reversed(intact.additions):  # a later stamp says when an earlier one was still good
            if added.addition.kind is Update.STAMP:
                self.stamps.insert(0, self._stamp(added))

    def seal(self) -> SignatureFinding:
        """Return the station's, which the file's two judges took already."""
        sealed = self._intact.sealed
        return SignatureFinding(
            field=STATION_FIELD,
            role=self._intact.places[0].role,
            kind=SignatureKind.SEAL,
            holder=sealed.origin,
            certificate=sealed.fingerprint,
            claimed_at=sealed.signed_at,
            stamped_at=self._dated(0),
            status=SignatureStatus.VALID,
            revision=0,
        )

    def token(self, added: Added) -> SignatureFinding:
        """Return an official's."""
        signed = _signed(added)
        stamped_at = self._dated(added.addition.revision)
        if stamped_at is None and signed.stamp is not None:
            stamped_at = self._own_stamp(signed.stamp)
        judged = self._judged(signed, self._believed.signatures, stamped_at)
        require_proven(added, signed, judged, self._pinned)
        role = next((each.role for each in self._intact.places if each.name == added.addition.field), "")
        return _described(added, judged, kind=SignatureKind.TOKEN, role=role, stamped_at=stamped_at)

    def _stamp(self, added: Added) -> SignatureFinding:
        signed = _signed(added)
        stamped_at = self._dated(added.addition.revision)
        judged = self._judged(signed, self._believed.time_stamps, stamped_at)
        require_proven(added, signed, judged, self._pinned)
        return _described(added, judged, kind=SignatureKind.STAMP, role="", stamped_at=stamped_at)

    def _own_stamp(self, stamp: Signed) -> datetime | None:
        """Return the time of the stamp that a signature carries within itself, if it is believed."""
        judged = self._judged(stamp, self._believed.time_stamps, None)
        return stamp.at if judged.status in _GOOD else None

    def _dated(self, revision: int) -> datetime | None:
        """Return when a revision was there at the latest, as the first believed stamp after it proves."""
        good = (each for each in self.stamps if each.status in _GOOD and each.revision > revision)
        return next((each.claimed_at for each in good), None)

    def _judged(self, signed: Signed, authorities: tuple[bytes, ...], moment: datetime | None) -> Judged:
        """Return what is known of a signer at a moment, or now; what the file's store has helps."""
        stores = list(self._intact.stores.values())
        store = stores[-1] if stores else Dss()
        believed = replace(
            self._believed,
            crls=self._believed.crls + store.crls,
            ocsps=self._believed.ocsps + store.ocsps,
            others=(*self._believed.others, *signed.others, *store.certificates),
        )
        return judge_signer(signed, authorities, believed, moment or self._at)

    def levelled(self, found: SignatureFinding) -> SignatureFinding:
        """Return a finding with its level: what proves its chain must be in the file itself."""
        stamp = found.kind is SignatureKind.STAMP
        if found.status not in _GOOD or (found.stamped_at is None and not stamp):
            return found
        stores = self._intact.stores
        proving = [each for each in stores if each > found.revision and self._proves(found, stores[each])]
        if not proving:
            return replace(found, level=Level.DATED)
        archived = any(each.status in _GOOD and each.revision > proving[0] for each in self.stamps)
        return replace(found, level=Level.ARCHIVED if archived else Level.LONG_TERM)

    def _proves(self, found: SignatureFinding, store: Dss) -> bool:
        """Whether a store alone shows that a signature's chain, and that of the stamp which dates it, was good."""
        named = {found.revision}
        if found.kind is not SignatureKind.STAMP:
            named |= {each.revision for each in self.stamps if each.claimed_at == found.stamped_at}
        only = Believed(crls=store.crls, ocsps=store.ocsps, others=store.certificates)
        added = [each for each in self._intact.additions if each.addition.revision in named]
        return all(self._shown(each, only, found.stamped_at) for each in added)

    def _shown(self, added: Added, only: Believed, moment: datetime | None) -> bool:
        stamp = added.addition.kind is Update.STAMP
        anchors = self._believed.time_stamps if stamp else self._believed.signatures
        judged = judge_signer(_signed(added), anchors, only, moment or self._at)
        if judged.status is not SignatureStatus.VALID:
            return False
        known = (*self._believed.signatures, *self._believed.time_stamps, *only.others)
        chain, since = whole_chain(judged.chain, known), moment or self._at
        moments = (since, *_younger(only, since))
        lacking = unproven(chain, crls=only.crls, ocsps=only.ocsps, moments=moments)
        return lacking is None and set(chain[:-1]) <= set(only.others)


def _signed(added: Added) -> Signed:
    if added.signed is None:
        raise PdfAlteredError(why="signature-form", revision=added.addition.revision)
    return added.signed


def _described(
    added: Added, judged: Judged, *, kind: SignatureKind, role: str, stamped_at: datetime | None
) -> SignatureFinding:
    signed = _signed(added)
    certificate = load_certificate(signed.certificate)
    if added.claimed_at is None:
        raise PdfAlteredError(why="validation", field=added.addition.field)
    return SignatureFinding(
        field=added.addition.field,
        role=role,
        kind=kind,
        holder=name_of(certificate.subject),
        issuer=name_of(certificate.issuer),
        certificate=signed.fingerprint,
        authority=judged.authority,
        claimed_at=added.claimed_at,
        stamped_at=stamped_at,
        status=judged.status,
        why=judged.why,
        revision=added.addition.revision,
    )


def judge_signer(signed: Signed, authorities: tuple[bytes, ...], believed: Believed, at: datetime) -> Judged:
    """Return what is known of who signed at a moment, UTC; a stamp's signer must be there for stamps alone.

    Who was not revoked later was not revoked then: a list or answer that is younger than the moment clears as well.
    """
    untrusted = Judged(status=SignatureStatus.UNTRUSTED, why="key-usage", chain=(signed.certificate,))
    if signed.at is not None and not stamps_times(signed.certificate):
        return untrusted
    try:
        judged = _once(signed.certificate, authorities, believed, at)
        for moment in _younger(believed, at) if judged.status is SignatureStatus.UNKNOWN else ():
            later = _once(signed.certificate, authorities, believed, moment)
            if later.status in {SignatureStatus.VALID, SignatureStatus.REVOKED}:
                return later
    except SigningCertificateError as error:
        return replace(untrusted, why=str(error.facts["why"]))
    return judged


def stamps_times(certificate: bytes) -> bool:
    """Whether a certificate is for time stamps and for nothing else (RFC 3161, 2.3)."""
    try:
        found = load_certificate(certificate).extensions.get_extension_for_class(x509.ExtendedKeyUsage)
    except (x509.ExtensionNotFound, *UNREADABLE):
        return False
    return found.critical and list(found.value) == [ExtendedKeyUsageOID.TIME_STAMPING]


def _once(certificate: bytes, authorities: tuple[bytes, ...], believed: Believed, at: datetime) -> Judged:
    return judge(
        certificate,
        others=believed.others,
        authorities=authorities,
        crls=believed.crls,
        ocsps=believed.ocsps,
        at=at,
    )


def _younger(believed: Believed, at: datetime) -> list[datetime]:
    """Return moments after `at` at which a list or an answer was made."""
    made = [crl.last_update_utc for crl in map(read_crl, believed.crls) if crl is not None]
    for der in believed.ocsps:
        try:
            made += [each.this_update_utc for each in ocsp.load_der_ocsp_response(der).responses]
        except UNREADABLE:
            continue
    return sorted({moment for moment in made if moment is not None and moment > at})[-MAX_MOMENTS:]
