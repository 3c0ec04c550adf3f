"""The forms beside the real desk: who is there is settled by people, by keys alone, and the desk and the log say so."""

from typing import Any

import pytest

from proctor.gui.station.desk_options import DeskOptions
from proctor.gui.station.real import means as real_means
from proctor.texts import load_texts
from sessions.record import Verdict
from tests.gui.pane_phases import STORY, comes, fill, opened
from tests.gui.screenshot import settled
from tests.gui.test_station_failures import Desk
from tests.gui.test_station_start import OpenStation, Watched, bench, canvas_words, choose, open_station

__all__ = ["bench", "open_station"]
pytestmark = pytest.mark.timeout(240)


@pytest.fixture
def window(open_station: OpenStation) -> Watched:
    return open_station(means=real_means(DeskOptions(sounds=False)))


def entries(window: Watched, kind: str) -> list[dict[str, Any]]:
    """What the log has, read while the window holds it."""
    return [dict(entry.body) for entry in window.opened.store.entries(kind)]


def page_of(window: Watched) -> Any:
    """The check-in page."""
    return window.shown


@pytest.mark.slow
def test_documents_and_the_heads_decision_end_whoever_is_at_the_desk(window: Watched) -> None:
    desk = Desk(window)
    choose(window, "consent")
    assert window.pump(lambda: page_of(window).form is not None)
    fill(window, page_of(window).form.form, sbd="4", answer="không đồng ý")
    assert load_texts("vi")["notice.text"] in window.shown_texts
    window.press("<Return>")
    settled(window)
    assert [(body["sbd"], body["outcome"]) for body in entries(window, "consent")] == [("004", "refused")]
    assert page_of(window).form is None
    run = comes(desk, "unknown-signer", 1)
    assert (run.verdict, desk.driver.state.phase) == (Verdict.REFER, "deciding")
    pane = opened(desk, "<Control-m>")
    assert pane.sbd == "002"
    window.press("<Return>")
    assert set(pane.form.said) == {"document"}
    fill(window, pane.form, document="hộ chiếu")
    fill(window, pane.form, reason=str(pane.form.widgets["reason"].cget("values")[0]))
    fill(window, pane.form, number="B1234567", result="đúng", second="giam-sat", **{"saw-photo": "1"})
    # a lock, another language, another size in the middle: what was typed stays, but for the number
    window.press("<F12>")
    assert window.page == "locked"
    window.press("<Return>", "<Control-plus>", "<Alt-e>")
    settled(window)
    pane = page_of(window).form
    assert window.texts.language == "en"
    assert desk.driver.state.held
    values = pane.form.values()
    assert (values["document"], values["result"], values["second"]) == ("passport", "same", "giam-sat")
    assert (values["saw-photo"], bool(values["reason"]), values["number"]) == ("1", True, "")
    window.press("<Alt-v>")
    settled(window)
    pane = page_of(window).form
    window.press("<Return>")
    settled(window)
    assert page_of(window).form is None, window.said
    body = entries(window, "manual")[-1]
    assert (body["sbd"], body["outcome"], body["second"]["id"]) == ("002", "admitted", "giam-sat")
    assert "CHO VÀO" in canvas_words(window)
    assert desk.driver.state.phase == "verdict"
    assert not desk.driver.state.held
    desk.goes()

    run = comes(desk, "altered-chip", 2)
    assert run.verdict is Verdict.REFUSE
    pane = opened(desk, "<Control-i>")
    assert pane.incident.typed().concerned == "003"
    window.press("<Escape>")
    assert page_of(window).form is None
    assert entries(window, "incident") == []
    pane = opened(desk, "<Control-d>")
    assert pane.sbd == "003"
    fill(window, pane.form, decided="không")
    fill(window, pane.form, reason=str(pane.form.widgets["reason"].cget("values")[0]))
    fill(window, pane.form, happened=STORY, second="giam-sat")
    window.press("<Return>")
    settled(window)
    assert page_of(window).form is None, window.said
    body = entries(window, "decision")[-1]
    made = entries(window, "incident")[-1]
    assert (body["sbd"], body["decided"], body["incident"]) == ("003", "not-admitted", made["incident"])
    assert made["attempt_of"] == body["of"]
    assert "KHÔNG CHO VÀO" in canvas_words(window)
    desk.goes()
