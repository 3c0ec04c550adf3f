"""The seal of a session: what is counted, what it went through, where the log stands, what was printed."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from reports.layout import lay_out
from reports.pdf import render
from reports.session_seal import SealedBy, build_seal, seal_counts
from reports.session_sheet import Frame
from reports.sheet import Sheet
from sessions.cosignature import Cosignature
from sessions.course.entries import SessionEntry
from sessions.course.states import State
from sessions.witnesses import Cosigners
from tests.support.reports_pages import page_texts
from tests.support.reports_sheets import entry_of, head_of, mixed_roll, roll_row, session_of, signer, texts

AT = datetime(2026, 11, 22, 2, 0, tzinfo=UTC)
COMPONENTS = ("theory", "yard", "road")
BY = SealedBy(key="cd" * 32, certificate="ef" * 32)
MERGE = {"part": 2, "part_origin": "proctor.real/1", "size": 77, "root": "12" * 32, "entries": 9}


def frame(cosigners: Cosigners | None = None) -> Frame:
    session = replace(session_of(mixed_roll(6)), components=COMPONENTS)
    return Frame(session=session, texts=texts("vi"), head=head_of(), cosigners=cosigners)


def print_of(seq: int, kind: str = "results", **fields: object) -> SessionEntry:
    return entry_of(seq, "print", AT, sheet=kind, sheet_size=seq, pdf_sha256=f"{seq:064x}", **fields)


def opened(pauses: int = 1, *more: SessionEntry) -> list[SessionEntry]:
    stops = [
        entry_of(5 + at, kind, AT + timedelta(minutes=at), reason="break")
        for at, kind in enumerate(("pause", "resume") * pauses)
    ]
    return [
        entry_of(3, "open", AT, roster_hash="ab" * 32, candidates=6),
        entry_of(4, "start", AT),
        *stops,
        entry_of(79, "roster", AT, added=2, roster_hash="cd" * 32),
        entry_of(80, "merge", AT, **MERGE, double=["x"], conflicts=[]),
        replace(entry_of(7, "attempt", AT, sbd="001", component="yard", checks={}), part=2, held=80),
        entry_of(81, "incident", AT, incident="I-1", code="phone", component="yard", consequence="none"),
        entry_of(82, "incident", AT, incident="I-1", code="phone", component="yard", consequence="reminded"),
        *more,
        entry_of(990, "close", AT),
    ]


def seal(entries: Sequence[SessionEntry], *, closed: bool = True, of: Frame | None = None) -> Sheet:
    roll = [*mixed_roll(5), roll_row(6, State.ABSENT)]
    away = {"road": {"006": "blocked"}}
    standings = dict.fromkeys(COMPONENTS, roll)
    return build_seal(of or frame(), standings, entries, excused=away, closed=closed, by=BY)


def said(sheet: Sheet) -> dict[str, str]:
    rows = [[" / ".join(cell.paragraphs) for cell in row.cells] for row in sheet.rows]
    return dict(rows)


def test_every_component_is_counted_in_figures_and_words():
    sheet = seal(opened())
    assert said(sheet)["Thực hành lái xe trong hình"] == (
        "Danh sách: 6 (sáu); có mặt, được vào: 2 (hai); đã đến, chưa được vào: 2 (hai); "
        "máy không nhận: 1 (một); không phải hoặc không được dự: 0 (không); vắng, chưa đến: 2 (hai); "
        "ngoại lệ: 0 (không); sự việc: 1 (một)."
    )
    assert (sheet.counts["road:excused"], sheet.counts["road:missing"]) == (1, 1)
    assert {row.mark for row in sheet.rows} == {("", "-")}


def test_it_says_what_the_session_went_through_and_where_the_log_stands():
    found = said(seal(opened()))
    assert found["Mở phiên"].endswith(f"danh sách 6 thí sinh, băm {'ab' * 32}.")
    assert found["Bổ sung danh sách"].endswith(f"thêm 2 thí sinh, băm {'cd' * 32}.")
    assert "9 mục của trạm proctor.real/1 (đầu cây 77 mục, gốc 1212" in found["Gộp bàn"]
    assert "trùng 1, mâu thuẫn 0" in found["Gộp bàn"]
    assert found["Mục nhật ký của phiên"] == (
        "Từ số 3 đến số 990, gồm 9 (chín) mục. / Cộng 1 (một) mục nhận từ bàn khác."
    )
    assert found["Đầu cây nhật ký"] == f"1234 mục, gốc {head_of().root.hex()}"
    assert (found["Mã băm khoá trạm"], found["Mã băm chứng thư niêm phong (SHA-256)"]) == (
        "cd" * 32,
        "ef" * 32,
    )
    assert found["Trạng thái phiên"].startswith("ĐÃ ĐÓNG: mục số 990")


def test_before_the_session_is_closed_it_says_so_at_the_head_in_the_table_and_at_the_foot():
    sheet = seal(opened()[:-1], closed=False)
    assert "CHƯA ĐÓNG" in sheet.header.lines[0]
    assert "CHƯA ĐÓNG" in said(sheet)["Trạng thái phiên"]
    assert "CHƯA ĐÓNG" in sheet.closing.totals[0]
    text = " ".join(page_texts(render(seal(opened()), signer())))
    assert "CHƯA ĐÓNG" not in text


def test_who_cosigned_is_named_and_who_had_to_and_did_not():
    item = "Đồng ký đầu cây này"
    assert said(seal(opened()))[item] == "CHƯA ĐỒNG KÝ: trạm không cấu hình bên đồng ký."
    nobody = Cosigners(configured=2, missing=("so.example",))
    assert said(seal(opened(), of=frame(nobody)))[item] == "CHƯA ĐỒNG KÝ / CHƯA ĐỒNG KÝ, bắt buộc: so.example"
    at = int(AT.timestamp())
    signed = Cosignature(name="so.example", key_id="0a1b2c3d", at=at, line="")
    one = said(seal(opened(), of=frame(Cosigners(signed=(signed,), configured=1))))[item]
    assert one == "so.example (khoá 0a1b2c3d), lúc 09:00:00 22/11/2026"
    wild = replace(signed, at=2**62)
    assert said(seal(opened(), of=frame(Cosigners(signed=(wild,), configured=1))))[item].endswith("lúc —")


def test_sheets_are_listed_with_entry_and_hash_and_reprints_and_other_desks_told():
    prints = (
        print_of(100, "attendance", variant="component=yard;room=P1"),
        print_of(101, "results", copy=2),
        replace(print_of(9, "slip", sbd="003"), part=2, held=80),
    )
    sheet = seal(opened(1, *prints))
    found = said(sheet)["Tờ đã lập: 3 (ba)"].split(" / ")
    assert found == [
        f"Danh sách điểm danh (Thực hành lái xe trong hình; P1): mục 100, đầu cây 100, băm {'0' * 16}…",
        f"Phiếu kết quả (bản in lại lần 2): mục 101, đầu cây 101, băm {'0' * 16}…",
        f"Phiếu từng thí sinh (003; bàn 2): mục 9, đầu cây 9, băm {'0' * 16}…",
    ]
    assert sheet.counts["prints"] == 3


def test_three_hundred_slips_are_one_line_with_one_hash_over_all():
    prints = [print_of(200 + at, "slip", sbd=f"{at:03d}") for at in range(300)]
    one = said(seal(opened(1, *prints)))["Tờ đã lập: 300 (ba trăm)"]
    assert "300 (ba trăm) tờ, mục số 200 đến 499" in one
    other = said(seal(opened(1, *prints[:-1], print_of(499, "slip", sbd="x", pdf=1))))
    assert one == other["Tờ đã lập: 300 (ba trăm)"], "the hashes of the files alone count"
    changed = replace(prints[0], body={**prints[0].body, "pdf_sha256": "ff" * 32})
    assert one != said(seal(opened(1, changed, *prints[1:])))["Tờ đã lập: 300 (ba trăm)"]


def test_what_left_the_station_is_named_and_there_is_room_to_write_the_hand_over():
    export = entry_of(500, "export", AT, what="pack", sha256="aa" * 32, size=500, root="bb" * 32)
    rows = [
        row.cells[1].paragraphs[0]
        for row in seal(opened(1, export)).rows
        if row.cells[0].paragraphs == ("Bàn giao",)
    ]
    assert rows[0].startswith("Gói hồ sơ: mục số 500")
    assert ("aa" * 32) in rows[0]
    assert "…………" in rows[1]
    assert [block.role for block in seal(opened()).closing.signatures] == [
        "NGƯỜI NIÊM PHONG",
        "NGƯỜI GIAO",
        "NGƯỜI NHẬN",
        "NGƯỜI GIÁM SÁT",
    ]


@pytest.mark.parametrize("pauses", [1, 60])
def test_it_stands_upright_on_as_many_pages_as_it_needs_each_with_the_roster_hash(pauses: int):
    sheet = seal(opened(pauses))
    assert sheet.portrait
    assert sum(row.cells[0].paragraphs == ("Tạm dừng",) for row in sheet.rows) == pauses
    assert len(lay_out(sheet).pages) == 2 if pauses == 1 else len(lay_out(sheet).pages) > 4
    texts_ = page_texts(render(sheet, signer()))
    assert all(sheet.roster_hash in page for page in texts_)
    assert "BIÊN BẢN NIÊM PHONG PHIÊN CỦA TRẠM NHẬN DẠNG" in texts_[0]


def test_listed_for_a_component_is_only_who_owes_it():
    rows = mixed_roll(6)
    away = {row.sbd: "not-listed" for row in rows}
    first = seal_counts({"theory": rows}, opened(), {})
    road = seal_counts({"theory": rows}, opened(), {"theory": away})
    gone = first["theory:missing"]
    assert gone > 0
    assert road["theory:listed"] == first["theory:listed"] - gone
    assert (road["theory:missing"], road["theory:excused"]) == (0, 0)
    assert road["theory:present"] == first["theory:present"]
