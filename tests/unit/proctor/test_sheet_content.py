"""A file's words and seals against a page model: what is named, what is not."""

from collections.abc import Callable
from dataclasses import replace

import pytest

from proctor.sheet_rows import Compared, compare_rows, page_texts, says_totals
from reports.pdf import draw
from reports.seal import PageSeal
from reports.sheet import Cell, Row, Sheet
from sessions.checkpoint import Signer
from tests.support.reports_sheets import mixed_roll, sheet_of

SIGNER = Signer("MAU-01", bytes(32))
SHEET = sheet_of(mixed_roll(30))
"""Two pages at least."""


def texts_of(sheet: Sheet) -> list[str]:
    return page_texts(draw(sheet, SIGNER).pdf)


def sealed(sheet: Sheet) -> tuple[PageSeal, ...]:
    """All rows in one seal: nobody asks on which page they stand."""
    seal = PageSeal(
        kind=sheet.kind,
        origin="MAU-01",
        session_id=sheet.session_id,
        page=1,
        pages=1,
        size=1,
        root=bytes(32),
        roster=bytes(16),
        digest=bytes(16),
        rows=tuple(row.mark for row in sheet.rows),
    )
    return (seal,)


TEXTS = texts_of(SHEET)
SEALS = sealed(SHEET)


def without(sheet: Sheet, index: int, *, stays: bool) -> Sheet:
    """As built again after somebody was erased: left out, or nobody's."""
    blank = Row(cells=(Cell(paragraphs=("\u2014",)),) * len(sheet.columns), mark=("", "-"))
    return replace(sheet, rows=(*sheet.rows[:index], *((blank,) if stays else ()), *sheet.rows[index + 1 :]))


def _more(sheet: Sheet) -> Sheet:
    return replace(sheet, rows=(*sheet.rows[:3], replace(sheet.rows[0], mark=("", "-")), *sheet.rows[3:]))


def _moved(sheet: Sheet) -> Sheet:
    return replace(sheet, rows=(*sheet.rows[:4], sheet.rows[5], sheet.rows[4], *sheet.rows[6:]))


def test_what_was_drawn_is_found_again_on_every_page() -> None:
    assert len(TEXTS) > 1
    assert compare_rows(SHEET, TEXTS, SEALS, 0) == Compared()
    assert says_totals(SHEET, TEXTS)
    other = replace(SHEET, closing=replace(SHEET.closing, totals=("Tổng số: 1000",)))
    assert not says_totals(other, TEXTS)


@pytest.mark.parametrize("column", [3, 5])
def test_one_cell_of_another_row_is_enough(column: int) -> None:
    taken = SHEET.rows[7].cells[column]
    row = SHEET.rows[2]
    cells = tuple(taken if index == column else cell for index, cell in enumerate(row.cells))
    file = replace(SHEET, rows=(*SHEET.rows[:2], replace(row, cells=cells), *SHEET.rows[3:]))
    assert compare_rows(SHEET, texts_of(file), SEALS, 0).differing[:1] == (row.mark[0],)
    assert compare_rows(SHEET, texts_of(file), SEALS, 1).differing[:1] == (row.mark[0],)


@pytest.mark.parametrize("change", [_more, _moved])
def test_a_row_too_many_or_moved_shows_in_the_words_alone(change: Callable[[Sheet], Sheet]) -> None:
    """Whatever the seals say."""
    file = change(SHEET)
    assert compare_rows(SHEET, texts_of(file), SEALS, 0).differing
    assert compare_rows(SHEET, texts_of(file), SEALS, 1).differing


@pytest.mark.parametrize("change", [_more, _moved])
def test_a_row_too_many_or_moved_shows_in_the_seals_alone(change: Callable[[Sheet], Sheet]) -> None:
    assert compare_rows(SHEET, TEXTS, sealed(change(SHEET)), 0).differing


@pytest.mark.parametrize("stays", [True, False])
def test_who_was_erased_is_counted_and_hides_nobody_else(stays: bool) -> None:
    left = without(SHEET, 6, stays=stays)
    assert compare_rows(left, TEXTS, SEALS, 1) == Compared(uncomparable=1)
    more = _more(SHEET)
    assert "+" in compare_rows(left, texts_of(more), sealed(more), 1).differing
    gone = SHEET.rows[6].mark[0]
    assert f"+{gone}" in compare_rows(left, TEXTS, SEALS, 0).differing
