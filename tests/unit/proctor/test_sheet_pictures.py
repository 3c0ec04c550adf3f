"""Photos and scans of sheets, judged by their seals: whose, which pages, what they say; hostile files refused."""

import io
import struct
import zlib
from collections.abc import Sequence
from functools import cache
from pathlib import Path

import numpy as np
import pytest
from PIL import Image, ImageDraw, ImageFont
from reportlab.lib.units import mm
from reportlab.lib.utils import ImageReader
from reportlab.pdfgen.canvas import Canvas

import reports
from proctor.errors import CommandError
from proctor.picture_limits import PAGES_MM, SEAL_BOTTOM_MM, SEAL_RIGHT_MM, Limits
from proctor.picture_marks import letters_beyond
from proctor.picture_seals import LIMITS, read_picture_seals
from proctor.picture_search import find_codes, find_seals
from proctor.sheet_pictures import PictureFinding, PictureVerdict, verify_picture
from proctor.sheet_pictures_show import picture_json, picture_lines
from proctor.texts import load_texts
from reports import base45
from reports.geometry import LYING, UPRIGHT
from reports.pdf import render
from reports.seal import PREFIX, PageSeal, qr_modules, read_seal, seal_text
from sessions.checkpoint import Signer, VerifierKey
from tests.support.photographs import Look, drawn, photograph
from tests.support.reports_sheets import ROOT, mixed_roll, sheet_of, signer
from tests.support.schemas import require_valid

KEYS = (signer().key,)
ROWS = (("001", "A"), ("002", "R"), ("003", "X"), ("", "-"))


def seal(page: int, pages: int, **fields: object) -> PageSeal:
    values: dict[str, object] = {
        "kind": "attendance",
        "origin": signer().key.name,
        "session_id": "S-20261122-01",
        "page": page,
        "pages": pages,
        "size": 1_234,
        "root": ROOT,
        "roster": bytes(16),
        "digest": bytes([page] * 16),
        "rows": ROWS,
        "variant": "theory",
    }
    return PageSeal(**(values | fields))  # type: ignore[arg-type]


def text_of(page: int, pages: int, key: Signer | None = None, **fields: object) -> str:
    return seal_text(seal(page, pages, **fields), key or signer())


def picture(*texts: str) -> Image.Image:
    """A page with the codes of some texts, four pixels to a module, beside each other."""
    codes = []
    for text in texts:
        code = np.where(np.array(qr_modules(text)), 0, 255).astype(np.uint8)
        codes.append(np.pad(np.kron(code, np.ones((4, 4), np.uint8)), 24, constant_values=255))
    high = max((code.shape[0] for code in codes), default=200)
    padded = [np.pad(code, ((0, high - len(code)), (0, 0)), constant_values=255) for code in codes]
    return Image.fromarray(np.hstack(padded) if padded else np.full((high, 200), 255, np.uint8))


def scan(*pages: Image.Image) -> bytes:
    """A TIFF of many pages, as scanners make it."""
    out = io.BytesIO()
    pages[0].save(out, "TIFF", save_all=True, append_images=pages[1:], compression="tiff_lzw")
    return out.getvalue()


def saved(image: Image.Image, form: str) -> bytes:
    out = io.BytesIO()
    image.save(out, form)
    return out.getvalue()


def test_a_scan_of_a_whole_sheet_is_intact_and_says_every_row():
    finding = verify_picture(scan(picture(text_of(2, 2)), picture(text_of(1, 2)), picture()), KEYS)
    assert finding.verdict is PictureVerdict.INTACT
    assert [page.page for page in finding.sheets[0].pages] == [1, 2]
    assert (finding.pages, finding.bare, finding.compared) == (3, (), False)
    data = picture_json(finding, "scan.tiff")
    require_valid("sheet-verify-picture", data)
    assert data["sheets"][0]["found"][0]["rows"][0] == {"sbd": "001", "outcome": "A"}
    assert data["printed_text_read"] is False
    assert picture_lines(finding, load_texts("vi"))[0].startswith(
        "KẾT LUẬN: mã niêm phong của mọi trang đều đúng"
    )
    lines = "\n".join(picture_lines(finding, load_texts("vi")))
    for said in ("SBD 001: được vào", "SBD 003: máy: không nhận", "trang 1, 2 trên 2", "KHÔNG được đọc"):
        assert said in lines
    assert "Chưa đối chiếu với nhật ký" in lines


def test_whatever_is_wrong_in_a_pile_is_named_with_its_page():
    stranger = Signer("proctor.real/ffffffff", bytes([7] * 32))
    thief = Signer(signer().key.name, bytes([9] * 32))
    finding = verify_picture(
        scan(
            picture(text_of(1, 3)),
            picture(text_of(3, 3)),
            picture(text_of(1, 3)),
            picture(text_of(1, 1, stranger, origin=stranger.key.name)),
            picture(text_of(2, 3, thief, rows=(("002", "A"),))),
            picture(PREFIX + base45.encode(b"no seal")),
            picture(text_of(1, 1, kind="results", rows=(("001", "D"),), variant="")),
            Image.fromarray(np.tile(np.arange(256, dtype=np.uint8), (256, 1))),
        ),
        KEYS,
    )
    assert finding.verdict is PictureVerdict.ALTERED
    assert {found.pages: found.status for found in finding.seals} == {
        (1, 3): "valid",
        (2,): "valid",
        (4,): "unknown-station",
        (5,): "forged",
        (6,): "malformed",
        (7,): "valid",
    }
    assert [found.seal is None for found in finding.seals] == [False, False, True, True, True, False]
    assert [(sheet.first.kind, sheet.missing) for sheet in finding.sheets] == [
        ("attendance", (2,)),
        ("results", ()),
    ]
    assert finding.bare == (8,)
    require_valid("sheet-verify-picture", picture_json(finding, "pile.tiff"))
    lines = "\n".join(picture_lines(finding, load_texts("en")))
    for said in (
        "NOT PINNED (proctor.real/ffffffff)",
        "WRONG SIGNATURE",
        "MISSING page 2 of 3",
        "2 different sheets",
    ):
        assert said in lines
    assert "SBD 002: let in" not in lines


def test_two_seals_in_one_picture_are_both_read_and_the_same_page_twice_is_two_sheets():
    slips = [text_of(1, 1, kind="slip", variant="", rows=((sbd, "D"),)) for sbd in ("001", "002")]
    finding = verify_picture(saved(picture(*slips), "PNG"), KEYS)
    assert [sheet.first.rows[0][0] for sheet in finding.sheets] == ["001", "002"]
    assert finding.verdict is PictureVerdict.INTACT


@pytest.mark.parametrize("epoch", ["", "/2"])
def test_a_photo_of_one_page_is_judged_as_one_page_under_any_epochs_key(epoch: str):
    station = signer().key
    later = Signer(f"{station.name}{epoch}", bytes(range(32)))
    finding = verify_picture(saved(picture(text_of(2, 3, later, origin=later.key.name)), "JPEG"), KEYS)
    assert finding.verdict is PictureVerdict.INTACT
    assert finding.sheets[0].missing == (1, 3)
    assert "còn thiếu trang" in picture_lines(finding, load_texts("vi"))[0]


def test_without_a_pinned_key_nothing_is_valid():
    other = VerifierKey(name="proctor.real/00000000", public=signer().key.public)
    finding = verify_picture(saved(picture(text_of(1, 1)), "WEBP"), (other,))
    assert (finding.verdict, finding.sheets) == (PictureVerdict.UNVERIFIED, ())


def test_a_picture_without_a_seal_proves_nothing():
    finding = verify_picture(saved(picture(), "PNG"), KEYS)
    assert (finding.verdict, finding.seals) == (PictureVerdict.UNVERIFIED, ())
    verdict, cause = picture_lines(finding, load_texts("vi"))[:2]
    assert "CHƯA được coi là nguyên vẹn" in verdict
    assert "KHÔNG thấy mã niêm phong" in cause


# -- pages that are more than the sealed ones ------------------------------------------------------


def written(
    image: Image.Image, text: str, level: int, at: tuple[int, int] = (60, 60), size: int = 24
) -> Image.Image:
    """A copy of a page with a line of text on it, in a grey level."""
    copy = image.copy()
    face = ImageFont.truetype(
        str(Path(reports.__file__).parent / "fonts" / "LiberationSerif-Regular.ttf"), size
    )
    ImageDraw.Draw(copy).text(at, text, fill=level, font=face)
    return copy


@cache
def printed() -> tuple[Image.Image, ...]:
    """Both pages of a sheet as a scanner at 110 dpi takes them."""
    pdf = render(sheet_of(mixed_roll(8)), signer())
    return tuple(Image.fromarray(drawn(pdf, page, 110)) for page in range(2))


def said_of(finding: PictureFinding) -> str:
    require_valid("sheet-verify-picture", picture_json(finding, "x"))
    return "\n".join(picture_lines(finding, load_texts("vi")))


def test_a_page_that_is_there_twice_is_never_intact():
    first, second = printed()
    forged = written(first, "003 ĐẠT", 0)
    assert verify_picture(scan(first, second), KEYS).ok
    for pile in ((first, forged, second), (second, first, second)):
        finding = verify_picture(scan(*pile), KEYS)
        assert finding.verdict is PictureVerdict.UNVERIFIED
        (twice,) = (found for found in finding.seals if found.repeated)
        assert len(twice.pages) == 2
        assert "có 2 lần" in said_of(finding)


def test_the_same_seal_twice_in_one_picture_is_never_intact():
    finding = verify_picture(
        saved(Image.fromarray(np.vstack([printed()[0], written(printed()[0], "003 ĐẠT", 0)])), "PNG"), KEYS
    )
    assert finding.verdict is PictureVerdict.UNVERIFIED
    assert [found.pages for found in finding.seals] == [(1, 1)]
    assert "Trang 1 của tờ có 2 lần" in said_of(finding)


@pytest.mark.parametrize(("level", "size"), [(0, 16), (218, 16), (218, 40), (232, 40)])
def test_a_page_of_text_without_a_seal_is_named_however_pale(level: int, size: int):
    first, second = printed()
    more = written(Image.new("L", first.size, 255), "003 Lê Văn Mẫu: 29 85 90 DA đạt", level, size=size)
    finding = verify_picture(scan(first, second, more), KEYS)
    assert (finding.verdict, finding.bare) == (PictureVerdict.UNVERIFIED, (3,))
    assert "Trang 3 của tệp có chữ hoặc vết" in said_of(finding)


def test_an_empty_back_with_the_noise_of_a_scanner_is_empty():
    first, second = printed()
    chance = np.random.default_rng(3)
    high, wide = np.asarray(first).shape
    light = 238 - 20 * np.linspace(0, 1, wide)[None, :]
    back = Image.fromarray(np.clip(light + chance.normal(0, 4, (high, wide)), 0, 255).astype(np.uint8))
    finding = verify_picture(scan(first, back, second, back), KEYS)
    assert (finding.verdict, finding.bare) == (PictureVerdict.INTACT, ())


def beyond(image: Image.Image) -> bool:
    """Whether a picture of a lying page shows letters beyond it."""
    grey = np.array(image)
    return letters_beyond(grey, find_codes(grey, seconds_left=lambda: 5.0))[0]


def pair(place: str) -> Image.Image:
    """A sealed page and one with a line of text, no seal, in one picture."""
    page, empty = printed()[1], Image.new("L", printed()[1].size, 255)
    other = written(empty, "003 Lê Văn Mẫu: 29 85 90 DA đạt", 0, at=(400, 400))
    order = [np.asarray(image) for image in ((other, page) if place in {"above", "left"} else (page, other))]
    return Image.fromarray(np.vstack(order) if place in {"above", "below"} else np.hstack(order))


def test_a_page_without_a_seal_beside_the_sealed_one_in_one_picture_is_named():
    finding = verify_picture(saved(pair("above"), "PNG"), KEYS)
    assert (finding.verdict, finding.crowded) == (PictureVerdict.UNVERIFIED, (1,))
    assert "Mỗi ảnh chỉ được có một trang" in said_of(finding)
    assert verify_picture(saved(printed()[1], "PNG"), KEYS).ok


@pytest.mark.parametrize("turn", [0, 90, 183])
@pytest.mark.parametrize("place", ["above", "below", "left", "right"])
def test_another_page_is_seen_on_whatever_side_it_lies(place: str, turn: int):
    assert beyond(pair(place).rotate(turn, expand=True, fillcolor=255))
    assert not beyond(printed()[1].rotate(turn, expand=True, fillcolor=255))


def test_a_photo_of_one_page_aslant_shows_no_more_than_that_page():
    page = drawn(render(sheet_of(mixed_roll(8)), signer()), 0, 300)
    for look in (Look(turn=11, tilt=15, pan=-15, noise=4, stains=3), Look(turn=95, tilt=-15, light=0.4)):
        taken = photograph(page, look, np.random.default_rng(2))
        assert not beyond(Image.open(io.BytesIO(taken)).convert("L"))


def test_where_a_seal_stands_is_what_sheets_are_drawn_by():
    for (wide, high, side), paper in zip(PAGES_MM, (LYING, UPRIGHT), strict=True):
        assert (wide * mm, high * mm, side * mm) == pytest.approx((*paper.page, paper.seal_side))
        assert paper.page[0] - paper.right == pytest.approx(SEAL_RIGHT_MM * mm, abs=mm)
        assert paper.foot_bottom == pytest.approx(SEAL_BOTTOM_MM * mm, abs=mm)


def paper(*, letters: bool) -> bytes:
    """A PDF with a picture of a page, as scanners make it; with `letters` of its own, as programs make it."""
    out = io.BytesIO()
    canvas = Canvas(out, pagesize=(595, 842))
    canvas.drawImage(ImageReader(picture(text_of(1, 1))), 50, 50, 150, 150)
    text = canvas.beginText(50, 700)
    text.setTextRenderMode(0 if letters else 3)
    text.textOut("SBD 002: DA")
    canvas.drawText(text)
    canvas.showPage()
    canvas.save()
    return out.getvalue()


@pytest.mark.parametrize(("letters", "verdict"), [(False, "intact"), (True, "unverified")])
def test_a_scanned_pdf_is_read_and_one_that_draws_its_own_letters_is_never_intact(
    letters: bool, verdict: str
):
    finding = verify_picture(paper(letters=letters), KEYS)
    assert [found.status for found in finding.seals] == ["valid"]
    assert finding.verdict == verdict


# -- pictures of all kinds -------------------------------------------------------------------------


def transparent() -> Image.Image:
    page = picture(text_of(1, 1)).convert("LA")
    page.putalpha(Image.eval(page.getchannel("L"), lambda level: 255 - level))
    return page


@pytest.mark.parametrize("form", ["PNG", "TIFF"])
def test_dark_on_nothing_and_sixteen_bits_are_read(form: str):
    deep = Image.fromarray(np.asarray(picture(text_of(1, 1)), np.uint16) * 257)
    data = saved(transparent(), "PNG") if form == "PNG" else saved(deep, "TIFF")
    assert read_picture_seals(data).texts == (text_of(1, 1),)


def bomb(width: int, height: int) -> bytes:
    """A PNG that says it is large and has next to nothing in it."""

    def chunk(name: bytes, data: bytes) -> bytes:
        return struct.pack(">I", len(data)) + name + data + struct.pack(">I", zlib.crc32(name + data))

    head = chunk(b"IHDR", struct.pack(">IIBBBBB", width, height, 8, 0, 0, 0, 0))
    return b"\x89PNG\r\n\x1a\n" + head + chunk(b"IDAT", zlib.compress(bytes(1_000))) + chunk(b"IEND", b"")


@pytest.mark.parametrize(
    ("data", "code"),
    [
        (b"", "picture-unreadable"),
        (b"\xff\xd8\xff\xe0" + bytes(200), "picture-unreadable"),
        (bomb(60_000, 60_000), "picture-too-large"),
        (bomb(2_000, 2_000), "picture-unreadable"),
        (b"%PDF-1.7\n" + bytes(500), "picture-unreadable"),
        (b"II*\x00\x08\x00\x00\x00\xff\xff" + b"\xff" * 400, "picture-unreadable"),
    ],
)
def test_hostile_files_are_refused_by_code(data: bytes, code: str):
    with pytest.raises(CommandError) as caught:
        read_picture_seals(data, file="x")
    assert caught.value.code == code


def limits(**changed: int) -> Limits:
    names = ("max_pixels", "max_side", "max_pages", "memory_mib", "seconds", "page_seconds")
    return Limits(**({name: getattr(LIMITS, name) for name in names} | changed))


def test_pages_beyond_the_limit_are_not_looked_at_and_that_is_said():
    read = read_picture_seals(scan(picture(text_of(1, 1)), picture(), picture()), limits=limits(max_pages=2))
    assert (read.texts, read.whole) == ((text_of(1, 1),), False)


def test_time_that_is_up_ends_the_search_with_what_was_found():
    read = read_picture_seals(scan(picture(text_of(1, 2)), picture(text_of(2, 2))), limits=limits(seconds=0))
    assert not read.whole
    assert len(read.pages) <= 1


# -- as photographed -------------------------------------------------------------------------------


def corner(pdf: bytes, dpi: float) -> np.ndarray:
    """The part of the first page that has the seal; the whole page is in the bench."""
    page = drawn(pdf, 0, dpi)
    return np.ascontiguousarray(page[page.shape[0] * 2 // 3 :, page.shape[1] * 3 // 5 :])


def read_by_camera(looks: Sequence[Look], dpi: float) -> list[str]:
    pdf, chance = render(sheet_of(mixed_roll(12)), signer()), np.random.default_rng(6)
    part = corner(pdf, dpi * 3)
    taken = [photograph(part, look, chance) for look in looks]
    greys = [np.asarray(Image.open(io.BytesIO(data)).convert("L")).copy() for data in taken]
    found = [find_seals(grey, seconds_left=lambda: 5.0) for grey in greys]
    return [texts[0] for texts in found if texts]


def test_the_seal_is_read_in_twenty_of_twenty_turned_pictures_at_100_dpi():
    read = read_by_camera([Look(turn=turn) for turn in range(0, 360, 18)], 100)
    assert len(read) == 20
    assert {read_seal(text, signer().key).page for text in read} == {1}


def test_the_seal_is_read_through_tilt_stains_shadow_and_bad_light():
    looks = [
        Look(turn=31, tilt=20, pan=-20, quality=60),
        Look(turn=-8, stains=8),
        Look(turn=184, light=0.5, shadow=True, noise=8),
        Look(turn=95, contrast=0.25, light=0.5, noise=3),
        Look(turn=12, blur=0.8),
        Look(turn=3, quality=20),
    ]
    assert len(read_by_camera(looks, 100)) == len(looks)
