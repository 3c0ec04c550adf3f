"""The agency's own heads: what an administrator writes is printed; what is wrong is named with its line."""

import io
import struct
import unicodedata
import zlib
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

import pypdf
import pytest
from PIL import Image
from reportlab.lib.units import mm

from proctor.sheet_kinds import BUILDERS
from proctor.texts import load_texts
from reports.geometry import geometry_of
from reports.layout import lay_out
from reports.pdf import draw
from reports.sheet import ROW_MM, Sheet
from reports.template import FIELDS, KINDS, PUBLIC, Template, apply_template, extra_room
from reports.template_errors import (
    ClosingTooTallError,
    TemplateColumnsError,
    TemplateError,
    TemplateLogoError,
)
from reports.template_file import MAX_FILE, logo_name, read_template
from sessions.course.states import State
from sessions.session import Seat
from tests.support.reports_pages import page_texts
from tests.support.reports_sheets import LONG_NAME, mixed_roll, roll_row, seat, sheet_of, signer, texts

ADDRESS = "; ".join(["Số 12 ngõ 345 đường Nguyễn Thị Minh Khai, phường Mẫu, tỉnh Thanh Hóa"] * 7)
HEAD = (
    '[letterhead]\nparent = "Công an tỉnh Mẫu"\nagency = "Phòng Mẫu"\nsymbol = "DS-M"\nlocality = "Mẫu Sơn"\n'
)
COLUMNS = """
[[sheet.attendance.columns]]
heading = "Nơi cư trú"
width = 40
field = "address"
[[sheet.attendance.columns]]
heading = "Sức khỏe"
width = 14
field = "health_valid"
[[sheet.attendance.columns]]
heading = "Xe"
width = 12
"""


def picture(form: str = "PNG", size: tuple[int, int] = (300, 200), mode: str = "RGBA") -> bytes:
    """A logo: a red plate, half of it transparent where the form allows."""
    image = Image.new(mode, size, (200, 0, 0, 128)[: len(mode)] if mode != "L" else 90)
    out = io.BytesIO()
    image.save(out, form)
    return out.getvalue()


def dressed(text: str, sheet: Sheet, seats: tuple[Seat, ...] = (), logo: bytes | None = None) -> Sheet:
    """A sheet with a template's text applied."""
    return apply_template(sheet, read_template(text.encode(), logo), seats, texts())


def printed(sheet: Sheet) -> str:
    """All pages' text, spaces single."""
    return " ".join(" ".join(page_texts(draw(sheet, signer()).pdf)).split())


# -- what it changes -------------------------------------------------------------------------------


def test_without_a_file_a_sheet_stays_as_it_is():
    sheet = sheet_of(mixed_roll(3))
    assert apply_template(sheet, Template(), (), texts()) is sheet


def test_the_head_of_the_agency_is_printed():
    text = printed(dressed(HEAD, sheet_of(mixed_roll(1))))
    for said in ("CÔNG AN TỈNH MẪU", "PHÒNG MẪU", "/DS-M", "Mẫu Sơn, ngày 22 tháng 11 năm 2026"):
        assert said in text


def test_a_kind_has_its_own_where_it_says_so_and_the_common_one_elsewhere():
    template = read_template(f'{HEAD}recipients = ["A;"]\n[sheet.results]\nsymbol = "KQ"\n'.encode())
    assert template.letterhead_of("results").symbol == "KQ"
    assert template.letterhead_of("results").agency == "Phòng Mẫu"
    assert template.letterhead_of("attendance").symbol == "DS-M"
    assert template.recipients_of("results") == ("A;",)


def test_what_the_file_leaves_out_stays_a_dotted_line():
    sheet = sheet_of(mixed_roll(1))
    changed = dressed('[letterhead]\nsymbol = "X"\n', sheet)
    assert changed.header.agency == sheet.header.agency
    assert changed.header.place_and_date == sheet.header.place_and_date
    assert changed.closing == sheet.closing


def test_recipients_and_signature_roles_are_the_agency_s():
    own = '[sheet.attendance]\nrecipients = ["Sở Mẫu;", "- Lưu: VT."]\nsignatures = ["THƯ KÝ", "CHỦ TỊCH"]\n'
    closing = dressed(own, sheet_of(mixed_roll(1))).closing
    assert closing.recipients == ("- Sở Mẫu;", "- Lưu: VT.")
    assert [block.role for block in closing.signatures] == ["THƯ KÝ", "CHỦ TỊCH"]


@pytest.mark.parametrize(
    "logo", [picture(), picture("JPEG", mode="RGB"), picture(size=(40, 900)), picture(mode="L")]
)
def test_a_logo_stands_in_the_head(logo: bytes):
    sheet = dressed('[letterhead]\nlogo = "logo.png"\n', sheet_of(mixed_roll(30)), logo=logo)
    assert sheet.header.logo is not None
    assert max(sheet.header.logo.width, sheet.header.logo.height) <= 240
    reader = pypdf.PdfReader(io.BytesIO(draw(sheet, signer()).pdf))
    assert ["/XObject" in page["/Resources"] for page in reader.pages[:2]] == [True, False]


@pytest.mark.parametrize("upright", [False, True])
def test_the_longest_recipients_and_roles_a_template_may_have_still_print(upright: bool):
    recipients = ", ".join(f'"{"Cơ quan mẫu " * 6}{at};"' for at in range(6))
    roles = ", ".join(f'"{"CHỨC DANH " * 5}{at}"' for at in range(5))
    text = f"[sheet.attendance]\nrecipients = [{recipients}]\nsignatures = [{roles}]\n"
    sheet = dressed(text, sheet_of(mixed_roll(3)))
    if upright:
        sheet = replace(sheet, portrait=True, columns=(), rows=())
    drawn = draw(sheet, signer())
    said = " ".join(" ".join(page_texts(drawn.pdf)).split())
    assert said.count("Cơ quan mẫu") == 36
    assert len(drawn.places) == 5
    assert all(place.box[1] >= geometry_of(sheet).bottom - 1 for place in drawn.places)


def test_a_closing_block_longer_than_a_page_is_an_error_that_says_so():
    sheet = sheet_of(mixed_roll(1))
    long = replace(sheet.closing, remarks=("Ghi chú " * 900,))
    with pytest.raises(ClosingTooTallError):
        draw(replace(sheet, closing=long), signer())
    assert {ClosingTooTallError.code} <= set(load_texts("vi")) & set(load_texts("en"))


# -- extra columns ---------------------------------------------------------------------------------


def seats_of(count: int) -> tuple[Seat, ...]:
    """Candidates with everything that a column may show."""
    return tuple(
        seat(number, LONG_NAME, address=ADDRESS, health_valid="yes", held_class="B1", school_class="12A1")
        for number in range(1, count + 1)
    )


@pytest.mark.parametrize("upright", [False, True])
def test_long_names_and_addresses_of_twelve_lines_are_whole(upright: bool):
    seats = seats_of(2)
    sheet = sheet_of([roll_row(at, State.ADMITTED, seat=found) for at, found in enumerate(seats, start=1)])
    if upright:
        kept = (0, 2, 3, 4, 5)
        sheet = replace(
            sheet,
            portrait=True,
            columns=tuple(replace(sheet.columns[at], width_mm=33.0) for at in kept),
            rows=tuple(replace(row, cells=tuple(row.cells[at] for at in kept)) for row in sheet.rows),
        )
    columns = COLUMNS.rpartition("[[")[0]
    changed = dressed(columns, sheet, seats)
    placed = lay_out(changed)
    address = len(changed.columns) - 2
    assert all(len(row.lines[address]) >= 12 for page in placed.pages for row in page)
    text = printed(changed)
    assert text.count(ADDRESS) == 2
    assert "".join(LONG_NAME.split()) in "".join(text.split())


def test_the_sheet_s_own_columns_give_way_and_the_whole_stays_within_the_margins():
    sheet = sheet_of(mixed_roll(24))
    changed = dressed(COLUMNS, sheet, seats_of(24))
    assert len(changed.columns) == len(sheet.columns) + 3
    assert sum(column.width_mm for column in changed.columns) == pytest.approx(geometry_of(sheet).width / mm)
    for was, now in zip(sheet.columns, changed.columns, strict=False):
        assert 0.55 * was.width_mm <= now.width_mm <= was.width_mm
        assert now.width_mm == was.width_mm or not was.portraits
    assert all(row.cells[-1].paragraphs == () for row in changed.rows)
    assert {row.cells[-2].paragraphs for row in changed.rows} == {("Có",)}


def test_numbers_and_dates_are_not_broken_by_the_columns_that_give_way():
    placed = lay_out(dressed(COLUMNS, sheet_of(mixed_roll(6)), seats_of(6)))
    for row in (row for page in placed.pages for row in page):
        assert [len(row.lines[at]) for at in (4, 5)] == [1, 1]


def test_neither_numbers_nor_headings_are_broken_where_columns_barely_fit():
    text = COLUMNS.replace("width = 12", "width = 20")
    placed = lay_out(dressed(text, sheet_of(mixed_roll(6)), seats_of(6)))
    for row in (row for page in placed.pages for row in page):
        numbers = [(2, "00"), (4, "1999"), (5, "001099"), (8, ":")]
        for at, part in numbers:
            cell = row.row.cells[at].paragraphs[0]
            assert part not in cell or [line.text for line in row.lines[at]] == [cell]
    for column, lines in zip(placed.columns, placed.heads.lines, strict=True):
        assert " ".join(line.text for line in lines) == column.heading


def test_an_extra_column_too_narrow_for_its_heading_or_numbers_is_widened():
    text = '[[sheet.attendance.columns]]\nheading = "Số"\nwidth = 8\nfield = "number"\n'
    placed = lay_out(dressed(text, sheet_of(mixed_roll(2)), seats_of(2)))
    assert [len(row.lines[-1]) for row in placed.pages[0]] == [1, 1]
    assert " ".join(line.text for line in placed.heads.lines[-1]) == placed.columns[-1].heading


def test_columns_that_would_break_numbers_are_refused_and_the_room_there_is_is_named():
    text = COLUMNS.replace("width = 12", "width = {}")
    with pytest.raises(TemplateColumnsError) as caught:
        dressed(text.format(46), sheet_of(mixed_roll(6)), seats_of(6))
    room, wanted = caught.value.facts["room"], caught.value.facts["wanted"]
    assert 70 < room < wanted == 100
    dressed(text.format(46 - (wanted - room)), sheet_of(mixed_roll(6)), seats_of(6))


def test_a_copy_for_a_wall_shows_no_more_than_a_place():
    text = COLUMNS + '[[sheet.attendance.columns]]\nheading = "Lớp"\nwidth = 12\nfield = "school_class"\n'
    sheet = replace(sheet_of(mixed_roll(2)), posted=True)
    headings = [column.heading for column in dressed(text, sheet, seats_of(2)).columns]
    assert headings[-2:] == ["Xe", "Lớp (theo danh sách)"]
    assert not any("Nơi cư trú" in heading for heading in headings)
    assert set(FIELDS) > PUBLIC
    assert not PUBLIC & {"number", "address", "remark", "birth", "sex", "health_valid", "health_number"}


def test_every_field_can_be_shown():
    known = seat(1, address="Đ", sex="nữ", held_class="A1", remark="G", car="7", shift="1", room="P1")
    for at in range(0, len(FIELDS), 6):
        text = "".join(
            f'[[sheet.attendance.columns]]\nheading = "{name}"\nwidth = 10\nfield = "{name}"\n'
            for name in FIELDS[at : at + 6]
        )
        (row,) = dressed(text, sheet_of([roll_row(1, State.ADMITTED)]), (known,)).rows
        assert len(row.cells) == 13 + len(FIELDS[at : at + 6])


def test_an_erased_row_shows_nothing_of_anybody():
    sheet = sheet_of(mixed_roll(1))
    erased = replace(sheet, rows=(replace(sheet.rows[0], mark=("", "-")),))
    (row,) = dressed(COLUMNS, erased, seats_of(1)).rows
    assert all(not cell.paragraphs for cell in row.cells[-3:])


def test_columns_that_leave_a_sheet_no_room_are_an_error_even_late():
    wide = COLUMNS.replace("width = 40", "width = 70")
    sheet = replace(sheet_of(mixed_roll(1)), portrait=True)
    with pytest.raises(TemplateColumnsError):
        dressed(wide, sheet, seats_of(1))


def test_the_kinds_are_those_that_can_be_printed():
    assert set(BUILDERS) <= set(KINDS)
    assert extra_room("attendance") > extra_room("collection") > ROW_MM


# -- what is wrong with a file ---------------------------------------------------------------------

COLUMN = "[[sheet.attendance.columns]]\n"
WRONG = {
    "no-toml": ("[letterhead]\nparent = \n", 2, "toml"),
    "twice": ('[letterhead]\nparent = "a"\nparent = "b"\n', 3, "toml"),
    "unclosed": ('[letterhead]\nparent = "a\n', 2, "toml"),
    "cut": ('[letterhead]\nrecipients = ["a",\n', 2, "toml"),
    "deep": ("a = " + "[" * 5_000, 1, "toml"),
    "top": ('[letterhead]\n\n[letter]\nparent = "a"\n', 3, "key"),
    "key": ('[letterhead]\nparnet = "a"\n', 2, "key"),
    "kind": ("[sheet.minutes]\n", 1, "kind"),
    "key-of-kind": ('\n[sheet.results]\nlogo = "a.png"\n', 3, "key"),
    "key-of-column": (COLUMN + 'heading = "a"\nwidth = 9\nwdth = 9\n', 4, "key"),
    "number-as-text": ("[letterhead]\nparent = 7\n", 2, "type-text"),
    "text-as-number": (COLUMN + 'heading = "a"\nwidth = "9"\n', 3, "type-number"),
    "true-as-number": (COLUMN + 'heading = "a"\nwidth = true\n', 3, "type-number"),
    "no-list": ('[letterhead]\nrecipients = "a"\n', 2, "type-list"),
    "no-section": ('letterhead = "a"\n', 1, "type-table"),
    "sheet-no-section": ("sheet = 1\n", 1, "type-table"),
    "kind-no-section": ("[sheet]\nresults = 1\n", 2, "type-table"),
    "no-tables": ("[sheet.results]\ncolumns = [1]\n", 2, "type-tables"),
    "empty-list": ("[letterhead]\nrecipients = []\n", 2, "count"),
    "six-sign": ("[sheet.results]\nsignatures = [" + '"a",' * 6 + "]\n", 2, "count"),
    "item": ("[letterhead]\nrecipients = [1]\n", 2, "type-text"),
    "empty-item": ('[letterhead]\nrecipients = ["a", " "]\n', 2, "empty"),
    "long": (f'[letterhead]\nagency = "{"a" * 201}"\n', 2, "long"),
    "letters": ('[letterhead]\nagency = "漢"\n', 2, "letters"),
    "logo-folder": ('[letterhead]\nlogo = "../logo.png"\n', 2, "logo-name"),
    "logo-form": ('[letterhead]\nlogo = "logo.svg"\n', 2, "logo-name"),
    "no-columns": ('[[sheet.slip.columns]]\nheading = "a"\nwidth = 9\n', 1, "no-columns"),
    "no-candidates": (
        '[[sheet.exceptions.columns]]\nheading = "a"\nwidth = 9\nfield = "room"\n',
        4,
        "no-candidates",
    ),
    "field": (COLUMN + 'heading = "a"\nwidth = 9\nfield = "password"\n', 4, "field"),
    "no-heading": ("\n" + COLUMN + "width = 9\n", 2, "missing-key"),
    "empty-heading": (COLUMN + 'heading = ""\nwidth = 9\n', 2, "empty"),
    "narrow": (COLUMN + 'heading = "a"\nwidth = 7.9\n', 3, "width"),
    "wide": (COLUMN + 'heading = "a"\nwidth = 91\n', 3, "width"),
    "nan": (COLUMN + 'heading = "a"\nwidth = nan\n', 3, "width"),
    "no-room": ((COLUMN + 'heading = "a"\nwidth = 60\n') * 2, 6, "room"),
    "seven": ((COLUMN + 'heading = "a"\nwidth = 8\n') * 7, 19, "count"),
}


NAMED: Mapping[str, tuple[str, str]] = {
    'agency = "HỘI ĐỒNG SÁT HẠCH"': ("[letterhead]", "says-council"),
    'parent = "Biên bản tổng hợp"': ("[letterhead]", "says-council"),
    'agency = "H Ộ I   Đ Ồ N G"': ("[letterhead]", "says-council"),
    'agency = "Hoi dong thi"': ("[letterhead]", "says-council"),
    f'agency = "{unicodedata.normalize("NFD", "hội đồng")}"': ("[letterhead]", "says-council"),
    'agency = "HỘ\\u200bI ĐỒ\\u00adNG"': ("[letterhead]", "says-council"),
    'agency = "HỘ\\u0406 Đ\\u1ed2NG"': ("[letterhead]", "script"),
    'locality = "kết luận"': ("[letterhead]", "says-outcome"),
    'agency = "Thí sinh 003"': ("[letterhead]", "says-outcome"),
    'agency = "Trung tâm 003 đạt"': ("[letterhead]", "says-outcome"),
    'symbol = "BB-CQ"': ("[letterhead]", "says-council"),
    'symbol = "KQ-HĐSH"': ("[letterhead]", "says-council"),
    'symbol = "B.B"': ("[letterhead]", "says-council"),
    'recipients = ["KẾT LUẬN CỦA HỘI ĐỒNG;"]': ("[letterhead]", "says-outcome"),
    'recipients = ["A", "Biên bản chính thức"]': ("[sheet.slip]", "says-outcome"),
    'recipients = ["Đ Ạ T"]': ("[letterhead]", "says-outcome"),
    'recipients = ["003;"]': ("[letterhead]", "says-number"),
    'recipients = ["0.0-3;"]': ("[letterhead]", "says-number"),
    'signatures = ["CHỦ TỊCH HỘI ĐỒNG: A"]': ("[sheet.results]", "says-role"),
    'signatures = ["CHỦ TỊCH 003"]': ("[sheet.results]", "says-number"),
    'signatures = ["ĐẠT"]': ("[sheet.results]", "says-outcome"),
    'heading = "Kết luận của Hội đồng"\nwidth = 20': ("[[sheet.results.columns]]", "says-council"),
    'heading = "Kết quả"\nwidth = 20': ("[[sheet.results.columns]]", "says-outcome"),
    'heading = "Rớt"\nwidth = 20': ("[[sheet.results.columns]]", "says-outcome"),
}


@pytest.mark.parametrize("text", NAMED)
def test_no_template_makes_the_council_s_paper_or_says_how_anybody_did(text: str):
    section, why = NAMED[text]
    with pytest.raises(TemplateError) as caught:
        read_template(f"\n{section}\n{text}\n".encode())
    facts = caught.value.facts
    assert (facts["line"], facts["why"]) == (3, why), facts
    assert str(facts["key"]).endswith(text.split(maxsplit=1)[0])
    for language in ("vi", "en"):
        said = load_texts(language).say(caught.value.code, **facts)
        assert "3" in said
        assert str(facts["found"]) in said


def test_what_offices_are_called_and_whom_rules_let_sign_stays_allowed():
    said = load_texts("vi")
    roles = [text for key, text in said.items() if key.startswith("sheet.role.")]
    assert "CHỦ TỊCH HỘI ĐỒNG" in roles
    for at in range(0, len(roles), 5):
        names = ", ".join(f'"{role}"' for role in roles[at : at + 5])
        assert read_template(f"[sheet.results]\nsignatures = [{names}]\n".encode()).signatures
    recipients = [text for key, text in said.items() if ".recipient" in key and text.startswith("-")]
    assert len(recipients) > 3
    for line in (*recipients, "Bộ phận hành chính thực hiện;", "Nơi đặt máy;", "Phòng PC08, kỳ thi đợt 1;"):
        assert read_template(f'[letterhead]\nrecipients = ["{line}"]\n'.encode()).recipients
    for name in (
        "Bảo hiểm xã hội Đồng Nai",
        "Trung tâm Thành Đạt",
        "Trung tâm 579",
        "PHÒNG CẢNH SÁT GIAO THÔNG",
    ):
        assert read_template(f'[letterhead]\nagency = "{name}"\n'.encode()).letterhead[""].agency == name
    for symbol in ("KQ-CQ", "ĐD-CQ", "TTSHĐB", "HD-PC08"):
        assert read_template(f'[letterhead]\nsymbol = "{symbol}"\n'.encode()).letterhead[""].symbol == symbol


def test_a_column_from_the_list_says_so_and_a_blank_one_does_not():
    headings = [column.heading for column in dressed(COLUMNS, sheet_of(mixed_roll(2)), seats_of(2)).columns]
    assert headings[-3:] == ["Nơi cư trú (theo danh sách)", "Sức khỏe (theo danh sách)", "Xe"]


@pytest.mark.parametrize("name", WRONG)
def test_what_is_wrong_is_named_with_its_line(name: str):
    text, line, why = WRONG[name]
    with pytest.raises(TemplateError) as caught:
        read_template(text.encode())
    assert (caught.value.facts["line"], caught.value.facts["why"]) == (line, why)
    for language in ("vi", "en"):
        said = load_texts(language).say(caught.value.code, **caught.value.facts)
        assert str(line) in said
        assert "—" not in said


def test_a_file_that_is_no_text_or_no_template_is_named_too():
    for data, line, why in (
        (b'[letterhead]\nparent = "\xff"\n', 2, "encoding"),
        (b"#" * (MAX_FILE + 1), 1, "size"),
        (b"\x00\x01\x02", 1, "toml"),
    ):
        with pytest.raises(TemplateError) as caught:
            read_template(data)
        assert (caught.value.facts["line"], caught.value.facts["why"]) == (line, why)


@pytest.mark.parametrize("start", ["\ufeff", ""])
@pytest.mark.parametrize("end", ["\n", "\r\n"])
def test_editors_of_windows_may_be_used(start: str, end: str):
    data = (start + HEAD).replace("\n", end).encode()
    assert read_template(data).letterhead[""].parent == "Công an tỉnh Mẫu"


def huge_png() -> bytes:
    """A PNG head that claims 60,000 × 60,000 pixels."""
    body = struct.pack(">IIBBBBB", 60_000, 60_000, 8, 6, 0, 0, 0)
    chunk = b"IHDR" + body
    return (
        b"\x89PNG\r\n\x1a\n"
        + struct.pack(">I", 13)
        + chunk
        + struct.pack(">I", zlib.crc32(chunk))
        + b"\0" * 40
    )


LOGOS: Mapping[str, tuple[bytes | None, str]] = {
    "missing": (None, "missing"),
    "empty": (b"", "size"),
    "large": (b"\x89PNG" + b"\0" * 1_000_001, "size"),
    "bomb": (huge_png(), "pixels"),
    "gif": (b"GIF89a" + b"\0" * 40, "format"),
    "text": (b"<svg xmlns='http://www.w3.org/2000/svg'/>", "format"),
    "cut": (picture()[:60], "damaged"),
    "cut-jpeg": (picture("JPEG", mode="RGB")[:700], "damaged"),
}


@pytest.mark.parametrize("name", LOGOS)
def test_a_logo_that_cannot_be_printed_is_named_with_its_line(name: str):
    logo, why = LOGOS[name]
    with pytest.raises(TemplateLogoError) as caught:
        read_template(b'[letterhead]\nlogo = "logo.png"\n', logo)
    assert caught.value.facts["why"] == why
    assert caught.value.facts["line"] == 2
    for language in ("vi", "en"):
        said = load_texts(language).say(caught.value.code, **caught.value.facts)
        assert "logo.png" in said
        assert "—" not in said


def test_the_logo_counts_for_the_template_s_hash():
    data = b'[letterhead]\nlogo = "logo.png"\n'
    assert logo_name(data) == "logo.png"
    hashes = {read_template(data, picture(size=(size, 10))).sha256 for size in (10, 11)}
    assert len(hashes) == 2


@pytest.mark.parametrize("language", ["vi", "en"])
def test_the_sample_is_a_template_even_with_every_line_in_use(language: str):
    sample = load_texts(language)["template.sample"]
    assert read_template(sample.encode()).letterhead_of("results").agency == ""
    used = "\n".join(line.removeprefix("# ") if _setting(line) else line for line in sample.splitlines())
    template = read_template(used.encode(), picture())
    assert template.letterhead[""].agency == "TÊN CƠ QUAN, TỔ CHỨC"
    assert len(template.extra["attendance"]) == 2
    assert len(template.signatures["attendance"]) == 3
    for name in FIELDS:
        assert name in sample
    for kind in KINDS:
        assert kind in sample


def _setting(line: str) -> bool:
    """Whether a line of the sample becomes a setting once its mark is taken away."""
    rest = line.removeprefix("# ")
    return line.startswith("# ") and (" = " in rest or rest.startswith(("[", "]", '  "')))


def test_the_docs_name_every_key_and_field():
    text = (Path(__file__).parents[3] / "docs" / "template.md").read_text(encoding="utf-8")
    for word in (
        *FIELDS,
        *KINDS,
        "parent",
        "agency",
        "symbol",
        "locality",
        "logo",
        "recipients",
        "signatures",
    ):
        assert f"`{word}`" in text, word
