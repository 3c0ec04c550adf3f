"""Each failure at the window: the page says in words what happened and what to do, and the log has one entry of it."""

from collections.abc import Callable
from datetime import date
from functools import partial
from typing import Any

import pytest

from proctor.config import Places
from proctor.desk.events import Device, Pressed, Scanned
from proctor.gui.station.desk_options import DeskOptions
from proctor.gui.station.real import means as real_means
from proctor.roots import ensure_training_root, open_training
from proctor.texts import window_texts
from sessions.closing import close_session
from sessions.course.day import pause_session, resume_session
from sessions.errors import StoreFullError
from sessions.record import Outcome, Verdict
from tests.gui.station_phases import FakeDesk, Host, begun, ended, told
from tests.gui.test_station_start import OpenStation, Watched, bench, into_training, open_station

__all__ = ["bench", "open_station"]
pytestmark = pytest.mark.timeout(240)

SAID: dict[str, tuple[str, str, Outcome]] = {
    # what happened: code of the reason, check that has it, its outcome
    "no card": ("no-card", "card-access", Outcome.INDETERMINATE),
    "card lost": ("card-lost", "chip-read", Outcome.INDETERMINATE),
    "reader gone": ("reader-gone", "chip-read", Outcome.INDETERMINATE),
    "another card laid": ("card-swapped", "chip-read", Outcome.FAILED),
    "no PACE where it belongs": ("access-downgrade", "chip-open", Outcome.FAILED),
    "card run out": ("card-expired", "cross-check", Outcome.INDETERMINATE),
    "code of another card": ("qr-card-mismatch", "cross-check", Outcome.FAILED),
    "camera frozen": ("camera-frozen", "face-capture", Outcome.INDETERMINATE),
    "camera not allowed": ("camera-not-allowed", "face-capture", Outcome.INDETERMINATE),
    "portrait unreadable": ("portrait-unreadable", "face-match", Outcome.INDETERMINATE),
    "wrong key": ("access-wrong-key", "chip-open", Outcome.INDETERMINATE),
    "chip mute": ("card-mute", "chip-read", Outcome.INDETERMINATE),
    "chip altered": ("pa-dg-hash", "pa-consistent", Outcome.FAILED),
    "copied chip": ("aa-failed", "chip-genuine", Outcome.FAILED),
    "signer unknown": ("pa-no-trust-anchor", "pa-trusted", Outcome.INDETERMINATE),
    "not on the list": ("not-on-roster", "roster", Outcome.INDETERMINATE),
    "wrong room": ("wrong-room", "roster", Outcome.INDETERMINATE),
    "too late": ("too-late", "roster", Outcome.INDETERMINATE),
    "camera gone": ("camera-gone", "face-capture", Outcome.INDETERMINATE),
    "nobody there": ("face-none", "face-capture", Outcome.INDETERMINATE),
    "two faces": ("face-several", "face-capture", Outcome.INDETERMINATE),
    "another face": ("face-no-match", "face-match", Outcome.FAILED),
    "not sure": ("face-refer", "face-match", Outcome.INDETERMINATE),
    "face process died": ("face-worker-gone", "face-match", Outcome.INDETERMINATE),
}


@pytest.mark.parametrize("language", ["vi", "en"])
def test_every_failure_is_said_as_an_instruction(
    screen: str, monkeypatch: pytest.MonkeyPatch, language: str
) -> None:
    monkeypatch.setenv("DISPLAY", screen)
    texts = window_texts(language)
    window = Host(FakeDesk(), language=language)
    try:
        for what, (code, check, outcome) in SAID.items():
            assert code in texts, what
            bad = {check: (outcome, code)}
            verdict = Verdict.REFUSE if outcome is Outcome.FAILED else Verdict.REFER
            desk = ended(told(begun(FakeDesk()), check, bad), verdict, code)
            window.desk.state = desk.state
            window.shown.refresh()
            window.update()
            said = labels(window)
            sentence = texts.say(code)
            assert any(sentence.split("—")[0][:30] in line for line in said), (what, said)
            assert len(sentence) > 40, (what, sentence)  # what to do, not only what happened
            assert code not in said, what
            assert texts.say(desk_next(window)) in said, what
        for kind in ("reader", "camera", "scanner", "screen", "printer", "disk", "clock", "collector"):
            window.desk.state = FakeDesk().play(Device(kind=kind, state="out")).state
            window.shown.refresh()
            window.update()
            assert any(texts[f"desk.device-fix.{kind}"] in line for line in labels(window)), kind
        assert window.bugs == []
    finally:
        window.leave()


def desk_next(window: Any) -> str:
    return str(window.shown.screen.next.key)


def labels(window: Any) -> list[str]:
    found, waiting = [], [window]
    while waiting:
        widget = waiting.pop()
        waiting += widget.winfo_children()
        if "text" in widget.keys():  # noqa: SIM118 - a widget is no dict
            found.append(str(widget.cget("text")))
    return found


# -- at the whole window ---------------------------------------------------------------------------------------


class Desk:
    """A training desk at the whole window; candidates come one after another."""

    def __init__(self, window: Watched) -> None:
        self.window = window
        into_training(window)
        window.press("<Return>")
        assert window.at("checkin"), window.said
        self.driver: Any = window.driver
        self.practice: Any = window.going.desk.practice  # type: ignore[union-attr]
        assert window.pump(lambda: self.driver.runtime.ready, seconds=60)
        assert window.pump(lambda: not self.driver.state.missing, seconds=20)

    def comes(self, at: int, way: str, *, code_of: int | None = None) -> None:
        """A candidate comes in a way; `code_of`: whose code is scanned."""
        names = self.practice.rehearsal.candidates
        self.practice.choose(names[at])
        self.practice.way = way
        comer = self.practice.comer()
        text = comer.made.access_text
        if code_of is not None:
            text = self.practice.rehearsal.make(names[code_of], way).made.access_text
        self.driver.send(Scanned(text=text, source="serial"))
        self.practice.lay(comer)

    def until(self, *phases: str) -> Any:
        assert self.window.pump(lambda: self.driver.state.phase in phases, seconds=120), self.driver.state
        self.window.pump(seconds=0.1)
        return self.driver.state.run

    def goes(self) -> None:
        """The card is lifted, and the next one comes."""
        self.practice.lift()
        if self.driver.state.phase == "deciding":
            self.window.press("<F9>")
            self.until("verdict")
        self.window.press("<Return>")
        self.until("waiting")
        assert self.window.pump(lambda: not self.driver.state.cards)


def card_lost(desk: Desk) -> None:
    desk.comes(1, "right-person")
    desk.until("working")
    assert desk.window.pump(
        lambda: any(check.name == "chip-open" for check in desk.driver.state.run.checks), seconds=30
    )
    desk.practice.lift()


def camera_gone(desk: Desk) -> None:
    desk.comes(2, "unknown-signer")
    desk.driver.runtime.use_camera("/nowhere.mp4")
    desk.until("ready", "working")


FAILURES: dict[str, tuple[Callable[[Desk], None], set[str]]] = {
    "chip altered": (lambda desk: desk.comes(2, "altered-chip"), {"pa-dg-hash"}),
    "wrong key": (lambda desk: desk.comes(3, "right-person", code_of=4), set()),
    "card lost": (card_lost, {"card-lost", "no-card"}),
    "another face": (lambda desk: desk.comes(1, "impostor"), {"face-no-match"}),
    "signer unknown": (lambda desk: desk.comes(3, "unknown-signer"), {"pa-no-trust-anchor"}),
    "copied chip": (lambda desk: desk.comes(4, "cloned-chip"), set()),
}
QUICK = ("chip altered", "wrong key")


def play(desk: Desk, names: tuple[str, ...]) -> None:
    """Each failure, one after another at the same desk: a verdict that admits nobody, its reason in words."""
    texts = desk.window.texts
    for name in names:
        act, codes = FAILURES[name]
        act(desk)
        run = desk.until("verdict", "deciding")
        reasons = {reason.code for reason in run.result.reasons}
        assert run.verdict in (Verdict.REFER, Verdict.REFUSE), name
        assert not codes or codes & reasons, (name, reasons)
        shown = desk.window.shown_texts
        for reason in run.result.reasons:
            assert texts.say(reason.code, **reason.facts) in shown, (name, reason.code)
        desk.goes()


def entries(session: str) -> list[str]:
    with open_training(ensure_training_root(Places.of(None).training)) as opened:
        return [entry.body["verdict"] for entry in opened.store.entries("attempt", session)]


@pytest.mark.parametrize(
    "names", [QUICK, pytest.param(tuple(FAILURES), marks=pytest.mark.slow)], ids=["quick", "all"]
)
def test_a_failure_leaves_one_entry_and_the_page_says_what_to_do(
    open_station: OpenStation, names: tuple[str, ...]
) -> None:
    window = open_station(means=real_means(DeskOptions(sounds=False)))
    desk = Desk(window)
    play(desk, names)
    session = window.session
    assert session is not None
    window.leave()
    assert len(entries(session.session_id)) == len(names)


def test_a_disk_that_is_full_admits_nobody_and_a_pause_says_so(
    open_station: OpenStation, monkeypatch: pytest.MonkeyPatch
) -> None:
    window = open_station(means=real_means(DeskOptions(sounds=False)))
    desk = Desk(window)

    def full() -> None:
        raise StoreFullError(free_mb=1, need_mb=200)

    monkeypatch.setattr(window.opened.store, "require_room", full)
    desk.comes(1, "right-person")
    run = desk.until("verdict")
    assert run.failure.code == "store-full"
    assert window.texts.say("store-full", **run.failure.facts) in window.shown_texts
    assert window.shown.band._banner.word == window.texts["desk.verdict.failed"]
    session = window.session
    assert session is not None
    desk.driver.send(Pressed(action="next"))
    desk.practice.lift()
    desk.until("waiting")
    monkeypatch.undo()
    monkeypatch.setenv("PROCTOR_HOME", str(Places.of(None).home))
    window.leave()
    assert entries(session.session_id) == []


def shows(window: Watched, words: str) -> bool:
    """Whether this stands on the window now."""
    return words in window.shown_texts


def test_a_wrong_clock_and_a_full_disk_are_said_before_anybody_is_checked(
    open_station: OpenStation, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("proctor.desk.equipment.NOT_BEFORE", date.max)
    monkeypatch.setattr("proctor.desk.runtime.StationRuntime._disk_ok", lambda _self: False)
    window = open_station(means=real_means(DeskOptions(sounds=False)))
    into_training(window)
    window.press("<Return>")
    assert window.at("checkin"), window.said
    texts = window.texts
    for kind in ("clock", "disk"):
        fix = texts[f"desk.device-fix.{kind}"]
        assert window.pump(partial(shows, window, fix), seconds=20), kind


def test_a_session_that_is_paused_or_closed_elsewhere_invites_nobody(open_station: OpenStation) -> None:
    window = open_station(means=real_means(DeskOptions(sounds=False)))
    into_training(window)
    window.press("<Return>")
    assert window.at("checkin"), window.said
    store, session, operator = window.opened.store, window.session, window.operator
    assert session is not None
    assert operator is not None

    def says(key: str) -> bool:
        banner = window.shown.band._banner
        return window.pump(lambda: window.shown.band._banner.word == window.texts[key], 20) or banner.word

    assert says("desk.title.anything") is True
    pause_session(store, session, operator=operator, reason="break")
    assert says("desk.title.paused") is True
    assert window.texts["desk.next.paused"] in window.shown_texts
    resume_session(store, session, operator=operator)
    assert says("desk.title.anything") is True
    close_session(store, session, operator=operator)
    assert says("desk.title.closed") is True
    assert window.texts["session-closed"] in window.shown_texts
    window.press("<Return>")
    assert window.at("start")
