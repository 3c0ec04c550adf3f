"""May this certificate sign: its chain to a pinned authority, validity, key usage, revocation. No network.

Paths are found by `signing_paths`, validated by pyhanko-certvalidator (RFC 5280, 6.1); what is pinned comes from
outside.
"""

from __future__ import annotations

import asyncio
import hashlib
import itertools
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Final

from asn1crypto import x509 as asn1_x509
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.x509.oid import NameOID
from pyhanko_certvalidator import ValidationContext
from pyhanko_certvalidator.authority import CertTrustAnchor
from pyhanko_certvalidator.errors import (
    ExpiredError,
    NotYetValidError,
    PathError,
    ValidationError,
)
from pyhanko_certvalidator.path import ValidationPath
from pyhanko_certvalidator.validate import async_validate_path

from reports.signing_errors import UNREADABLE, SigningCertificateError
from reports.signing_paths import paths_up
from reports.signing_revocation import Revocation, is_authority, read_crl, revocation_of
from reports.wording import clean

MAX_CERTIFICATE: Final = 64 * 1024
MAX_OTHERS: Final = 200
"""Certificates among which those in between are looked for."""
MIN_RSA_BITS: Final = 2_048
_CURVES: Final = (256, 384, 521)
_NAMES: Final = (NameOID.COMMON_NAME, NameOID.ORGANIZATION_NAME)


class SignatureStatus(StrEnum):
    """What is known of a certificate at a moment. UNKNOWN: nobody said whether it is revoked ("CHƯA XÁC ĐỊNH")."""

    VALID = "valid"
    UNKNOWN = "unknown"
    REVOKED = "revoked"
    EXPIRED = "expired"
    UNTRUSTED = "untrusted"


@dataclass(frozen=True, slots=True, kw_only=True)
class Judged:
    """A certificate's status; `why` says more where it is neither valid nor unknown.

    `chain`: DER, the certificate first, the pinned authority last; the certificate alone where no chain was found.
    `authority`: SHA-256 of the pinned certificate, hexadecimal, or nothing. `crls`, `ocsps`: what was asked.
    """

    status: SignatureStatus
    why: str
    chain: tuple[bytes, ...] = field(repr=False)
    authority: str = ""
    crls: tuple[bytes, ...] = field(default=(), repr=False)
    ocsps: tuple[bytes, ...] = field(default=(), repr=False)


def read_certificate(data: bytes) -> x509.Certificate:
    """Return a DER certificate whose key is P-256, P-384, P-521 or RSA of 2,048 bits and more.

    Raises SigningCertificateError.
    """
    try:
        certificate = x509.load_der_x509_certificate(data[: MAX_CERTIFICATE + 1])
        key = certificate.public_key()
        _ = (certificate.extensions, certificate.subject, certificate.issuer)
    except UNREADABLE:
        raise SigningCertificateError(why="unreadable") from None
    if certificate.public_bytes(Encoding.DER) != data:
        raise SigningCertificateError(why="unreadable")
    strong = isinstance(key, ec.EllipticCurvePublicKey) and key.curve.key_size in _CURVES
    if not strong and not (isinstance(key, rsa.RSAPublicKey) and key.key_size >= MIN_RSA_BITS):
        raise SigningCertificateError(why="key-kind")
    return certificate


def name_of(name: x509.Name) -> str:
    """Return who a certificate's name names, made safe to print; nothing of what else stands there."""
    for oid in _NAMES:
        for found in name.get_attributes_for_oid(oid):
            if text := clean(str(found.value)):
                return text
    return "—"


def may_sign(certificate: x509.Certificate) -> bool:
    """Whether its key usage has digitalSignature or nonRepudiation, and it is no authority's (RFC 5280, 4.2.1.3)."""
    try:
        usage = certificate.extensions.get_extension_for_class(x509.KeyUsage).value
    except x509.ExtensionNotFound:
        return False
    return (usage.digital_signature or usage.content_commitment) and not is_authority(certificate)


def judge(
    certificate: bytes,
    *,
    others: Iterable[bytes],
    authorities: Sequence[bytes],
    crls: Sequence[bytes],
    ocsps: Sequence[bytes],
    at: datetime,
) -> Judged:
    """Return what is known of a certificate at a moment, UTC.

    `others`: certificates that may stand between it and a pinned one, DER; `authorities`: the pinned ones, which
    need not be roots. Raises SigningCertificateError for a certificate that cannot be read or has a weak key.
    """
    parsed = read_certificate(certificate)
    if not may_sign(parsed):
        return Judged(status=SignatureStatus.UNTRUSTED, why="key-usage", chain=(certificate,))
    near = tuple(_readable(itertools.islice(dict.fromkeys(others), MAX_OTHERS)))
    chain, problem = find_path(certificate, near, tuple(authorities), at)
    if problem is not None:
        return Judged(status=problem[0], why=problem[1], chain=(certificate,))
    authority = hashlib.sha256(chain[-1]).hexdigest()
    if not _in_force(chain[-1], at):
        return Judged(
            status=SignatureStatus.EXPIRED, why="authority-expired", chain=chain, authority=authority
        )
    asked = tuple(crl for crl in crls if _concerns(crl, chain))
    status, why = _revocation(chain, asked, tuple(ocsps), at)
    return Judged(status=status, why=why, chain=chain, authority=authority, crls=asked, ocsps=tuple(ocsps))


def find_path(
    certificate: bytes, others: tuple[bytes, ...], authorities: tuple[bytes, ...], at: datetime
) -> tuple[tuple[bytes, ...], tuple[SignatureStatus, str] | None]:
    """Return the chain, DER, the certificate first, and what is wrong with it if something is.

    Any certificate, an authority's too; nobody asks here whether it is revoked.
    """
    problem: tuple[SignatureStatus, str] = (SignatureStatus.UNTRUSTED, "no-chain")
    for number, path in enumerate(paths_up(certificate, others, authorities)):
        wrong = _wrong_with(path, at)
        if wrong is None:
            return path, None
        problem = wrong if number == 0 else problem
    return (), problem


def _wrong_with(path: tuple[bytes, ...], at: datetime) -> tuple[SignatureStatus, str] | None:
    """Return what RFC 5280, 6.1 says against a path, or None."""
    try:
        certificate, *between = (asn1_x509.Certificate.load(each) for each in path)
        anchor = between.pop() if between else certificate
        context = ValidationContext(
            trust_roots=[anchor], moment=at, revocation_mode="none", allow_fetching=False
        )
        leaf = certificate if len(path) > 1 else None
        found = ValidationPath(CertTrustAnchor(anchor), between[::-1], leaf)  # it runs from the anchor down
        asyncio.run(async_validate_path(context, found))
    except ExpiredError:
        return SignatureStatus.EXPIRED, "expired"
    except NotYetValidError:
        return SignatureStatus.EXPIRED, "not-yet-valid"
    except (PathError, ValidationError):
        return SignatureStatus.UNTRUSTED, "no-chain"
    except UNREADABLE:  # what a hostile certificate makes of a parser
        return SignatureStatus.UNTRUSTED, "unreadable"
    return None


def _revocation(
    chain: Sequence[bytes], crls: tuple[bytes, ...], ocsps: tuple[bytes, ...], at: datetime
) -> tuple[SignatureStatus, str]:
    """Return what is known of every certificate below the pinned one."""
    parsed = [x509.load_der_x509_certificate(each) for each in chain]
    said = [
        revocation_of(each, issuer, crls=crls, ocsps=ocsps, at=at)
        for each, issuer in itertools.pairwise(parsed)
    ]
    if Revocation.REVOKED in said:
        return SignatureStatus.REVOKED, "holder" if said[0] is Revocation.REVOKED else "authority"
    if Revocation.UNKNOWN in said:
        return SignatureStatus.UNKNOWN, "no-revocation-data"
    return SignatureStatus.VALID, ""


def _readable(others: Iterable[bytes]) -> Iterable[bytes]:
    for der in others:
        try:
            loaded = x509.load_der_x509_certificate(der[:MAX_CERTIFICATE])
            _ = (loaded.extensions, loaded.subject, loaded.issuer, loaded.public_key())
        except UNREADABLE:
            continue
        yield der


def _in_force(certificate: bytes, at: datetime) -> bool:
    parsed = x509.load_der_x509_certificate(certificate)
    return parsed.not_valid_before_utc <= at <= parsed.not_valid_after_utc


def _concerns(crl: bytes, chain: Sequence[bytes]) -> bool:
    """Whether a list is of somebody who issued a certificate of the chain."""
    found = read_crl(crl)
    if found is None:
        return False
    return any(x509.load_der_x509_certificate(each).issuer == found.issuer for each in chain[:-1])
