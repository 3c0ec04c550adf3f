"""Nothing of a list is garbled, swallowed or believed in silence: letters, quotes, numbers, dates, names."""

from __future__ import annotations

import unicodedata
from datetime import date

import pytest

from proctor.texts import load_texts
from sessions.roster.model import Roster
from sessions.roster.reading import read_roster

TODAY = date(2026, 11, 22)
HEAD = "SBD;Họ và tên;Ngày sinh;Số CCCD"
NAMES = ("Nguyễn Văn Hoà", "Trần Thị Thuý", "Lê Đình Ước", "Phạm Ngọc Ánh")


def line(place: int, name: str = "Nguyễn Văn Mẫu", birth: str = "05/05/1990", number: str = "") -> str:
    return f"{place:03d};{name} {chr(65 + place % 26)};{birth};{number or f'038090{place:06d}'}"


def read(*lines: str, head: str = HEAD) -> Roster:
    return read_roster("\n".join([head, *lines]).encode(), today=TODAY)


def codes(found: object) -> set[tuple[int, str]]:
    both = {(each.row, each.code) for each in found}  # type: ignore[attr-defined]
    for _, code in both:
        assert all(code in load_texts(language) for language in ("vi", "en")), code
    return both


@pytest.mark.parametrize("composed", [0, 3, 9])
def test_decomposed_unicode_is_never_an_old_font(composed: int) -> None:
    names = [NAMES[place % 4] for place in range(10)]
    text = [
        line(place, name if place <= composed else unicodedata.normalize("NFD", name))
        for place, name in enumerate(names, 1)
    ]
    found = read(*text, head=unicodedata.normalize("NFD", HEAD))
    assert found.encoding == "utf-8"
    assert not found.guesses
    assert [seat.full_name[:-2] for seat in found.rows] == names


@pytest.mark.parametrize("rows", [40, 300, 3000])
@pytest.mark.parametrize("closed", [True, False])
def test_an_open_quotation_mark_swallows_nobody(rows: int, closed: bool) -> None:
    lines = [line(place % 1000, birth="05/05/1990", number=f"038090{place:06d}") for place in range(1, rows)]
    lines = [f"{place}{text[3:]}" for place, text in enumerate(lines, 1001)]
    lines[4] = lines[4].replace(";", ';"', 1)
    if closed:
        lines[-2] = lines[-2].replace(";", ';"', 1).replace(";05", '";05', 1)
    found = read(*lines)
    assert not found.refused
    assert len(found.rows) == rows - 1
    assert (6, "roster-quote-open") in codes(found.warnings)
    assert '"' not in found.rows[4].full_name


def test_a_line_break_and_quotation_marks_within_a_cell_stay_a_cell() -> None:
    head = HEAD + ";Địa chỉ"
    found = read(line(1) + ';"Số 1; ngõ 2; phố 3;\nHà ""Nội"""', line(2) + ";", head=head)
    assert not found.warnings
    assert [seat.address for seat in found.rows] == ['Số 1; ngõ 2; phố 3; Hà "Nội"', ""]


def test_an_open_quotation_mark_in_the_last_line_is_said() -> None:
    found = read(line(1), '002;"Nguyễn Văn B;05/05/1990;038090000002')
    assert [seat.sbd for seat in found.rows] == ["001", "002"]
    assert (3, "roster-quote-open") in codes(found.warnings)
