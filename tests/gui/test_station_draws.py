"""Lots, random checks, the device test, new sessions on the session page: entered, and told in words."""

import re
from pathlib import Path
from typing import Any

import pytest

from proctor.gui.station.session import new
from sessions.record import Verdict
from tests.bench.bench_board import attempt
from tests.gui.session_phases import roster, seen
from tests.gui.test_station_session import at_rest, entries, practise, real, rehearsal
from tests.gui.test_station_start import OpenStation, Watched, bench, open_station

__all__ = ["bench", "open_station", "real", "rehearsal"]

CODES = re.compile(r"\b(?:same-person|other-person|not-there|theory|yard|road|by-range|not_seen|self-test)\b")


def let_in(window: Watched, *numbers: int) -> None:
    """As many candidates as if a desk had let them in to the theory."""
    session = window._page.known.session
    for number in numbers:
        attempt(window.opened.store, session, number, "theory", Verdict.ADMIT)
    window.press("<F5>")
    at_rest(window)


def done(window: Watched) -> str:
    """Enter the form that is open; return what the window says."""
    window.press("<Return>")
    at_rest(window)
    assert not CODES.search(window.said), window.said
    return window.said


def test_who_is_drawn_is_entered_shown_and_looked_at_once(open_station: OpenStation, rehearsal: str) -> None:
    window = open_station()
    practise(window)
    page = window._page
    assert {"draw", "spot-check"}.isdisjoint(page.offers)  # nobody is inside
    let_in(window, 1, 2, 3)
    window.press("<Alt-r>")
    assert page.pane.task == "draw"
    page.pane.form.put("number", "9")
    window.press("<Return>")
    at_rest(window)
    assert page.pane.form.said["number"]  # more than came in
    assert entries(window, "draw") == []
    page.pane.form.put("number", "2")
    assert "2" in done(window)
    drawn = entries(window, "draw")[0]["drawn"]
    assert (len(drawn), page.tab) == (2, "lists")
    view = page.pane.table.view
    assert {view.set(row, "sbd") for row in view.get_children()} == set(drawn)
    assert not CODES.search(
        "\n".join(str(cell) for row in view.get_children() for cell in view.item(row)["values"])
    )

    window.press("<Return>")
    assert page.pane.task == "spot-check"
    assert not CODES.search(window.shown_texts)
    page.pane.form.put("outcome", "same-person")
    assert "đúng người" in done(window)
    told = entries(window, "spot-check")
    assert [body["outcome"] for body in told] == ["same-person"]
    left = page.known.people["drawn"]
    assert {line.sbd for line in left} == set(drawn) - {
        told[0]["sbd"]
    }  # nobody is looked at twice for one draw

    window.press("<Return>")
    page.pane.form.put("outcome", "not-there")
    page.pane.form.put("note", "ra ngoài không phép")
    assert "không có mặt" in done(window)
    assert "spot-check" not in page.offers
    window.press("<Alt-Key-1>", "<Alt-r>")
    page.pane.form.put("number", "1")
    done(window)
    assert len(entries(window, "draw")) == 2  # another draw is another entry, never one undone


def test_places_are_given_anew_only_with_a_reason_and_never_after_somebody_came(
    open_station: OpenStation, rehearsal: str
) -> None:
    window = open_station()
    practise(window)
    page = window._page
    window.press("<Alt-h>")
    assert page.pane.task == "allocate"
    assert not page.pane.form._fields["reason"].needed
    page.pane.form.put("names", "A,A")
    window.press("<Return>")
    at_rest(window)
    assert page.pane.form.said["names"]
    page.pane.form.put("names", "A,B,C")
    assert "40" in done(window)
    first = entries(window, "allocation")[0]
    assert (first["rooms"], first["seed_source"]) == (["A", "B", "C"], "machine")
    assert page.tab == "rooms"
    view = page.pane.table.view
    rooms = {row.partition("/")[2]: int(view.set(row, "listed")) for row in view.get_children("")}
    assert {room: rooms[room] for room in "AB"} == {
        "A": 24,
        "B": 16,
    }  # filled in turn, as many as the rules let in
    assert "bốc thăm" in page.pane.what.cget("text")

    window.press("<Return>")
    page.pane.form.put("names", "A,B")
    window.press("<Return>")
    assert page.pane.form.said["reason"]
    assert len(entries(window, "allocation")) == 1
    page.pane.form.put("reason", "thêm phòng B rộng hơn")
    done(window)
    again = entries(window, "allocation")[-1]
    assert (again["rooms"], again["replaces"], again["reason"]) == (["A", "B"], again["replaces"], "other")

    window.press("<Alt-Key-1>")
    let_in(window, 1)
    window.press("<Alt-h>")
    page.pane.form.put("names", "D")
    page.pane.form.put("reason", "quá muộn")
    window.press("<Return>")
    at_rest(window)
    assert len(entries(window, "allocation")) == 2
    assert "Đã có thí sinh vào nội dung Lý thuyết" in window.said


def test_the_device_test_stays_on_the_page_in_words(open_station: OpenStation, rehearsal: str) -> None:
    window = open_station()
    practise(window)
    page = window._page
    window.press("<Alt-k>")
    assert page.pane.task == "self-test"
    window.press("<Return>")
    assert window.pump(lambda: page.pane.ended, seconds=60), window.said
    lines = [line.text for line in page.pane.lines.winfo_children()]
    body = entries(window, "self-test")[-1]
    assert len(lines) > 3
    assert not CODES.search("\n".join(lines))
    assert body["session"] == page.known.session.session_id
    assert window.main.cget("text") == "Xong"
    window.press("<Return>")
    at_rest(window)
    assert page.pane.KIND == "view"


def test_a_second_session_of_the_day_is_listed_and_a_wrong_list_names_row_and_column(
    open_station: OpenStation, rehearsal: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "buoi-chieu.csv"
    rows = roster(3).replace("02/03/1999", "32/13/1999")
    path.write_text(rows, encoding="utf-8")
    chosen = new.Choosers(open_file=lambda: str(path), save_file=lambda: "")
    monkeypatch.setattr(new, "Choosers", lambda: chosen)
    window = open_station()
    practise(window)
    assert rehearsal in window.page_title()
    window.press("<Control-n>")
    assert window.pump(lambda: window._page.pane.KIND == "new")
    pane = window._page.pane
    assert rehearsal not in window.shown_texts  # it is about no session yet
    assert "Lập phiên 1/3" in window.shown_texts
    window.press("<Alt-c>")
    assert window.free()
    assert "từ chối" in window.said
    table = pane.shown.table.view
    pane.text("tab").set("refused")
    pane.shown.buttons["refused"].invoke()
    window.pump(seconds=0.1)
    refused = [" ".join(map(str, table.item(row)["values"])) for row in table.get_children()]
    assert len(refused) == 1
    assert "32/13/1999" in refused[0]
    assert re.search(r"\b2\b", refused[0])  # the row in the file
    window.press("<Return>")
    pane.variables["rules"].set("driving-tt108-2026")
    pane.shown.show_parts(("theory",))
    pane.variables["place"].set("Trung tâm Mẫu, buổi chiều")
    pane.variables["skip"].set(False)
    window.press("<Return>")
    assert window.free()
    assert pane.step == "session"
    assert window.said
    assert len(entries(window, "open")) == 1  # nobody is left out without a word
    path.write_text(roster(3), encoding="utf-8")
    window.press("<Escape>", "<Alt-c>")
    assert window.free()
    window.press("<Return>", "<Return>")
    assert window.pump(lambda: pane.step == "result"), window.said
    second = str(entries(window, "open")[1]["session"])
    assert second != rehearsal
    window.press("<Return>")
    seen(window)
    assert second in window.page_title()
    window.press("<Escape>")
    assert window.at("start")
    assert window.pump(lambda: len(window.lines) == 2)
    assert {line.session_id for line in window.lines} == {rehearsal, second}
    page: Any = window._page
    assert page.line.session_id == second  # what was made last is what Enter opens
    assert "buổi chiều" in str(page.words.cget("text"))
