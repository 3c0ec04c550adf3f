import re
from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, date, datetime

import pytest
from reportlab.lib.units import mm

from reports.call_list import build_call_list
from reports.class_summary import build_summary
from reports.exceptions_sheet import People, build_exceptions
from reports.geometry import geometry_of
from reports.incident_minutes import build_incident
from reports.layout import lay_out
from reports.pdf import render
from reports.results_sheet import build_results
from reports.self_test_sheet import build_self_test
from reports.session_sheet import Frame
from reports.sheet import Sheet
from sessions.course.allocation import Place
from sessions.course.entries import SessionEntry
from sessions.course.progress import Progress
from sessions.reader import Entry
from sessions.session import Session
from tests.support.reports_pages import page_texts
from tests.support.reports_sheets import entry_of, head_of, mixed_roll, session_of, signer, texts

AT = datetime(2026, 11, 22, 2, 0, tzinfo=UTC)
SECOND = {"id": "ct01", "role": "chairman", "proof": "token"}
PEOPLE = People(
    names={"001": "NGUYỄN VĂN MẪU", "002": "TRẦN THỊ MẪU"},
    roles={"identity-examiner": "sát hạch viên nhận dạng", "chairman": "chủ tịch hội đồng"},
)
COMPONENTS = ("theory", "yard", "road")


def session(count: int = 6) -> Session:
    return replace(session_of(mixed_roll(count)), components=COMPONENTS)


def frame(language: str = "vi", of: Session | None = None) -> Frame:
    return Frame(session=of or session(), texts=texts(language), head=head_of(), language=language)


def cells(sheet: Sheet, row: int) -> list[str]:
    return [" / ".join(cell.paragraphs) for cell in sheet.rows[row].cells]


def no_note(_entry: SessionEntry) -> str:
    return ""


def exceptions() -> list[SessionEntry]:
    said = {"second": SECOND, "component": "theory"}
    return [
        entry_of(10, "override", AT, sbd="001", verdict="ADMIT", reason="signer-unknown", **said),
        entry_of(11, "decision", AT, sbd="002", decided="admitted", reason="identity-established", **said),
        entry_of(
            12,
            "manual",
            AT,
            sbd="002",
            document="passport",
            outcome="admitted",
            reason="passport",
            component="theory",
            second={**SECOND, "proof": "password"},
        ),
        entry_of(13, "correction", AT, sbd="001", corrects=9, reason="typing", **said),
        entry_of(14, "roster", AT, added=2, sbds=["007", "008"], reason="late-decision", second=SECOND),
        entry_of(15, "attempt", AT, sbd="001", component="theory"),
    ]


def test_every_exception_has_both_persons_and_how_the_second_one_was_there():
    sheet = build_exceptions(frame(), exceptions(), PEOPLE, lambda entry: f"ghi chú {entry.seq}")
    assert len(sheet.rows) == 5
    assert cells(sheet, 0) == [
        "1",
        "09:00:00 / 22/11/2026",
        "10",
        "Hai người quyết định thay máy / Máy: chưa chắc (REFER); người quyết định: cho vào",
        "001 / NGUYỄN VĂN MẪU",
        "Lý thuyết",
        "nv01 (sát hạch viên nhận dạng)",
        "ct01 (chủ tịch hội đồng) / có mặt: thiết bị khoá",
        "chưa có chứng thư nước phát hành; thẻ và người đã được hai cán bộ xem / ghi chú 10",
    ]
    assert cells(sheet, 2)[7] == "ct01 (chủ tịch hội đồng) / yếu: chỉ mật khẩu"
    assert cells(sheet, 3)[3] == "Đính chính mục số 9"
    assert cells(sheet, 4)[3] == "Bổ sung danh sách: 2 thí sinh / 007, 008"
    assert sheet.counts == {
        "all-exceptions": 5,
        "override": 1,
        "decision": 1,
        "manual": 1,
        "correction": 1,
        "roster": 1,
        "weak": 1,
    }
    assert "Người thứ hai yếu, chỉ mật khẩu: 1 (một)." in sheet.closing.totals


def test_a_decision_says_that_the_machines_finding_stays():
    sheet = build_exceptions(frame(), exceptions(), PEOPLE, no_note)
    assert cells(sheet, 1)[3] == (
        "Quyết định của chủ tịch hội đồng / Cho vào / Kết luận của máy vẫn là KHÔNG NHẬN (REFUSE)"
    )
    assert [row.mark for row in sheet.rows] == [
        ("001", "A"),
        ("002", "X"),
        ("002", "A"),
        ("001", "-"),
        ("", "-"),
    ]


def test_both_persons_are_named_where_the_log_knows_their_names():
    users = {"nv01": "Lê Thị Mẫu", "ct01": "Trần Văn Mẫu"}
    people = replace(PEOPLE, users=users)
    row = cells(build_exceptions(frame(), exceptions(), people, no_note), 0)
    assert row[6] == "Lê Thị Mẫu (nv01, sát hạch viên nhận dạng)"
    assert row[7] == "Trần Văn Mẫu (ct01, chủ tịch hội đồng) / có mặt: thiết bị khoá"
    assert "Lê Thị Mẫu" not in repr(people)


def test_days_times_and_counts_are_typed_for_a_spreadsheet():
    sheet = build_exceptions(frame(), exceptions(), PEOPLE, no_note)
    assert sheet.rows[0].cells[0].value == 1
    assert str(sheet.rows[0].cells[1].value) == "2026-11-22 09:00:00+07:00"
    called = build_call_list(frame(), [row.seat for row in mixed_roll(5)], {})
    assert [row.cells[3].value for row in called.rows[3:]] == [date(1999, 1, 15), None]


def test_results_seal_every_candidate_with_the_letter_of_the_code():
    progress = Progress.of(session(), results())
    sheet = build_results(frame(), progress)
    found = {row.mark[0]: row.mark[1] for row in sheet.rows}
    assert found["003"] == "O"
    assert found["001"] == "-"
    assert build_results(frame(), progress, posted=True).header.title.endswith("BẢN NIÊM YẾT")


def test_another_stations_exception_names_its_desk_and_every_proof_has_words():
    entry = replace(exceptions()[0], part=2)
    assert cells(build_exceptions(frame(), [entry], PEOPLE, no_note), 0)[2] == "10 / (bàn 2)"
    for language in ("vi", "en"):
        for proof in ("password", "token", "card-face", "training"):
            assert texts(language)[f"paper.proof.{proof}"] != proof


def results() -> list[SessionEntry]:
    admitted = {
        "verdict": "ADMIT",
        "method": "chip-face",
        "reasons": [],
        "checks": {},
        "chip_verdict": "genuine",
    }
    entries = [
        entry_of(number, "attempt", AT, sbd=sbd, component="theory", attempt=f"a{number}", **admitted)
        for number, sbd in ((20, "003"), (21, "006"))
    ]
    result = {"component": "theory", "source": "máy chấm"}
    return [
        *entries,
        entry_of(30, "result", AT, sbd="003", outcome="failed", points_e1=100, critical_failed=1, **result),
        entry_of(31, "result", AT, sbd="006", outcome="failed", points_e1=350, **result),
        entry_of(
            32,
            "correction",
            AT,
            corrects=31,
            sbd="006",
            component="theory",
            reason="typing",
            values={"outcome": "passed", "points_e1": 450},
            second=SECOND,
        ),
    ]


def test_results_have_points_codes_and_marked_corrections():
    of = session()
    sheet = build_results(frame(of=of), Progress.of(of, results()))
    rows = {cells(sheet, at)[1]: cells(sheet, at) for at in range(len(sheet.rows))}
    assert rows["003"][5:9] == [
        "10 / Trượt / Sai câu điểm liệt",
        "Không được dự",
        "Không được dự",
        "RO / rớt",
    ]
    assert rows["006"][5] == "45 / Đạt / (đính chính)"
    assert rows["006"][9] == "Đính chính Lý thuyết: mục số 32"
    assert (sheet.counts["files"], sheet.counts["RO"], sheet.counts["corrections"]) == (6, 1, 1)
    assert any(
        total.startswith("Lý thuyết: dự 2 (hai); đạt 1 (một); trượt 1 (một); vắng 0 (không)")
        for total in sheet.closing.totals
    )


def test_results_of_one_class_are_those_of_the_class_alone():
    of = session()
    progress = Progress.of(of, results())
    sheet = build_results(frame(of=of), progress, licence_class="C1")
    assert [cells(sheet, at)[4] for at in range(len(sheet.rows))] == ["C1", "C1"]
    assert (sheet.variant, sheet.counts["files"]) == ("C1", 2)
    assert "Hạng: C1" in sheet.header.lines


def incident(note: str) -> Sheet:
    entries = [
        entry_of(
            40,
            "incident",
            AT,
            incident="I-S-01",
            code="phone",
            sbd="001",
            component="theory",
            place="P1",
            happened_at="2026-11-22T01:30:00.000Z",
            consequence="reminded",
        ),
        entry_of(
            41,
            "incident",
            AT,
            incident="I-S-01",
            code="phone",
            sbd="001",
            consequence="suspended",
            second=SECOND,
        ),
    ]
    return build_incident(frame(), "I-S-01", entries, PEOPLE, lambda entry: note if entry.seq == 40 else "")


def test_an_incident_says_what_who_where_when_and_what_follows():
    sheet = incident("Điện thoại đổ chuông trong phòng.")
    found = dict(cells(sheet, at) for at in range(len(sheet.rows)))
    assert found["Loại sự việc"] == "Mang, sử dụng điện thoại hoặc thiết bị thu phát"
    assert found["Thời điểm xảy ra"] == "08:30:00 22/11/2026"
    assert found["Thí sinh liên quan"] == "001 NGUYỄN VĂN MẪU"
    assert found["Diễn biến"] == "Điện thoại đổ chuông trong phòng."
    assert found["Xử lý"].startswith("Đình chỉ (mục số 41, nv01")
    assert "ct01 (chủ tịch hội đồng)" in found["Xử lý"]


def test_the_longest_note_goes_over_as_many_pages_as_it_needs():
    sheet = incident("từ " * 1_300)
    printed = " ".join(page_texts(render(sheet, signer())))
    assert printed.count("từ") >= 1_300
    assert len(lay_out(sheet).pages) > 1


def test_the_call_list_has_the_place_by_lot_and_one_room_alone():
    seats = [replace(row.seat, room="P9") for row in mixed_roll(4)]
    places = {"001": Place(room="P1", seat=7), "002": Place(room="P1", seat=3)}
    sheet = build_call_list(frame(), seats, places)
    assert [cells(sheet, at)[5:7] for at in range(4)] == [["P1", "7"], ["P1", "3"], ["P9", "—"], ["P9", "—"]]
    room = build_call_list(frame(), seats, places, room="P1")
    assert [cells(room, at)[1] for at in range(len(room.rows))] == ["001", "002"]
    assert (room.variant, room.counts) == ("theory-P1", {"called": 2})


def self_test() -> Entry:
    checks = {
        "readers": {"ok": 1, "needed": 1},
        "cameras": {"ok": 0, "needed": 1},
        "dlib": {"ok": 0, "needed": 0},
    }
    body = {
        "checks": checks,
        "outcome": "failed",
        "at": "2026-11-22T01:00:00.000Z",
        "operator": {"id": "nv01", "role": "identity-examiner"},
    }
    return Entry(seq=7, kind="self-test", body=body)


def test_the_self_test_tells_needed_from_useful():
    sheet = build_self_test(frame(), self_test(), PEOPLE, "đầu đọc: ACS")
    assert [cells(sheet, at)[1:] for at in range(3)] == [
        ["Đầu đọc thẻ", "Được", "bắt buộc để kiểm tra nhận dạng"],
        ["Camera", "THIẾU", "bắt buộc để kiểm tra nhận dạng"],
        ["Điểm tham khảo dlib", "Không có", "nên có"],
    ]
    assert sheet.counts == {"checks": 3, "checks-good": 1}
    assert sheet.closing.remarks == ("đầu đọc: ACS",)
    assert "KHÔNG ĐẠT" in sheet.header.lines[1]


def every_sheet(language: str) -> Sequence[Sheet]:
    of, shown = session(), frame(language)
    return (
        build_exceptions(shown, exceptions(), PEOPLE, no_note),
        build_results(shown, Progress.of(of, results())),
        build_summary(shown, Progress.of(of, results()), results()),
        incident("x"),
        build_call_list(shown, [row.seat for row in mixed_roll(3)], {}),
        build_self_test(shown, self_test(), PEOPLE),
    )


@pytest.mark.parametrize("language", ["vi", "en"])
def test_every_sheet_fills_its_width_bears_the_roster_hash_and_can_be_drawn(language: str):
    for sheet in every_sheet(language):
        width = geometry_of(sheet).width / mm
        assert sum(column.width_mm for column in lay_out(sheet).columns) == pytest.approx(width), sheet.kind
        pages = page_texts(render(sheet, signer()))
        assert all(sheet.roster_hash in page for page in pages), sheet.kind


def test_no_sheet_calls_itself_the_councils_minutes():
    for sheet in every_sheet("vi"):
        title = sheet.header.title
        assert "HỘI ĐỒNG" not in title
        assert "BIÊN BẢN" not in title or "CỦA TRẠM" in title
        assert "không phải và không thay biên bản của Hội đồng" in sheet.foot.notice


def test_the_figures_of_a_component_add_up_and_who_was_not_let_in_is_not_plainly_absent():
    entries = results()
    close = replace(entries[-1], kind="close", body={**entries[-1].body, "kind": "close"})
    refused = {
        "attempt": "r",
        "sbd": "001",
        "component": "theory",
        "verdict": "REFUSE",
        "method": "chip-face",
    }
    refused |= {"reasons": [], "checks": {}, "chip_verdict": "genuine"}
    attempt = replace(entries[0], kind="attempt", body={**entries[0].body, **refused, "kind": "attempt"})
    of = session()
    progress = Progress.of(of, [*entries, attempt, close])
    sheet = build_results(frame(), progress)
    for name in of.components:
        parts = [sheet.counts[f"{name}:{each}"] for each in ("sat", "absent", "blocked", "pending")]
        assert sum(parts) == progress.totals(name).owed
    assert any("không được dự" in line for line in sheet.closing.totals)
    theory = next(line for line in sheet.closing.totals if line.startswith("Lý thuyết:"))
    assert re.search(r"vắng \d+ \([^;]+; trong đó đã đến, không được vào: 1\)", theory)
    (row,) = [each for at in range(len(sheet.rows)) if "001" in (each := cells(sheet, at))]
    assert "Không được vào" in row
    assert row[-2].startswith("VA")
    assert "đã đến, không được vào" in row[-1]


def test_health_and_belief_are_not_printed_beside_a_name():
    body = {
        "sbd": "001",
        "component": "theory",
        "document": "cccd-chip",
        "outcome": "admitted",
        "second": SECOND,
    }
    found = [
        entry_of(41 + at, "manual", AT, reason=reason, **body)
        for at, reason in enumerate(("face-by-persons", "biometrics-refused", "other"))
    ]
    sheet = build_exceptions(frame(), found, PEOPLE, lambda _entry: "medical: lý do sức khoẻ")
    assert ["sức khoẻ" in cells(sheet, at)[-1] for at in range(3)] == [False, False, True]
