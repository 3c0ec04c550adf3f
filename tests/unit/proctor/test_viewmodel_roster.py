"""What the roster's window shows, without a window."""

import ast
from datetime import date
from pathlib import Path

import pytest

import proctor
from proctor.roster_import import Created, Loaded
from proctor.texts import load_texts
from proctor.viewmodel_roster import (
    TABS,
    Form,
    Preview,
    grouped,
    missing,
    parse_day,
    preview,
    result_lines,
    rules_choices,
    rules_mark,
    wanted,
)
from sessions.roster.model import (
    EncodingPreview,
    PartialDate,
    Roster,
    RowChange,
    RowDefect,
    Seat,
)
from sessions.rules import list_rules

VI, EN = load_texts("vi"), load_texts("en")
SEAT = Seat(
    row=2,
    sbd="001",
    full_name="Nguyễn Văn Mẫu",
    birth=PartialDate(year=1999, month=1, day=15),
    id_number="001099000001",
    room="P1",
)
ROSTER = Roster(
    rows=(SEAT,),
    refused=(
        RowDefect(row=3, column="Ngày sinh", code="roster-birth-invalid", value="31/02/1999"),
        RowDefect(row=3, column="SBD", code="roster-sbd-missing"),
        RowDefect(row=5, column="CCCD", code="roster-number-old", value="012345678"),
    ),
    changes=(
        RowChange(
            row=2, column="CCCD", code="roster-number-letter-o", before="OO1099000001", after="001099000001"
        ),
    ),
    warnings=(RowChange(row=0, column="", code="roster-number-and-birth-differ"),),
    encoding="tcvn3",
    format="csv",
    previews=(
        EncodingPreview(encoding="tcvn3", score_e4=9000, lines=("Nguyễn Văn Mẫu",)),
        EncodingPreview(encoding="cp1258", score_e4=100, lines=("NguyÔn V¨n MÉu",)),
    ),
)
FULL = Form(rules_id="written-exam", components=("exam",), place="P1", day="05/12/2026", user="an", skip=True)


def shown(roster: Roster = ROSTER) -> Preview:
    return preview(Loaded(path=Path("danh-sach.csv"), roster=roster), VI)


def test_a_row_with_two_defects_is_one_refused_row_and_two_lines() -> None:
    tab = shown().tab("refused")
    assert (tab.count, len(tab.lines)) == (2, 3)
    assert tab.lines[0].cells[:3] == ("3", "Ngày sinh", "31/02/1999")
    assert VI["roster-birth-invalid"] in tab.lines[0].detail


def test_changes_show_before_and_after() -> None:
    line = shown().tab("changed").lines[0]
    assert line.cells[:4] == ("2", "CCCD", "OO1099000001", "001099000001")
    assert "“OO1099000001” → “001099000001”" in line.detail


def test_what_concerns_the_whole_file_has_no_row_0() -> None:
    assert shown().tab("warned").lines[0].cells[0] == "cả tệp"


def test_columns_that_nobody_fills_are_left_out() -> None:
    keys = [key for key, _ in shown().tab("used").columns]
    assert keys == ["row", "sbd", "name", "birth", "number", "room"]


def test_every_tab_has_a_sign_of_its_own_beside_its_colour() -> None:
    assert len({shown().tab(key).sign for key in TABS}) == len(TABS)


def test_a_person_is_asked_only_where_the_encoding_was_guessed() -> None:
    assert shown().ask_encoding
    assert [choice.lines for choice in shown().choices] == ["Nguyễn Văn Mẫu", "NguyÔn V¨n MÉu"]
    assert not shown(Roster(rows=(SEAT,), encoding="utf-8", format="csv")).ask_encoding


def test_the_first_table_is_the_one_with_trouble() -> None:
    assert shown().first == "refused"
    assert shown(Roster(rows=(SEAT,), encoding="utf-8", format="csv")).first == "used"


@pytest.mark.parametrize(
    ("form", "training", "expected"),
    [
        (FULL, False, ()),
        (Form(), True, ("skip", "rules", "components", "place", "day")),
        (Form(), False, ("skip", "rules", "components", "place", "day", "user")),
        (
            Form(
                **{name: getattr(FULL, name) for name in ("rules_id", "components", "place")},
                day="12/31/2026",
            ),
            True,
            ("skip", "day"),
        ),
    ],
)
def test_what_is_missing_comes_in_the_order_of_the_screen(
    form: Form, training: bool, expected: tuple[str, ...]
) -> None:
    assert missing(form, shown(), training=training) == expected


def test_without_a_file_nothing_else_is_asked_for() -> None:
    assert missing(FULL, None, training=True) == ("file",)


@pytest.mark.parametrize(
    ("text", "day"),
    [
        ("05/12/2026", date(2026, 12, 5)),
        (" 5.12.2026 ", date(2026, 12, 5)),
        ("2026-12-05", date(2026, 12, 5)),
        ("12/31/2026", None),
        ("31/02/2026", None),
        ("05/12/26", None),
        ("", None),
    ],
)
def test_a_day_is_never_read_month_first(text: str, day: date | None) -> None:
    assert parse_day(text) == day


def test_a_form_becomes_what_is_wanted() -> None:
    made = wanted(FULL, training=False)
    assert (made.rules_id, made.components, made.day, made.user) == (
        "written-exam",
        ("exam",),
        date(2026, 12, 5),
        "an",
    )


def test_rules_in_force_come_first_and_marks_are_words() -> None:
    choices = rules_choices(list_rules(), date(2026, 11, 22), VI)
    assert choices[0].rules_id == "driving-tt108-2026"
    assert ("theory", "Lý thuyết") in choices[0].components
    late = next(choice for choice in choices if choice.rules_id == "driving-tt12-2025")
    assert "không có hiệu lực" in late.label
    assert "chưa xác nhận" in next(choice for choice in choices if choice.rules_id == "written-exam").label


@pytest.mark.parametrize("texts", [VI, EN], ids=["vi", "en"])
def test_the_last_page_says_the_hash_in_groups_and_what_is_unconfirmed(texts: object) -> None:
    assert isinstance(texts, type(VI))
    created = Created(
        session_id="HL-20261122-01",
        roster_hash="0123456789abcdef" * 4,
        candidates=2,
        refused=(7,),
        place="P1",
        day=date(2026, 11, 22),
        components=("Kỳ thi",),
        rules_id="written-exam",
        unconfirmed=("late.minutes", "late.from", "face.fmr_accept"),
    )
    lines = result_lines(created, texts)
    assert lines[0][1] == grouped("0123456789abcdef" * 4)
    assert lines[0][1].split(" ") == ["01234567", "89abcdef"] * 4
    assert lines[2][1] == "1 (7)"
    named = ", ".join(texts[f"rules.section.{name}"] for name in ("late", "face"))
    assert named in rules_mark(created, texts)


def test_only_the_gui_folder_imports_tk() -> None:
    root = Path(proctor.__path__[0])
    for path in root.rglob("*.py"):
        if root / "gui" in path.parents:
            continue
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            names = [alias.name for alias in node.names] if isinstance(node, ast.Import) else []
            if isinstance(node, ast.ImportFrom):
                names = [node.module or ""]
            assert not [name for name in names if name.split(".")[0] in {"tkinter", "ttkbootstrap"}], path
