"""Is a certificate revoked: every list and answer about it, each checked against the key of who issued it. No network.

One that says "revoked" settles it, an old list too; one that is in force and says nothing against it clears it; without
any, nobody knows (RFC 5280, 6.3; RFC 6960, 3.2, 4.2.2.2). Indirect, partial and delta lists clear nobody.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Final

from cryptography import x509
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, padding, rsa
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from cryptography.x509 import ocsp
from cryptography.x509.oid import ExtendedKeyUsageOID

from reports.signing_errors import UNREADABLE

AHEAD: Final = timedelta(minutes=5)
"""How far the clock of who made a list or an answer may be ahead of ours."""
MAX_CRL: Final = 32 * 1024 * 1024
MAX_OCSP: Final = 256 * 1024
_WEAK: Final = (hashes.MD5, hashes.SHA1)


class Revocation(StrEnum):
    """What is known."""

    GOOD = "good"
    REVOKED = "revoked"
    UNKNOWN = "unknown"


def revocation_of(
    certificate: x509.Certificate,
    issuer: x509.Certificate,
    *,
    crls: Sequence[bytes],
    ocsps: Sequence[bytes],
    at: datetime,
) -> Revocation:
    """Return what lists and answers (DER) say about a certificate of this issuer at a moment, UTC."""
    said = [_by_crl(certificate, issuer, der, at) for der in crls]
    said += [_by_ocsp(certificate, issuer, der, at) for der in ocsps]
    for settled in (Revocation.REVOKED, Revocation.GOOD):
        if settled in said:
            return settled
    return Revocation.UNKNOWN


def read_crl(der: bytes) -> x509.CertificateRevocationList | None:
    """Return a revocation list, or None for what is none."""
    try:
        crl = x509.load_der_x509_crl(der[: MAX_CRL + 1])
        _ = (crl.issuer, crl.extensions, crl.signature_hash_algorithm)
    except UNREADABLE:
        return None
    return crl if len(der) <= MAX_CRL else None


def made_by(crl: x509.CertificateRevocationList, issuer: x509.Certificate) -> bool:
    """Whether an issuer made a list, as its name, its key and its key usage say."""
    try:
        key = issuer.public_key()
    except UNREADABLE:
        return False
    if crl.issuer != issuer.subject or not isinstance(key, (ec.EllipticCurvePublicKey, rsa.RSAPublicKey)):
        return False
    if isinstance(crl.signature_hash_algorithm, _WEAK) or not _usage(issuer, "crl_sign"):
        return False
    try:
        return crl.is_signature_valid(key)
    except UNREADABLE:
        return False


def crl_number(crl: x509.CertificateRevocationList) -> int | None:
    """Return the number of a list, or None."""
    try:
        return crl.extensions.get_extension_for_class(x509.CRLNumber).value.crl_number
    except x509.ExtensionNotFound:
        return None


def in_force(start: datetime | None, end: datetime | None, at: datetime) -> bool:
    """Whether a moment lies in a span that has both ends."""
    return start is not None and end is not None and start - AHEAD <= at <= end


def covers(crl: x509.CertificateRevocationList, certificate: x509.Certificate) -> bool:
    """Whether a list speaks of a certificate: no delta, no other part, no other issuer's (RFC 5280, 5.2)."""
    known = (x509.CRLNumber, x509.AuthorityKeyIdentifier, x509.IssuingDistributionPoint)
    if any(each.critical and not isinstance(each.value, known) for each in crl.extensions):
        return False
    try:
        part = crl.extensions.get_extension_for_class(x509.IssuingDistributionPoint).value
    except x509.ExtensionNotFound:
        return True
    if part.indirect_crl or part.only_contains_attribute_certs or part.only_some_reasons:
        return False
    if part.only_contains_ca_certs if not is_authority(certificate) else part.only_contains_user_certs:
        return False
    return part.full_name is None or bool(set(part.full_name) & _points(certificate))


def _points(certificate: x509.Certificate) -> set[x509.GeneralName]:
    """Return where a certificate says that its issuer's lists are."""
    try:
        points = certificate.extensions.get_extension_for_class(x509.CRLDistributionPoints).value
    except x509.ExtensionNotFound:
        return set()
    return {name for point in points for name in point.full_name or ()}


def is_authority(certificate: x509.Certificate) -> bool:
    """Whether a certificate may issue others."""
    try:
        return bool(certificate.extensions.get_extension_for_class(x509.BasicConstraints).value.ca)
    except x509.ExtensionNotFound:
        return False


def _by_crl(certificate: x509.Certificate, issuer: x509.Certificate, der: bytes, at: datetime) -> Revocation:
    crl = read_crl(der)
    if crl is None or not made_by(crl, issuer):
        return Revocation.UNKNOWN
    try:
        listed = crl.get_revoked_certificate_by_serial_number(certificate.serial_number)
    except UNREADABLE:
        return Revocation.UNKNOWN
    if listed is not None:
        return Revocation.REVOKED
    if not covers(crl, certificate) or not in_force(crl.last_update_utc, crl.next_update_utc, at):
        return Revocation.UNKNOWN
    return Revocation.GOOD


def _by_ocsp(certificate: x509.Certificate, issuer: x509.Certificate, der: bytes, at: datetime) -> Revocation:
    try:
        answer = ocsp.load_der_ocsp_response(der[: MAX_OCSP + 1])
        if answer.response_status is not ocsp.OCSPResponseStatus.SUCCESSFUL or not _signed(
            answer, issuer, at
        ):
            return Revocation.UNKNOWN
        found = [each for each in answer.responses if _about(each, certificate, issuer)]
    except UNREADABLE:
        return Revocation.UNKNOWN
    if any(each.certificate_status is ocsp.OCSPCertStatus.REVOKED for each in found):
        return Revocation.REVOKED
    good = [
        each
        for each in found
        if each.certificate_status is ocsp.OCSPCertStatus.GOOD
        and in_force(each.this_update_utc, each.next_update_utc, at)
    ]
    return Revocation.GOOD if good else Revocation.UNKNOWN


def _about(answer: ocsp.OCSPSingleResponse, certificate: x509.Certificate, issuer: x509.Certificate) -> bool:
    if answer.serial_number != certificate.serial_number:
        return False
    request = ocsp.OCSPRequestBuilder().add_certificate(certificate, issuer, answer.hash_algorithm).build()
    same_name = request.issuer_name_hash == answer.issuer_name_hash
    return same_name and request.issuer_key_hash == answer.issuer_key_hash


def _signed(answer: ocsp.OCSPResponse, issuer: x509.Certificate, at: datetime) -> bool:
    """Whether the issuer, or a responder that it certified for that and carried along, signed an answer."""
    return any(_verifies(answer, each) for each in (issuer, *_responders(answer, issuer, at)))


def _responders(answer: ocsp.OCSPResponse, issuer: x509.Certificate, at: datetime) -> list[x509.Certificate]:
    return [each for each in answer.certificates[:8] if _delegated(each, issuer, at)]


def _delegated(responder: x509.Certificate, issuer: x509.Certificate, at: datetime) -> bool:
    try:
        usage = responder.extensions.get_extension_for_class(x509.ExtendedKeyUsage).value
        responder.verify_directly_issued_by(issuer)
    except (x509.ExtensionNotFound, InvalidSignature, *UNREADABLE):
        return False
    valid = responder.not_valid_before_utc <= at <= responder.not_valid_after_utc
    return valid and ExtendedKeyUsageOID.OCSP_SIGNING in usage


def _verifies(answer: ocsp.OCSPResponse, signer: x509.Certificate) -> bool:
    named = answer.responder_name == signer.subject if answer.responder_name else True
    algorithm = answer.signature_hash_algorithm
    if not named or algorithm is None or isinstance(algorithm, _WEAK):
        return False
    if answer.responder_key_hash and answer.responder_key_hash != _key_hash(signer):
        return False
    try:
        key = signer.public_key()
        if isinstance(key, ec.EllipticCurvePublicKey):
            key.verify(answer.signature, answer.tbs_response_bytes, ec.ECDSA(algorithm))
        elif isinstance(key, rsa.RSAPublicKey):
            key.verify(answer.signature, answer.tbs_response_bytes, padding.PKCS1v15(), algorithm)
        else:
            return False
    except (InvalidSignature, *UNREADABLE):
        return False
    return True


def _key_hash(certificate: x509.Certificate) -> bytes:
    """Return the KeyHash of RFC 6960: SHA-1 of the public key's bits."""
    key, form = certificate.public_key(), (Encoding.DER, PublicFormat.PKCS1)
    if isinstance(key, ec.EllipticCurvePublicKey):
        form = (Encoding.X962, PublicFormat.UncompressedPoint)
    digest = hashes.Hash(hashes.SHA1())  # noqa: S303 - an identifier
    digest.update(key.public_bytes(*form))
    return digest.finalize()


def _usage(certificate: x509.Certificate, bit: str) -> bool:
    try:
        return bool(getattr(certificate.extensions.get_extension_for_class(x509.KeyUsage).value, bit))
    except x509.ExtensionNotFound:
        return True
