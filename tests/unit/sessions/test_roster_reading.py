"""Files that are no list, or a hostile one: always a coded error, never a traceback or a hang."""

from __future__ import annotations

import io
import zipfile
from datetime import date

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from proctor.texts import load_texts
from sessions.errors import RosterUnreadableError
from sessions.roster.legacy import from_tcvn3, from_vni, is_syllable, vietnamese_score
from sessions.roster.names import sort_key
from sessions.roster.reading import read_roster
from sessions.roster.table import MAX_BYTES, MAX_ROWS
from sessions.roster.template import template_csv, template_xlsx
from tests.roster_zoo.builders import GOOD, HEAD, OTHER, as_csv, as_html, as_ods, as_xlsx, in_tcvn3, in_vni

TODAY = date(2026, 11, 22)
TEXTS = frozenset(load_texts("vi"))


def why_of(data: bytes, **options: str) -> str:
    with pytest.raises(RosterUnreadableError) as raised:
        read_roster(data, today=TODAY, **options)
    why = str(raised.value.facts["why"])
    for language in ("vi", "en"):
        assert f"roster-unreadable.{why}" in load_texts(language), why
    assert "NGUYỄN" not in str(raised.value)
    return why


def bomb() -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("xl/workbook.xml", "<workbook/>")
        archive.writestr("xl/worksheets/sheet1.xml", b" " * 250_000_000)
    return out.getvalue()


def far_cell() -> bytes:
    """A workbook of one small file whose only cells are its first and its last: 17 thousand million places."""
    data = as_xlsx([HEAD, GOOD])
    out = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(data)) as old, zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as new:
        for part in old.infolist():
            content = old.read(part)
            if part.filename.endswith("sheet1.xml"):
                cell = b'<row r="1048576"><c r="XFD1048576"><v>1</v></c></row></sheetData>'
                content = content.replace(b"</sheetData>", cell).replace(
                    b'ref="A1:D2"', b'ref="A1:XFD1048576"'
                )
            new.writestr(part.filename, content)
    return out.getvalue()


def far_ods() -> bytes:
    cell = b'<table:table-cell table:number-columns-repeated="1000000" office:value-type="float" office:value="1"/>'
    data = as_ods([HEAD, GOOD])
    out = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(data)) as old, zipfile.ZipFile(out, "w") as new:
        for part in old.infolist():
            row = (
                b'<table:table-row table:number-rows-repeated="1000000">'
                + cell
                + b"</table:table-row></table:table>"
            )
            new.writestr(part.filename, old.read(part).replace(b"</table:table>", row))
    return out.getvalue()


@pytest.mark.parametrize(
    ("data", "why"),
    [
        (b"", "empty"),
        (b"   \n", "empty"),
        (b"%PDF-1.7 ...", "format"),
        (b"\x00\x01\x02\x03" * 50, "heading"),
        (b"PK\x03\x04 broken", "workbook"),
        (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + b"\x00" * 600, "workbook"),
        (b"a" * (MAX_BYTES + 1), "too-large"),
        (b"one line of words without a table", "heading"),
        (as_csv([["STT", "Họ và tên", "Ngày sinh"], ["1", "x", "1999"]]), "column"),
        (as_csv([["Họ và tên", "Ngày sinh", "CCCD"], GOOD[1:]]), "column"),
        (as_csv([HEAD, *[GOOD] * (MAX_ROWS + 1)]), "too-many-rows"),
        (as_xlsx([HEAD, *[GOOD] * (MAX_ROWS + 1)]), "too-many-rows"),
        (as_html([HEAD, *[["1"] * 300]]), "too-many-columns"),
        (as_xlsx([HEAD, GOOD], more=[("Ca 2", [HEAD, OTHER], False)]), "sheet-choose"),
        (as_csv([[*HEAD, *HEAD], [*GOOD, *OTHER]]), "side-by-side"),
        (b"\xef\xbb\xbfSBD,\xff\xfe", "encoding"),
    ],
)
def test_what_is_no_list_says_why(data: bytes, why: str) -> None:
    assert why_of(data) == why


def test_a_bomb_is_not_unpacked() -> None:
    assert why_of(bomb()) == "unpacked-too-large"


@pytest.mark.parametrize("data", [far_cell(), far_ods()], ids=["xlsx", "ods"])
def test_a_workbook_that_would_take_all_memory_ends_in_its_own_process(data: bytes) -> None:
    assert why_of(data) in {"workbook", "too-large", "too-slow", "too-many-columns", "too-many-rows"}


def test_a_zip_of_other_things_is_no_workbook() -> None:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as archive:
        archive.writestr("word/document.xml", "<x/>")
    assert why_of(out.getvalue()) == "format"


def test_a_sheet_or_encoding_that_is_not_there() -> None:
    assert why_of(as_xlsx([HEAD, GOOD]), sheet="Ca 9") == "sheet-unknown"
    assert why_of(as_csv([HEAD, GOOD]), encoding="koi8") == "encoding-unknown"
    assert why_of(b"SBD;\xff\xfe\xfa", encoding="utf-8") == "encoding"


def test_several_rosters_are_named() -> None:
    with pytest.raises(RosterUnreadableError) as raised:
        read_roster(as_xlsx([HEAD, GOOD], more=[("Ca 2", [HEAD, OTHER], False)]))
    assert raised.value.facts["sheets"] == "“DS”, “Ca 2”"


def test_an_uncertain_encoding_has_a_preview_of_each() -> None:
    data = in_tcvn3("SBD;Họ và tên;Ngày sinh;Số định danh\r\n001;Nguyễn Văn Mẫu;15/01/1999;001099000001\r\n")
    read = read_roster(data)
    assert read.previews[0].encoding == "tcvn3"
    assert {each.encoding for each in read.previews} == {"tcvn3", "vni", "cp1258"}
    assert "Nguyễn Văn Mẫu" in read.previews[0].lines[1]
    assert all("Nguyễn" not in line for each in read.previews[1:] for line in each.lines)
    assert "Nguyễn" not in repr(read.previews)


def test_two_encodings_that_read_alike_are_said_to() -> None:
    """One name with one letter beyond ASCII: à is right in Windows-1258, and nothing speaks against it."""
    read = read_roster("SBD;HO TEN;NGAY SINH;CCCD\n1;Ng\u00f4 An;1999;001099000001".encode("cp1252"))
    assert {each.code for each in read.guesses} & {"roster-encoding-unsure", "roster-encoding-guessed"}
    assert read.previews


def test_reading_without_a_day_guesses_no_century() -> None:
    read = read_roster(as_csv([HEAD, ["001", GOOD[1], "15/01/99", "123456789"]]))
    assert [each.code for each in read.refused] == ["roster-birth-two-digits"]


def test_defects_say_which_row_they_clash_with() -> None:
    read = read_roster(as_csv([HEAD, GOOD, ["002", *GOOD[1:3], GOOD[3]]]))
    assert [(each.row, each.other) for each in read.refused] == [(2, 3), (3, 2)]


def test_changes_show_before_and_after() -> None:
    (change,) = read_roster(as_csv([HEAD, [*GOOD[:3], "1099000001"]])).changes
    assert (change.before, change.after) == ("1099000001", "001099000001")
    assert "099000001" not in repr(change)


@pytest.mark.parametrize("exam", [False, True])
@pytest.mark.parametrize("make", [template_xlsx, template_csv])
def test_the_template_passes_its_own_check(make, exam: bool) -> None:
    read = read_roster(make(exam=exam, component="Lý thuyết"), today=TODAY)
    assert [(seat.sbd, seat.id_number) for seat in read.rows] == [("001", "001099000001")]
    assert (read.refused, read.changes, read.guesses, read.warnings) == ((), (), (), ())


def test_vietnamese_order_is_by_given_name_then_the_rest() -> None:
    names = [
        "Trần Văn Ân",
        "Lê Ánh",
        "Lê Anh",
        "Bùi Văn Anh",
        "Đỗ An",
        "Lê Thị Ẩn",
        "Phạm Đạt",
        "Lê Dũng",
        "Ngô Ăn",
        "Lê Ẵn",
    ]
    assert sorted(names, key=sort_key) == [
        "Đỗ An", "Bùi Văn Anh", "Lê Anh", "Lê Ánh", "Ngô Ăn", "Lê Ẵn", "Trần Văn Ân", "Lê Thị Ẩn", "Lê Dũng",
        "Phạm Đạt",
    ]  # fmt: skip


@pytest.mark.parametrize(
    "word", ["nguyễn", "khuỷu", "giếng", "quốc", "ương", "đắk", "ý", "Huỳnh", "thuở", "ngoằn"]
)
def test_words_that_can_be_vietnamese(word: str) -> None:
    assert is_syllable(word)


@pytest.mark.parametrize("word", ["nguyÔn", "bµn", "tets", "tèch\u0301", "hàc", "mẩp", "zá", "ŵ", ""])
def test_words_that_cannot(word: str) -> None:
    assert not is_syllable(word)


def test_old_letters_are_not_taken_for_words() -> None:
    good, count = vietnamese_score(["Nguyễn Văn Mẫu", "plain words"])
    assert (good, count) == (1.0, 3)
    assert vietnamese_score([in_tcvn3("Nguyễn Văn Mẫu").decode("cp1252")])[0] == 0.0
    assert vietnamese_score([in_vni("Nguyễn Văn Mẫu").decode("cp1252")])[0] < 0.5


LETTERS = "aàáảãạăằắẳẵặâầấẩẫậbcdđeèéẻẽẹêềếểễệghiìíỉĩịklmnoòóỏõọôồốổỗộơờớởỡợpqrstuùúủũụưừứửữựvxyỳýỷỹỵ "


@given(
    st.text(
        alphabet=LETTERS,
        max_size=30,
    )
)
def test_tcvn3_and_vni_give_every_small_text_back(text: str) -> None:
    assert from_tcvn3(in_tcvn3(text).decode("cp1252")) == text
    assert from_vni(in_vni(text).decode("cp1252")) == text


def codes_of(data: bytes) -> set[str]:
    """Return the keys of the texts that a person reads of these bytes: why they are no list, or each row's remarks."""
    try:
        read = read_roster(data, today=TODAY)
    except RosterUnreadableError as error:
        return {f"roster-unreadable.{error.facts['why']}"}
    remarks = (*read.refused, *read.changes, *read.guesses, *read.warnings, *read.passed_over)
    return {each.code for each in remarks}


@settings(max_examples=80, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(st.binary(max_size=400))
def test_any_bytes(data: bytes) -> None:
    assert codes_of(data) <= TEXTS


CELL = st.one_of(
    st.text(max_size=12),
    st.sampled_from(
        [
            *GOOD,
            *OTHER,
            *HEAD,
            "x",
            "",
            "Tổng số: 3",
            "15/01/99",
            "=A1",
            "1.099E+09",
            "00/00/1999",
            "Nam",
            "\u200b",
        ]
    ),
)


@pytest.mark.slow
@settings(max_examples=80, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(st.lists(st.lists(CELL, max_size=8), max_size=12), st.booleans())
def test_any_table(rows: list[list[str]], with_heading: bool) -> None:
    assert codes_of(as_csv([[*HEAD, "Nội dung", "LÝ THUYẾT"], *rows] if with_heading else rows)) <= TEXTS


LISTS = [as_csv([HEAD, GOOD, OTHER]), as_csv([HEAD, GOOD]).decode().encode("utf-16"), as_html([HEAD, GOOD])]


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(st.sampled_from(LISTS), st.integers(0, 10_000), st.integers(0, 255), st.integers(0, 3))
def test_changed_lists(data: bytes, place: int, value: int, kind: int) -> None:
    at = place % len(data)
    changed = {
        0: data[:at] + bytes([value]) + data[at + 1 :],
        1: data[:at],
        2: data[at:],
        3: data[:at] + bytes([value]) * 7 + data[at:],
    }[kind]
    assert codes_of(changed) <= TEXTS


BOOKS = [as_xlsx([HEAD, GOOD, OTHER]), as_ods([HEAD, GOOD])]


@settings(max_examples=15, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(st.sampled_from(BOOKS), st.integers(0, 100_000), st.integers(1, 255))
def test_changed_workbooks(data: bytes, place: int, value: int) -> None:
    at = place % len(data)
    assert codes_of(data[:at] + bytes([data[at] ^ value]) + data[at + 1 :]) <= TEXTS
