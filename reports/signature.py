"""The station's electronic seal on a PDF: PAdES B-B by the station's own key, shown on the last page.

It is no "chữ ký số" in the sense of the law: the certificate is self-signed and counts only where it is pinned.
The fields in which officials sign are made before it, in the same step; `reports.signing_official` fills them.
"""

from __future__ import annotations

import io
from datetime import datetime
from typing import Final

from asn1crypto import x509 as asn1_x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from pyhanko.pdf_utils.incremental_writer import IncrementalPdfFileWriter
from pyhanko.pdf_utils.writer import BasePdfFileWriter
from pyhanko.sign.fields import MDPPerm, SigFieldSpec, SigSeedSubFilter, append_signature_field
from pyhanko.sign.signers.pdf_cms import Signer
from pyhanko.sign.signers.pdf_signer import PdfSignatureMetadata, PdfSigner, PdfSigningSession
from pyhanko.stamp.static import StaticStampStyle
from pyhanko_certvalidator.registry import CertificateStore, SimpleCertificateStore

from reports.pdf import Drawn, SigningPlace
from reports.signing_ecdsa import with_low_s
from reports.signing_look import Box, station_look
from reports.wording import Texts, say

FIELD_NAME: Final = "NiemPhongTram"
MAX_OFFICIALS: Final = 5
"""Whoever has a block beyond these signs by hand."""
_RESERVED: Final = 8_192
_MAX_SIGNATURE: Final = 72
"""Octets of an ECDSA-Sig-Value on P-256."""


def official_field(number: int) -> str:
    """Return the name of an official's field; `number` from 1, in the order of the sheet's blocks."""
    return f"KySo{number}"


def seal_pdf(
    drawn: Drawn, *, key: ec.EllipticCurvePrivateKey, certificate: bytes, at: datetime, texts: Texts
) -> bytes:
    """Return the drawn sheet with empty fields for its officials and the station's seal, in one incremental step.

    The result begins with `drawn.pdf`. The fields are `KySo1`… in the order of `drawn.places`, the role in their
    /TU. Afterwards they may be filled and nothing else be done (DocMDP 2); without officials nothing at all (1).
    `certificate` is the DER certificate of `key`, a P-256 key; `at` the station's time, which nobody attests.
    """
    writer = IncrementalPdfFileWriter(io.BytesIO(drawn.pdf))
    append_signature_field(writer, _spec(FIELD_NAME, drawn.station, say(texts, "sheet.station-seal.reason")))
    places = drawn.places[:MAX_OFFICIALS]
    for number, place in enumerate(places, start=1):
        append_signature_field(writer, _spec(official_field(number), place, place.role))
    permitted = MDPPerm.FILL_FORMS if places else MDPPerm.NO_CHANGES
    seal = _Seal(key=key, certificate=certificate, at=at, texts=texts)
    return seal.sign(writer, drawn.station.box, permitted)


class _Seal:
    """The station's seal about to be set."""

    def __init__(
        self, *, key: ec.EllipticCurvePrivateKey, certificate: bytes, at: datetime, texts: Texts
    ) -> None:
        self._key, self._certificate, self._at, self._texts = key, certificate, at, texts

    def sign(self, writer: IncrementalPdfFileWriter, box: Box, permitted: MDPPerm) -> bytes:
        """Return the file, the station's field filled and all of it certified."""
        parsed = asn1_x509.Certificate.load(self._certificate)
        origin = str(parsed.subject.native["common_name"])
        meta = PdfSignatureMetadata(
            field_name=FIELD_NAME,
            md_algorithm="sha256",
            subfilter=SigSeedSubFilter.PADES,
            reason=say(self._texts, "sheet.station-seal.reason"),
            name=origin,
            certify=True,
            docmdp_permissions=permitted,
        )
        signer = _StationKey(parsed, self._key)
        look = station_look(box, certificate=self._certificate, origin=origin, at=self._at, texts=self._texts)
        return fill_field(writer, meta, signer, at=self._at, look=look, reserved=_RESERVED)


class _StationKey(Signer):
    """pyHanko's view of the station's key."""

    def __init__(self, certificate: asn1_x509.Certificate, key: ec.EllipticCurvePrivateKey) -> None:
        super().__init__(signing_cert=certificate, cert_registry=no_others())
        self._key = key

    async def async_sign_raw(self, data: bytes, digest_algorithm: str, dry_run: bool = False) -> bytes:
        """Return the signature of `data`."""
        if dry_run:
            return bytes(_MAX_SIGNATURE)
        return with_low_s(self._key.sign(data, ec.ECDSA(hashes.SHA256())), self._key.public_key())


def fill_field(
    writer: IncrementalPdfFileWriter,
    meta: PdfSignatureMetadata,
    signer: Signer,
    *,
    at: datetime,
    look: StaticStampStyle,
    reserved: int,
) -> bytes:
    """Return the file with one existing, empty field signed; `reserved`: hexadecimal digits kept for the CMS."""
    dated = _DatedSigner(meta, signer, at=at, stamp_style=look)
    out = dated.sign_pdf(writer, existing_fields_only=True, bytes_reserved=reserved)
    return bytes(out.getvalue())


class _DatedSigner(PdfSigner):
    """A signer whose time is a parameter."""

    def __init__(
        self, meta: PdfSignatureMetadata, signer: Signer, *, at: datetime, stamp_style: StaticStampStyle
    ) -> None:
        super().__init__(meta, signer, stamp_style=stamp_style)
        self._at = at

    def init_signing_session(
        self, pdf_out: BasePdfFileWriter, existing_fields_only: bool = False
    ) -> PdfSigningSession:
        """Return the session, dated."""
        session = super().init_signing_session(pdf_out, existing_fields_only)
        session.system_time = self._at
        return session


def no_others() -> CertificateStore:
    """Return an empty store: a signature that carries its own certificate and nothing else."""
    return SimpleCertificateStore()  # type: ignore[no-untyped-call]


def _spec(name: str, place: SigningPlace, words: str) -> SigFieldSpec:
    return SigFieldSpec(name, on_page=place.page, box=place.box, readable_field_name=words)
