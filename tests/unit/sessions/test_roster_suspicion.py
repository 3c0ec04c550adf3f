"""Nothing of a list is garbled, swallowed or believed in silence: letters, quotes, numbers, dates, names."""

from __future__ import annotations

import io
import unicodedata
import zipfile
from datetime import date

import pytest

from proctor.texts import load_texts
from sessions.roster.model import Roster
from sessions.roster.reading import read_roster
from tests.roster_zoo.builders import as_ods

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


@pytest.mark.parametrize(
    "number",
    ["38099000022.5", "3809900002.6", "-38099000019", "038099000019,5", "−038099000019", "- 38099000019"],
)
def test_a_fraction_or_a_negative_number_never_lends_its_digits(number: str) -> None:
    found = read("001;Nguyễn Văn Mẫu;05/05/1999;" + number, line(2))
    assert codes(found.refused) == {(2, "roster-number-fraction")}


@pytest.mark.parametrize("number", ["038.099.000.005", "038099000005.0", "038-099-000-005", "38099000005.00"])
def test_separators_and_a_fraction_of_nothing_are_no_fraction(number: str) -> None:
    assert [seat.id_number for seat in read("001;Lê Mẫu;05/05/1999;" + number).rows] == ["038099000005"]


@pytest.mark.parametrize(
    ("name", "code"),
    [
        ("NguyÔn V¨n Hµ", "old-font"),
        ("Nguyeãn Vaên Hoøa", "old-font"),
        ("Nguyá»…n VÄƒn Hai", "old-font"),
        ("李小龙", "letters"),
        ("Иван Петров", "letters"),
        ("Nguyễn Văn Tèo😀", "letters"),
        ("Nguyễn Văn Ai, Nguyễn Văn Bi", "two-persons"),
        ("Nguyễn Văn A, Nguyễn Văn B", "two-persons"),
        ("Nguyen Van Ai & Le Bi", "two-persons"),
        ("Lê Ai / Lê Bi", "two-persons"),
    ],
)
def test_an_odd_name_is_used_and_said(name: str, code: str) -> None:
    found = read(line(1), line(2), f'003;"{name}";05/05/1990;038090000003')
    assert (4, f"roster-name-{code}") in codes(found.warnings)
    assert len(found.rows) == 3


@pytest.mark.parametrize(
    "name",
    ["H'Hen Niê", "Ng.Văn An", "Y Bhăm", "Nguyễn Văn A (B)", "Lò Thị Mỷ", "HOÀNG-ANH"],
)
def test_usual_names_are_not_odd(name: str) -> None:
    assert not read(line(1), f"002;{name};05/05/1990;038090000002").warnings


def test_dates_that_read_either_way_are_said_beside_one_with_the_month_first() -> None:
    found = read(
        line(1, birth="02/06/1990"),
        line(2, birth="04/16/1990"),
        line(3, birth="05/05/1990"),
        line(4, birth="25/05/1990"),
    )
    assert codes(found.refused) == {(3, "roster-birth-month-first")}
    assert [(each.row, each.before, each.after) for each in found.warnings] == [(0, "3", "2")]
    assert codes(found.warnings) == {(0, "roster-birth-both-ways")}


def test_two_columns_of_numbers_that_differ_are_said_and_a_year_of_birth_is_known() -> None:
    head = "SBD;Họ và tên;Năm sinh;Ngày sinh;Số CCCD;CCCD"
    found = read(
        "1;Lê Mẫu;1990;01/02/1990;038090000001;038090000002",
        "2;Lê Mễu;1990;01/03/1990;038090000003;038090000003",
        head=head,
    )
    assert codes(found.warnings) == {(2, "roster-number-differs")}
    assert (found.warnings[0].before, found.warnings[0].after) == ("038090000002", "038090000001")
    assert [seat.birth.iso for seat in found.rows] == ["1990-02-01", "1990-03-01"]


def test_small_cells_say_what_was_done() -> None:
    found = read("0;Lê Mẫu;05/05/1990;038090000001", "3.0;Lê Mẫn;05/1990;038090000003")
    assert codes(found.refused) == {(2, "roster-sbd-invalid")}
    assert {(3, "roster-sbd-whole"), (3, "roster-birth-day-missing")} <= codes(found.changes)


@pytest.mark.parametrize("how", ["collapse", "filter"])
def test_hidden_rows_of_an_opendocument_sheet_are_said(how: str) -> None:
    grid = [
        ["SBD", "Họ và tên", "Ngày sinh", "Số CCCD"],
        [""] * 4,
        *(line(place).split(";") for place in (1, 2, 3)),
    ]
    out = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(as_ods(grid))) as old, zipfile.ZipFile(out, "w") as new:
        for part in old.infolist():
            rows = old.read(part).split(b"<table:table-row>")
            if len(rows) > 1:
                hidden = f'<table:table-row table:visibility="{how}">'.encode()
                blank = b'<table:table-row table:number-rows-repeated="3">'
                kept = [rows[0], rows[1], rows[2], rows[3], rows[4], rows[5]]
                marks = [b"<table:table-row>", blank, b"<table:table-row>", hidden, b"<table:table-row>"]
                rows = [kept[0] + b"".join(mark + row for mark, row in zip(marks, kept[1:], strict=True))]
            new.writestr(part.filename, rows[0])
    found = read_roster(out.getvalue(), today=TODAY)
    assert [(seat.sbd, seat.row) for seat in found.rows] == [("001", 5), ("002", 6), ("003", 7)]
    assert codes(found.warnings) == {(6, "roster-row-hidden")}
