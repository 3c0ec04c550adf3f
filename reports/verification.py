"""Is this PDF, to the last byte, what the pinned station sealed?

Two judges. Our own reads the envelope: one signature that covers the whole file, a CMS whose every byte is either
fixed, or the pinned certificate's, or signed. Only bytes that passed it are parsed as a PDF, by pyHanko, which
must agree. (Viewers call a file valid that was added to after signing; this does not.)
"""

from __future__ import annotations

import hashlib
import io
import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Final

from asn1crypto import algos, cms, core
from asn1crypto import x509 as asn1_x509
from cryptography import x509
from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding
from pyhanko.pdf_utils.misc import PdfError
from pyhanko.pdf_utils.reader import PdfFileReader
from pyhanko.sign.diff_analysis import ModificationLevel
from pyhanko.sign.general import SigningError
from pyhanko.sign.validation import validate_pdf_signature
from pyhanko.sign.validation.errors import SignatureValidationError
from pyhanko.sign.validation.status import PdfSignatureStatus, SignatureCoverageLevel
from pyhanko_certvalidator import ValidationContext

from reports.errors import (
    PdfAlteredError,
    PdfFormatError,
    PdfOtherSignerError,
    PdfSealTimeError,
    PdfUnsignedError,
)

MAX_BYTES: Final = 64_000_000
_RANGE = re.compile(rb"/ByteRange\s*\[\s*(\d{1,10})\s+(\d{1,10})\s+(\d{1,10})\s+(\d{1,10})\s*\]")
_HEX = re.compile(rb"<(?:[0-9A-F]{2})+>")


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


def verify_pdf(pdf: bytes, trusted: bytes | str) -> SealedPdf:
    """Return what the file says if the pinned station sealed exactly these bytes.

    `trusted` is the station's certificate (DER) or its SHA-256 in hexadecimal, known beforehand; nothing inside
    the file is believed. Raises PdfFormatError, PdfUnsignedError, PdfOtherSignerError, PdfAlteredError,
    PdfSealTimeError.
    """
    if not pdf.startswith(b"%PDF-") or len(pdf) > MAX_BYTES:
        raise PdfFormatError(size=len(pdf))
    signed, envelope = _split(pdf)
    pinned = trusted.lower() if isinstance(trusted, str) else hashlib.sha256(trusted).hexdigest()
    certificate = _require_envelope(signed, envelope, pinned)
    return _require_pyhanko(pdf, certificate, pinned)


# -- our own judge ---------------------------------------------------------------------------------


def _split(pdf: bytes) -> tuple[bytes, bytes]:
    """Return the signed bytes and the DER of the CMS between them; every byte of the file is one or the other."""
    ranges = _RANGE.findall(pdf)
    if not ranges:
        raise PdfUnsignedError
    if len(ranges) > 1:
        raise PdfAlteredError(why="signatures", count=len(ranges))
    start, length, resume, rest = (int(number) for number in ranges[0])
    if start != 0 or not length < resume or resume + rest != len(pdf):
        raise PdfAlteredError(why="added-to")
    gap = pdf[length:resume]
    if not _HEX.fullmatch(gap):
        raise PdfAlteredError(why="envelope")
    padded = bytes.fromhex(gap[1:-1].decode("ascii"))
    size = _der_length(padded)
    if size > len(padded) or any(padded[size:]):
        raise PdfAlteredError(why="envelope")
    return pdf[:length] + pdf[resume:], padded[:size]


def _der_length(data: bytes) -> int:
    """Return the length of the DER element at the start, header included; 65,535 bytes at most."""
    if len(data) < 4 or data[0] != 0x30 or not 0x81 <= data[1] <= 0x82:
        raise PdfAlteredError(why="envelope")
    octets = data[1] - 0x80
    return 2 + octets + int.from_bytes(data[2 : 2 + octets], "big")


def _require_envelope(signed: bytes, envelope: bytes, pinned: str) -> x509.Certificate:
    """Return the pinned certificate if its key signed the hash of `signed`, and the CMS holds nothing else."""
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
        rebuilt = _rebuild(embedded, attributes, signature)
        digest = _attribute(attributes, "message_digest")
        certificate = x509.load_der_x509_certificate(certificate_der)
    except (ValueError, TypeError, KeyError, IndexError, AttributeError, UnsupportedAlgorithm):
        raise PdfAlteredError(why="envelope") from None
    if rebuilt != envelope:
        raise PdfAlteredError(why="envelope")
    _require_signature(certificate, signature, attributes.untag().dump())
    if digest != hashlib.sha256(signed).digest():
        raise PdfAlteredError(why="content")
    return certificate


def _rebuild(certificate: asn1_x509.Certificate, attributes: core.Asn1Value, signature: bytes) -> bytes:
    """Return the one CMS that these three parts can stand in: CMS version 1, SHA-256, ECDSA (RFC 5652, 5.1)."""
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
            "signature_algorithm": algos.SignedDigestAlgorithm({"algorithm": "sha256_ecdsa"}),
            "signed_attrs": attributes,
            "signature": signature,
        }
    )
    content = cms.SignedData(
        {
            "version": "v1",
            "digest_algorithms": [sha256],
            "encap_content_info": {"content_type": "data"},
            "certificates": [certificate],
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
    key = certificate.public_key()
    if not isinstance(key, ec.EllipticCurvePublicKey):
        raise PdfAlteredError(why="key")
    try:
        key.verify(signature, message, ec.ECDSA(hashes.SHA256()))
    except InvalidSignature:
        raise PdfAlteredError(why="signature") from None


# -- the second judge ------------------------------------------------------------------------------


def _require_pyhanko(pdf: bytes, certificate: x509.Certificate, pinned: str) -> SealedPdf:
    """Return the file's statement if pyHanko finds it whole, unchanged and signed by the pinned certificate."""
    try:
        reader = PdfFileReader(io.BytesIO(pdf))
        (found,) = reader.embedded_signatures
        signed_at = found.self_reported_timestamp
        anchor = asn1_x509.Certificate.load(_der(certificate))
        context = ValidationContext(trust_roots=[anchor], allow_fetching=False, moment=signed_at)
        status = validate_pdf_signature(found, signer_validation_context=context)
    except (PdfError, SigningError, SignatureValidationError, ValueError):
        raise PdfAlteredError(why="structure") from None
    if signed_at is None or not _sound(status):
        raise PdfAlteredError(why="validation")
    if not certificate.not_valid_before_utc <= signed_at <= certificate.not_valid_after_utc:
        raise PdfSealTimeError(at=signed_at.isoformat(timespec="seconds"))
    names = certificate.subject.get_attributes_for_oid(x509.NameOID.COMMON_NAME)
    return SealedPdf(
        fingerprint=pinned,
        origin=str(names[0].value) if names else "",
        signed_at=signed_at.astimezone(UTC),
    )


def _sound(status: PdfSignatureStatus) -> bool:
    return bool(
        status.bottom_line
        and status.trusted
        and status.coverage is SignatureCoverageLevel.ENTIRE_FILE
        and status.modification_level is ModificationLevel.NONE
    )


def _der(certificate: x509.Certificate) -> bytes:
    return certificate.public_bytes(Encoding.DER)
