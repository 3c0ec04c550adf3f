"""What an import would bring into a trust store: every certificate and CRL of a file, checked, before anything is
written.

In a file of one or a few, the first that is no good refuses the import. In a list of many, it is left out, named and
counted. A training certificate, and a CRL that is older than the stored one, always refuse all of it.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, field
from datetime import UTC
from typing import TYPE_CHECKING, Final

from readers.emrtd.pki.chain import MAX_TRIES, Anchor, Scope, likely_issuers
from readers.emrtd.pki.crl import Crl, read_crl
from readers.emrtd.pki.csca import is_link, read_csca, require_link, require_self_signature
from readers.emrtd.pki.errors import (
    CertificateRefusedError,
    CrlRefusedError,
    CrlRolledBackError,
    MasterListRefusedError,
    SecondPersonError,
    TrainingAnchorError,
    UnsupportedAlgorithmError,
)
from readers.emrtd.pki.master_list import MasterList, read_master_list, require_list_signer
from readers.emrtd.pki.revocation import (
    CrlSigner,
    is_older,
    lost_serials,
    require_crl_signer,
    signed_by,
)
from readers.emrtd.pki.stored_item import StoredItem

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence
    from datetime import datetime
    from typing import Protocol

    from readers.emrtd.pki.certificate import Certificate, Name
    from readers.emrtd.pki.trust_file import TrustFile

    class Pinned(Protocol):
        """What an import needs of the store it goes into."""

        @property
        def training(self) -> bool:
            """Whether training certificates may come in."""

        def list(self) -> tuple[StoredItem, ...]:
            """Every anchor and CRL."""

        def anchors_named(self, subject_key: str) -> tuple[Anchor, ...]:
            """The pinned CSCAs of this name."""

        def anchors_of(self, country: str) -> tuple[Anchor, ...]:
            """The pinned CSCAs of a country."""

        def crl_of(self, issuer_key: str) -> Crl | None:
            """The CRL that decides for an issuer."""

        def crls_of(self, issuer_key: str) -> tuple[Crl, ...]:
            """Every stored CRL of an issuer."""


SCOPES: Final = ("identity-card", "passport")
MAX_CERTIFICATES: Final = 10_000
MAX_LISTS: Final = 1_000
MAX_TRIES_OF_FILE: Final = 2_000
"""What one file may cost before anybody is asked: different certificates, master lists and CRLs, and signatures that
are tried with keys of other certificates. The whole directory has far fewer of each."""


@dataclass(frozen=True, slots=True, kw_only=True)
class NewItem:
    """Something that would come in: its line of the manifest and its octets. `expired`: a CSCA whose time is over,
    which still vouches for what it signed in its time. `replaces`: SHA-256 of the older CRLs of a CRL's key."""

    item: StoredItem
    encoded: bytes = field(repr=False)
    expired: bool = False
    replaces: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Unlisted:
    """An alarm: a newer CRL (`sha256`) lacks `count` certificates that the one before it named. They stay revoked."""

    sha256: str
    count: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Skipped:
    """Something of a list that stays out. what: certificate, crl, master-list or attribute; sha256: of its octets."""

    what: str
    sha256: str
    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Voucher:
    """Who vouches for a master list. `pinned`: the CSCA was in the store before; else it comes with the list itself,
    and only the comparison on paper speaks for it."""

    country: str
    csca_sha256: str
    signer_sha256: str
    pinned: bool
    certificates: int


@dataclass(frozen=True, slots=True, kw_only=True)
class ImportPlan:
    """The outcome of checking a file. `fingerprints`: of all that is good in it, pinned before or not."""

    new: tuple[NewItem, ...]
    fingerprints: tuple[str, ...]
    skipped: tuple[Skipped, ...]
    vouchers: tuple[Voucher, ...]
    signers: int
    unlisted: tuple[Unlisted, ...] = ()

    @property
    def known(self) -> int:
        """How many were in the store already, or stand in the file twice."""
        return len(self.fingerprints) - len(self.new)


class Importer:
    """Checks one file for one store. `by`, `second`: the two persons; `at`: now, UTC; `source`: SHA-256 of the file."""

    def __init__(
        self, store: Pinned, *, by: str, second: str, at: datetime, scope: Scope, source: str
    ) -> None:
        if scope not in SCOPES:
            raise CertificateRefusedError(reason="scope")
        self._store = store
        self._by, self._second, self._at = by, second, at
        self._scope = scope
        self._source = source
        self._known = {item.sha256: item for item in store.list()}
        self._parsed: dict[bytes, Certificate | CertificateRefusedError] = {}
        self._authorities: dict[str, Certificate] = {}
        self._named: dict[str, list[Certificate]] = {}
        self._of_country: dict[str, list[Certificate]] = {}
        self._tries = 0
        self._new: dict[str, NewItem] = {}
        self._fingerprints: list[str] = []
        self._skipped: list[Skipped] = []
        self._vouchers: list[Voucher] = []
        self._lists: set[tuple[str, bytes]] = set()
        self._unlisted: list[Unlisted] = []

    def plan(self, file: TrustFile) -> ImportPlan:
        """Check everything.

        Raises TrainingAnchorError, SecondPersonError, CrlRolledBackError, and for a file of one or a few
        CertificateRefusedError, MasterListRefusedError, CrlRefusedError."""
        if max(len(file.crls), len(file.master_lists)) > MAX_LISTS:
            raise CertificateRefusedError(reason="too-many-lists")
        lenient = file.is_list
        self._skipped += [Skipped(what="attribute", sha256="", reason=name) for name in file.broken]
        certificates = [*file.certificates, *self._listed(file.master_lists, lenient=file.form == "ldif")]
        self._take_certificates(certificates, lenient=lenient)
        for octets in file.crls:
            self._take_crl(octets, lenient=lenient)
        return ImportPlan(
            new=tuple(self._new.values()),
            fingerprints=tuple(self._fingerprints),
            skipped=tuple(self._skipped),
            vouchers=tuple(self._vouchers),
            signers=file.signers,
            unlisted=tuple(self._unlisted),
        )

    # --- certificates ----------------------------------------------------------------------------------------

    def _listed(self, master_lists: Iterable[bytes], *, lenient: bool) -> list[bytes]:
        """The certificates of every list whose signer its own country vouches for."""
        found: list[bytes] = []
        for octets in master_lists:
            try:
                signed = read_master_list(octets)
                self._vouchers.append(self._voucher(signed))
            except MasterListRefusedError as refused:
                if not lenient:
                    raise
                self._skip("master-list", octets, str(refused.facts.get("reason")))
                continue
            found += signed.certificates
        return found

    def _voucher(self, signed: MasterList) -> Voucher:
        name = signed.signer.issuer.key
        pinned = [anchor.certificate for anchor in self._store.anchors_named(name)]
        likely = likely_issuers(signed.signer.authority_key_id, [*pinned, *self._enclosed(signed)])
        able = (found for found in likely if found in pinned or _signs_itself(found))
        authority = require_list_signer(signed, able, self._at)
        crl = self._store.crl_of(name)
        if crl is not None and crl.revokes(signed.signer.serial):
            raise MasterListRefusedError(reason="signer-revoked")
        return Voucher(
            country=signed.signer.subject.country,
            csca_sha256=authority.fingerprint,
            signer_sha256=signed.signer.fingerprint,
            pinned=authority in pinned,
            certificates=len(signed.certificates),
        )

    def _enclosed(self, signed: MasterList) -> Iterable[Certificate]:
        """The CSCAs of the list itself that its signer may come from; whether they signed themselves is still open."""
        for octets in signed.certificates:
            try:
                certificate = self._read(octets)
            except CertificateRefusedError:
                continue
            if certificate.subject.key == signed.signer.issuer.key and not is_link(certificate):
                yield certificate

    def _take_certificates(self, certificates: Sequence[bytes], *, lenient: bool) -> None:
        """Self-signed ones first: a link may be signed by one that stands behind it in the file."""
        links: list[Certificate] = []
        for octets in certificates:
            try:
                certificate = self._read(octets)
                if is_link(certificate):
                    links.append(certificate)
                    continue
                if certificate.fingerprint not in self._authorities:
                    require_self_signature(certificate)
                self._take_certificate(certificate)
            except CertificateRefusedError as refused:
                self._refuse("certificate", octets, refused, lenient=lenient)
        for certificate in links:
            try:
                issuer = require_link(certificate, self._tried(certificate))
                self._take_certificate(certificate, link=issuer.fingerprint)
            except CertificateRefusedError as refused:
                self._refuse("certificate", certificate.encoded, refused, lenient=lenient)

    def _read(self, octets: bytes) -> Certificate:
        """Parse each certificate of the file once. Raises CertificateRefusedError."""
        if octets not in self._parsed:
            if len(self._parsed) >= MAX_CERTIFICATES:
                raise CertificateRefusedError(reason="too-many")
            try:
                self._parsed[octets] = read_csca(octets)
            except CertificateRefusedError as refused:
                self._parsed[octets] = refused
        found = self._parsed[octets]
        if isinstance(found, CertificateRefusedError):
            raise found
        return found

    def _tried(self, link: Certificate) -> Iterator[Certificate]:
        """Whose key may have signed the link, counted. Raises CertificateRefusedError when it was tried too often."""
        pinned = [anchor.certificate for anchor in self._store.anchors_named(link.issuer.key)]
        offered = self._named.get(link.issuer.key, [])
        for found in likely_issuers(link.authority_key_id, [*pinned, *offered]):
            if self._tries >= MAX_TRIES_OF_FILE:
                raise CertificateRefusedError(reason="too-many-tries")
            self._tries += 1
            yield found

    def _take_certificate(self, certificate: Certificate, *, link: str = "") -> None:
        if certificate.training and not self._store.training:
            raise TrainingAnchorError()
        if not self._store.training and (not self._by or not self._second or self._by == self._second):
            raise SecondPersonError()
        fingerprint = certificate.fingerprint
        known = self._known.get(fingerprint)
        if known is not None and known.scope != self._scope:
            raise CertificateRefusedError(reason="scope-differs", pinned_for=known.scope)
        if fingerprint not in self._authorities:
            self._authorities[fingerprint] = certificate
            self._named.setdefault(certificate.subject.key, []).append(certificate)
            self._of_country.setdefault(certificate.subject.country, []).append(certificate)
        self._fingerprints.append(fingerprint)
        if known is None and fingerprint not in self._new:
            end = certificate.validity.end
            item = self._item(
                kind="csca",
                fingerprint=fingerprint,
                of=certificate.subject,
                scope=self._scope,
                link=link,
                key_id=certificate.key_id,
            )
            expired = end is not None and end < self._at
            self._new[fingerprint] = NewItem(item=item, encoded=certificate.encoded, expired=expired)

    # --- revocation lists ------------------------------------------------------------------------------------

    def _take_crl(self, octets: bytes, *, lenient: bool) -> None:
        try:
            if self._tries >= MAX_TRIES_OF_FILE:
                raise CrlRefusedError(reason="too-many-tries")
            crl = _read_crl(octets)
            signer = require_crl_signer(crl, self._authorities_of(crl.issuer.country))
        except CrlRefusedError as refused:
            self._tries += MAX_TRIES if refused.facts.get("reason") == "signature" else 0
            self._refuse("crl", octets, refused, lenient=lenient)
            return
        name, fingerprint = crl.issuer.key, crl.fingerprint
        self._fingerprints.append(fingerprint)
        same_key = [old for old in self._store.crls_of(name) if signed_by(old, signer.certificate)]
        last = same_key[-1] if same_key else None
        if fingerprint in self._new or (last is not None and last.fingerprint == fingerprint):
            return
        if last is not None and is_older(crl, last):
            raise CrlRolledBackError(stored_number=_shown(last), offered_number=_shown(crl))
        if (name, signer.certificate.spki) in self._lists:
            raise CrlRefusedError(reason="two-lists-of-one-issuer")
        self._lists.add((name, signer.certificate.spki))
        lost = lost_serials(crl, last or self._store.crl_of(name))
        if lost:
            self._unlisted.append(Unlisted(sha256=fingerprint, count=lost))
        self._new[fingerprint] = self._new_list(crl, signer, same_key)

    def _authorities_of(self, country: str) -> list[Anchor]:
        """The CSCAs of a country, pinned before or good in this file."""
        offered = self._of_country.get(country, [])
        return [
            *self._store.anchors_of(country),
            *(Anchor(certificate=found, scope=self._scope) for found in offered),
        ]

    def _new_list(self, crl: Crl, signer: CrlSigner, same_key: Sequence[Crl]) -> NewItem:
        item = self._item(
            kind="crl", fingerprint=crl.fingerprint, of=crl.issuer, scope=signer.scope, number=_number(crl)
        )
        replaces = tuple(old.fingerprint for old in same_key)
        return NewItem(item=item, encoded=crl.encoded, replaces=replaces)

    # --- both ------------------------------------------------------------------------------------------------

    def _item(
        self,
        *,
        kind: str,
        fingerprint: str,
        of: Name,
        scope: str,
        number: int = -1,
        link: str = "",
        key_id: bytes | None = None,
    ) -> StoredItem:
        return StoredItem(
            kind=kind,
            sha256=fingerprint,
            subject=of.key,
            scope=scope,
            number=number,
            by=self._by,
            second=self._second,
            at=self._at.astimezone(UTC).isoformat(timespec="seconds"),
            country=of.country,
            name=of.display,
            link=link,
            key_id="" if key_id is None else key_id.hex(),
            source="" if self._source == fingerprint else self._source,
        )

    def _refuse(
        self, what: str, octets: bytes, refused: CertificateRefusedError | CrlRefusedError, *, lenient: bool
    ) -> None:
        if not lenient:
            raise refused
        self._skip(what, octets, str(refused.facts.get("reason")))

    def _skip(self, what: str, octets: bytes, reason: str) -> None:
        self._skipped.append(Skipped(what=what, sha256=hashlib.sha256(octets).hexdigest(), reason=reason))


def _signs_itself(certificate: Certificate) -> bool:
    try:
        require_self_signature(certificate)
    except CertificateRefusedError:
        return False
    return True


def _read_crl(data: bytes) -> Crl:
    try:
        return read_crl(data)
    except UnsupportedAlgorithmError:
        raise CrlRefusedError(reason="algorithm") from None


def _number(crl: Crl) -> int:
    return -1 if crl.number is None else crl.number


def _shown(crl: Crl) -> str:
    """A number for the record, where 64 bits are not always enough."""
    return "none" if crl.number is None else str(crl.number)
