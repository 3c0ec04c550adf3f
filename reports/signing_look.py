"""How a signature looks on the page: a framed box of lines, drawn once and imported as it is.

Lengths are PDF points.
"""

from __future__ import annotations

import io
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Final

from pyhanko.pdf_utils.content import PdfContent
from pyhanko.pdf_utils.layout import AxisAlignment, BoxConstraints, Margins, SimpleBoxLayoutRule
from pyhanko.pdf_utils.reader import PdfFileReader
from pyhanko.stamp.static import StaticStampStyle
from reportlab.lib.units import mm

from reports.certificate import certificate_fingerprint
from reports.fonts import LEADING, Face, Line, fit
from reports.pen import blank_canvas
from reports.wording import Texts, say
from sessions.vietnam import VIETNAM

Box = tuple[int, int, int, int]
Words = tuple[str, Face, float]
"""A paragraph of a box: text, face, size in points where there is room."""
_PAD: Final = 1.5 * mm
_ABOVE: Final = 1.2 * mm
_CAPS: Final = (11.0, 10.0, 9.5, 9.0, 8.5, 8.0, 7.5, 7.0, 6.5, 6.0, 5.5, 5.0, 4.5, 4.0)
"""Above which no letter is, one after the other until the lines fit: the largest give way first."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Shown:
    """What an official's signature shows. `unknown`: the status of the certificate could not be found out."""

    role: str
    holder: str = field(repr=False)
    issuer: str
    at: datetime
    unknown: bool


def station_look(
    box: Box, *, certificate: bytes, origin: str, at: datetime, texts: Texts
) -> StaticStampStyle:
    """Return the station's box: what this is, whose, when, and the certificate's fingerprint."""
    fingerprint = certificate_fingerprint(certificate)
    halves = f"{fingerprint[:32]} {fingerprint[32:]}"
    words = (
        (say(texts, "sheet.station-seal.title"), Face.BOLD, 9.5),
        (say(texts, "sheet.station-seal.origin", origin=origin), Face.REGULAR, 9.0),
        (say(texts, "sheet.station-seal.time", time=_moment(at)), Face.REGULAR, 9.0),
        (say(texts, "sheet.station-seal.key", fingerprint=halves), Face.REGULAR, 8.0),
    )
    return _style(_box(words, box, line=0.8))


def official_look(box: Box, shown: Shown, texts: Texts) -> StaticStampStyle:
    """Return an official's box, as `official_box`."""
    return _style(official_box(box, shown, texts))


def official_box(box: Box, shown: Shown, texts: Texts) -> bytes:
    """Return an official's box as a PDF page: "Ký số", role, holder, time, issuer, whether the status is known.

    Only for a certificate whose chain ends at a pinned authority.
    """
    status = "signing.look.unknown" if shown.unknown else "signing.look.valid"
    return _box(
        (
            (say(texts, "signing.look.title", role=shown.role), Face.REGULAR, 9.5),
            (shown.holder, Face.BOLD, 11.0),
            (say(texts, "signing.look.time", time=_moment(shown.at)), Face.REGULAR, 8.5),
            (say(texts, "signing.look.issuer", issuer=shown.issuer), Face.REGULAR, 8.5),
            (say(texts, status), Face.BOLD if shown.unknown else Face.REGULAR, 8.5),
        ),
        box,
        line=0.6,
    )


def _moment(at: datetime) -> str:
    return at.astimezone(VIETNAM).strftime("%d/%m/%Y %H:%M:%S")


def _box(words: Sequence[Words], box: Box, *, line: float) -> bytes:
    wide, high = box[2] - box[0], box[3] - box[1]
    return _box_pdf(_fitted(words, wide, high), wide, high, line)


def _style(page: bytes) -> StaticStampStyle:
    return StaticStampStyle(
        background=_ImportedPage(page),
        background_layout=SimpleBoxLayoutRule(
            x_align=AxisAlignment.ALIGN_MIN, y_align=AxisAlignment.ALIGN_MIN, margins=Margins(0, 0, 0, 0)
        ),
        border_width=0,
    )


def _fitted(words: Sequence[Words], wide: float, high: float) -> list[Line]:
    """Return the lines as large as all of them fit; nothing is ever cut."""
    lines: list[Line] = []
    for cap in _CAPS:
        lines = [
            line for text, face, size in words for line in fit(text, face, min(size, cap), wide - 2 * _PAD)
        ]
        if sum(line.size for line in lines) * LEADING <= high - 2 * _ABOVE:
            break
    return lines


def _box_pdf(lines: Sequence[Line], wide: float, high: float, thickness: float) -> bytes:
    buffer = io.BytesIO()
    canvas = blank_canvas(buffer, (wide, high))
    canvas.setLineWidth(thickness)
    canvas.rect(thickness / 2, thickness / 2, wide - thickness, high - thickness)
    y = high - _ABOVE
    for line in lines:
        text = canvas.beginText(_PAD, y - line.size * LEADING * 0.8)
        text.setFont(line.face.value, line.size)
        text.setHorizScale(line.scale * 100)
        text.textOut(line.text)
        canvas.drawText(text)
        y -= line.size * LEADING
    canvas.showPage()
    canvas.save()
    return buffer.getvalue()


class _ImportedPage(PdfContent):
    """The first page of a PDF in memory, as content of another."""

    def __init__(self, pdf: bytes) -> None:
        super().__init__()
        self._pdf = pdf

    def render(self) -> bytes:
        """Import the page and return the operator that paints it."""
        imported = self._ensure_writer.import_page_as_xobject(PdfFileReader(io.BytesIO(self._pdf)))
        self.resources.xobject["/SignatureBox"] = imported
        left, bottom, right, top = (float(edge) for edge in imported.get_object()["/BBox"])
        self.box = BoxConstraints(width=round(right - left), height=round(top - bottom))
        return b"/SignatureBox Do"
