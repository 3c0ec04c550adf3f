from __future__ import annotations

import codecs
import unicodedata

import pytest

from sessions.errors import RosterUnreadableError
from sessions.roster.csv_roster import read_roster
from sessions.roster.model import PartialDate, Roster
from sessions.roster.names import comparison_key, display_form, sort_key

HEAD = "SBD,Họ và tên,Ngày sinh,Số định danh"
GOOD = "001,NGUYỄN VĂN MẪU,15/01/1999,001099000001"


def roster(*lines: str, head: str = HEAD) -> Roster:
    return read_roster("\n".join([head, *lines]).encode())


def defects(*lines: str, head: str = HEAD) -> list[tuple[int, str, str]]:
    return [(each.row, each.column, each.code) for each in roster(*lines, head=head).refused]


def test_a_good_row() -> None:
    read = roster(GOOD)
    seat = read.rows[0]
    assert (seat.row, seat.sbd, seat.full_name, seat.id_number) == (
        2,
        "001",
        "NGUYỄN VĂN MẪU",
        "001099000001",
    )
    assert seat.birth == PartialDate(year=1999, month=1, day=15)
    assert (seat.birth.iso, seat.birth.display) == ("1999-01-15", "15/01/1999")
    assert (read.refused, read.changes, read.warnings) == ((), (), ())
    assert "MẪU" not in repr(read)
    assert "001099000001" not in repr(read)
    assert seat.facts == {"sbd": "001"}


@pytest.mark.parametrize(
    "data",
    [
        f"{HEAD}\r\n{GOOD}\r\n".encode("utf-8-sig"),
        f"{HEAD}\n{GOOD}".encode("utf-16"),
        codecs.BOM_UTF16_BE + f"{HEAD}\n{GOOD}".encode("utf-16-be"),
        f"{HEAD}\n{GOOD}".encode("utf-16-le"),
        f"{HEAD}\n{GOOD}".replace(",", ";").encode(),
        f"sep=;\n{HEAD}\n{GOOD}".replace(",", ";").encode(),
        f"{HEAD}\n{GOOD}".replace(",", "\t").encode(),
        f"{HEAD}\n{GOOD}".replace(",", "|").encode(),
        f"SỞ GIÁO DỤC,,,\nDANH SÁCH THÍ SINH,,,\n,,,\n{HEAD}\n\n{GOOD}\n,,,\n".encode(),
        f"STT,{HEAD}\n1,{GOOD}".encode(),
        unicodedata.normalize("NFD", f"{HEAD}\n{GOOD}").encode(),
        b"so bao danh,HO TEN,NGAY SINH,SO CCCD\n" + GOOD.encode(),
        f"SỐ BÁO DANH;HỌ VÀ TÊN;NGÀY THÁNG NĂM SINH;SỐ CHỨNG MINH\n{GOOD}".replace(",", ";").encode(),
        b"candidate number,full name,date of birth,ID number\n" + GOOD.encode(),
        f'SBD,"Họ và tên","Ngày\nsinh",CCCD/CMND\n{GOOD}'.encode(),
    ],
)
def test_encodings_delimiters_headings(data: bytes) -> None:
    read = read_roster(data)
    assert [(seat.sbd, seat.full_name, seat.id_number) for seat in read.rows] == [
        ("001", "NGUYỄN VĂN MẪU", "001099000001")
    ]
    assert not read.refused


def test_family_and_given_name_in_two_columns() -> None:
    read = roster("001,NGUYỄN VĂN,MẪU,1999,001099000001", head="SBD,Họ đệm,Tên,Năm sinh,CCCD")
    assert read.rows[0].full_name == "NGUYỄN VĂN MẪU"
    assert roster("001,,,1999,001099000001", head="SBD,Họ đệm,Tên,Năm sinh,CCCD").refused[0].column == "Tên"


def test_optional_columns() -> None:
    head = f"{HEAD},Hạng,Phòng,Chỗ,Môn,Ca,Nội dung"
    seat = roster(f"{GOOD},B,P.01,12,Toán,Sáng,Lý thuyết; sa hình", head=head).rows[0]
    assert (seat.licence_class, seat.room, seat.seat, seat.subject, seat.shift) == (
        "B",
        "P.01",
        "12",
        "Toán",
        "Sáng",
    )
    assert seat.components == ("Lý thuyết", "sa hình")
    assert seat.facts == {"sbd": "001", "room": "P.01"}


@pytest.mark.parametrize(
    ("text", "iso"),
    [
        ("15/01/1999", "1999-01-15"),
        ("5/1/1999", "1999-01-05"),
        ("15-01-1999", "1999-01-15"),
        ("15.1.1999", "1999-01-15"),
        ("15 / 01 / 1999", "1999-01-15"),
        ("1999-01-15", "1999-01-15"),
        ("1999-01-15 00:00:00", "1999-01-15"),
        ("1999/1/15", "1999-01-15"),
        ("1999", "1999"),
        ("00/00/1999", "1999"),
        ("36175", "1999-01-15"),
        ("03/04/1999", "1999-04-03"),
    ],
)
def test_birth_dates(text: str, iso: str) -> None:
    assert roster(f"001,NGUYỄN VĂN MẪU,{text},001099000001").rows[0].birth.iso == iso


@pytest.mark.parametrize(
    ("line", "column", "code"),
    [
        (",NGUYỄN VĂN MẪU,1999,001099000001", "SBD", "roster-sbd-missing"),
        ("0 0 1,NGUYỄN VĂN MẪU,1999,001099000001", "SBD", "roster-sbd-invalid"),
        ("001,,1999,001099000001", "Họ và tên", "roster-name-missing"),
        ("001,NGUYỄN 5,1999,001099000001", "Họ và tên", "roster-name-invalid"),
        ("001,=SUM(A1),1999,001099000001", "Họ và tên", "roster-name-invalid"),
        ("001,NGUYỄN VĂN MẪU,,001099000001", "Ngày sinh", "roster-birth-missing"),
        ("001,NGUYỄN VĂN MẪU,01/15/1999,001099000001", "Ngày sinh", "roster-birth-invalid"),
        ("001,NGUYỄN VĂN MẪU,15/01/99,001099000001", "Ngày sinh", "roster-birth-invalid"),
        ("001,NGUYỄN VĂN MẪU,31/02/1999,001099000001", "Ngày sinh", "roster-birth-invalid"),
        ("001,NGUYỄN VĂN MẪU,1999-15-01,001099000001", "Ngày sinh", "roster-birth-invalid"),
        ("001,NGUYỄN VĂN MẪU,1799,001099000001", "Ngày sinh", "roster-birth-invalid"),
        ("001,NGUYỄN VĂN MẪU,1999,", "Số định danh", "roster-number-missing"),
        ("001,NGUYỄN VĂN MẪU,1999,001099", "Số định danh", "roster-number-invalid"),
        ("001,NGUYỄN VĂN MẪU,1999,1.099E+09", "Số định danh", "roster-number-invalid"),
        ("001,NGUYỄN VĂN MẪU,1999,00109900000x", "Số định danh", "roster-number-invalid"),
        ("001,NGUYỄN VĂN MẪU,1999,123456789", "Số định danh", "roster-number-old"),
        ("001,NGUYỄN VĂN MẪU,1998,1099000001", "Số định danh", "roster-number-zeros"),
        ("001,NGUYỄN VĂN MẪU", "Ngày sinh", "roster-birth-missing"),
        (f"001,{'A' * 300},1999,001099000001", "Họ và tên", "roster-cell-too-long"),
    ],
)
def test_a_broken_row_is_refused_and_the_rest_goes_on(line: str, column: str, code: str) -> None:
    good = "009,TRẦN THỊ MẪU,2001,001301000002"
    read = roster(line, good)
    assert (2, column, code) in [(each.row, each.column, each.code) for each in read.refused]
    assert [seat.sbd for seat in read.rows] == ["009"]


def test_every_defect_of_a_row_is_named() -> None:
    assert defects("?,,1/13/1999,12") == [
        (2, "SBD", "roster-sbd-invalid"),
        (2, "Họ và tên", "roster-name-missing"),
        (2, "Ngày sinh", "roster-birth-invalid"),
        (2, "Số định danh", "roster-number-invalid"),
    ]


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("1099000001", "roster-number-zeros-restored"),
        ("001 099 000 001", "roster-number-separators"),
        ("001\u00a0099000001", "roster-number-separators"),
        ("OO1099000001", "roster-number-letter-o"),
        ('"=""001099000001"""', None),
        ("'001099000001", None),
        ("\u200b001099000001\ufeff", None),
    ],
)
def test_numbers_brought_into_form_and_said_so(text: str, code: str | None) -> None:
    read = roster(f"001,NGUYỄN VĂN MẪU,15/01/1999,{text}")
    assert read.rows[0].id_number == "001099000001"
    assert [(each.row, each.column, each.code) for each in read.changes] == (
        [(2, "Số định danh", code)] if code else []
    )


def test_number_and_birth_that_differ_are_a_warning() -> None:
    read = roster("001,NGUYỄN VĂN MẪU,1998,001099000001")
    assert len(read.rows) == 1
    assert [each.code for each in read.warnings] == ["roster-number-and-birth-differ"]


def test_duplicates_are_refused_wherever_they_stand() -> None:
    read = roster(
        GOOD,
        "1,TRẦN THỊ MẪU,2001,001301000002",
        "003,LÊ VĂN MẪU,1999,001099000003",
        "004,LÊ VĂN MẪU,1999,001099000003",
        "005,PHẠM VĂN MẪU,1999,001099000005",
    )
    assert [seat.sbd for seat in read.rows] == ["005"]
    assert [(each.row, each.code) for each in read.refused] == [
        (2, "roster-sbd-duplicate"),
        (3, "roster-sbd-duplicate"),
        (4, "roster-number-duplicate"),
        (5, "roster-number-duplicate"),
    ]


def test_rows_count_as_in_a_spreadsheet() -> None:
    assert defects("", GOOD, "", "x,?,1,1")[0][0] == 5


@pytest.mark.parametrize(
    ("data", "why"),
    [
        (b"", "empty"),
        (b"  \n ", "empty"),
        (b"\xff\xfe\x00", "encoding"),
        ("SBD,Họ và tên\n".encode("cp1258", errors="replace") + b"\x8f\xe3", "encoding"),
        (b"a,b,c\n1,2,3\n", "column"),
        (b"SBD,name,birth\n", "column"),
        (b"x" * 8_000_001, "too-large"),
        (b"SBD,name,birth,CCCD\n" + b"1,2,3,4\n" * 20_001, "too-many-rows"),
    ],
)
def test_no_roster(data: bytes, why: str) -> None:
    with pytest.raises(RosterUnreadableError, match=f"why={why}"):
        read_roster(data)


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("Nguyễn Văn Hoà", "NGUYỄN  VĂN HÒA"),
        ("ĐỖ THỊ THUÝ", "\u00d0ỗ Thị Thúy"),
        ("ĐỖ", "\u0189ỗ"),
        ("Trần Quý", unicodedata.normalize("NFD", "TRẦN QUÝ")),
        ("Lê\u00a0Văn\u200bAn", "lê vănan"),
    ],
)
def test_same_name(one: str, other: str) -> None:
    assert comparison_key(one) == comparison_key(other)


@pytest.mark.parametrize(
    ("one", "other"), [("An", "Ân"), ("Hoà", "Hoá"), ("Đan", "Dan"), ("Văn An", "An Văn")]
)
def test_other_name(one: str, other: str) -> None:
    assert comparison_key(one) != comparison_key(other)


def test_display_form_keeps_capitals_and_composes() -> None:
    assert display_form(unicodedata.normalize("NFD", " NGUYỄN\u00a0 Văn\t")) == "NGUYỄN Văn"


def test_vietnamese_order_is_by_given_name() -> None:
    names = ["Trần Văn Đức", "Lê Thị Dung", "Nguyễn Văn An", "Phạm Ân", "Bùi Văn An", "Lê Thị Ánh", "Ngô Ăn"]
    assert sorted(names, key=sort_key) == [
        "Bùi Văn An",
        "Nguyễn Văn An",
        "Lê Thị Ánh",
        "Ngô Ăn",
        "Phạm Ân",
        "Lê Thị Dung",
        "Trần Văn Đức",
    ]
