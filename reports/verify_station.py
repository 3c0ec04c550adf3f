"""The station's seal by our own judge: a CMS whose every byte is fixed, or the pinned certificate's, or signed.

The envelope is rebuilt from its three parts and must be the same bytes; nothing is parsed as a PDF before that.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from typing import Any

from asn1crypto import algos, cms, core
from asn1crypto import x509 as asn1_x509
from cryptography import x509
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec

from reports.errors import PdfAlteredError, PdfOtherSignerError
from reports.signing_ecdsa import has_low_s
from reports.signing_errors import UNREADABLE


def require_envelope(signed: bytes, envelope: bytes, pinned: str) -> x509.Certificate:
    """Return the pinned certificate if its key signed the hash of `signed`, and the CMS holds nothing else.

    `pinned`: SHA-256 of the certificate, hexadecimal. Raises PdfOtherSignerError, PdfAlteredError.
    """
    try:
        content = cms.ContentInfo.load(envelope, strict=True)["content"]
        embedded = content["certificates"][0].chosen
        info = content["signer_infos"][0]
        certificate_der, attributes, signature = (
            embedded.dump(),
            info["signed_attrs"],
            info["signature"].native,
        )
        if hashlib.sha256(certificate_der).hexdigest() != pinned:
            raise PdfOtherSignerError(fingerprint=hashlib.sha256(certificate_der).hexdigest())
        rebuilt = build_cms(embedded, (), attributes, signature, "sha256_ecdsa")
        digest = _attribute(attributes, "message_digest")
        certificate = x509.load_der_x509_certificate(certificate_der)
    except UNREADABLE:
        raise PdfAlteredError(why="envelope") from None
    if rebuilt != envelope:
        raise PdfAlteredError(why="envelope")
    _require_signature(certificate, signature, attributes.untag().dump())
    if digest != hashlib.sha256(signed).digest():
        raise PdfAlteredError(why="content")
    return certificate


def build_cms(
    certificate: asn1_x509.Certificate,
    others: Sequence[asn1_x509.Certificate],
    attributes: core.Asn1Value,
    signature: bytes,
    algorithm: str,
) -> bytes:
    """Return the one CMS that these parts can stand in: CMS version 1, SHA-256, the certificates in DER's order.

    RFC 5652, 5.1; `others`: certificates beside the signer's.
    """
    sha256 = algos.DigestAlgorithm({"algorithm": "sha256"})
    signer = cms.SignerInfo(
        {
            "version": "v1",
            "sid": cms.SignerIdentifier(
                {
                    "issuer_and_serial_number": cms.IssuerAndSerialNumber(
                        {"issuer": certificate.issuer, "serial_number": certificate.serial_number}
                    )
                }
            ),
            "digest_algorithm": sha256,
            "signature_algorithm": algos.SignedDigestAlgorithm({"algorithm": algorithm}),
            "signed_attrs": attributes,
            "signature": signature,
        }
    )
    content = cms.SignedData(
        {
            "version": "v1",
            "digest_algorithms": [sha256],
            "encap_content_info": {"content_type": "data"},
            "certificates": [certificate, *others],
            "signer_infos": [signer],
        }
    )
    rebuilt: bytes = cms.ContentInfo({"content_type": "signed_data", "content": content}).dump()
    return rebuilt


def _attribute(attributes: Any, name: str) -> Any:
    """Return the single value of a signed attribute that occurs once."""
    (values,) = [item["values"] for item in attributes if item["type"].native == name]
    (value,) = values
    return value.native


def _require_signature(certificate: x509.Certificate, signature: bytes, message: bytes) -> None:
    try:
        key = certificate.public_key()
    except UNREADABLE:
        raise PdfAlteredError(why="key") from None
    if not isinstance(key, ec.EllipticCurvePublicKey):
        raise PdfAlteredError(why="key")
    try:
        key.verify(signature, message, ec.ECDSA(hashes.SHA256()))
        low = has_low_s(signature, key)
    except (InvalidSignature, *UNREADABLE):
        raise PdfAlteredError(why="signature") from None
    if not low:
        raise PdfAlteredError(why="signature")
