import pytest
from hypothesis import given
from hypothesis import strategies as st
from reportlab.lib.units import mm

from reports.attendance import build_attendance
from reports.errors import HeadTooTallError, RowTooTallError
from reports.layout import BOTTOM, LEFT, MIN_ROW, PAGE, RIGHT, TOP, lay_out, paginate
from reports.sheet import Letterhead
from sessions.session import State
from tests.support.reports_sheets import head_of, mixed_roll, roll_row, session_of, sheet_of, texts


def test_the_margins_are_those_of_the_decree():
    assert 30 <= round(LEFT / mm, 6) <= 35
    assert 15 <= round((PAGE[0] - RIGHT) / mm, 6) <= 20
    assert 20 <= round((PAGE[1] - TOP) / mm, 6) <= 25
    assert BOTTOM / mm >= 20


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


def test_one_row_that_leaves_no_room_takes_the_closing_block_along():
    assert paginate([50.0], 80, 100, 40) == (0, 1)


def test_three_rows_are_not_torn_so_that_two_pages_have_one():
    assert paginate([25.0] * 3, 80, 100, 40) == (1, 2)


@pytest.mark.parametrize("heights", [[101.0], [10.0, 101.0], [70.0, 70.0, 70.0]])
def test_a_row_that_fits_on_no_page_is_an_error(heights: list[float]):
    with pytest.raises(RowTooTallError):
        paginate(heights, 80, 100, 40)


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
    assert all(count > 0 for count in counts[1:])
    if len(heights) > 3:
        assert counts[-1] >= 2


def test_rows_are_at_least_high_enough_to_sign_in():
    placed = lay_out(sheet_of(mixed_roll(24)))
    assert all(row.height >= MIN_ROW for page in placed.pages for row in page)


def test_a_long_name_makes_its_row_higher_not_its_letters_fewer():
    name = " ".join(["NGUYỄN"] * 30)
    placed = lay_out(sheet_of([roll_row(1, State.ADMITTED, name)]))
    (row,) = placed.pages[-1]
    assert " ".join(line.text for line in row.lines[3]) == name
    assert row.height > 2 * MIN_ROW


def test_a_name_that_fits_on_no_page_is_refused_not_cut():
    with pytest.raises(RowTooTallError):
        lay_out(sheet_of([roll_row(1, State.ADMITTED, " ".join(["NGUYỄN"] * 400))]))


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
