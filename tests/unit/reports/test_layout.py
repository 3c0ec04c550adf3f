from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st
from reportlab.lib.units import mm

from reports.attendance import build_attendance
from reports.errors import HeadTooTallError, RowTooTallError
from reports.geometry import LYING, UPRIGHT, Geometry
from reports.layout import lay_out
from reports.paging import paginate
from reports.placed_rows import MIN_ROW
from reports.sheet import Letterhead
from sessions.course.states import State
from tests.support.reports_sheets import head_of, mixed_roll, roll_row, seat, session_of, sheet_of, texts


@pytest.mark.parametrize("paper", [LYING, UPRIGHT])
def test_the_margins_are_those_of_the_decree(paper: Geometry):
    assert 30 <= round(paper.left / mm, 6) <= 35
    assert 15 <= round((paper.page[0] - paper.right) / mm, 6) <= 20
    assert 20 <= round((paper.page[1] - paper.top) / mm, 6) <= 25
    assert 20 <= round(paper.foot_bottom / mm, 6) <= 25


@pytest.mark.parametrize("paper", [LYING, UPRIGHT])
def test_the_foot_has_room_for_its_parts(paper: Geometry):
    x1, y1, x2, y2 = paper.station
    assert paper.left < x1 < x2 <= paper.right - paper.seal_side
    assert paper.foot_bottom <= y1 < y2 <= paper.foot_top < paper.bottom
    assert paper.foot_bottom + paper.seal_side <= paper.foot_top
    assert paper.left + paper.notice_width < x1
    assert paper.agency_width + paper.nation_width <= paper.width


@pytest.mark.parametrize(
    ("rows", "counts"),
    [
        (0, (0,)),
        (1, (1,)),
        (4, (4,)),
        (5, (3, 2)),
        (6, (4, 2)),
        (7, (5, 2)),
        (8, (6, 2)),
        (9, (7, 2)),
        (13, (8, 5)),
        (14, (8, 6)),
        (15, (8, 5, 2)),
        (19, (8, 9, 2)),
        (20, (8, 10, 2)),
    ],
)
def test_rows_are_shared_out_with_company_for_the_signatures(rows: int, counts: tuple[int, ...]):
    assert paginate([10.0] * rows, 80, 100, 40) == counts


def test_one_row_that_leaves_no_room_stays_where_it_is():
    assert paginate([50.0], 80, 100, 40) == (1, 0)


@pytest.mark.parametrize(("rows", "counts"), [(2, (2, 0)), (3, (3, 0))])
def test_a_table_of_few_rows_stays_together_and_the_closing_block_goes_alone(
    rows: int, counts: tuple[int, ...]
):
    assert paginate([25.0] * rows, 80, 100, 40) == counts


def test_rows_too_tall_for_any_company_leave_the_block_alone():
    assert paginate([70.0] * 3, 80, 100, 40) == (1, 1, 1, 0)


def test_a_first_row_too_tall_for_the_first_page_leaves_its_table_out():
    assert paginate([90.0, 10.0], 80, 130, 40) == (0, 2, 0)


@pytest.mark.parametrize(
    ("heights", "counts"),
    [
        ([10.0] * 9, (7, 2)),
        ([20.0, 20.0, 40.0], (3, 0)),
        ([10.0] * 7 + [50.0], (6, 2)),
        ([10.0] * 7 + [60.0], (6, 2, 0)),
        ([35.0, 35.0, 60.0], (2, 1)),
    ],
)
def test_a_row_stands_alone_only_where_the_block_has_no_room_below_two(
    heights: list[float], counts: tuple[int, ...]
):
    assert paginate(heights, 80, 100, 40) == counts


def test_a_piece_of_a_letter_is_company_enough_for_its_signatures():
    assert paginate([25.0] * 3, 80, 100, 40, least=1) == (2, 1)


@pytest.mark.parametrize("heights", [[101.0], [10.0, 101.0]])
def test_a_row_that_fits_on_no_page_is_an_error(heights: list[float]):
    with pytest.raises(RowTooTallError):
        paginate(heights, 80, 100, 40)


def test_a_closing_block_that_fits_on_no_page_is_an_error():
    with pytest.raises(RowTooTallError):
        paginate([10.0], 80, 100, 101)


@given(st.lists(st.floats(10, 30), max_size=120))
def test_every_page_holds_what_it_was_given(heights: list[float]):
    first, rest, closing = 85.0, 135.0, 60.0
    counts = paginate(heights, first, rest, closing)
    assert sum(counts) == len(heights)
    start = 0
    for page, count in enumerate(counts):
        used = sum(heights[start : start + count])
        start += count
        room = first if page == 0 else rest
        assert used + (closing if page == len(counts) - 1 else 0) <= room + 1e-6
    if heights:
        assert all(count > 0 for count in counts[:-1])


@given(st.lists(st.floats(10, 30), min_size=2, max_size=40))
def test_no_row_stands_alone_and_no_page_is_needlessly_half_empty(heights: list[float]):
    first, rest, closing = 85.0, 135.0, 60.0
    counts = paginate(heights, first, rest, closing)
    assert 1 not in counts
    start = 0
    for page, (count, behind) in enumerate(pairwise(counts)):
        used, after = sum(heights[start : start + count]), heights[start + count : start + count + behind]
        room = first if page == 0 else rest
        start += count
        full = bool(after) and used + after[0] > room - 1e-6
        moved = bool(after) and room - used <= rest / 2
        assert full or moved or not after


@pytest.mark.parametrize(
    ("rows", "counts"),
    [
        (1, (1,)),
        (2, (2,)),
        (3, (3, 0)),
        (4, (2, 2)),
        (5, (3, 2)),
        (6, (4, 2)),
        (7, (5, 2)),
        (12, (6, 6, 0)),
        (30, (6, 9, 9, 6, 0)),
    ],
)
@pytest.mark.parametrize("language", ["vi", "en"])
@pytest.mark.parametrize("kind", ["real", "training"])
def test_the_rows_of_an_attendance_sheet_by_page(
    kind: str, language: str, rows: int, counts: tuple[int, ...]
):
    placed = lay_out(sheet_of(mixed_roll(rows), kind=kind, language=language))
    assert tuple(len(page) for page in placed.pages) == counts


@pytest.mark.parametrize("rows", range(1, 11))
def test_no_page_without_rows_stands_before_rows(rows: int):
    pages = lay_out(sheet_of(mixed_roll(rows))).pages
    assert all(pages[:-1])


def test_rows_are_at_least_high_enough_to_sign_in():
    placed = lay_out(sheet_of(mixed_roll(24)))
    assert all(row.height >= MIN_ROW for page in placed.pages for row in page)


def test_a_long_name_makes_its_row_higher_not_its_letters_fewer():
    name = " ".join(["NGUYỄN"] * 30)
    placed = lay_out(sheet_of([roll_row(1, State.ADMITTED, name)]))
    (row,) = placed.pages[0]
    assert " ".join(line.text for line in row.lines[3]) == name
    assert row.height > 2 * MIN_ROW


def test_a_name_that_fits_on_no_page_is_divided_not_cut():
    name = " ".join(["NGUYỄN"] * 400)
    placed = lay_out(sheet_of([roll_row(1, State.ADMITTED, name), roll_row(2, State.ADMITTED)]))
    rows = [row for page in placed.pages for row in page]
    assert (
        " ".join(line.text for row in rows for line in row.lines[3])
        == f"{name} {rows[-1].row.cells[3].paragraphs[0]}"
    )
    assert [row.number for row in rows if row.begins] == [0, 1]
    assert all(sum(row.height for row in page) <= LYING.height for page in placed.pages)


def test_a_head_longer_than_a_page_is_refused_not_drawn_off_the_paper():
    roll = mixed_roll(1)
    letterhead = Letterhead(agency="PHÒNG MẪU " * 400)
    sheet = build_attendance(session_of(roll), roll, texts=texts(), head=head_of(), letterhead=letterhead)
    with pytest.raises(HeadTooTallError):
        lay_out(sheet)


def test_a_long_agency_pushes_the_table_down_not_off():
    roll = mixed_roll(9)
    letterhead = Letterhead(agency="PHÒNG MẪU " * 40)
    sheet = build_attendance(session_of(roll), roll, texts=texts(), head=head_of(), letterhead=letterhead)
    assert len(lay_out(sheet).pages[0]) < len(lay_out(sheet_of(roll)).pages[0])


@pytest.mark.parametrize("name", ["TRANKANCHANARATTANAPHONGPHAIBOONWATTHANAK", "NGUYENVANMAUTHANH"])
def test_a_name_without_spaces_is_divided_rather_than_hard_to_read(name: str):
    placed = lay_out(sheet_of([roll_row(1, State.ADMITTED, name)]))
    lines = placed.pages[0][0].lines[3]
    assert "".join(line.text for line in lines) == name
    assert all(line.scale >= 0.85 - 1e-9 for line in lines)
    assert len(lines[-1].text) > 3


def test_a_column_too_narrow_for_its_numbers_takes_room_from_the_others():
    sheet = sheet_of([roll_row(1, State.ADMITTED, seat=seat(1, sbd="B1-0000-00001"))])
    placed = lay_out(sheet)
    assert [line.text for line in placed.pages[0][0].lines[2]] == ["B1-0000-00001"]
    assert sum(column.width_mm for column in placed.columns) == pytest.approx(LYING.width / mm)
    assert placed.columns[2].width_mm > sheet.columns[2].width_mm
