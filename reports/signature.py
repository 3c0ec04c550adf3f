"""The station's electronic seal on a PDF: PAdES B-B by the station's own key, shown on the last page.

It is no "chữ ký số" in the sense of the law: the certificate is self-signed and counts only where it is pinned.
"""

from __future__ import annotations

import io
from datetime import datetime
from typing import Final

from asn1crypto import keys
from asn1crypto import x509 as asn1_x509
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec
from pyhanko.pdf_utils.content import PdfContent
from pyhanko.pdf_utils.incremental_writer import IncrementalPdfFileWriter
from pyhanko.pdf_utils.layout import AxisAlignment, BoxConstraints, Margins, SimpleBoxLayoutRule
from pyhanko.pdf_utils.reader import PdfFileReader
from pyhanko.pdf_utils.writer import BasePdfFileWriter
from pyhanko.sign.fields import MDPPerm, SigFieldSpec, SigSeedSubFilter
from pyhanko.sign.signers.pdf_cms import SimpleSigner
from pyhanko.sign.signers.pdf_signer import PdfSignatureMetadata, PdfSigner, PdfSigningSession
from pyhanko.stamp.static import StaticStampStyle
from pyhanko_certvalidator.registry import CertificateStore, SimpleCertificateStore
from reportlab.lib.units import mm
from reportlab.pdfgen.canvas import Canvas

from reports.certificate import certificate_fingerprint
from reports.fonts import LEADING, Face, Line, fit
from reports.layout import STATION_BOX
from reports.session_sheet import VIETNAM
from reports.wording import Texts, say

FIELD_NAME: Final = "NiemPhongTram"
_RESERVED: Final = 8_192


def sign_pdf(
    pdf: bytes, *, key: ec.EllipticCurvePrivateKey, certificate: bytes, at: datetime, texts: Texts
) -> bytes:
    """Return the PDF with the station's seal added, no change allowed after it (DocMDP level 1).

    `certificate` is the DER certificate of `key`, a P-256 key; `at` the station's time, which nobody attests.
    The seal is shown in STATION_BOX of the last page.
    """
    parsed = asn1_x509.Certificate.load(certificate)
    origin = str(parsed.subject.native["common_name"])
    signer = SimpleSigner(signing_cert=parsed, signing_key=_private_key(key), cert_registry=_no_others())
    meta = PdfSignatureMetadata(
        field_name=FIELD_NAME,
        md_algorithm="sha256",
        subfilter=SigSeedSubFilter.PADES,
        reason=say(texts, "sheet.station-seal.reason"),
        name=origin,
        certify=True,
        docmdp_permissions=MDPPerm.NO_CHANGES,
    )
    writer = IncrementalPdfFileWriter(io.BytesIO(pdf))
    out = _DatedSigner(
        meta,
        signer,
        at=at,
        stamp_style=_appearance(certificate, origin, at, texts),
        new_field_spec=SigFieldSpec(
            FIELD_NAME,
            on_page=-1,
            box=(round(STATION_BOX[0]), round(STATION_BOX[1]), round(STATION_BOX[2]), round(STATION_BOX[3])),
            readable_field_name=say(texts, "sheet.station-seal.reason"),
        ),
    ).sign_pdf(writer, bytes_reserved=_RESERVED)
    return bytes(out.getvalue())


class _DatedSigner(PdfSigner):
    """A signer whose time is a parameter."""

    def __init__(
        self,
        meta: PdfSignatureMetadata,
        signer: SimpleSigner,
        *,
        at: datetime,
        stamp_style: StaticStampStyle,
        new_field_spec: SigFieldSpec,
    ) -> None:
        super().__init__(meta, signer, stamp_style=stamp_style, new_field_spec=new_field_spec)
        self._at = at

    def init_signing_session(
        self, pdf_out: BasePdfFileWriter, existing_fields_only: bool = False
    ) -> PdfSigningSession:
        """Return the session, dated."""
        session = super().init_signing_session(pdf_out, existing_fields_only)
        session.system_time = self._at
        return session


class _ImportedPage(PdfContent):
    """The first page of a PDF in memory, as content of another."""

    def __init__(self, pdf: bytes) -> None:
        super().__init__()
        self._pdf = pdf

    def render(self) -> bytes:
        """Import the page and return the operator that paints it."""
        imported = self._ensure_writer.import_page_as_xobject(PdfFileReader(io.BytesIO(self._pdf)))
        self.resources.xobject["/StationSeal"] = imported
        left, bottom, right, top = (float(edge) for edge in imported.get_object()["/BBox"])
        self.box = BoxConstraints(width=round(right - left), height=round(top - bottom))
        return b"/StationSeal Do"


def _appearance(certificate: bytes, origin: str, at: datetime, texts: Texts) -> StaticStampStyle:
    """Return the box shown on the page: what this is, whose, when, and the certificate's fingerprint."""
    wide, high = round(STATION_BOX[2]) - round(STATION_BOX[0]), round(STATION_BOX[3]) - round(STATION_BOX[1])
    room = wide - 3 * mm
    when = at.astimezone(VIETNAM).strftime("%d/%m/%Y %H:%M:%S")
    paragraphs = (
        (say(texts, "sheet.station-seal.title"), Face.BOLD, 9.5),
        (say(texts, "sheet.station-seal.origin", origin=origin), Face.REGULAR, 9.0),
        (say(texts, "sheet.station-seal.time", time=when), Face.REGULAR, 9.0),
        (
            say(texts, "sheet.station-seal.key", fingerprint=_halves(certificate_fingerprint(certificate))),
            Face.REGULAR,
            8.0,
        ),
    )
    lines = [line for text, face, size in paragraphs for line in fit(text, face, size, room)]
    return StaticStampStyle(
        background=_ImportedPage(_box_pdf(lines, wide, high)),
        background_layout=SimpleBoxLayoutRule(
            x_align=AxisAlignment.ALIGN_MIN, y_align=AxisAlignment.ALIGN_MIN, margins=Margins(0, 0, 0, 0)
        ),
        border_width=0,
    )


def _halves(fingerprint: str) -> str:
    """Return 64 digits as two groups that each fit on a line."""
    return f"{fingerprint[:32]} {fingerprint[32:]}"


def _no_others() -> CertificateStore:
    """Return an empty store: the seal carries its own certificate and nothing else."""
    return SimpleCertificateStore()  # type: ignore[no-untyped-call]


def _box_pdf(lines: list[Line], wide: float, high: float) -> bytes:
    buffer = io.BytesIO()
    canvas = Canvas(buffer, pagesize=(wide, high), invariant=1, pageCompression=1)
    canvas.setLineWidth(0.8)
    canvas.rect(0.4, 0.4, wide - 0.8, high - 0.8)
    y = high - 1.4 * mm
    for line in lines:
        text = canvas.beginText(1.5 * mm, y - line.size * LEADING * 0.8)
        text.setFont(line.face.value, line.size)
        text.setHorizScale(line.scale * 100)
        text.textOut(line.text)
        canvas.drawText(text)
        y -= line.size * LEADING
    canvas.showPage()
    canvas.save()
    return buffer.getvalue()


def _private_key(key: ec.EllipticCurvePrivateKey) -> keys.PrivateKeyInfo:
    return keys.PrivateKeyInfo.load(
        key.private_bytes(
            serialization.Encoding.DER, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
        )
    )
