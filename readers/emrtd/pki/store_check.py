"""Everything a trust store says, checked once more: not at every start, but whenever somebody asks."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING

from readers.emrtd.pki.chain import likely_issuers
from readers.emrtd.pki.crl import MAX_AGE_DAYS, read_crl
from readers.emrtd.pki.csca import is_link, read_csca, require_link, require_self_signature
from readers.emrtd.pki.errors import CertificateRefusedError, CrlRefusedError
from readers.emrtd.pki.revocation import require_crl_signer
from readers.errors import ReaderError

if TYPE_CHECKING:
    from collections.abc import Iterator
    from datetime import datetime

    from readers.emrtd.pki.store import TrustStore
    from readers.emrtd.pki.stored_item import StoredItem


@dataclass(frozen=True, slots=True, kw_only=True)
class StoreFinding:
    """One thing that is not as it must be. code: trust-self-signature, trust-link, trust-crl-signature,
    trust-crl-stale, trust-unreadable."""

    code: str
    sha256: str
    name: str


def check_store(store: TrustStore, at: datetime) -> tuple[StoreFinding, ...]:
    """Check every self-signature, link, CRL signature and the age of every CRL; `at`: now, UTC.

    The store's own signature and the hash of every file were checked when it was opened."""
    return tuple(finding for item in store.list() for finding in _check(store, item, at))


def _check(store: TrustStore, item: StoredItem, at: datetime) -> Iterator[StoreFinding]:
    try:
        codes = _check_csca(store, item) if item.kind == "csca" else _check_crl(store, item, at)
    except ReaderError:
        codes = ["trust-unreadable"]
    for code in codes:
        yield StoreFinding(code=code, sha256=item.sha256, name=item.title)


def _check_csca(store: TrustStore, item: StoredItem) -> list[str]:
    certificate = read_csca(store.anchor(item).certificate.encoded)
    try:
        if is_link(certificate):
            known = [anchor.certificate for anchor in store.anchors_named(certificate.issuer.key)]
            require_link(certificate, likely_issuers(certificate.authority_key_id, known))
        else:
            require_self_signature(certificate)
    except CertificateRefusedError:
        return ["trust-link" if is_link(certificate) else "trust-self-signature"]
    return []


def _check_crl(store: TrustStore, item: StoredItem, at: datetime) -> list[str]:
    crl = read_crl(store.read_item(item))
    found = []
    try:
        require_crl_signer(crl, store.anchors_of(crl.issuer.country))
    except CrlRefusedError:
        found.append("trust-crl-signature")
    deciding = store.crl_of(item.subject)
    decides = deciding is not None and deciding.fingerprint == item.sha256
    if decides and at - crl.this_update > timedelta(days=MAX_AGE_DAYS):
        found.append("trust-crl-stale")
    return found
