import io
import unicodedata
from dataclasses import replace
from pathlib import Path

import numpy as np
import pypdf
import pytest

from reports.attendance import Pictures, build_attendance
from reports.layout import lay_out
from reports.pdf import render
from reports.seal import read_seal
from reports.sheet import page_digest
from sessions.course.states import State
from sessions.witnesses import Cosigners
from tests.support.reports_pages import needs_poppler, page_texts, pictures, poppler, qr_texts
from tests.support.reports_sheets import (
    LONG_NAME,
    LONG_WORD,
    PICTURES,
    ROOT,
    ROSTER_HASH,
    head_of,
    mixed_roll,
    portrait,
    roll_row,
    session_of,
    sheet_of,
    signer,
    texts,
)


def words(text: str) -> str:
    """A text with its lines joined, to look for phrases that wrap."""
    return " ".join(text.split())


@pytest.mark.parametrize("kind", ["real", "training"])
def test_the_same_sheet_gives_the_same_bytes(kind: str):
    first, second = (
        render(sheet_of(mixed_roll(24), kind=kind, pictures=PICTURES), signer(kind)) for _ in range(2)
    )
    assert first == second


def test_a_changed_name_gives_other_bytes():
    one = render(sheet_of([roll_row(1, State.ADMITTED, "NGUYỄN VĂN MẪU")]), signer())
    other = render(sheet_of([roll_row(1, State.ADMITTED, "NGUYỄN VĂN MẬU")]), signer())
    assert one != other


@pytest.mark.parametrize("count", [0, 1, 2, 7, 24, 60])
def test_every_row_is_on_paper_once_and_the_pages_are_counted(count: int):
    sheet = sheet_of(mixed_roll(count))
    texts = page_texts(render(sheet, signer()))
    printed = [line for text in texts for line in text.split() if line.startswith("0010990")]
    assert printed == [row.seat.id_number for row in mixed_roll(count)]
    for number, text in enumerate(texts, start=1):
        assert f"Trang {number}/{len(texts)}" in text
        assert "Họ và tên" in text
        assert ROSTER_HASH in text
        assert ROOT.hex() in text
        assert "1234 mục" in text
        assert signer().key.fingerprint in text


def test_each_page_bears_the_digest_of_its_own_rows():
    sheet = sheet_of(mixed_roll(24))
    pages = lay_out(sheet).pages
    texts = page_texts(render(sheet, signer()))
    digests = [
        page_digest(sheet, number, [placed.row for placed in rows]).hex()
        for number, rows in enumerate(pages, start=1)
    ]
    assert len(set(digests)) == len(texts) > 1
    assert all(digest in text for digest, text in zip(digests, texts, strict=True))


def test_the_digest_depends_on_every_cell_and_on_the_page():
    sheet, other = sheet_of(mixed_roll(2)), sheet_of([roll_row(1, State.REFUSED), *mixed_roll(2)[1:]])
    assert page_digest(sheet, 1, sheet.rows) != page_digest(other, 1, other.rows)
    assert page_digest(sheet, 1, sheet.rows) != page_digest(sheet, 2, sheet.rows)


def test_the_first_page_has_the_head_the_last_the_signatures():
    texts = [words(text) for text in page_texts(render(sheet_of(mixed_roll(24)), signer()))]
    head = ("CỘNG HÒA XÃ HỘI CHỦ NGHĨA VIỆT NAM", "Độc lập - Tự do - Hạnh phúc", "DANH SÁCH ĐIỂM DANH")
    foot = ("Nơi nhận:", "SÁT HẠCH VIÊN", "(Ký, ghi rõ họ tên)", "24 (hai mươi tư)")
    assert all(phrase in texts[0] for phrase in head)
    assert all(phrase in texts[-1] for phrase in foot)
    assert not any(phrase in text for phrase in (*head, *foot) for text in texts[1:-1])
    assert [text.split()[0] for text in texts[1:]] == ["2", "3", "4"]


def test_text_comes_back_in_nfc_even_from_a_decomposed_roster():
    name = unicodedata.normalize("NFD", LONG_NAME)
    text = words(page_texts(render(sheet_of([roll_row(1, State.ADMITTED, name)]), signer()))[0])
    assert LONG_NAME in text
    assert unicodedata.is_normalized("NFC", text)


def test_a_word_of_fifty_letters_is_whole():
    text = page_texts(render(sheet_of([roll_row(1, State.ADMITTED, LONG_WORD)]), signer()))[0]
    assert LONG_WORD in "".join(text.split())


@pytest.mark.parametrize("kind", ["real", "training"])
def test_training_is_written_across_every_page_and_never_on_a_real_one(kind: str):
    reader = pypdf.PdfReader(io.BytesIO(render(sheet_of(mixed_roll(24), kind=kind), signer(kind))))
    for page in reader.pages:
        assert ("HUẤN LUYỆN" in page.extract_text()) == (kind == "training")
        stencils = [
            item
            for item in page["/Resources"].get("/XObject", {}).values()
            if "/ImageMask" in item.get_object()
        ]
        assert len(stencils) == (kind == "training")


def test_the_faces_are_embedded_and_the_paper_is_a4_on_its_side():
    reader = pypdf.PdfReader(io.BytesIO(render(sheet_of(mixed_roll(2)), signer())))
    page = reader.pages[0]
    assert [round(float(edge) / 72 * 25.4) for edge in page.mediabox[2:]] == [297, 210]
    for font in (reference.get_object() for reference in page["/Resources"]["/Font"].values()):
        if "/FontDescriptor" in font:
            assert "LiberationSerif" in font["/BaseFont"]
            assert "/FontFile2" in font["/FontDescriptor"].get_object()


def test_a_portrait_used_twice_is_stored_once():
    roll = [roll_row(1, State.ADMITTED), roll_row(2, State.ADMITTED, seq=5)]
    reader = pypdf.PdfReader(io.BytesIO(render(sheet_of(roll, pictures=PICTURES), signer())))
    assert len(reader.pages[0]["/Resources"]["/XObject"]) == 2


def test_three_hundred_rows_stay_small_and_nearly_fill_their_pages():
    few = Pictures(chip=lambda seq: portrait(seq % 4), live=lambda seq: portrait(seq % 4 + 4, (480, 640)))
    sheet = sheet_of(mixed_roll(300), pictures=few)
    assert len(lay_out(sheet).pages) <= 36
    assert len(render(sheet, signer())) < 600_000


@needs_poppler
def test_poppler_reads_the_same_letters(tmp_path: Path):
    pdf = render(sheet_of(mixed_roll(3), kind="training"), signer("training"))
    text = poppler("pdftotext", pdf, tmp_path, "-")
    assert unicodedata.is_normalized("NFC", text)
    for phrase in ("NGUYỄN VĂN MẪU", "Độc lập - Tự do - Hạnh phúc", "001099000003", "HUẤN LUYỆN"):
        assert phrase in text
    assert LONG_NAME in words(text)
    assert "yes yes yes" in poppler("pdffonts", pdf, tmp_path)


@needs_poppler
def test_the_page_seals_read_from_a_100_dpi_picture(tmp_path: Path):
    sheet = sheet_of(mixed_roll(24), pictures=PICTURES, kind="training")
    pages = pictures(render(sheet, signer("training")), tmp_path)
    seals = [read_seal(text, signer("training").key) for page in pages for text in qr_texts(page)]
    assert [seal.page for seal in seals] == list(range(1, len(pages) + 1))
    assert {seal.pages for seal in seals} == {len(pages)}
    assert [row for seal in seals for row in seal.rows] == [row.mark for row in sheet.rows]
    assert {(seal.root, seal.size) for seal in seals} == {(ROOT, head_of().size)}
    assert {seal.roster.hex() for seal in seals} == {ROSTER_HASH[:32]}


@needs_poppler
@pytest.mark.parametrize("missing", [(), ("witness.example/w1",)])
@pytest.mark.parametrize("count", [1, 2, 3, 7, 12])
def test_each_seal_names_the_rows_printed_on_its_page(tmp_path: Path, count: int, missing: tuple[str, ...]):
    roll = mixed_roll(count)
    cosigners = Cosigners(configured=len(missing), missing=missing)
    sheet = build_attendance(session_of(roll), roll, texts=texts(), head=head_of(), cosigners=cosigners)
    pdf = render(sheet, signer())
    seals = [read_seal(*qr_texts(page), signer().key) for page in pictures(pdf, tmp_path)]
    printed = [[word for word in text.split() if word.startswith("0010990")] for text in page_texts(pdf)]
    assert [len(seal.rows) for seal in seals] == [len(rows) for rows in printed]
    assert [row for seal in seals for row in seal.rows] == [row.mark for row in sheet.rows]
    assert all(printed[:-1])
    assert len(printed[-1]) != 1 or count == 1


@needs_poppler
def test_signatures_that_one_tall_row_leaves_no_room_for_stand_without_a_table(tmp_path: Path):
    sheet = sheet_of([roll_row(1, State.ADMITTED, " ".join(["NGUYỄN"] * 30))])
    pdf = render(sheet, signer())
    first, last = page_texts(pdf)
    assert "001099000001" in first
    assert "Họ và tên" not in last
    assert "SÁT HẠCH VIÊN" in last
    seals = [read_seal(*qr_texts(page), signer().key) for page in pictures(pdf, tmp_path)]
    assert [len(seal.rows) for seal in seals] == [1, 0]


@needs_poppler
@pytest.mark.parametrize("degrees", [-3, 2, 90, 180])
def test_a_turned_page_still_reads(tmp_path: Path, degrees: float):
    (page,) = pictures(render(sheet_of(mixed_roll(4)), signer()), tmp_path)[:1]
    (text,) = qr_texts(page.rotate(degrees, expand=True, fillcolor=255))
    assert read_seal(text, signer().key).page == 1


@needs_poppler
def test_nothing_is_drawn_beyond_the_margins(tmp_path: Path):
    for page in pictures(render(sheet_of(mixed_roll(60), pictures=PICTURES), signer()), tmp_path):
        left, top, right, bottom = page.point(lambda level: 255 * (level < 200)).getbbox()
        per_mm = 100 / 25.4
        assert left / per_mm >= 29.5
        assert right / per_mm <= 297 - 14.5
        assert top / per_mm >= 12
        assert bottom / per_mm <= 210 - 8


@needs_poppler
@pytest.mark.parametrize("upright", [False, True])
@pytest.mark.parametrize("kind", ["real", "training"])
def test_nothing_stands_in_the_margins_but_the_marks_and_the_page_number(
    tmp_path: Path, kind: str, upright: bool
):
    roll = mixed_roll(3)
    cosigners = Cosigners(configured=3, missing=tuple(f"witness.example/{at}-rat-dai" for at in range(3)))
    sheet = build_attendance(
        session_of(roll, kind=kind), roll, texts=texts(), head=head_of(kind), cosigners=cosigners
    )
    sheet = replace(sheet, reprint="IN LẠI LẦN 1")
    if upright:
        sheet = replace(sheet, portrait=True, columns=(), rows=())
    for page in pictures(render(sheet, signer(kind)), tmp_path, dpi=254):
        rows, columns = (np.flatnonzero((np.asarray(page) < 250).any(axis=axis)) for axis in (1, 0))
        assert columns[0] >= 300
        assert page.width - 1 - columns[-1] >= 150
        assert page.height - 1 - rows[-1] >= 200


def test_every_face_that_a_page_names_is_embedded():
    reader = pypdf.PdfReader(io.BytesIO(render(sheet_of(mixed_roll(9)), signer())))
    fonts = [font.get_object() for page in reader.pages for font in page["/Resources"]["/Font"].values()]
    assert fonts
    assert all("/FontFile2" in font["/FontDescriptor"] for font in fonts)
