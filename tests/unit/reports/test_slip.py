"""A candidate's slip: pictures, every check with time, station and persons, points, what it comes to."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta

import pytest

from reports.exceptions_sheet import People
from reports.pdf import render
from reports.session_sheet import Frame
from reports.sheet import Figures, Paragraph, Sheet
from reports.slip import Candidate, build_slip
from reports.slip_pictures import Shots
from sessions.course.entries import SessionEntry
from sessions.course.progress import Progress
from sessions.course.states import KINDS, Standing, apply
from sessions.roster.model import PartialDate, Seat
from sessions.session import Part, Session
from tests.support.reports_pages import page_texts
from tests.support.reports_sheets import LONG_NAME, entry_of, head_of, portrait, session_of, signer, texts

AT = datetime(2026, 11, 22, 2, 0, tzinfo=UTC)
COMPONENTS = ("theory", "yard", "road")
SECOND = {"id": "ct01", "role": "chairman", "proof": "token"}
PEOPLE = People(
    names={}, roles={"identity-examiner": "sát hạch viên nhận dạng", "chairman": "chủ tịch hội đồng"}
)
SEAT = Seat(
    row=2,
    sbd="001",
    full_name="NGUYỄN VĂN MẪU",
    birth=PartialDate(year=1999, month=1, day=15),
    id_number="001099000001",
    licence_class="B",
    room="P1",
)
FACE = {"score_e4": 9784, "threshold_e4": 4750, "refer_threshold_e4": 4000, "model": "sface-2021dec-int8bq"}
PICTURES = Shots(chip=portrait, live=lambda seq: portrait(seq, (640, 480)))


def attempt(seq: int, verdict: str = "ADMIT", component: str = "theory", **fields: object) -> SessionEntry:
    body = {
        "sbd": "001",
        "attempt": f"a{seq}",
        "component": component,
        "verdict": verdict,
        "method": "chip-face",
        "reasons": [] if verdict == "ADMIT" else ["face-no-match"],
        "chip_verdict": "genuine",
        "checks": {"face-match": {"outcome": "passed", "facts": FACE}},
        "evidence": {"live-portrait": "00", "chip-portrait": "00"},
        **fields,
    }
    return entry_of(seq, "attempt", AT + timedelta(minutes=seq), **body)


def result(seq: int, component: str, points: int, outcome: str = "passed") -> SessionEntry:
    body = {"sbd": "001", "component": component, "source": "máy chấm", "points_e1": points * 10}
    return entry_of(seq, "result", AT + timedelta(minutes=seq), outcome=outcome, **body)


def close(seq: int = 90) -> SessionEntry:
    return entry_of(seq, "close", AT + timedelta(hours=4))


def session_with(seat: Seat = SEAT, **fields: object) -> Session:
    return replace(session_of(()), seats=(seat,), components=COMPONENTS, **fields)  # type: ignore[arg-type]


def slip(
    entries: Sequence[SessionEntry], *, of: Session | None = None, shots: Shots = PICTURES, seat: Seat = SEAT
) -> Sheet:
    session = of or session_with(seat)
    rows = {name: Standing(seat=seat, component=name) for name in session.components}
    for entry in entries:
        if entry.kind in KINDS and entry.body.get("sbd") == seat.sbd:
            for name, row in rows.items():
                if entry.body.get("component", name) == name:
                    apply(row, entry)
    frame = Frame(session=session, texts=texts("vi"), head=head_of())
    candidate = Candidate.of(seat, rows, entries)
    return build_slip(frame, candidate, Progress.of(session, entries), entries, PEOPLE, shots=shots)


def lines(sheet: Sheet) -> dict[str, str]:
    return {block.label: block.text for block in sheet.body if isinstance(block, Paragraph)}


def captions(sheet: Sheet) -> list[list[str]]:
    return [[each.caption for each in block.figures] for block in sheet.body if isinstance(block, Figures)]


def cells(sheet: Sheet) -> list[list[str]]:
    return [[" / ".join(cell.paragraphs) for cell in row.cells] for row in sheet.rows]


def passed() -> list[SessionEntry]:
    return [
        entry_of(3, "consent", AT, sbd="001", outcome="agreed", version="2026-11-22", notice_sha256="0" * 64),
        attempt(4),
        result(5, "theory", 29),
        attempt(6, component="yard"),
        result(7, "yard", 85),
        attempt(8, component="yard", purpose="spot-check"),
        entry_of(9, "spot-check", AT, sbd="001", component="yard", outcome="same-person", draw="7", of="a8"),
        attempt(10, component="road"),
        result(11, "road", 90),
        close(),
    ]


def test_somebody_who_passed_has_points_maximum_and_conclusion():
    sheet = slip(passed())
    found = cells(sheet)
    assert [row[0] for row in found if row[1] == "Kết quả nội dung"] == [
        "Lý thuyết",
        "Thực hành lái xe trong hình",
        "Thực hành lái xe trên đường",
    ]
    assert [tuple(row[2:5]) for row in found if row[1] == "Kết quả nội dung"] == [
        ("30", "29", "Đạt"),
        ("100", "85", "Đạt"),
        ("100", "90", "Đạt"),
    ]
    assert found[-1][4:] == ["DA / đạt", "Thí sinh 001 NGUYỄN VĂN MẪU, sinh 15/01/1999"]
    assert lines(sheet)["Kết luận"] == "DA – đạt"
    assert (sheet.kind, sheet.sbd, sheet.portrait) == ("slip", "001", True)
    assert [row.mark for row in sheet.rows if row.mark[1] == "D"] == [("001", "D")] * 4


def test_every_check_has_time_entry_station_method_score_and_who():
    row = cells(slip(passed()))[0]
    assert row[:2] == ["Lý thuyết", "09:04:00 / 22/11/2026 / mục 4"]
    assert row[4] == "Máy: ĐÚNG NGƯỜI / Kiểm tra khi vào"
    assert row[5] == (
        "Chíp + mặt; Chíp thật, dữ liệu do cơ quan cấp ký / Mặt: điểm 0,9784, ngưỡng 0,4750 / "
        "Thực hiện: nv01 (sát hạch viên nhận dạng); trạm proctor.real/0a1b2c3d"
    )
    found = lines(slip(passed()))
    assert found["Chíp"] == "Chíp thật, dữ liệu do cơ quan cấp ký"
    assert (
        "0,9784; ngưỡng nhận 0,4750, ngưỡng xem lại 0,4000; mô hình sface-2021dec-int8bq"
        in found["So khuôn mặt"]
    )
    assert "không phải xác suất" in found["So khuôn mặt"]
    assert "không kiểm tra người thật" in found["So khuôn mặt"]
    assert found["Đồng ý thu ảnh"].startswith("Đồng ý; thông báo bản 2026-11-22")


def test_what_happened_stands_in_order_of_time_whatever_it_belongs_to():
    fell = entry_of(5, "incident", AT + timedelta(minutes=5), sbd="001", code="other")
    yard, again = attempt(6, component="yard"), attempt(12, purpose="spot-check")
    sheet = slip([attempt(4), fell, yard, result(7, "theory", 29), again, close()])
    times = [row[1].partition(" / ")[0] for row in cells(sheet) if row[1][:1].isdigit()]
    assert (len(times), times) == (5, sorted(times))
    assert [row[0] for row in cells(sheet)[5:8]] == [
        "Lý thuyết",
        "Thực hành lái xe trong hình",
        "Thực hành lái xe trên đường",
    ]


def test_the_pictures_are_those_of_the_check_that_counts_and_of_later_ones():
    sheet = slip(passed())
    assert captions(sheet) == [
        ["Ảnh trong chíp", "Ảnh tại chỗ, Lý thuyết, 09:04:00 22/11/2026, mục 4"],
        ["Kiểm tra ngẫu nhiên, Thực hành lái xe trong hình, 09:08:00 22/11/2026, mục 8"],
    ]
    large, later = [block for block in sheet.body if isinstance(block, Figures)]
    picture = large.figures[0].picture
    assert picture is not None
    assert picture.width > 250
    assert large.width_mm > later.width_mm


def test_of_many_later_checks_the_three_that_matter_are_shown():
    again = [attempt(20 + at, component="yard", purpose="re-entry") for at in range(5)]
    bad = attempt(15, "REFUSE", "yard", purpose="watch")
    (_, later) = captions(slip([*passed()[:-1], bad, *again, close()]))
    assert [caption.rsplit(" ", 1)[-1] for caption in later] == ["8", "15", "24"]


def refused() -> list[SessionEntry]:
    said = {"sbd": "001", "component": "theory"}
    return [
        attempt(4, "REFUSE"),
        entry_of(5, "incident", AT, code="identity-refused", incident="I-1", consequence="none", **said),
        entry_of(
            6,
            "decision",
            AT,
            of="a4",
            decided="admitted",
            reason="identity-established",
            second=SECOND,
            **said,
        ),
        result(7, "theory", 29),
    ]


def test_a_refusal_shows_whoever_let_the_candidate_in():
    sheet = slip(refused())
    assert "máy KHÔNG NHẬN (REFUSE)" in lines(sheet)["Nhận dạng"]
    assert lines(sheet)["Nhận dạng"].startswith("Lý thuyết: Quyết định của chủ tịch hội đồng")
    found = cells(sheet)
    assert found[0][4].startswith("Máy: KHÔNG NHẬN")
    assert "Vì: Khuôn mặt không khớp ảnh chíp" in found[0][5]
    assert found[2][4].endswith("Cho vào / Kết luận của máy vẫn là KHÔNG NHẬN (REFUSE)")
    assert "người thứ hai: ct01 (chủ tịch hội đồng), có mặt: thiết bị khoá" in found[2][5]
    assert [row.mark[1] for row in sheet.rows[:3]] == ["X", "-", "X"]
    assert "mục 4" in captions(sheet)[0][1]
    assert (sheet.counts["refusals"], sheet.counts["persons"], sheet.counts["incidents"]) == (1, 1, 1)


def test_refused_at_a_later_component_the_slip_shows_that_check():
    sheet = slip([attempt(4), result(5, "theory", 29), attempt(6, "REFUSE", "yard"), close()])
    assert "mục 6" in captions(sheet)[0][1]
    assert lines(sheet)["Nhận dạng"].endswith("máy KHÔNG NHẬN (REFUSE), lúc 09:06:00 22/11/2026")
    assert lines(sheet)["Kết luận"] != "DA – đạt"


def test_turned_away_is_not_plainly_absent():
    sheet = slip([attempt(4, "REFUSE"), close()])
    assert lines(sheet)["Kết luận"] == "VA – vắng (đã đến, không được vào)"
    assert sheet.rows[-1].mark == ("001", "V")


def test_an_attempt_that_named_nobody_is_told_once_persons_said_whose_it_was():
    nobody = attempt(4, "REFER")
    nobody = replace(nobody, body={name: value for name, value in nobody.body.items() if name != "sbd"})
    said = {"sbd": "001", "of": "a4", "verdict": "ADMIT", "reason": "suggestion-confirmed", "second": SECOND}
    found = cells(slip([nobody, entry_of(5, "override", AT, **said)]))
    assert [row[1].rsplit(" / ", 1)[-1] for row in found[:2]] == ["mục 4", "mục 5"]
    assert [row[0] for row in found[:2]] == ["Lý thuyết", "Lý thuyết"]
    assert all("mục 4" not in row[1] for row in cells(slip([nobody])))


def test_a_correction_is_a_row_of_its_own_and_counts():
    said = {"sbd": "001", "component": "theory", "corrects": 5, "reason": "typing", "second": SECOND}
    corrected = entry_of(20, "correction", AT, values={"outcome": "failed", "points_e1": 100}, **said)
    sheet = slip([attempt(4), result(5, "theory", 29), corrected, close()])
    rows = cells(sheet)
    assert [row[3] for row in rows[1:4]] == ["29", "10", "10"]
    assert rows[2][4] == "Đính chính mục số 5 / Trượt"
    assert "ct01" in rows[2][5]
    assert "(đính chính)" in rows[3][5]
    assert (lines(sheet)["Kết luận"], sheet.counts["corrections"]) == ("RO – rớt", 1)


def test_two_results_that_do_not_agree_are_pointed_out():
    sheet = slip([attempt(4), result(5, "theory", 29), result(6, "theory", 20, "failed"), close()])
    assert any(
        line.startswith("CHÚ Ý: Hai kết quả khác nhau: mục 5 được tính") for line in sheet.closing.remarks
    )


def test_a_sites_rules_may_name_who_signs():
    of = session_with()
    named = replace(of.rules, signatories={"slip": ("secretary", "chairman")})
    sheet = slip(passed(), of=replace(of, rules=named))
    assert [block.role for block in sheet.closing.signatures] == ["THƯ KÝ", "CHỦ TỊCH HỘI ĐỒNG"]
    assert [block.role for block in slip(passed()).closing.signatures] == [
        "NGƯỜI LẬP PHIẾU",
        "THÍ SINH",
        "NGƯỜI PHỤ TRÁCH",
    ]


def test_what_did_not_fit_when_desks_were_merged_is_pointed_out():
    double = {"sbd": "001", "component": "theory", "why": "twice", "parts": [1, 2]}
    conflict = {
        "sbd": "001",
        "component": "theory",
        "what": "result",
        "parts": [1, 2],
        "values": ["29", "30"],
    }
    others = [{**double, "sbd": "002"}]
    merge = entry_of(80, "merge", AT, part=2, double=[double, *others], conflicts=[conflict], entries=1)
    remarks = slip([attempt(4), merge, close()]).closing.remarks
    assert remarks[:2] == (
        "CHÚ Ý: SBD 001, Lý thuyết: VÀO HAI LẦN, ở các bàn 1, 2",
        "CHÚ Ý: SBD 001, Lý thuyết: kết quả khác nhau giữa các bàn (29; 30)",
    )
    assert not any("002" in remark for remark in remarks)


def test_who_does_not_agree_to_pictures_has_none_on_paper():
    said = {"sbd": "001", "outcome": "refused", "version": "1", "notice_sha256": "0" * 64}
    sheet = slip([attempt(4), entry_of(5, "consent", AT, **said)])
    assert captions(sheet) == []
    assert lines(sheet)["Ảnh"] == "Không in: thí sinh không đồng ý thu ảnh."
    assert lines(sheet)["Đồng ý thu ảnh"].startswith("KHÔNG đồng ý; quyền dự thi")


def test_erased_pictures_are_said_to_be_so_and_damaged_ones_too():
    gone = slip(passed(), shots=Shots(erased=lambda seq: True))
    assert lines(gone)["Ảnh"] == "Đã xoá."
    damaged = slip(passed(), shots=Shots(chip=lambda seq: b"\xff\xd8 no", live=portrait))
    assert captions(damaged)[0][0] == "Ảnh trong chíp (ảnh không in được)"


def test_open_sessions_and_missing_desks_are_no_last_word():
    early = slip(passed()[:3])
    assert lines(early)["Kết luận"] == "CHƯA CÓ"
    assert "CHƯA ĐÓNG" in early.header.lines[0]
    part = Part(number=1, of=2, group="S-20261122-01")
    waiting = slip(passed(), of=session_with(part=part))
    assert lines(waiting)["Kết luận"] == "CHƯA CÓ"
    assert "bàn 2" in " ".join(waiting.header.lines)
    assert waiting.rows[-1].mark == ("001", "-")


def test_another_desks_check_names_its_station_and_its_pictures_stay_there():
    other = replace(attempt(4), part=2, held=80, origin="proctor.real/99999999")
    sheet = slip([other, close()])
    assert lines(sheet)["Ảnh"] == "Ảnh ở trạm proctor.real/99999999."
    assert cells(sheet)[0][1].endswith("(bàn 2)")
    assert cells(sheet)[0][5].endswith("trạm proctor.real/99999999")


def test_a_kept_component_and_one_that_is_not_owed():
    passes = [{"sbd": "001", "component": "theory", "passed_on": "2026-05-01"}]
    prior = entry_of(3, "prior", AT, source="Hội đồng", reference="QĐ 1", passes=passes)
    other = entry_of(
        4, "prior", AT, source="Hội đồng", reference="QĐ 2", passes=[{**passes[0], "sbd": "002"}]
    )
    sheet = slip([prior, other])
    found = cells(sheet)
    assert found[0][4] == "Nội dung đã đạt trước / Lý thuyết: đạt ngày 2026-05-01"
    assert found[1][4] == "Đã đạt trước"
    assert "Đã đạt ngày 01/05/2026, được bảo lưu" in found[1][5]
    assert not any("QĐ 2" in row[5] for row in found)
    assert date(2026, 5, 1) < date(2026, 11, 22)


@pytest.mark.parametrize("name", [LONG_NAME, "NGUYỄN VĂN MẪU"])
def test_read_back_the_paper_says_what_the_model_says(name: str):
    many = [attempt(100 + at, "REFER", "road") for at in range(40)]
    sheet = slip([*passed()[:-3], *many, close(400)], seat=replace(SEAT, full_name=name))
    pages = page_texts(render(sheet, signer()))
    text = " ".join(" ".join(pages).split())
    assert name in text
    assert len(pages) > 3
    assert text.count("Máy: CHƯA CHẮC") == 40
    assert all(f"mục {100 + at}" in text for at in range(40))
    assert "BIÊN BẢN" not in sheet.header.title
    assert "không phải và không thay" in sheet.header.lines[0] or "không phải" in sheet.header.lines[1]
