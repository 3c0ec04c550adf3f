"""What a certificate must be to be pinned: a self-signed CSCA, or a link from a CSCA to its next key
(9303-12 7.1.1, 7.1.3)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from readers.emrtd.pki.certificate import Certificate, read_pem_or_der
from readers.emrtd.pki.chain import issued_by
from readers.emrtd.pki.errors import (
    CertificateMalformedError,
    CertificateRefusedError,
    CurveParametersError,
    UnsupportedAlgorithmError,
    WeakAlgorithmError,
)
from readers.emrtd.pki.public_key import SignatureRefusedError, load_public_key

if TYPE_CHECKING:
    from collections.abc import Iterable

_KEY_ERRORS = (CertificateMalformedError, WeakAlgorithmError, CurveParametersError, UnsupportedAlgorithmError)


def read_csca(data: bytes) -> Certificate:
    """Read a certificate, DER or PEM, that has the form of a CSCA: the key strong, its role right, a country named.

    Nothing says yet that anybody signed it. Raises CertificateRefusedError."""
    try:
        certificate = read_pem_or_der(data)
        load_public_key(certificate.spki)
    except _KEY_ERRORS as refused:
        raise CertificateRefusedError(reason=refused.code) from None
    reason = _defect(certificate)
    if reason:
        raise CertificateRefusedError(reason=reason)
    return certificate


def _defect(certificate: Certificate) -> str:
    if not certificate.is_authority:
        return "not-an-authority" if certificate.self_issued else "not-self-signed"
    if certificate.key_usage is not None and "key_cert_sign" not in certificate.key_usage:
        return "key-usage"
    if certificate.unknown_critical:
        return "critical-extension"
    if certificate.has_extended_usage:
        return "extended-key-usage"
    return "" if certificate.subject.country else "no-country"


def is_link(certificate: Certificate) -> bool:
    """Whether the certificate says that an older key of its issuer signed it, under the same name or another."""
    if not certificate.self_issued:
        return True
    return certificate.authority_key_id not in (None, certificate.key_id)


def require_self_signature(certificate: Certificate) -> None:
    """Check that the certificate was signed with its own key; SHA-1 is good enough for that.

    Raises CertificateRefusedError."""
    try:
        load_public_key(certificate.spki).verify(
            certificate.signature, certificate.signed_part, certificate.algorithm, sha1=True
        )
    except (SignatureRefusedError, *_KEY_ERRORS):
        raise CertificateRefusedError(reason="self-signature") from None


def require_link(certificate: Certificate, issuers: Iterable[Certificate]) -> Certificate:
    """Return which of the issuers, all of them known and tried in order, signed the link certificate.

    Raises CertificateRefusedError."""
    for issuer in issuers:
        if (
            issuer.subject.key != certificate.issuer.key
            or issuer.subject.country != certificate.subject.country
        ):
            continue
        try:
            if issued_by(certificate, issuer):
                return issuer
        except _KEY_ERRORS:
            continue
    raise CertificateRefusedError(reason="link-issuer-unknown")
