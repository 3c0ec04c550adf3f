"""Certificates, lists and answers that a sheet's file carries: each must belong to a signature of the file."""

from __future__ import annotations

import itertools
from collections import Counter
from collections.abc import Sequence
from typing import Final

from cryptography import x509
from cryptography.x509 import ocsp

from reports.dss import Dss
from reports.errors import PdfAlteredError
from reports.signing_errors import UNREADABLE
from reports.signing_paths import issued
from reports.signing_revocation import Revocation, made_by, read_crl, revocation_of
from reports.signing_status import Judged, SignatureStatus
from reports.verification import Added, IntactPdf
from reports.verify_cms import Signed

MAX_CARRIED: Final = 50
"""Certificates of a file, all signatures and proofs together."""
MAX_NAMESAKES: Final = 8
MAX_ANSWERS: Final = 8
"""Certificates that one OCSP answer may be about."""


def require_linked(intact: IntactPdf, pinned: Sequence[bytes]) -> None:
    """Raise PdfAlteredError for a certificate, list or answer in the file that belongs to none of its signatures."""
    carried: dict[bytes, None] = {}
    for added in intact.additions:
        for signed in _with_stamp(added.signed):
            if not _all_above(signed, pinned):
                raise PdfAlteredError(
                    why="certificates", field=added.addition.field, revision=added.addition.revision
                )
            carried |= dict.fromkeys((signed.certificate, *signed.others))
    stores = intact.stores
    everything = {**carried, **dict.fromkeys(der for each in stores.values() for der in each.certificates)}
    if len(everything) > MAX_CARRIED or not _distinct(tuple(everything)):
        raise PdfAlteredError(why="certificates")
    for revision, store in stores.items():
        if not _belongs(store, tuple(carried), pinned):
            raise PdfAlteredError(why="store-foreign", revision=revision)


def _with_stamp(signed: Signed | None) -> list[Signed]:
    if signed is None:
        return []
    return [signed, *_with_stamp(signed.stamp)]


def _distinct(certificates: tuple[bytes, ...]) -> bool:
    """Whether few share a name, and none an issuer and a number: else every question has too many answers."""
    parsed = [load_certificate(each) for each in certificates]
    try:
        names = Counter(each.subject.public_bytes() for each in parsed)
        numbers = Counter((each.issuer.public_bytes(), each.serial_number) for each in parsed)
    except UNREADABLE:
        return False
    few = not names or max(names.values()) <= MAX_NAMESAKES
    return few and (not numbers or max(numbers.values()) == 1)


def _all_above(signed: Signed, pinned: Sequence[bytes], *, trusted: bool = False) -> bool:
    """Whether every other certificate of a CMS stands above the signer's, each signed by the one above it.

    The chain may go on above a pinned certificate; its last one is pinned, made by a pinned one, or makes itself.
    """
    left, current = list(signed.others), signed.certificate
    vouched = _vouched(current, pinned)
    believed = trusted or vouched
    while left:
        above = next((der for der in left if der != current and issued(current, der)), None)
        if above is None:
            return False
        left.remove(above)
        current, vouched = above, _vouched(above, pinned)
        believed = believed or vouched
    proven = not signed.others or vouched or issued(current, current)
    return proven or not believed  # what nobody vouches for makes nothing believed


def require_proven(added: Added, signed: Signed, judged: Judged, pinned: Sequence[bytes]) -> None:
    """Raise PdfAlteredError if a signer is believed and beside its signature stands what nobody vouches for.

    Its chain may have been found without that one.
    """
    if judged.status is SignatureStatus.UNTRUSTED:
        return
    if not _all_above(signed, (*pinned, *judged.chain), trusted=True):
        place = added.addition
        raise PdfAlteredError(why="certificates", field=place.field, revision=place.revision)


def _vouched(certificate: bytes, pinned: Sequence[bytes]) -> bool:
    return certificate in pinned or any(issued(certificate, each) for each in pinned)


def _belongs(store: Dss, carried: tuple[bytes, ...], pinned: Sequence[bytes]) -> bool:
    """Whether everything in a store is about the signatures' chains, and made by who it says."""
    chain, left = [*carried], list(dict.fromkeys(store.certificates))
    candidates = [*left, *chain, *pinned]
    while left:
        linked = next((der for der in left if _is_linked(der, chain, candidates)), None)
        if linked is None:
            return False
        left.remove(linked)
        chain.append(linked)
    issuers = list(dict.fromkeys([*chain, *pinned]))
    makers = [load_certificate(der) for der in issuers]
    lists = [read_crl(der) for der in store.crls]
    if not all(each is not None and any(made_by(each, issuer) for issuer in makers) for each in lists):
        return False
    pairs = [
        (load_certificate(each), load_certificate(issuer))
        for each, issuer in itertools.product(dict.fromkeys(chain), issuers)
        if issued(each, issuer)
    ]
    return all(_answers(der, pairs) for der in store.ocsps)


def _is_linked(certificate: bytes, chain: Sequence[bytes], candidates: Sequence[bytes]) -> bool:
    """Whether a certificate is one of the chain's or made one of them, and its own signature is good."""
    if certificate not in chain and not any(issued(each, certificate) for each in chain):
        return False
    return any(issued(certificate, each) for each in candidates)


def _answers(der: bytes, pairs: Sequence[tuple[x509.Certificate, x509.Certificate]]) -> bool:
    """Whether an answer is about a certificate of one of these pairs, which its issuer follows."""
    try:
        said = list(itertools.islice(ocsp.load_der_ocsp_response(der).responses, MAX_ANSWERS + 1))
        if not 1 <= len(said) <= MAX_ANSWERS:
            return False
        at, numbers = said[0].this_update_utc, {each.serial_number for each in said}
        about = [(each, issuer) for each, issuer in pairs if each.serial_number in numbers][:MAX_ANSWERS]
    except UNREADABLE:
        return False
    return any(
        revocation_of(each, issuer, crls=(), ocsps=(der,), at=at) is not Revocation.UNKNOWN
        for each, issuer in about
    )


def load_certificate(der: bytes) -> x509.Certificate:
    try:
        return x509.load_der_x509_certificate(der)
    except UNREADABLE:
        raise PdfAlteredError(why="certificates") from None
