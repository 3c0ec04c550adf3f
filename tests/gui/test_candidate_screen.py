"""The window of the candidate: what stands on the screen when a call returns, and what happens when it dies."""

import os
import signal
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from types import TracebackType
from typing import Any, ClassVar

import psutil
import pytest
from PIL import Image, ImageGrab

from biometrics.candidate_screen import CandidateScreen
from proctor.candidate_window import CandidateWindow, WindowLimits
from proctor.gui.candidate_pictures import NAMES, draw
from proctor.gui.candidate_screen import CandidateWindow as Window
from proctor.texts import load_texts

PLACE = "640x480+100+50"
INSIDE = (100, 50, 740, 530)
Said = list[tuple[str, dict[str, Any]]]


@pytest.fixture
def said() -> Said:
    return []


@pytest.fixture
def candidate(screen: str, monkeypatch: pytest.MonkeyPatch, said: Said) -> Iterator[CandidateWindow]:
    monkeypatch.setenv("DISPLAY", screen)
    with CandidateWindow.start(PLACE, lambda key, facts: said.append((key, dict(facts)))) as window:
        yield window


@pytest.fixture(scope="module")
def shared(screen: str) -> Iterator[CandidateWindow]:
    """One window for the tests that leave it alive."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("DISPLAY", screen)
        with CandidateWindow.start(PLACE, lambda key, _facts: pytest.fail(key)) as window:
            yield window


def grab(screen: str) -> Image.Image:
    return ImageGrab.grab(bbox=INSIDE, xdisplay=screen).convert("RGB")


def share(picture: Image.Image, colour: tuple[int, int, int]) -> float:
    found = {value: count for count, value in picture.getcolors(maxcolors=1 << 20)}
    return found.get(colour, 0) / (picture.width * picture.height)


def kill(candidate: CandidateWindow) -> None:
    pid = candidate.process_id
    assert pid is not None
    os.kill(pid, signal.SIGKILL)
    with suppress(ChildProcessError):  # who watches it was quicker
        os.waitid(
            os.P_PID, pid, os.WEXITED | os.WNOWAIT
        )  # all of it: a leader may be dead before its last thread


def test_a_colour_fills_the_window_when_the_call_returns_and_goes_again(
    shared: CandidateWindow, screen: str
) -> None:
    shown: CandidateScreen = shared
    assert shown.can_flash
    shown.prompt("watch-colours")
    page = grab(screen)
    for colour in ((0, 255, 255), (255, 150, 150)):
        shown.colour(colour)
        assert share(grab(screen), colour) > 0.95
    shown.colour(None)
    assert share(grab(screen), (255, 150, 150)) == 0
    assert grab(screen) == page


def test_colours_change_at_most_twice_a_second(screen: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DISPLAY", screen)
    now, waits = [100.0], list[float]()

    def wait(seconds: float) -> None:
        waits.append(round(seconds, 3))
        now[0] += seconds

    candidate = CandidateWindow(PLACE, lambda _key, _facts: None, clock=lambda: now[0], wait=wait)
    for passed in (0.0, 0.1, 0.5, 0.49):
        now[0] += passed
        candidate.colour((0, 0, 255))
    assert waits == [0.0, 0.4, 0.0, 0.01]


@pytest.mark.parametrize("red", [(255, 0, 0), (200, 30, 30), (255, 90, 60)])
def test_a_saturated_red_is_never_shown(red: tuple[int, int, int]) -> None:
    candidate = CandidateWindow(PLACE, lambda _key, _facts: None)
    with pytest.raises(ValueError, match="red"):
        candidate.colour(red)
    with pytest.raises(ValueError, match="no colour"):
        candidate.colour((0, 0, 256))
    candidate.colour((255, 150, 150))


def test_each_prompt_looks_its_own_way_and_a_hint_comes_and_goes(
    shared: CandidateWindow, screen: str
) -> None:
    seen = []
    for prompt in ("look-ahead", "turn-left", "turn-right", "close-eyes", "watch-colours", "done"):
        shared.prompt(prompt)
        seen.append(grab(screen))
    assert all(first != second for i, first in enumerate(seen) for second in seen[i + 1 :])
    shared.prompt("look-ahead")
    shared.hint("face-too-small")
    assert grab(screen) != seen[0]
    shared.prompt("look-ahead")
    shared.hint("no-such-code")
    assert grab(screen) == seen[0]


def test_left_is_the_candidate_s_own_left_as_they_face_the_screen() -> None:
    left, right = draw("turn-left", 200), draw("turn-right", 200)
    assert left.transpose(Image.Transpose.FLIP_LEFT_RIGHT).crop((0, 0, 200, 45)).getbbox() == (
        right.crop((0, 0, 200, 45)).getbbox()
    )
    arrow = left.crop((0, 0, 200, 45)).getbbox()
    assert arrow is not None
    assert arrow[0] < 10
    assert arrow[2] < 160
    tall = [left.getchannel("A").crop((x, 0, x + 1, 45)).getbbox() for x in (20, 100)]
    assert tall[0] is not None
    assert tall[1] is not None
    assert tall[0][3] - tall[0][1] > tall[1][3] - tall[1][1]  # the arrow's head is on the left


def test_nothing_of_a_challenge_stays_on_the_idle_page(shared: CandidateWindow, screen: str) -> None:
    assert shared.can_flash
    shared.idle()
    idle = grab(screen)
    assert len(idle.getcolors(maxcolors=1 << 20)) > 2
    shared.notice("1", load_texts("vi")["notice.text"])
    assert grab(screen) != idle
    shared.prompt("turn-left")
    shared.hint("face-dark")
    shared.colour((0, 255, 0))
    shared.idle()
    assert grab(screen) == idle


def test_a_window_that_dies_costs_its_colours_and_nothing_else(
    candidate: CandidateWindow, said: Said
) -> None:
    candidate.prompt("look-ahead")
    kill(candidate)
    candidate.prompt("turn-left")
    assert said == [("screen-gone", {}), ("screen.turn-left", {})]
    assert not candidate.can_flash
    candidate.colour((0, 255, 0))
    candidate.hint("face-dark")
    candidate.hint("face-dark")
    candidate.prompt("done")
    assert [key for key, _ in said[2:]] == ["hint.face-dark", "screen.done"]
    candidate.idle()
    assert candidate.can_flash
    candidate.prompt("look-ahead")
    assert len(said) == 4


def test_a_window_that_hangs_is_ended_at_its_deadline(
    screen: str, monkeypatch: pytest.MonkeyPatch, said: Said
) -> None:
    monkeypatch.setenv("DISPLAY", screen)
    limits = WindowLimits(order_s=0.4)
    with CandidateWindow.start(
        PLACE, lambda key, facts: said.append((key, dict(facts))), limits=limits
    ) as candidate:
        assert candidate.can_flash
        pid = candidate.process_id
        assert pid is not None
        os.kill(pid, signal.SIGSTOP)
        began = time.monotonic()
        candidate.prompt("close-eyes")
        assert time.monotonic() - began < 5.0
        assert [key for key, _ in said] == ["screen-gone", "screen.close-eyes"]
        assert not psutil.pid_exists(pid)


def test_without_any_display_prompts_are_lines(monkeypatch: pytest.MonkeyPatch, said: Said) -> None:
    if sys.platform == "win32":
        pytest.skip("there is always a display")
    monkeypatch.setenv("DISPLAY", ":59999")
    with CandidateWindow.start(PLACE, lambda key, facts: said.append((key, dict(facts)))) as candidate:
        assert not candidate.can_flash
        candidate.prompt("turn-right")
    assert [key for key, _ in said] == ["screen-gone", "screen.turn-right"]


def test_the_supervisor_skips_the_challenge_that_is_shown_and_no_other(shared: CandidateWindow) -> None:
    shared.skip()
    assert not shared.skip_asked
    shared.prompt("close-eyes")
    shared.skip()
    assert shared.skip_asked
    shared.prompt("open-eyes")
    assert shared.skip_asked
    shared.prompt("done")
    assert not shared.skip_asked


def test_what_the_window_says_is_heard_and_nonsense_is_not(shared: CandidateWindow) -> None:
    assert shared.can_flash
    shared.prompt("close-eyes")
    heard = shared._window._heard
    for line in (b"\n", b"[]\n", b'{"n": "x"}\n', b"\xff\n", b'{"skip": false, "n": null}\n'):
        heard(line)
    assert not shared.skip_asked
    heard(b'{"skip": true}\n')
    assert shared.skip_asked
    shared.prompt("done")
    assert not shared.skip_asked


def test_the_window_ends_with_its_station(candidate: CandidateWindow) -> None:
    assert candidate.can_flash
    pid = candidate.process_id
    assert pid is not None
    candidate.close()
    assert not psutil.pid_exists(pid)


# --- the window itself ---


class Watched(Window):
    """The window in this process; what goes wrong in a callback is kept."""

    bugs: ClassVar[list[BaseException]] = []

    def report_callback_exception(
        self, kind: type[BaseException], error: BaseException, trace: TracebackType | None
    ) -> None:
        self.bugs.append(error)

    def wait(self, until: Callable[[], bool]) -> bool:
        end = time.monotonic() + 10
        while not until() and time.monotonic() < end:
            self.update()
            time.sleep(0.005)
        return until()


@pytest.fixture
def window(screen: str, monkeypatch: pytest.MonkeyPatch) -> Iterator[tuple[Watched, list[dict[str, Any]]]]:
    monkeypatch.setenv("DISPLAY", screen)
    told: list[dict[str, Any]] = []
    window = Watched(PLACE, load_texts("vi"), told.append)
    window.wait(lambda: window.canvas.winfo_width() > 600)
    window.canvas.focus_force()
    window.update()
    yield window, told
    window.destroy()
    assert window.bugs == []


def test_escape_and_the_button_ask_to_skip_only_while_a_challenge_is_shown(
    window: tuple[Watched, list[dict[str, Any]]],
) -> None:
    shown, told = window
    for name, what in (("idle", None), ("notice", "…"), ("prompt", "done")):
        shown.order(name, what)
        assert not shown.canvas.find_withtag("skip")
        shown.event_generate("<Escape>")
        shown.update()
    assert told == []
    for name, what in (("prompt", "turn-left"), ("colour", [0, 255, 255])):
        shown.order(name, what)
        left, top, right, bottom = shown.canvas.bbox("skip")
        shown.canvas.event_generate("<Motion>", x=(left + right) // 2, y=(top + bottom) // 2)
        shown.canvas.event_generate("<Button-1>", x=(left + right) // 2, y=(top + bottom) // 2)
        shown.event_generate("<Escape>")
        shown.update()
    assert told == [{"skip": True}] * 4


def test_every_picture_is_drawn_beforehand_and_every_text_fits(
    window: tuple[Watched, list[dict[str, Any]]],
) -> None:
    shown, _ = window
    assert shown.wait(lambda: len(shown._pictures) == len(NAMES))
    for geometry in ("640x480+0+0", "1366x768+0+0", "480x700+0+0"):
        shown.geometry(geometry)
        wide = int(geometry.split("x")[0])
        assert shown.wait(lambda wide=wide: shown.canvas.winfo_width() == wide)
        for prompt in ("watch-colours", "turn-right"):
            shown.order("prompt", prompt)
            shown.order("hint", "mouth-covered")
            left, top, right, bottom = shown.canvas.bbox("all")
            assert left >= 0
            assert top >= 0
            assert right <= shown.canvas.winfo_width()
            assert bottom <= shown.canvas.winfo_height()
            boxes = [shown.canvas.bbox(item) for item in shown.canvas.find_all()[1:3]]
            assert boxes[0][3] <= boxes[1][1]  # the hint stands below the prompt


def words(shown: Watched) -> set[str]:
    canvas = shown.canvas
    return {canvas.itemcget(item, "text") for item in canvas.find_all() if canvas.type(item) == "text"}


def test_a_hint_stays_long_enough_to_be_read_and_never_under_the_tick(
    window: tuple[Watched, list[dict[str, Any]]],
) -> None:
    shown, _ = window
    texts = load_texts("vi")
    shown.order("prompt", "look-ahead")
    began = time.monotonic()
    for code in ("face-blurred", "", "face-turned", "camera-frozen"):
        shown.order("hint", code)
        assert texts["hint.face-blurred"] in words(shown)
    assert shown.wait(lambda: texts["hint.camera-frozen"] in words(shown))
    assert time.monotonic() - began > 0.9, "the first one was there for a second"
    shown.order("hint", "")
    shown.order("prompt", "done")
    shown.order("hint", "face-turned")
    assert not words(shown) & {texts["hint.camera-frozen"], texts["hint.face-turned"]}
    shown.order("idle", None)
    shown.order("hint", "face-again")
    assert texts["hint.face-again"] in words(shown)


def test_a_notice_fills_the_window(window: tuple[Watched, list[dict[str, Any]]]) -> None:
    shown, _ = window
    shown.order("notice", "Xin mời đọc. " * 30)
    _, top, _, bottom = shown.canvas.bbox("all")
    assert 0.6 < (bottom - top) / shown.canvas.winfo_height() <= 0.95


def test_full_is_the_whole_screen_without_a_window_manager(
    screen: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("DISPLAY", screen)
    full = Watched("full", load_texts("vi"), lambda _told: None)
    whole = full.winfo_screenwidth(), full.winfo_screenheight()
    assert full.wait(lambda: (full.winfo_width(), full.winfo_height()) == whole)
    full.destroy()


@pytest.mark.parametrize("language", ["vi", "en"])
def test_every_hint_is_a_request_in_one_form(language: str) -> None:
    texts = load_texts(language)
    hints = {key: text for key, text in texts.items() if key.startswith("hint.")}
    begin = ("Mời ",) if language == "vi" else ("Please ",)
    assert [key for key, text in hints.items() if not text.startswith(begin)] == []
    assert "hint.camera-frozen" in hints


# --- the mirror and the result ---

ZONE = (0.2, 0.05, 0.8, 0.95)
SKIN = (200, 150, 120)
HALF = bytes(SKIN) * (160 * 120 // 2) + bytes((20, 60, 200)) * (160 * 120 // 2)


def offer(candidate: CandidateWindow, rgb: bytes = HALF) -> None:
    """Offer pictures until one was drawn, or certainly is not."""
    for _ in range(3):
        candidate.frame(160, 120, rgb, ZONE)
        time.sleep(0.06)


def has(screen: str, colour: tuple[int, int, int]) -> bool:
    return share(grab(screen), colour) > 0.02


def test_the_candidate_sees_themselves_and_nobody_sees_them_afterwards(
    shared: CandidateWindow, screen: str
) -> None:
    assert shared.can_flash
    shared.idle()
    empty = grab(screen)
    offer(shared)
    assert grab(screen) == empty  # nobody is before it
    shared.notice("1", load_texts("vi")["notice.text"])
    offer(shared)
    assert has(screen, SKIN)
    shared.prompt("turn-left")
    assert has(screen, SKIN)
    shared.colour((0, 255, 255))
    offer(shared)
    assert not has(screen, SKIN)  # the light stays one colour
    shared.colour(None)
    assert has(screen, SKIN)
    for admitted in (True, False):
        shared.result(admitted)
        page = grab(screen)
        assert not has(screen, SKIN)
        offer(shared)
        assert grab(screen) == page
    shared.idle()
    offer(shared)
    assert grab(screen) == empty
    shared.notice("1", load_texts("vi")["notice.text"])
    assert not has(screen, SKIN)  # the next one does not see who was there before


def test_the_newest_picture_counts_and_prompts_do_not_wait_for_pictures(
    shared: CandidateWindow, screen: str
) -> None:
    shared.prompt("look-ahead")
    offer(shared)
    many = [bytes((n, 100, 100)) * (640 * 480) for n in range(0, 250, 10)]
    began = time.monotonic()
    for rgb in many * 4:
        shared.frame(640, 480, rgb, ZONE)
    assert time.monotonic() - began < 2.0  # none was waited for
    began = time.monotonic()
    shared.prompt("turn-right")
    assert time.monotonic() - began < 1.5
    offer(shared)
    assert has(screen, SKIN)
    shared.idle()


def test_a_window_that_hangs_under_pictures_is_ended_too(
    screen: str, monkeypatch: pytest.MonkeyPatch, said: Said
) -> None:
    monkeypatch.setenv("DISPLAY", screen)
    limits = WindowLimits(order_s=1.5)  # the first prompt must come through on a busy machine, too
    big = bytes(640 * 480 * 3)
    with CandidateWindow.start(
        PLACE, lambda key, facts: said.append((key, dict(facts))), limits=limits
    ) as candidate:
        candidate.prompt("look-ahead")
        pid = candidate.process_id
        assert pid is not None
        os.kill(pid, signal.SIGSTOP)
        writer = threading.Thread(target=candidate.frame, args=(640, 480, big, ZONE))
        writer.start()  # the pipe is full: it does not come back
        time.sleep(0.1)
        assert writer.is_alive()
        began = time.monotonic()
        candidate.prompt("turn-left")
        assert time.monotonic() - began < 3.0
        writer.join(2.0)
        assert not writer.is_alive()
        assert [key for key, _ in said] == ["screen-gone", "screen.turn-left"]
        assert not psutil.pid_exists(pid)
        candidate.frame(640, 480, big, ZONE)  # without a window: nothing


def test_a_line_stands_on_the_page_that_waits(screen: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DISPLAY", screen)
    line = load_texts("vi")["equipment.scan-notice"]
    shown = Watched(PLACE, load_texts("vi"), lambda _told: None, standing=line)
    assert shown.wait(lambda: shown.canvas.winfo_width() > 600)
    assert line in words(shown)
    shown.order("notice", "Xin mời đọc.")
    assert line not in words(shown)
    shown.order("idle", None)
    assert line in words(shown)
    shown.destroy()
    assert shown.bugs == []


@pytest.mark.parametrize("geometry", ["640x480+0+0", "1366x768+0+0", "480x700+0+0"])
def test_the_result_is_large_and_fits_and_the_mirror_covers_no_word(
    window: tuple[Watched, list[dict[str, Any]]], geometry: str
) -> None:
    shown, _ = window
    wide, high = (int(part) for part in geometry.split("+", maxsplit=1)[0].split("x"))
    shown.geometry(geometry)
    assert shown.wait(lambda: (shown.canvas.winfo_width(), shown.canvas.winfo_height()) == (wide, high))
    picture = Image.frombytes("RGB", (160, 120), HALF)
    for name, what in (
        ("result", "admitted"),
        ("result", "wait"),
        ("notice", load_texts("vi")["notice.text"]),
    ):
        shown.order(name, what)
        shown.mirror(picture.size, ZONE, HALF)
        shown.order("hint", "mouth-covered")
        left, top, right, bottom = shown.canvas.bbox("all")
        assert left >= 0
        assert top >= 0
        assert right <= wide
        assert bottom <= high
        if name == "result":
            assert len(shown.canvas.find_all()) == 2
            assert -shown._fonts["result"].cget("size") >= 0.09 * min(high, wide * 0.75)
            assert not shown._mirror.there
    texts = [item for item in shown.canvas.find_all() if shown.canvas.type(item) == "text"]
    (mirror,) = [item for item in shown.canvas.find_all() if shown.canvas.type(item) == "image"]
    edges = shown.canvas.bbox(mirror)
    for item in texts:
        box = shown.canvas.bbox(item)
        assert box[2] <= edges[0] or box[1] >= edges[3] or box[3] <= edges[1]
    assert load_texts("vi")["hint.mouth-covered"] in words(shown)


def test_a_window_that_died_between_candidates_is_opened_again(candidate: CandidateWindow) -> None:
    candidate.prompt("look-ahead")
    assert candidate.mend()
    kill(candidate)
    assert not candidate.mend()  # told as a device that is out
    assert candidate.mend()
    assert candidate.can_flash
