"""The check-in page as a supervisor uses it: real Tk, keys only; and what stands on it in every phase."""

import os
import time
import tkinter
from collections.abc import Callable, Iterator
from itertools import combinations
from tkinter import font as tkfont
from tkinter import ttk
from typing import Any

import numpy as np
import pytest
from PIL import ImageGrab

from proctor.desk.events import CardIn, CardOut, Decided, Device, Pressed, Scanned
from proctor.desk.runner import Done
from proctor.desk.view import view
from proctor.gui.password import PasswordDialog
from proctor.gui.station.verdict import BANDS, Banner
from proctor.texts import load_texts
from sessions.errors import WrongSecretError
from tests.gui.station_phases import (
    FORMS,
    NEXT,
    NUMBER,
    PHASES,
    FakeDecisions,
    FakeDesk,
    Host,
    admitted,
    begun,
    frame_of,
    referred,
)

VERDICTS = ("ADMIT", "REFER", "REFUSE", "admitted", "not-admitted", "left", "not-recorded", "failed")
MIN_CAPITALS = 90
LONG = ("012", "Nguyễn Thị Hoàng Phương Thảo Vy", "Phòng P12")


class Driven(Host):
    """The host, pumped and pressed."""

    def pump(self, until: Callable[[], bool] = lambda: False, seconds: float = 10.0) -> bool:
        end = time.monotonic() + seconds
        while time.monotonic() < end:
            self.update()
            if until():
                return True
            time.sleep(0.01)
        return False

    def press(self, *keys: str) -> None:
        """Press keys where the focus is; then the desk's state is shown, as the window's poll does."""
        for key in keys:
            self.update()
            self.tk.call("event", "generate", str(self.tk.call("focus")) or ".", key)
            self.shown.refresh()
            self.pump(seconds=0.05)

    def looked_up(self) -> None:
        """The decision pane knows what two persons may do."""
        assert self.pump(lambda: self.shown.pane is not None and self.shown.pane._referred is not None)
        self.pump(seconds=0.1)

    @property
    def dialog(self) -> PasswordDialog | None:
        return next((child for child in self.winfo_children() if isinstance(child, PasswordDialog)), None)


OpenHost = Callable[..., Driven]


@pytest.fixture
def open_host(screen: str, monkeypatch: pytest.MonkeyPatch) -> Iterator[OpenHost]:
    monkeypatch.setenv("DISPLAY", screen)
    monkeypatch.setattr("proctor.gui.station.beside.PLACES", FORMS)
    made: list[Driven] = []

    def open_it(desk: FakeDesk, **options: Any) -> Driven:
        window = Driven(desk, **options)
        made.append(window)
        window.focus_force()
        window.update()
        window.shown.take_focus()
        window.pump(seconds=0.15)
        return window

    yield open_it
    for window in made:
        if window.dialog is not None:
            window.dialog.give_up.invoke()
        window.pump(lambda window=window: not window.background.busy)
        window.leave()
    assert [bug for window in made for bug in window.bugs] == []


def every(widget: Any, kind: type[Any]) -> list[Any]:
    found = [widget] if isinstance(widget, kind) else []
    return found + [each for child in widget.winfo_children() for each in every(child, kind)]


# -- the word ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("scale", [1.0, 2.0])
def test_every_verdict_has_capitals_of_90_pixels_and_nothing_of_the_band_is_cut(
    open_host: OpenHost, scale: float
) -> None:
    window = open_host(FakeDesk(), scale=scale)
    band = window.shown.band
    for language in ("vi", "en"):
        texts = load_texts(language)
        for name in VERDICTS:
            said = texts.say(f"desk.verdict-line.{name}", entry=12345)
            word = texts[f"desk.verdict.{name}"]
            band.show(Banner(colour="red", sign="cross", word=word, line=said, side=LONG, loud=True))
            window.update()
            assert band.capital_px >= MIN_CAPITALS, word
            for item in band.find_all():
                left, top, right, bottom = band.bbox(item)
                assert left >= 0, (word, scale)
                assert right <= band.winfo_width(), (word, scale, band.itemcget(item, "tags"))
                assert top >= -30, word  # the accents' room above is the font's own
                assert bottom <= band.winfo_height() + 8, (word, band.itemcget(item, "tags"))


def test_the_word_on_the_screen_is_90_pixels_of_ink(open_host: OpenHost) -> None:
    window = open_host(PHASES["refuse"](FakeDesk()))
    band = window.shown.band
    left = band.bbox("word")[0]
    box = (band.winfo_rootx() + left, band.winfo_rooty(), band.winfo_rootx() + left + 60, 0)
    seen = ImageGrab.grab(
        bbox=(*box[:3], band.winfo_rooty() + band.winfo_height()), xdisplay=os.environ["DISPLAY"]
    ).convert("L")
    rows = [at for at in range(seen.height) if seen.crop((0, at, seen.width, at + 1)).getextrema()[1] > 200]
    longest = run = 0
    for before, at in zip([-9, *rows], rows, strict=False):
        run = run + 1 if at == before + 1 else 1
        longest = max(longest, run)
    assert longest >= MIN_CAPITALS  # the K of KHÔNG NHẬN has no accent


def inked_rows(band: Any) -> list[int]:
    """The rows of the band that the word's ink touches, from the screen."""
    left, top = band.winfo_rootx() + band.bbox("word")[0], band.winfo_rooty()
    box = (left, top, band.winfo_rootx() + band.bbox("word")[2], top + band.winfo_height())
    seen = ImageGrab.grab(bbox=box, xdisplay=os.environ["DISPLAY"]).convert("L")
    return [at for at in range(seen.height) if len(seen.crop((0, at, seen.width, at + 1)).getcolors()) > 1]


@pytest.mark.parametrize("scale", [1.0, 1.5, 2.0])
def test_every_mark_of_a_verdicts_letters_is_whole_and_touches_no_line(
    open_host: OpenHost, scale: float
) -> None:
    window = open_host(FakeDesk(), scale=scale)
    band, texts = window.shown.band, load_texts("vi")
    stands = set()
    for name in VERDICTS:  # Ắ, Ế, Ể: two marks above; Ậ, Ị: a dot below
        word = texts[f"desk.verdict.{name}"]
        band.show(Banner(colour="red", sign="cross", word=word, line=" ", loud=True))
        window.pump(seconds=0.05)
        ink = inked_rows(band)
        assert ink[0] >= 1, f"{word}: cut at the band's upper edge"
        assert ink[-1] < band.bbox("line")[1], f"{word}: touches the line beneath"
        if not {"Ể", "Q"} & {*word}:  # a hook needs more room; who waits for a decision is a longer word
            stands.add(band.bbox("word")[1])
    assert len(stands) == 1, "words stand at one height"


def test_verdicts_differ_in_word_and_shape_not_only_in_colour(open_host: OpenHost) -> None:
    seen = set()
    window = open_host(FakeDesk())
    for phase in ("admit", "refer", "refuse", "not-recorded"):
        window.desk.state = PHASES[phase](FakeDesk()).state
        window.shown.refresh()
        banner = window.shown.band._banner
        assert banner is not None
        seen.add((banner.word, banner.sign, banner.colour))
    assert len({word for word, _, _ in seen}) == 4
    assert len({sign for _, sign, _ in seen}) == 4
    assert len({colour for _, _, colour in seen}) == 4


def luminance(colour: str) -> float:
    parts = [int(colour[at : at + 2], 16) / 255 for at in (1, 3, 5)]
    red, green, blue = (
        part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts
    )
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


@pytest.mark.parametrize("name", sorted(BANDS))
def test_ground_and_ink_of_a_band_contrast(name: str) -> None:
    low, high = sorted(map(luminance, BANDS[name]))
    assert (high + 0.05) / (low + 0.05) >= 6.5


def seen_without(cones: str, colour: str) -> Any:
    """A colour in CIE L*a*b*, as somebody sees it who lacks cones for long or middle waves (Machado et al. 2009)."""
    wanted = [int(colour[at : at + 2], 16) / 255 for at in (1, 3, 5)]
    light = np.array(
        [each / 12.92 if each <= 0.04045 else ((each + 0.055) / 1.055) ** 2.4 for each in wanted]
    )
    matrix = {
        "long": [
            [0.152286, 1.052583, -0.204868],
            [0.114503, 0.786281, 0.099216],
            [-0.003882, -0.048116, 1.051998],
        ],
        "middle": [
            [0.367322, 0.860646, -0.227968],
            [0.280085, 0.672501, 0.047413],
            [-0.01182, 0.04294, 0.968881],
        ],
    }[cones]
    to_xyz = [[0.4124, 0.3576, 0.1805], [0.2126, 0.7152, 0.0722], [0.0193, 0.1192, 0.9505]]
    x, y, z = np.cbrt(np.array(to_xyz) @ np.clip(np.array(matrix) @ light, 0.001, 1) / (0.9505, 1.0, 1.089))
    return np.array([116 * y - 16, 500 * (x - y), 200 * (y - z)])


@pytest.mark.parametrize("cones", ["long", "middle"])
def test_verdicts_differ_for_who_does_not_see_red_from_green(cones: str) -> None:
    grounds = [seen_without(cones, BANDS[name][0]) for name in ("green", "amber", "red", "grey")]
    nearest = min(float(np.linalg.norm(a - b)) for a, b in combinations(grounds, 2))
    assert nearest > 16  # it was 13 with a red as bright as the green


# -- keys ----------------------------------------------------------------------------------------------------


def test_a_number_is_typed_wherever_the_focus_is_and_enter_sends_it(open_host: OpenHost) -> None:
    window = open_host(FakeDesk())
    window.focus_set()
    for digit in NUMBER[:5]:
        window.press(f"<Key-{digit}>")
    assert window.shown.number.get() == NUMBER[:5]
    assert window.shown.side.count.cget("text") == "5/12"
    window.press("<Return>")
    assert window.desk.sent == []
    assert "12" in window.message.cget("text")
    for digit in NUMBER[5:]:
        window.press(f"<Key-{digit}>")
    window.press("<Return>")
    assert [(event.text, event.source) for event in window.desk.sent if isinstance(event, Scanned)] == [
        (NUMBER, "typed")
    ]
    assert window.shown.number.get() == ""
    assert NUMBER not in window.message.cget("text")
    assert window.shown.band._banner.word == window.texts["desk.title.card"]
    window.press("<Escape>")
    assert window.desk.state.claim is None


def test_a_whole_candidate_by_enter_alone(open_host: OpenHost) -> None:
    window = open_host(admitted(FakeDesk()))
    assert window.shown.band._banner.word == window.texts["desk.verdict.ADMIT"]
    assert window.shown.photos.pictures["chip"].filled
    window.press("<Return>")
    assert window.desk.state.phase == "waiting"
    assert not window.shown.photos.pictures["chip"].filled
    assert not window.shown.photos.pictures["live"].filled
    window.desk.send(CardOut(reader="Đầu đọc 1"))
    window.shown.refresh()
    assert window.shown.band._banner.word == window.texts["desk.title.anything"]


def test_every_action_that_is_offered_does_what_its_key_says(open_host: OpenHost) -> None:
    desk = FakeDesk()
    window = open_host(desk)
    for phase, key, action in (
        ("admit", "<F5>", "again"),
        ("prompted", "<F8>", "skip"),
        ("refer", "<F9>", "later"),
        ("ready", "<F6>", "start"),
        ("refuse", "<F7>", "drop-next"),
        ("card", "<Escape>", "clear"),
    ):
        desk.state = PHASES[phase](FakeDesk()).state
        window.shown.refresh()
        if phase == "refer":
            window.looked_up()
        shown = next(each for each in view(desk.state).actions if each.name == action)
        assert shown.shown in str(window.shown.buttons[action].cget("text"))
        desk.sent.clear()
        window.press(key)
        assert desk.sent == [Pressed(action=action)], phase


def test_keys_go_with_the_page(open_host: OpenHost) -> None:
    window = open_host(admitted(FakeDesk()))
    before = str(window.tk.call("bind", ".", "<Key>"))
    for _ in range(3):
        window.build()
        window.pump(seconds=0.05)
    assert len(str(window.tk.call("bind", ".", "<Key>")).strip().splitlines()) == len(
        before.strip().splitlines()
    )
    window.press("<Return>")
    assert [event for event in window.desk.sent if isinstance(event, Pressed)] == [Pressed(action="next")]


def test_a_button_with_the_focus_is_pressed_by_enter_and_nothing_else(open_host: OpenHost) -> None:
    window = open_host(admitted(FakeDesk()))
    window.press("<Tab>")
    assert window.focus_get() == window.shown.buttons["again"]
    window.desk.sent.clear()
    window.press("<Return>")
    assert window.desk.sent == [Pressed(action="again")]


def test_tab_reaches_every_control_and_the_focus_is_seen(open_host: OpenHost) -> None:
    window = open_host(FakeDesk())
    for phase in ("ready", "refer", "refuse", "prompted"):
        window.desk.state = PHASES[phase](FakeDesk()).state
        window.shown.refresh()
        if phase == "refer":
            window.looked_up()
        reached: list[str] = []
        window.shown.take_focus()
        window.pump(seconds=0.06)
        while str(window.tk.call("focus")) not in reached:
            at = str(window.tk.call("focus"))
            reached.append(at)
            box = around(window.nametowidget(at))
            plain = shot(box)
            window.press("<Tab>")
            assert shot(box) != plain, at
        page = window.shown
        fields = [] if page.pane is None else list(page.pane.fields.values())
        for control in (*page.buttons.values(), *fields, *([] if page.entry is None else [page.entry])):
            assert str(control) in reached, (phase, str(control))


def around(widget: Any) -> tuple[int, int, int, int]:
    left, top = widget.winfo_rootx() - 5, widget.winfo_rooty() - 5
    return max(left, 0), max(top, 0), left + widget.winfo_width() + 10, top + widget.winfo_height() + 10


def shot(box: tuple[int, int, int, int]) -> bytes:
    return ImageGrab.grab(bbox=box, xdisplay=os.environ["DISPLAY"]).tobytes()


# -- two persons ---------------------------------------------------------------------------------------------


def choose(window: Driven, name: str, steps: int) -> None:
    """Choose a line of a list by the keyboard: open it, go down, take it."""
    window.shown.pane.fields[name].focus_set()
    window.press("<Down>")
    popdown = str(window.tk.call("ttk::combobox::PopdownWindow", str(window.shown.pane.fields[name])))
    for _ in range(steps):
        window.tk.call("event", "generate", f"{popdown}.f.l", "<Down>")
    window.tk.call("event", "generate", f"{popdown}.f.l", "<Return>")
    window.pump(seconds=0.1)


def answer(window: Driven, secret: str) -> None:
    assert window.pump(lambda: window.dialog is not None)
    window.pump(seconds=0.1)
    assert window.dialog is not None
    window.dialog.entry.insert(0, secret)
    window.tk.call("event", "generate", str(window.dialog.entry), "<Return>")
    assert window.pump(lambda: not window.background.busy)
    window.shown.refresh()
    window.pump(seconds=0.1)


def test_two_persons_let_in_by_keys_alone(open_host: OpenHost) -> None:
    decisions = FakeDecisions()
    window = open_host(referred(FakeDesk()), decisions=decisions)
    window.looked_up()
    assert window.focus_get() == window.shown.pane.fields["reason"]
    window.press("<Return>")
    assert window.message.cget("text").strip() == window.texts["checkin.decision.need.reason"]
    choose(window, "reason", 0)
    window.press("<Return>")
    assert window.message.cget("text").strip() == window.texts["checkin.decision.need.second"]
    assert window.focus_get() == window.shown.pane.fields["second"]
    choose(window, "second", 1)
    assert "Lê Văn Luyện" in window.shown.pane.fields["second"].get()
    window.press("<Return>")
    answer(window, "mật khẩu của chau")
    (attempt, wish, secret) = decisions.entered[0]
    assert (attempt, wish.sbd, wish.second, wish.reason) == (
        window.desk.attempt_id,
        "012",
        "chau",
        "face-compared",
    )
    assert secret == "mật khẩu của chau"
    assert Decided(attempt_id=attempt, choice="admitted", entry=129) in window.desk.sent
    assert window.shown.band._banner.word == window.texts["desk.verdict.admitted"]
    assert "129" in window.shown.band._banner.line
    assert window.shown.pane is None


def test_a_wrong_password_enters_nothing_and_what_was_filled_in_stays(open_host: OpenHost) -> None:
    decisions = FakeDecisions()
    decisions.error = WrongSecretError(user="binh")
    window = open_host(referred(FakeDesk()), decisions=decisions)
    window.looked_up()
    choose(window, "reason", 3)
    choose(window, "second", 0)
    chosen = window.shown.pane.fields["reason"].get()
    window.press("<Return>")
    answer(window, "sai")
    assert len(window.message.cget("text")) > 20
    assert decisions.entered == []
    assert not [event for event in window.desk.sent if isinstance(event, Decided)]
    assert window.desk.state.phase == "deciding"
    assert window.shown.pane.fields["reason"].get() == chosen


def test_a_reason_that_needs_words_asks_for_them(open_host: OpenHost) -> None:
    window = open_host(referred(FakeDesk()))
    window.looked_up()
    labels = list(window.shown.pane.fields["reason"].cget("values"))
    choose(window, "reason", labels.index("lý do khác"))
    choose(window, "second", 0)
    window.press("<Return>")
    assert window.message.cget("text").strip() == window.texts["checkin.decision.need.note"]
    assert window.focus_get() == window.shown.pane.fields["note"]


def test_where_two_persons_may_not_let_in_the_page_says_why_and_enter_leaves_it(open_host: OpenHost) -> None:
    window = open_host(referred(FakeDesk()), decisions=FakeDecisions(blocked="override-nothing-seen"))
    window.looked_up()
    assert window.shown.pane.lead.cget("text") == window.texts["override-nothing-seen"]
    assert window.shown.pane.fields == {}
    enter = [
        button.cget("text") for button in window.shown.buttons.values() if "Enter" in button.cget("text")
    ]
    assert enter == ["Enter: Để quyết định sau"]
    window.press("<Return>")
    assert window.desk.sent[-1] == Pressed(action="later")
    assert window.desk.state.phase == "verdict"


def test_the_frames_of_a_challenge_are_shown_large_and_put_away_again(open_host: OpenHost) -> None:
    window = open_host(referred(FakeDesk()))
    window.looked_up()
    assert window.decisions.looked == []  # who only decides has looked at no frames
    window.press("<F4>")
    assert window.pump(window.shown.sheet.winfo_viewable)
    assert window.shown.sheet.pictures["frames"].filled
    assert not window.shown.photos.winfo_viewable()
    assert window.decisions.looked == [(window.desk.attempt_id, window.texts["checkin.view.reason"])]
    assert "131" in window.message.cget("text")
    window.press("<F4>")
    assert window.shown.photos.winfo_viewable()
    window.press("<F4>")
    assert window.shown.sheet.winfo_viewable()
    assert len(window.decisions.looked) == 1  # one look, one entry
    window.press("<F9>", "<Return>")
    assert not window.shown.sheet.pictures["frames"].filled


def test_language_and_size_change_and_nothing_filled_in_is_lost(open_host: OpenHost) -> None:
    window = open_host(referred(FakeDesk()))
    window.looked_up()
    choose(window, "reason", 2)
    window.shown.pane._values["note"].set("đã xem thẻ")
    window.press("<Alt-e>")
    window.looked_up()
    assert window.texts.language == "en"
    assert window.shown.pane.fields["reason"].current() == 2
    assert window.shown.pane._values["note"].get() == "đã xem thẻ"
    window.press("<Control-plus>")
    window.looked_up()
    assert window.shown.pane.fields["reason"].current() == 2


# -- nobody else's -------------------------------------------------------------------------------------------


def test_a_preview_of_another_attempt_is_never_shown(open_host: OpenHost) -> None:
    desk = PHASES["reading"](FakeDesk())
    window = open_host(desk)
    desk.preview = frame_of("of somebody else")
    window.pump(seconds=0.15)
    assert not window.shown.photos.pictures["live"].filled
    desk.preview = frame_of(desk.attempt_id)
    assert window.pump(lambda: window.shown.photos.pictures["live"].filled, 2)


def test_a_locked_station_shows_nothing_of_anybody(open_host: OpenHost) -> None:
    window = open_host(referred(FakeDesk()))
    window.looked_up()
    window.desk.state = PHASES["locked"](FakeDesk()).state
    window.shown.refresh()
    window.pump(seconds=0.1)
    said = " ".join(
        str(label.cget("text")) for label in every(window.shown, ttk.Label) if label.winfo_viewable()
    )
    assert "Nguyễn" not in said
    assert not window.shown.photos.pictures["chip"].filled
    assert not window.shown.photos.pictures["live"].filled
    assert not window.shown.sheet.winfo_viewable()
    assert window.shown.buttons == {}


def test_the_next_candidates_code_is_shown_apart(open_host: OpenHost) -> None:
    window = open_host(PHASES["refuse"](FakeDesk()))
    assert "0002" in window.shown.waiting.cget("text")
    assert NEXT not in window.shown.waiting.cget("text")
    assert "012" in window.shown.band._banner.side


# -- the screen ----------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("language", "scale"),
    [
        ("vi", 1.0),
        ("en", 1.5),
        pytest.param("en", 1.0, marks=pytest.mark.slow),
        pytest.param("vi", 1.5, marks=pytest.mark.slow),
    ],
)
def test_in_every_phase_nothing_is_cut_and_every_button_is_on_the_screen(
    open_host: OpenHost, language: str, scale: float
) -> None:
    window = open_host(FakeDesk(), language=language, scale=scale)
    right, bottom = window.winfo_width(), window.winfo_height()
    assert (right, bottom) <= (1366, 768)
    for name, play in PHASES.items():
        window.desk.state = play(FakeDesk()).state
        window.shown.refresh()
        if window.shown.pane is not None:
            window.looked_up()
        window.pump(seconds=0.05)
        for button in window.shown.buttons.values():
            assert button.winfo_viewable(), (name, button.cget("text"))
            assert button.winfo_rootx() + button.winfo_width() <= right, (name, button.cget("text"))
            assert button.winfo_rooty() + button.winfo_height() <= bottom, (name, button.cget("text"))
        for label in every(window.shown, ttk.Label):
            if label.winfo_viewable() and str(label.cget("text")):
                assert label.winfo_reqwidth() <= label.winfo_width() + 1, (name, label.cget("text"))
                assert "[" not in str(label.cget("text")), (name, label.cget("text"))
        for picture in window.shown.photos.pictures.values():
            assert picture.winfo_height() >= (300 if scale == 1.0 else 150), (name, picture.winfo_height())


def test_no_text_is_smaller_than_14_points(open_host: OpenHost) -> None:
    window = open_host(PHASES["two-persons"](FakeDesk()))
    pixels = float(window.winfo_fpixels("14p"))
    for name in tkfont.names(root=window):
        size = int(tkfont.nametofont(name, root=window).cget("size"))
        assert size >= 14 or -size >= int(pixels), (name, size)


@pytest.mark.slow
def test_twenty_candidates_leave_no_widgets_commands_or_pictures_behind(open_host: OpenHost) -> None:
    window = open_host(FakeDesk())

    def one() -> tuple[int, int, int]:
        for phase in ("reading", "prompted", "admit", "refer", "refuse", "anything"):
            window.desk.state = PHASES[phase](FakeDesk()).state
            window.shown.refresh()
            if window.shown.pane is not None:
                window.looked_up()
            window.update()
        window.pump(seconds=0.05)
        commands = len(str(window.tk.call("info", "commands")).split())
        return len(every(window, tkinter.Widget)), commands, len(window.tk.call("image", "names"))

    first = one()
    for _ in range(3):
        last = one()
    assert last[0] == first[0]
    assert last[1] <= first[1] + 2
    assert last[2] <= first[2] + 2


# -- beside the desk -----------------------------------------------------------------------------------------


def test_documents_open_beside_the_desk_and_nobody_is_looked_at_meanwhile(open_host: OpenHost) -> None:
    window = open_host(referred(FakeDesk()))
    window.looked_up()
    window.press("<Control-m>")
    form = window.shown.form
    assert (form.sbd, form.attempt_id) == ("012", window.desk.attempt_id)
    assert form.winfo_viewable()
    assert window.shown.photos.winfo_viewable()  # the pictures are what is compared
    assert window.desk.state.held
    window.press("<Escape>")
    assert window.shown.form is None
    assert not window.desk.state.held
    assert window.shown.side.winfo_viewable()
    assert window.desk.state.phase == "deciding"


def test_what_the_documents_came_to_is_the_end_of_this_candidate(open_host: OpenHost) -> None:
    window = open_host(referred(FakeDesk()))
    window.looked_up()
    window.press("<Control-m>")
    done = {"candidate": "012", "outcome": "admitted-provisionally", "entry": {"seq": 140}}
    window.shown.form.finish(Done(status=0, lines=("đã ghi",), data=done))
    window.press("<F11>")
    assert window.desk.state.phase == "verdict"
    banner = window.shown.band._banner
    assert banner.word == window.texts["desk.verdict.admitted"]
    assert banner.line == window.texts.say("desk.verdict-line.admitted.manual", entry=140)
    assert "đã ghi" in window.message.cget("text")


def test_only_the_councils_head_decides_over_a_refusal(open_host: OpenHost) -> None:
    window = open_host(PHASES["refuse"](FakeDesk()))
    assert "manual" not in window.shown.buttons
    window.press("<Control-d>")
    assert window.shown.form is not None
    data = {"candidate": "012", "decided": "not-admitted", "entry": {"seq": 141}}
    window.shown.form.finish(Done(status=0, lines=(), data=data))
    window.press("<F11>")
    banner = window.shown.band._banner
    assert banner.word == window.texts["desk.verdict.not-admitted"]
    assert "141" in banner.line
    assert "refused" not in window.shown.buttons


def test_a_command_about_somebody_else_changes_nothing_at_the_desk(open_host: OpenHost) -> None:
    window = open_host(referred(FakeDesk()))
    window.looked_up()
    window.press("<Control-m>")
    data = {"candidate": "099", "outcome": "admitted", "entry": {"seq": 142}}
    window.shown.form.finish(Done(status=0, lines=(), data=data))
    window.press("<F11>")
    assert window.desk.state.phase == "deciding"


def test_a_card_and_a_code_wait_while_a_form_is_open_and_begin_when_it_is_closed(open_host: OpenHost) -> None:
    window = open_host(FakeDesk())
    window.press("<Control-i>")
    assert window.shown.form is not None
    window.desk.play(Scanned(text=NUMBER, source="serial"), CardIn(reader="Đầu đọc 1"))
    window.shown.refresh()
    assert window.desk.state.phase == "ready"
    assert window.shown.band._banner.word == window.texts["desk.title.held"]
    window.press("<Key-1>")
    assert window.shown.number.get() == ""
    assert window.shown.form.text.get() == "1"  # digits are the form's
    window.press("<Escape>")
    assert window.desk.state.phase == "working"


def test_who_may_not_is_not_offered_it_and_the_list_opens_by_its_key(open_host: OpenHost) -> None:
    window = open_host(FakeDesk())
    assert {"manual", "incident", "roster"} <= set(window.shown.buttons)
    window.press("<Control-f>")
    assert window.opened_pages == ["roster"]
    window.allowed = {"check-in"}
    window.build()
    window.pump(seconds=0.1)
    assert {"manual", "incident"} & set(window.shown.buttons) == set()
    window.press("<Control-m>")
    assert window.shown.form is None


def test_a_form_is_open_again_when_language_or_size_changed(open_host: OpenHost) -> None:
    window = open_host(referred(FakeDesk()))
    window.looked_up()
    window.press("<Control-i>")
    window.shown.form.text.set("ai đó")
    window.press("<Alt-e>")
    assert window.texts.language == "en"
    assert window.shown.form.text.get() == "ai đó"
    assert window.desk.state.held
    window.press("<Escape>")
    assert not window.desk.state.held


def test_six_digits_of_a_can_are_taken_where_twelve_are(open_host: OpenHost) -> None:
    window = open_host(FakeDesk())
    for digit in "123456":
        window.press(f"<Key-{digit}>")
    window.press("<Return>")
    claim = window.desk.state.claim
    assert claim is not None
    assert (claim.access.kind, claim.access.text, claim.masked) == ("can", "123456", "CAN ••••••")
    assert "123456" not in repr(window.desk.state)


def test_a_second_person_proves_with_card_and_face_at_the_desks_own_devices(open_host: OpenHost) -> None:
    decisions = FakeDecisions(proofs=("password", "card-face"))
    window = open_host(referred(FakeDesk()), decisions=decisions)
    window.looked_up()
    pane = window.shown.pane
    assert not pane.fields["card"].winfo_viewable()
    choose(window, "reason", 0)
    choose(window, "second", 1)
    choose(window, "proof", 1)
    assert pane.fields["card"].winfo_viewable()
    assert window.texts["presence.notice"] in pane.how.cget("text")
    window.press("<Return>")
    assert window.message.cget("text").strip() == window.texts["checkin.decision.need.card"]
    assert window.focus_get() == pane.fields["card"]
    pane.fields["card"].insert(0, NUMBER)
    assert NUMBER not in str(pane.kept())
    window.press("<Return>")
    answer(window, "mật khẩu của chau")
    (_, wish, _) = decisions.entered[0]
    assert (wish.proof, wish.card) == ("card-face", NUMBER)
    assert NUMBER not in repr(wish)


def test_a_desk_that_is_being_opened_is_calm(open_host: OpenHost) -> None:
    desk = FakeDesk().play(Device(kind="camera", state="fault", code="desk-opening"))
    window = open_host(begun(desk))
    banner = window.shown.band._banner
    assert (banner.word, banner.sign) == (window.texts["desk.title.opening"], "dots")
    assert "start" not in window.shown.buttons
    fault = view(desk.state).faults[0]
    assert (fault.sign, fault.state_words.key) == ("dots", "desk.device-state.opening")
    desk.send(Device(kind="camera", state="in"))
    assert desk.state.phase == "working"
    assert desk.state.notice is None


@pytest.mark.parametrize("scale", [2.0])
def test_at_twice_the_size_photographs_are_160_pixels_high_in_every_phase(
    open_host: OpenHost, scale: float
) -> None:
    window = open_host(FakeDesk(), scale=scale)
    for name, play in PHASES.items():
        window.desk.state = play(FakeDesk()).state
        window.shown.refresh()
        if window.shown.pane is not None:
            window.looked_up()
        window.pump(seconds=0.06)
        high = window.shown.photos.pictures["live"].winfo_height()
        assert high >= 160, (name, high)
