from dataclasses import replace

from reports.layout import lay_out
from reports.page_seal import has_room
from reports.paging import paginate
from reports.pdf import render
from sessions.course.states import State
from tests.support.reports_sheets import roll_row, seat, sheet_of, signer


def test_a_page_takes_no_more_rows_than_its_seal_has_room_for():
    numbers = [f"{chr(65 + number % 26)}{number % 7}.X-{number:07d}-AB" for number in range(24)]
    roll = [
        roll_row(number, State.ADMITTED, seat=seat(number, sbd=sbd)) for number, sbd in enumerate(numbers, 1)
    ]
    sheet = replace(sheet_of(tuple(roll)), row_mm=1.0)
    pages = [[row.row.mark for row in page] for page in lay_out(sheet).pages]
    assert [mark[0] for page in pages for mark in page] == numbers
    assert all(has_room(sheet, page) for page in pages)
    assert not has_room(sheet, [*pages[0], *pages[1]])
    assert render(sheet, signer())


def test_rows_that_may_not_stand_together_go_to_the_next_page():
    assert paginate([1.0] * 7, 100, 100, 10, lambda start, end: end - start <= 3) == (3, 2, 2)


def test_a_row_that_goes_with_nothing_still_has_a_page():
    assert paginate([1.0] * 2, 100, 100, 10, lambda start, end: False) == (1, 1)
