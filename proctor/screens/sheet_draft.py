"""A draft of a sheet, for looking at before it is entered: the page model that a print would have, drawn in memory.

A draft cannot be taken for a sheet: its page seals are by a key that is thrown away, under a name no station has; it
has no station seal; it opens nobody's portrait; and every page says BẢN NHÁP across it. Nothing of it is written to a
disk. What was written with an incident or an exception is kept encrypted: who looks at a draft that has it is entered.
"""

import io
import secrets
from dataclasses import dataclass, field, replace
from typing import Any, Final

from PIL import Image, ImageDraw, ImageFont

from proctor.page_pictures import page_png, page_sizes
from proctor.roots import OpenRoot
from proctor.sheet_kinds import BUILDERS, EACH, as_listed
from proctor.sheet_wish import Wish, reprint_number
from proctor.sheets import SheetDesk
from proctor.sheets_slip import everybody, listed
from reports.fonts import Face, font_file
from reports.pdf import draw
from reports.posting import require_postable
from sessions.checkpoint import Signer
from sessions.errors import EvidenceMissingError
from sessions.reader import LogReader
from sessions.session import Session

NOBODY: Final = "proctor.draft/nobody"
PORTRAITS: Final = frozenset({"chip-portrait", "live-portrait", "photo"})
NOTE: Final = "note"
WHAT: Final = "draft"
_SEED: Final = 32
_TURNED: Final = 55
_INK: Final = (176, 32, 32, 58)
_ACROSS: Final = 0.86
_FROM: Final = 10


class _NoPortraits:
    """A log whose portraits stay closed. `noted`: whether somebody's words were opened."""

    def __init__(self, log: LogReader) -> None:
        self._log = log
        self.noted = False

    def __getattr__(self, name: str) -> Any:
        return getattr(self._log, name)

    def evidence(self, seq: int, name: str) -> bytes:
        """Return a piece that is no portrait. Raises EvidenceMissingError."""
        if name in PORTRAITS:
            raise EvidenceMissingError(seq=seq)
        found = self._log.evidence(seq, name)
        self.noted = self.noted or name == NOTE
        return found


@dataclass(frozen=True, slots=True, kw_only=True)
class Draft:
    """A draft: its unsigned PDF, each page's width and height in points, and the number a print would bear (0: the
    first)."""

    wish: Wish
    pdf: bytes = field(repr=False)
    sizes: tuple[tuple[float, float], ...]
    copy: int


def make_draft(opened: OpenRoot, session: Session, wish: Wish) -> Draft:
    """Return what a print of `wish` would show now, portraits left out. Of a kind that is each candidate's own the
    first one's is shown where nobody is named. One that has words written with an entry is a look at them, and entered
    before it is returned: `view`, "draft KIND".

    Raises as `proctor.sheet_kinds.write_kind`, RoleForbiddenError; asks no witness.
    """
    if wish.posted:
        require_postable(wish.kind)
    meant = session.at(wish.component) if wish.component else session
    at_head = replace(wish, at=opened.store.head().size)
    desk = SheetDesk(opened, meant, at_head)
    desk.wish = as_listed(desk)
    if wish.sbd or wish.kind in EACH:
        desk.wish = replace(desk.wish, sbd=listed(desk, wish.sbd) if wish.sbd else everybody(desk)[0])
    desk.wish = replace(desk.wish, copy=reprint_number(opened.store, session.session_id, desk.wish))
    log = _NoPortraits(desk.store)
    desk.store = log  # type: ignore[assignment]  # a log in all that builders ask of it
    sheet = desk.finished(BUILDERS[wish.kind](desk))
    if log.noted:
        _enter(opened, session, desk.wish)
    pdf = draw(sheet, Signer(NOBODY, secrets.token_bytes(_SEED))).pdf
    return Draft(wish=wish, pdf=pdf, sizes=page_sizes(pdf), copy=desk.wish.copy)


def _enter(opened: OpenRoot, session: Session, wish: Wish) -> None:
    operator = session.rules.require_may(opened.require_login().operator, "view")
    body = {"what": f"{WHAT} {wish.kind}", "session": session.session_id}
    body |= {"sbd": wish.sbd} if wish.sbd else {}
    opened.store.append("view", body, operator=operator)


def draft_png(pdf: bytes, page: int, dpi: int, words: str) -> bytes:
    """Return a page of a draft as PNG with `words` across it. Raises as `page_png`."""
    picture = Image.open(io.BytesIO(page_png(pdf, page, dpi))).convert("RGBA")
    return _png(Image.alpha_composite(picture, _across(picture.size, words)).convert("RGB"))


def _across(size: tuple[int, int], words: str) -> Image.Image:
    """Return the mark, clear but for its letters, as large as the page."""
    wide, high = size
    long = round((wide * wide + high * high) ** 0.5 * _ACROSS)
    font = _fitted(words, long * 2 // 3)
    band = Image.new("RGBA", (long, round(font.size * 1.4)))
    pen = ImageDraw.Draw(band)
    pen.text((long / 2, band.height / 2), words, font=font, fill=_INK, anchor="mm")
    turned = band.rotate(_TURNED if high >= wide else 90 - _TURNED, expand=True)
    layer = Image.new("RGBA", size)
    layer.paste(turned, ((wide - turned.width) // 2, (high - turned.height) // 2))
    return layer


def _fitted(words: str, wide: int) -> ImageFont.FreeTypeFont:
    """Return the bold face in the size in which the words are this wide."""
    probe = ImageFont.truetype(str(font_file(Face.BOLD)), 100)
    return ImageFont.truetype(
        str(font_file(Face.BOLD)), max(_FROM, round(100 * wide / max(1, probe.getlength(words))))
    )


def _png(picture: Image.Image) -> bytes:
    out = io.BytesIO()
    picture.save(out, "PNG", compress_level=1)
    return out.getvalue()
