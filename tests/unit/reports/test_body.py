"""Blocks above a table, upright and lying: nothing lost, nothing cut, nothing alone at the end of a page."""

from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from reportlab.lib.units import mm

from reports.body import PlacedFigures, PlacedText, height_of, joined, pieces_of
from reports.fonts import stack_height
from reports.geometry import LYING, UPRIGHT, Geometry, geometry_of
from reports.layout import Layout, foot_notice, lay_out
from reports.pdf import Drawn, draw
from reports.portrait import FIGURE_BOX, thumbnail
from reports.sheet import (
    Align,
    Block,
    Cell,
    Column,
    Figure,
    Figures,
    Paragraph,
    Row,
    Sheet,
    SignatureBlock,
    page_digest,
)
from tests.support.reports_pages import page_texts
from tests.support.reports_sheets import LONG_NAME, portrait, sheet_of, signer, texts

WORDS = "Trạm kiểm tra nhận dạng đọc chíp của thẻ và so khuôn mặt tại chỗ với ảnh trong chíp. "
ADDRESS = "Số 12 ngõ 345 đường Nguyễn Thị Minh Khai, tổ dân phố số 6, phường Mẫu, tỉnh Thanh Hóa; " * 7
ROLES = ("NGƯỜI LẬP", "THƯ KÝ", "ỦY VIÊN HỘI ĐỒNG", "TỔ GIÁM SÁT", "CHỦ TỊCH HỘI ĐỒNG SÁT HẠCH")


def sheet(
    *,
    portrait: bool = True,
    body: tuple[Block, ...] = (),
    rows: int | None = None,
    signers: int = 2,
    **more: object,
) -> Sheet:
    """A sheet with blocks, and a table of `rows` rows or none."""
    base = sheet_of([])
    wide = (165 if portrait else 252) - 100
    columns = (
        Column(heading="STT", width_mm=20),
        Column(heading="Nội dung", width_mm=80, align=Align.LEFT),
        Column(heading="Điểm", width_mm=wide),
    )
    made = tuple(
        Row(
            cells=tuple(Cell(paragraphs=(text,)) for text in (str(n), f"Dòng {n}", "25")),
            mark=(f"{n:03d}", "A"),
        )
        for n in range(1, (rows or 0) + 1)
    )
    blocks = tuple(SignatureBlock(role=role, hint="(Ký, ghi rõ họ tên)") for role in ROLES[:signers])
    return replace(
        base,
        portrait=portrait,
        body=body,
        columns=() if rows is None else columns,
        rows=made,
        closing=replace(base.closing, signatures=blocks),
        row_mm=9.0,
        **more,  # type: ignore[arg-type]
    )


def heights(placed: Layout) -> list[float]:
    """What each page's content takes, the first page's head left out, the closing block included."""
    found = []
    for index, (rows, body) in enumerate(zip(placed.pages, placed.bodies, strict=True)):
        used = sum(part.height for part in body) + sum(row.height for row in rows)
        used += placed.heads.height if rows else 0.0
        used += placed.header.height if index == 0 else 0.0
        found.append(used + (placed.closing.height if index == len(placed.pages) - 1 else 0.0))
    return found


@pytest.mark.parametrize("upright", [False, True])
@pytest.mark.parametrize("count", [0, 1, 4, 9, 14, 20])
@pytest.mark.parametrize("rows", [None, 0, 1, 7, 40])
def test_every_word_and_row_is_on_some_page_and_none_beyond_its_edge(
    upright: bool, count: int, rows: int | None
):
    body = tuple(Paragraph(text=f"Đoạn {number}. {WORDS * 3}") for number in range(count))
    placed = lay_out(sheet(portrait=upright, body=body, rows=rows))
    room = placed.geometry.height
    assert all(height <= room + 0.1 for height in heights(placed))
    said = " ".join(" ".join(part.texts) for page in placed.bodies for part in page)
    assert said.split() == " ".join(block.text for block in body).split()
    assert sum(len(page) for page in placed.pages) == (rows or 0)
    assert (placed.bare is not None) == (rows == 0)


@settings(max_examples=25, deadline=None)
@given(
    st.lists(st.integers(1, 40), max_size=14),
    st.one_of(st.none(), st.integers(0, 60)),
    st.booleans(),
    st.integers(0, 5),
)
def test_no_page_ends_or_begins_with_a_line_alone(
    lengths: list[int], rows: int | None, upright: bool, signers: int
):
    body = tuple(Paragraph(text=WORDS * length, strong=length % 7 == 0) for length in lengths)
    placed = lay_out(sheet(portrait=upright, body=body, rows=rows, signers=signers))
    assert all(height <= placed.geometry.height + 0.1 for height in heights(placed))
    parts: dict[int, list[int]] = {number: [] for number in range(len(body))}
    for page in placed.bodies:
        for part in page:
            assert isinstance(part, PlacedText)
            parts[part.block].append(len(part.lines))
    for found in parts.values():
        assert len(found) == 1 or min(found) >= 2
    shown = [bool(rows) or bool(body) for rows, body in zip(placed.pages, placed.bodies, strict=True)]
    assert all(shown[:-1]) or not (lengths or rows)


@pytest.mark.parametrize("upright", [False, True])
def test_a_table_below_blocks_does_not_begin_with_one_row_alone(upright: bool):
    for count in range(30):
        body = tuple(Paragraph(text="Dòng", space_before_mm=0.7) for _ in range(count))
        pages = lay_out(sheet(portrait=upright, body=body, rows=12)).pages
        first = next(len(rows) for rows in pages if rows)
        assert first != 1 or count == 0, count


def test_a_heading_stays_with_what_follows_it():
    for count in range(1, 14):
        body = (
            *(Paragraph(text=WORDS) for _ in range(count)),
            Paragraph(text="2. Mục đích", strong=True),
            Paragraph(text=WORDS * 9),
        )
        pages = lay_out(sheet(portrait=False, body=body)).bodies
        for page in pages:
            last = page[-1] if page else None
            assert not (isinstance(last, PlacedText) and last.paragraph.strong)


def test_signatures_of_a_letter_have_lines_of_text_above_them():
    for count in range(6, 26):
        body = tuple(Paragraph(text=WORDS * 2) for _ in range(count))
        placed = lay_out(sheet(body=body))
        assert placed.bodies[-1], count


def test_labels_stand_in_one_column_and_long_values_wrap_beside_it():
    body = (
        Paragraph(label="Họ và tên:", text=LONG_NAME, strong=True),
        Paragraph(label="Nơi cư trú:", text=ADDRESS),
        Paragraph(label="Một nhãn rất dài không đứng vừa trên một dòng của cột nhãn:", text="có"),
    )
    texts = [part for part in joined(pieces_of(body, 165 * mm)) if isinstance(part, PlacedText)]
    assert len({part.offset for part in texts}) == 1
    assert len(texts[1].lines) >= 12
    assert len(texts[2].labels) == 2
    assert texts[2].height == pytest.approx(texts[2].gap + 2 * 13 * 1.17)


def test_a_value_over_several_pages_has_its_label_once():
    body = (Paragraph(label="Diễn biến:", text=WORDS * 120),)
    pages = lay_out(sheet(portrait=False, body=body)).bodies
    parts = [part for page in pages for part in page if isinstance(part, PlacedText)]
    assert len(parts) > 2
    assert [bool(part.labels) for part in parts] == [True] + [False] * (len(parts) - 1)


def test_pictures_stand_side_by_side_in_frames_of_three_by_four():
    picture = thumbnail(portrait(3, (480, 640)), FIGURE_BOX)
    figures = tuple(
        Figure(picture=found, caption=f"Ảnh {n}") for n, found in enumerate((picture, None, picture))
    )
    (piece,) = pieces_of((Figures(figures=figures, width_mm=30),), 165 * mm)
    (placed,) = piece
    assert isinstance(placed, PlacedFigures)
    assert placed.frame == pytest.approx((30 * mm, 40 * mm))
    assert height_of(piece) > 40 * mm
    (crowded,) = pieces_of((Figures(figures=figures * 3, width_mm=30),), 165 * mm)[0]
    assert isinstance(crowded, PlacedFigures)
    assert crowded.frame[0] < 165 * mm / 9


def test_a_sheet_without_figures_in_its_figures_prints():
    assert lay_out(sheet(body=(Figures(figures=()),))).bodies == ((),)


# -- digests ---------------------------------------------------------------------------------------


def test_a_page_without_blocks_keeps_its_digest():
    made = sheet(rows=2)
    assert page_digest(made, 1, made.rows) == page_digest(made, 1, made.rows, ())
    assert draw(made, signer()).digests == (page_digest(made, 1, made.rows),)


def test_the_digest_covers_every_label_text_and_caption():
    body = (
        Paragraph(label="Họ và tên:", text="NGUYỄN VĂN MẪU"),
        Figures(figures=(Figure(picture=None, caption="Ảnh chíp"),)),
    )
    plain = draw(sheet(body=body), signer()).digests
    other = [
        (replace(body[0], text="NGUYỄN VĂN MẬU"), body[1]),
        (replace(body[0], label="Họ tên:"), body[1]),
        (body[0], Figures(figures=(Figure(picture=None, caption="Ảnh khác"),))),
    ]
    for changed in other:
        assert draw(sheet(body=changed), signer()).digests != plain


def test_each_page_s_digest_covers_what_stands_on_it():
    body = tuple(Paragraph(text=f"{number} {WORDS * 4}") for number in range(30))
    first = draw(sheet(body=body), signer())
    last = draw(sheet(body=(*body[:-1], Paragraph(text=f"29 {WORDS * 3}đổi"))), signer())
    assert first.pages == last.pages > 2
    assert first.digests[:-1] == last.digests[:-1]
    assert first.digests[-1] != last.digests[-1]


# -- where people sign -----------------------------------------------------------------------------


def overlaps(one: tuple[int, ...], other: tuple[int, ...]) -> bool:
    """Whether two boxes share more than an edge."""
    return one[0] < other[2] and other[0] < one[2] and one[1] < other[3] and other[1] < one[3]


@pytest.mark.parametrize("upright", [False, True])
@pytest.mark.parametrize("signers", [0, 1, 2, 3, 4, 5])
@pytest.mark.parametrize("rows", [None, 3, 21])
def test_everybody_has_a_place_of_their_own_to_sign(upright: bool, signers: int, rows: int | None):
    made = sheet(portrait=upright, rows=rows, signers=signers, body=(Paragraph(text=WORDS),))
    drawn = draw(made, signer())
    assert [place.role for place in drawn.places] == list(ROLES[:signers])
    paper = geometry_of(made)
    for place in drawn.places:
        x1, y1, x2, y2 = place.box
        assert place.page == drawn.pages - 1
        assert paper.left <= x1 < x2 <= paper.right
        assert paper.bottom <= y1 + 1 < y2 <= paper.top
        assert x2 - x1 >= 36 * mm
        assert y2 - y1 >= 18 * mm
    boxes = [place.box for place in (*drawn.places, drawn.station)]
    assert not any(overlaps(one, other) for at, one in enumerate(boxes) for other in boxes[at + 1 :])


@pytest.mark.parametrize("key", ["paper.notice", "erasure.notice", "sheet.foot.notice"])
@pytest.mark.parametrize("paper", [LYING, UPRIGHT])
def test_the_foot_s_remark_stands_above_the_paper_s_edge_beside_the_station_s_box(paper: Geometry, key: str):
    lines = foot_notice(texts()[key], paper)
    assert len(lines) <= paper.notice_lines
    above = mm * 1.8 + (10 + 7 * 8) * 1.17
    assert paper.foot_top - above - stack_height(lines) >= 7 * mm
    if paper is UPRIGHT:
        assert paper.foot_top - above >= paper.station[3]


# -- marks -----------------------------------------------------------------------------------------


def pages_of(drawn: Drawn) -> list[str]:
    """The text of each page, spaces single."""
    return [" ".join(text.split()) for text in page_texts(drawn.pdf)]


@pytest.mark.parametrize("upright", [False, True])
@pytest.mark.parametrize("training", [None, ("HUẤN LUYỆN – KHÔNG CÓ GIÁ TRỊ SỬ DỤNG", "HUẤN LUYỆN")])
def test_a_reprint_says_so_on_every_page_a_first_print_on_none(
    upright: bool, training: tuple[str, str] | None
):
    first = sheet(portrait=upright, rows=50, training=training)
    again = replace(first, reprint="BẢN IN LẠI lần 2")
    assert not any("BẢN IN LẠI" in text for text in pages_of(draw(first, signer())))
    marked = pages_of(draw(again, signer()))
    assert len(marked) > 1
    assert all("BẢN IN LẠI lần 2" in text for text in marked)
    assert all(("HUẤN LUYỆN" in text) == bool(training) for text in marked)
    assert all(f" {number} " in text for number, text in enumerate(marked[1:], start=2))


@pytest.mark.parametrize("upright", [False, True])
def test_the_same_sheet_gives_the_same_bytes_upright_too(upright: bool):
    made = sheet(portrait=upright, rows=20, body=(Paragraph(text=WORDS * 5),))
    assert draw(made, signer()).pdf == draw(made, signer()).pdf
