"""Files of results and of passed components: what is read, what is refused, with row, column and value."""

import pytest

from sessions.course.priors import plan_from_session, plan_priors
from sessions.course.result_errors import (
    PriorNotKeptError,
    PriorOwnSessionError,
    TableUnreadableError,
)
from sessions.course.result_import import ResultPlan, plan_import
from tests.support.course_results import Course, course, replace, seat


def day_of(count: int = 4) -> Course:
    """Everybody let in to theory."""
    day = course(*(seat(number) for number in range(1, count + 1)))
    for number in range(1, count + 1):
        day.admit(f"{number:03d}", "theory")
    return day


def plan(text: str, day: Course | None = None, component: str = "theory") -> ResultPlan:
    return plan_import((day or day_of()).progress, component, text.encode())


def codes(found: ResultPlan) -> list[tuple[int, str, str]]:
    return [(row.row, row.column, row.code) for row in found.refused]


def outcomes(found: ResultPlan) -> dict[str, str]:
    return {row.ready.given.sbd: row.ready.outcome.value for row in found.ready}


@pytest.mark.parametrize(
    "heading", ["SBD;Điểm", "số báo danh;ĐIỂM SỐ", "So bao danh;diem", "Candidate number;Score"]
)
def test_names_of_columns(heading: str) -> None:
    assert outcomes(plan(f"{heading}\n001;27\n002;20\n")) == {"001": "passed", "002": "failed"}


@pytest.mark.parametrize("sbd", ["1", "01", "001", " 001 ", '="001"', "'001"])
def test_lost_zeros_of_a_candidate_number(sbd: str) -> None:
    assert list(outcomes(plan(f"SBD\tĐiểm\n{sbd}\t27\n"))) == ["001"]


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16"])
def test_encodings(encoding: str) -> None:
    text = "SBD,Họ và tên,Điểm\n001,Nguyễn Văn Mẫu,27\n"
    assert outcomes(plan_import(day_of().progress, "theory", text.encode(encoding))) == {"001": "passed"}


def test_a_name_in_another_spelling_is_the_same_name() -> None:
    day = day_of()
    day.session = replace(day.session, seats=(seat(1, full_name="HOÀNG ĐÌNH HOÀ"),))
    found = plan("SBD,Họ tên,Điểm\n001,Hoàng Ðình  Hòa,27\n", day)
    assert outcomes(found) == {"001": "passed"}


@pytest.mark.parametrize(
    ("word", "outcome"),
    [
        ("DA", None),
        ("Đạt", "passed"),
        ("trượt", "failed"),
        ("VA", None),
        ("KH", "incomplete"),
        ("không đạt", "failed"),
    ],
)
def test_words(word: str, outcome: str | None) -> None:
    points = {"DA": "27", "Đạt": "27", "trượt": "20", "không đạt": "20"}.get(word, "")
    day = day_of()
    if word == "VA":
        day.entries.clear()
    found = plan(f"SBD;Điểm;Kết quả\n001;{points};{word}\n", day)
    expected = outcome or {"DA": "passed", "VA": "absent"}[word]
    assert outcomes(found) == {"001": expected}


@pytest.mark.parametrize(
    ("row", "column", "code"),
    [
        ("001;31;;", "Điểm", "points-above-maximum"),
        ("001;-3;;", "Điểm", "points-negative"),
        ("001;27,5;;", "Điểm", "points-not-whole"),
        ("001;nhiều;;", "Điểm", "points-invalid"),
        ("001;27/40;;", "Điểm", "points-invalid"),
        ("001;27/05/2026;;", "Điểm", "points-invalid"),
        ("001;;;", "Điểm", "result-missing"),
        ("001;27;có lẽ;", "Liệt", "result-word-unknown"),
        ("001;27;;tốt", "Kết quả", "result-word-unknown"),
        ("001;27;;RO", "Kết quả", "outcome-differs"),
        ("001;27;x;DA", "Kết quả", "outcome-differs"),
        ("001;27;;VA", "Kết quả", "outcome-differs"),
        ("001;;;DA", "Điểm", "points-needed"),
        ("001;;;trượt", "Điểm", "points-needed"),
        ("001;;;VA", "SBD", "absent-but-admitted"),
        ("009;27;;", "SBD", "sbd-unknown"),
        (";27;;", "SBD", "candidate-missing"),
    ],
)
def test_a_row_is_refused_with_its_column_and_value(row: str, column: str, code: str) -> None:
    found = plan(f"SBD;Điểm;Liệt;Kết quả\n{row}\n002;27;;\n")
    assert codes(found) == [(2, column, code)]
    assert list(outcomes(found)) == ["002"]
    cells = dict(zip(("SBD", "Điểm", "Liệt", "Kết quả"), row.split(";"), strict=True))
    assert found.refused[0].value == cells[column]


def test_points_out_of_the_maximum_are_read() -> None:
    assert outcomes(plan("SBD;Điểm\n001;27/30\n")) == {"001": "passed"}


def test_the_same_candidate_twice_refuses_both_rows() -> None:
    found = plan("SBD;Điểm\n001;27\n1;28\n002;29\n")
    assert codes(found) == [(2, "SBD", "row-twice"), (3, "SBD", "row-twice")]
    assert found.refused[0].facts["rows"] == "2 3"


def test_a_result_without_a_check_of_identity_is_refused() -> None:
    day = day_of()
    day.entries.pop()
    assert codes(plan("SBD;Điểm\n004;27\n", day)) == [(2, "SBD", "result-not-admitted")]


@pytest.mark.parametrize(
    "entry",
    [
        {"kind": "manual", "outcome": "admitted", "document": "passport"},
        {"kind": "decision", "decided": "admitted", "incident": "I-1", "of": "a"},
        {"kind": "override", "verdict": "ADMIT", "of": "a"},
    ],
    ids=lambda entry: str(entry["kind"]),
)
def test_whoever_two_persons_let_in_has_a_result(entry: dict[str, str]) -> None:
    day = day_of(1)
    day.entries.clear()
    day.add(sbd="001", component="theory", reason="x", **entry)
    assert outcomes(plan("SBD;Điểm\n001;27\n", day)) == {"001": "passed"}


def test_what_is_there_already_is_passed_over_and_what_differs_is_refused() -> None:
    day = day_of()
    day.result("001", "theory", "passed", points_e1=270)
    day.result("002", "theory", "passed", points_e1=280)
    found = plan("SBD;Điểm\n001;27\n002;20\n", day)
    assert found.same == (2,)
    assert codes(found) == [(3, "SBD", "result-exists")]


def test_rows_below_the_table_are_passed_over() -> None:
    text = "SBD;Điểm\n001;27\n\n;Thanh Hoá, ngày 22 tháng 11\nTRUNG TÂM SÁT HẠCH;\n"
    found = plan(text.replace(";Thanh Hoá, ngày 22 tháng 11", "Thanh Hoá;"))
    assert (len(found.ready), found.refused) == (1, ())


def test_a_heading_of_two_rows() -> None:
    text = "STT;SBD;Họ và tên;KẾT QUẢ;;\n;;;Điểm;Liệt;Ghi chú\n1;001;NGUYỄN VĂN MẪU;27;;\n2;002;;29;x;\n"
    assert outcomes(plan(text)) == {"001": "passed", "002": "failed"}


def test_points_under_the_heading_of_a_result() -> None:
    found = plan("SBD;Kết quả\n001;27\n002;20\n003;31\n004;hay\n")
    assert outcomes(found) == {"001": "passed", "002": "failed"}
    assert codes(found) == [(4, "Kết quả", "points-above-maximum"), (5, "Kết quả", "points-invalid")]


def test_titles_above_and_a_second_sheet_of_other_columns() -> None:
    text = "SỞ MẪU;;\nBẢNG ĐIỂM;;\nKỳ 22/11/2026;;\nSBD;Điểm;Ghi chú\n001;27;\n"
    assert outcomes(plan(text)) == {"001": "passed"}


def test_a_total_below_the_table_is_no_candidate() -> None:
    assert codes(plan("SBD;Điểm\n001;27\nTổng;2\n")) == [(3, "SBD", "sbd-unknown")]


@pytest.mark.parametrize(
    ("data", "why"),
    [
        (b"", "empty"),
        (b"\n\n", "empty"),
        (b"SBD\n001\n", "column"),
        ("Họ tên;Điểm\nA;1\n".encode(), "column"),
        (b"PK\x03\x04", "workbook"),
        (b"x" * 8_000_001, "too-large"),
    ],
)
def test_what_is_no_table(data: bytes, why: str) -> None:
    with pytest.raises(TableUnreadableError) as error:
        plan_import(day_of().progress, "theory", data)
    assert error.value.facts["why"] == why


def test_a_million_columns_or_rows_end() -> None:
    with pytest.raises(TableUnreadableError):
        plan("SBD;Điểm\n" + "001;27\n" * 30_000)
    with pytest.raises(TableUnreadableError):
        plan(";" * 1_000_000 + "\n")


# -- passed components -----------------------------------------------------------------------------

PRIOR = "SBD;Số định danh;Nội dung;Ngày đạt;Điểm;Kết quả\n"


@pytest.mark.parametrize(
    ("row", "column", "code"),
    [
        ("001;;theory;23/11/2026;27;", "Ngày đạt", "prior-date"),
        ("001;;theory;31/02/2026;27;", "Ngày đạt", "prior-date"),
        ("001;;theory;2026;27;", "Ngày đạt", "prior-date"),
        ("001;;theory;;27;", "Ngày đạt", "prior-date"),
        ("001;;mô phỏng;01/10/2026;27;", "Nội dung", "component-unknown"),
        ("001;;theory;01/10/2026;27;RO", "Kết quả", "prior-not-passed"),
        ("001;;theory;01/10/2026;vắng;", "Điểm", "prior-not-passed"),
        ("001;001099000002;theory;01/10/2026;27;", "Số định danh", "number-differs"),
        (";001099777777;theory;01/10/2026;27;", "Số định danh", "number-unknown"),
        ("777;;theory;01/10/2026;27;", "SBD", "sbd-unknown"),
    ],
)
def test_a_passed_component_that_cannot_be(row: str, column: str, code: str) -> None:
    found = plan_priors(day_of().progress, f"{PRIOR}{row}\n".encode())
    assert [(each.row, each.column, each.code) for each in found.refused] == [(2, column, code)]
    assert "001099777777" not in repr(found)


def test_a_component_that_the_class_does_not_have() -> None:
    day = course(seat(1, licence_class="A1"))
    found = plan_priors(day.progress, f"{PRIOR}001;;road;01/10/2026;90;\n".encode())
    assert [each.code for each in found.refused] == ["prior-component"]


def test_a_lost_zero_of_a_personal_number() -> None:
    found = plan_priors(day_of().progress, f"{PRIOR};1099000002;theory;01/10/2026;27;\n".encode())
    assert [each.sbd for each in found.ready] == ["002"]


def test_one_component_for_all_rows() -> None:
    text = "SBD;Ngày đạt\n001;01/10/2026\n"
    with pytest.raises(TableUnreadableError):
        plan_priors(day_of().progress, text.encode())
    found = plan_priors(day_of().progress, text.encode(), "theory")
    assert [each.component for each in found.ready] == ["theory"]


def test_rules_that_keep_nothing_take_nothing() -> None:
    exam = course(rules="written-exam", components=("mathematics",))
    if exam.session.rules.keep_years is None:
        with pytest.raises(PriorNotKeptError):
            plan_priors(exam.progress, b"")


def test_a_session_brings_nothing_to_itself() -> None:
    day = day_of()
    with pytest.raises(PriorOwnSessionError):
        plan_from_session(day.progress, day.progress)


def test_an_earlier_session_brings_what_was_passed_and_what_it_knew() -> None:
    first = course(seat(7, id_number="001099000001"), seat(8, id_number=""), session_id="HL-1")
    first.session = replace(first.session, day=first.session.day.replace(day=1))
    first.prior("007", "theory", "2026-03-01", points_e1=270)
    first.sat("007", "yard", "passed", points_e1=850)
    second = course(seat(1), seat(2, id_number=""))
    found = plan_from_session(second.progress, first.progress)
    assert [(each.sbd, each.component, each.passed_on.isoformat()) for each in found.ready] == [
        ("001", "theory", "2026-03-01"),
        ("001", "yard", "2026-11-01"),
    ]
