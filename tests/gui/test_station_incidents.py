"""Incidents, results, documents, decisions at the station's window: keys, what the page says, what the log has."""

from pathlib import Path
from typing import Any

import pytest

from proctor.gui.station.exceptions.manual import ManualPane
from proctor.gui.station.exceptions.refused import DecisionAfterRefusePane
from tests.gui.incident_phases import (
    REFUSED,
    STORY,
    alone,
    correction,
    in_training,
    incidents,
    new_incident,
    prepared,
    refusal,
    results,
)
from tests.gui.screenshot import settled
from tests.gui.test_station_start import Bench, OpenStation, Watched, bench, open_station
from tests.support.course_cli import Sitting

__all__ = ["bench", "open_station"]


@pytest.fixture
def happened(home: Path) -> Sitting:
    """A training session in which things happened."""
    return prepared(home)


@pytest.fixture
def window(happened: Sitting, open_station: OpenStation, bench: Bench) -> Watched:
    made = open_station()
    in_training(made)
    return made


def entries(window: Watched, kind: str) -> list[dict[str, Any]]:
    """What the log has, read while the window holds it."""
    return [dict(entry.body) for entry in window.opened.store.entries(kind)]


def keys(window: Watched, text: str) -> None:
    """Press the key of each character."""
    window.press(*(f"<Key-{char}>" if char.isalnum() else f"<{char}>" for char in text))


def choose(window: Watched, pane: Any, **values: str) -> None:
    """Choose and type in fields, as a person at the keyboard would after Tab."""
    for name, value in values.items():
        widget = pane.form.widgets[name]
        widget.focus_set()
        window.update()
        pane.form.put(name, value)
        if widget.winfo_class() == "TCombobox":
            widget.event_generate("<<ComboboxSelected>>")
            pane.form._changed(name)
    window.update()


def test_an_incident_is_typed_in_one_go_and_its_minutes_are_seen(window: Watched, happened: Sitting) -> None:
    pane = new_incident(window)
    keys(window, "1")
    window.type("8 12")
    window.press("<Tab>")
    window.type(STORY)
    window.press("<Tab>")
    window.type("Trần Thị Mẫu")
    window.press("<Return>")
    settled(window)
    made = entries(window, "incident")[-2:]
    assert [(body["code"], body["sbd"]) for body in made] == [("phone", "008"), ("phone", "012")]
    note = window.opened.store.evidence(made[0]["seq"], "note").decode()
    assert note == f"{STORY}\nThí sinh cùng liên quan: 012.\nNgười chứng kiến: Trần Thị Mẫu."
    assert pane.step == "pages"
    sheets = [body for body in entries(window, "print") if body["sheet"] == "incident"]
    assert len(sheets) == 2
    assert len(list((happened.home / "training" / "sheets" / happened.session).glob("incident-*.pdf"))) == 2
    window.press("<Return>")
    settled(window)
    assert "Sự việc trong phiên: 4" in window.shown_texts


def test_what_is_wrong_is_said_at_its_field_and_nothing_is_entered(window: Watched) -> None:
    before = len(entries(window, "incident"))
    pane = new_incident(window)
    window.press("<Return>")
    assert "Chưa chọn loại" in window.shown_texts
    assert window.focus_get() is pane.incident.kinds
    keys(window, "6")
    window.press("<Return>")
    assert set(pane.form.said) == {"text"}
    window.type(STORY)
    choose(window, pane, hour="25:70")
    window.press("<Return>")
    settled(window)
    assert set(pane.form.said) == {"hour"}
    choose(window, pane, hour="", concerned="77")
    window.press("<Return>")
    settled(window)
    assert "077" not in window.said
    assert "số báo danh 77" in pane.form.said["concerned"]
    assert len(entries(window, "incident")) == before
    window.press("<Escape>")
    settled(window)
    assert pane.step == "list"


@pytest.mark.slow
def test_two_persons_lay_down_what_follows(window: Watched) -> None:
    pane = incidents(window)
    window.press("<Down>", "<Alt-q>")
    settled(window)
    choose(window, pane, consequence="suspended", second="giam-sat")
    window.press("<Return>")
    settled(window)
    last = entries(window, "incident")[-1]
    assert (last["sbd"], last["consequence"], last["second"]["id"]) == ("004", "suspended", "giam-sat")
    assert "đình chỉ" in window.said
    assert pane.step == "list"


def test_incident_and_decision_after_a_refusal_are_one_form(window: Watched) -> None:
    pane = refusal(window)
    form = pane.inner.form
    choose(window, pane.inner, decided="admit")
    choose(window, pane.inner, reason="identity-established", incident="new", happened=STORY)
    choose(window, pane.inner, note="Hộ chiếu và hồ sơ.", second="giam-sat")
    assert form.shows("happened")
    window.press("<Return>")
    settled(window)
    decision = entries(window, "decision")[-1]
    incident = entries(window, "incident")[-1]
    assert (decision["sbd"], decision["decided"]) == (REFUSED, "admitted")
    assert decision["incident"] == incident["incident"]
    assert incident["code"] == "identity-refused"
    assert "Kết luận của máy giữ nguyên" in window.said


def test_documents_one_form_and_who_opened_it_gets_the_entry(window: Watched) -> None:
    pane = alone(ManualPane, sbd="10")(window)
    window.press("<Return>")
    assert set(pane.form.said) == {"document"}
    choose(window, pane, document="passport")
    choose(window, pane, reason="passport", result="same", number="B1234567", second="giam-sat")
    window.press("<Return>")
    assert set(pane.form.said) == {"saw-photo"}
    window.press("<space>", "<Tab>", "<space>", "<Return>")
    settled(window)
    body = entries(window, "manual")[-1]
    assert (body["sbd"], body["document"], body["outcome"]) == ("010", "passport", "admitted")
    assert body["facts"]["compared"] == "photo name"
    assert "B1234567" not in str(body)
    (done,) = window._page.done
    assert (done.data["candidate"], done.data["outcome"]) == ("010", "admitted")


@pytest.mark.slow
@pytest.mark.parametrize(
    ("made", "sbd", "said"),
    [
        (ManualPane, REFUSED, "không xác định bằng giấy tờ được nữa"),
        (ManualPane, "001", "đã được vào trước đó"),
        (DecisionAfterRefusePane, "010", "chưa qua bàn kiểm tra"),
    ],
)
def test_what_is_not_done_here_is_said_and_not_asked(
    window: Watched, made: type[Any], sbd: str, said: str
) -> None:
    pane = alone(made, sbd=sbd)(window)
    assert said in window.shown_texts
    assert "--" not in window.shown_texts
    assert pane.form is None
    window.press("<Escape>")
    assert window._page.done == [None]


def test_results_one_row_after_another(window: Watched) -> None:
    pane = results(window)
    assert pane.row.sbd == "003"
    keys(window, "28")
    window.press("<Return>")
    assert pane.row.sbd == "004"
    keys(window, "kh")
    window.press("<Return>")
    settled(window)
    assert pane.row.sbd == "005"
    made = [(body["sbd"], body["outcome"]) for body in entries(window, "result")[-2:]]
    assert made == [("003", "passed"), ("004", "incomplete")]
    assert pane.table.view.set("003", "result") == "DA · đạt · 28 điểm"
    assert "5 trong 24" in window.shown_texts
    keys(window, "31")
    window.press("<Return>")
    assert "tối đa 30" in pane.form.said["points"]
    assert len(entries(window, "result")) == 5


def test_a_result_of_somebody_who_was_never_let_in_comes_back(window: Watched) -> None:
    pane = results(window)
    window.press("<Alt-s>")
    keys(window, "20")
    window.press("<Return>")
    assert pane.row.sbd == "020"
    keys(window, "22")
    window.press("<Return>")
    settled(window)
    assert pane.row.sbd == "020"
    assert pane.form.value("points") == "22"
    assert "dấu hiệu gian lận" in pane.form.said["points"]
    assert "proctor " not in window.said
    assert len(entries(window, "result")) == 3
    pane.form.put("points", "va")
    window.press("<Return>")
    settled(window)
    assert entries(window, "result")[-1]["outcome"] == "absent"


@pytest.mark.slow
def test_a_correction_by_two_persons_leaves_the_first_entry(window: Watched) -> None:
    pane = correction(window).inner
    choose(window, pane, points="29", reason="entry-mistake", second="giam-sat")
    window.press("<Return>")
    settled(window)
    last = entries(window, "correction")[-1]
    assert (last["sbd"], last["values"]["points_e1"], last["second"]["id"]) == ("001", 290, "giam-sat")
    assert "29 điểm" in window._page.pane.table.view.set("001", "result")


@pytest.mark.slow
def test_a_file_is_looked_at_before_it_is_entered(window: Watched, tmp_path: Path) -> None:
    path = tmp_path / "ket-qua.csv"
    path.write_text("SBD,Điểm\n003,26\n004,31\n005,27\n", encoding="utf-8")
    outer = results(window)
    outer._choose = lambda: str(path)
    window.press("<Alt-t>")
    settled(window)
    window.press("<Alt-c>")
    settled(window)
    pane = outer.inner
    assert [pane.refused.set(row, "row") for row in pane.refused.get_children()] == ["3"]
    assert len(entries(window, "result")) == 3
    window.press("<Return>")
    assert set(pane.form.said) == {"skip"}
    window.press("<space>", "<Return>")
    settled(window)
    assert [body["sbd"] for body in entries(window, "result")[-2:]] == ["003", "005"]
    assert outer.inner is None


@pytest.mark.slow
def test_what_was_typed_outlives_another_language(window: Watched) -> None:
    new_incident(window)
    keys(window, "2")
    window.type("8")
    window.press("<Tab>")
    window.type(STORY)
    window.press("<Alt-e>")
    assert window.pump(lambda: window.texts.language == "en" and not window.background.busy)
    assert window.pump(lambda: getattr(window._page.pane, "incident", None) is not None)
    settled(window)
    typed = window._page.pane.incident.typed()
    assert (typed.code, typed.concerned, typed.text) == ("cheating", "8", STORY)
