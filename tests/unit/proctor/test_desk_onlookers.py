"""What the desk's screen learns while an attempt runs, and what it is told at the end."""

import io
import threading
import time
from collections.abc import Callable
from datetime import date
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
import segno
from PIL import Image

from biometrics.candidate_screen import Colour, Prompt
from biometrics.errors import ImageMalformedError
from biometrics.frames import Frame
from proctor.desk.ending import differences, shown_numbers
from proctor.desk.events import Event, Hint, Pictures, Prompted
from proctor.desk.mirror import Mirror
from proctor.desk.onlookers import DeskScreen, Watcher, as_large
from proctor.desk.preview import PreviewFrame
from proctor.desk.scanning import FrameScanner
from proctor.pipeline import Station
from readers.cccd.id_number import parse_id_number
from readers.cccd.qr import parse_qr
from readers.emrtd.dates import PartialDate
from readers.emrtd.evidence import Holder
from sessions.roster.model import PartialDate as ListDate
from sessions.roster.model import Seat

QR = "001099000001|123456789|Nguyễn Văn Mẫu|15011999|Nam|Hà Nội|01012024"


def wait(until: Callable[[], bool]) -> None:
    end = time.monotonic() + 5
    while not until() and time.monotonic() < end:
        time.sleep(0.002)
    assert until()


class Shown:
    """A candidate's screen that remembers."""

    can_flash = True

    def __init__(self) -> None:
        self.told: list[tuple[str, Any]] = []
        self.skip_asked = False

    def prompt(self, prompt: Prompt) -> None:
        self.told.append(("prompt", prompt))

    def hint(self, code: str) -> None:
        self.told.append(("hint", code))

    def colour(self, rgb: Colour | None) -> None:
        self.told.append(("colour", rgb))

    def skip(self) -> None: ...

    def notice(self, version: str, text: str) -> None:
        del text
        self.told.append(("notice", version))

    def idle(self) -> None:
        self.told.append(("idle", None))


# --- prompts ---


def test_prompts_and_hints_are_events_of_the_attempt_and_stand_on_every_screen() -> None:
    told: list[Event] = []
    candidate, scene = Shown(), Shown()
    screen = DeskScreen(told.append, candidate)
    screen.begin("a", scene)
    screen.notice("7", "…")
    screen.hint("face-dark")
    screen.prompt("turn-left")
    screen.colour((0, 255, 255))
    assert told == [Hint(attempt_id="a", code="face-dark"), Prompted(attempt_id="a", prompt="turn-left")]
    assert candidate.told[0] == ("notice", "7")
    assert candidate.told[1:] == scene.told
    assert [name for name, _ in scene.told] == ["hint", "prompt", "colour"]
    assert screen.can_flash


def test_without_a_screen_there_are_no_colours() -> None:
    screen = DeskScreen(lambda _event: None, None)
    screen.begin("a")
    assert not screen.can_flash
    screen.colour((0, 255, 255))
    screen.notice("7", "…")


def test_after_the_attempt_nothing_is_told_of_it() -> None:
    told: list[Event] = []
    screen = DeskScreen(told.append, None)
    screen.begin("a")
    screen.end()
    screen.hint("face-dark")
    screen.prompt("done")
    assert told == []


def test_a_skip_is_of_the_challenge_that_is_shown_to_this_candidate() -> None:
    candidate = Shown()
    screen = DeskScreen(lambda _event: None, candidate)
    screen.begin("a")
    screen.skip("a")
    assert not screen.skip_asked  # nothing is asked yet
    screen.prompt("turn-left")
    screen.skip("the one before")
    assert not screen.skip_asked
    screen.skip("a")
    assert screen.skip_asked
    screen.prompt("done")
    assert not screen.skip_asked
    candidate.skip_asked = True
    assert screen.skip_asked
    candidate.skip_asked = False
    screen.prompt("turn-left")
    screen.skip("a")
    screen.begin("b")
    assert not screen.skip_asked


# --- pictures ---


class Decoder:
    """Decodes to one green pixel, or not at all."""

    broken = False

    def decode(self, _data: bytes, _declared: str | None = None) -> np.ndarray:
        if self.broken:
            raise ImageMalformedError(reason="decoding")
        return np.zeros((4, 3, 3), np.uint8)


class Desks:
    """Every desk of a station: each call returns its own name; who refuses pictures is `refusing`."""

    def __init__(self) -> None:
        self.refusing = False

    def __getattr__(self, name: str) -> Callable[..., Any]:
        return lambda *_given: name

    def consenting(self, present: Any, _holder: Any) -> Any:
        return None if self.refusing else present

    def require_hashes(self, _raw: Any) -> Any:
        return SimpleNamespace(portrait=SimpleNamespace(image=b"jpeg", format="jpeg"))

    def capture_live(self, *_given: Any) -> Any:
        return SimpleNamespace(evidence_jpeg=b"\xff\xd8live")

    def newest(self, _live: Any) -> Any:
        return SimpleNamespace(evidence_jpeg=b"\xff\xd8second")


def watched(told: list[Event], desks: Desks, decoder: Decoder) -> tuple[Watcher, Station]:
    watcher = Watcher("a", told.append, decoder)  # type: ignore[arg-type]
    station = Station(card=desks, trust=desks, roster=desks, faces=desks)  # type: ignore[arg-type]
    return watcher, watcher.around(station)


def test_the_pictures_come_as_soon_as_they_are_there_and_every_answer_is_the_desks_own() -> None:
    told: list[Event] = []
    desks = Desks()
    watcher, station = watched(told, desks, Decoder())
    chip = station.trust.require_hashes(None)  # type: ignore[arg-type]
    assert watcher.seen.chip is chip
    assert told == []  # not before it is clear that its holder does not refuse
    assert station.roster.consenting("card", chip) == "card"  # type: ignore[arg-type,comparison-overlap]
    live = station.faces.capture_live(None, None)  # type: ignore[arg-type]
    station.faces.newest(live)
    first, second, third = told
    assert isinstance(first, Pictures)
    assert (first.chip or b"")[:4] == b"\x89PNG"
    assert second == Pictures(attempt_id="a", live=b"\xff\xd8live")
    assert third == Pictures(attempt_id="a", live=b"\xff\xd8second")
    for name in ("require_consistent", "require_chain", "require_agreement"):
        assert getattr(station.trust, name)(None) == name
    for name in ("claimed_seat", "require_seat", "require_first", "whose"):
        assert getattr(station.roster, name)(*[None] * (2 if name == "whose" else 1)) == name
    for name in (
        "require_notice",
        "look",
        "ground",
        "require_match",
        "challenges",
        "require_single",
        "template",
    ):
        assert getattr(station.faces, name)() == name


def test_of_who_refuses_and_of_a_broken_portrait_nothing_is_shown() -> None:
    told: list[Event] = []
    desks, decoder = Desks(), Decoder()
    desks.refusing = decoder.broken = True
    _, station = watched(told, desks, decoder)
    chip = station.trust.require_hashes(None)  # type: ignore[arg-type]
    station.roster.consenting("card", chip)  # type: ignore[arg-type]
    desks.refusing = False
    station.roster.consenting("card", chip)  # type: ignore[arg-type]
    station.roster.consenting("card", None)  # type: ignore[arg-type]
    assert told == []


# --- field by field ---


def holder(**changes: Any) -> Any:
    said = {
        "id_number": "001099000001",
        "surname_given": "NGUYEN VAN MAU",
        "full_name": "Nguyễn Văn Mẫu",
        "birth": PartialDate(year=1999, month=1, day=15),
        "sex": "M",
        "expiry": date(2039, 1, 15),
        "nationality": "VNM",
        "document_type": "I",
        "document_number": "099000001",
        "issuing_state": "VNM",
    }
    return SimpleNamespace(holder=Holder(**{**said, **changes}))


def seat(**changes: Any) -> Seat:
    said: dict[str, Any] = {
        "row": 2,
        "sbd": "001",
        "full_name": "Nguyễn Văn Mẫu",
        "birth": ListDate(year=1999, month=1, day=15),
        "id_number": "001099000001",
        "sex": "nam",
    }
    return Seat(**{**said, **changes})


def test_who_is_the_same_everywhere_differs_nowhere() -> None:
    rows = {row.field_name: row for row in differences(seat(), holder(), parse_qr(QR))}
    assert {name: row.same for name, row in rows.items()} == {
        "name": True, "number": True, "birth": True, "sex": True, "expiry": None,
    }  # fmt: skip
    assert (rows["birth"].roster, rows["birth"].chip, rows["birth"].qr) == ("15/01/1999",) * 3
    assert rows["expiry"].chip == "15/01/2039"
    assert "Mẫu" not in repr(rows)


@pytest.mark.parametrize(
    ("changed", "field"),
    [
        ({"full_name": "Trần Văn Mẫu"}, "name"),
        ({"birth": ListDate(year=1998)}, "birth"),
        ({"sex": "nữ"}, "sex"),
        ({"id_number": "001099000002"}, "number"),
    ],
)
def test_what_the_list_has_otherwise_is_one_row_that_differs(changed: dict[str, Any], field: str) -> None:
    rows = differences(seat(**changed), holder(), parse_qr(QR))
    assert [row.field_name for row in rows if row.same is False] == [field]


def test_a_year_alone_and_a_name_without_marks_do_not_differ() -> None:
    rows = differences(
        seat(birth=ListDate(year=1999), full_name="NGUYEN VAN MAU"), holder(full_name=None), None
    )
    assert not [row.field_name for row in rows if row.same is False]


def test_before_the_chip_was_read_the_code_and_the_list_are_compared() -> None:
    rows = {row.field_name: row for row in differences(seat(), None, parse_qr(QR))}
    assert rows["name"].same
    assert rows["number"].chip == ""
    assert "expiry" not in rows
    typed = differences(None, None, parse_id_number("001099000001"))
    assert [(row.field_name, row.qr, row.same) for row in typed] == [("number", "001•••••0001", None)]
    assert differences(None, None, None) == ()


# --- codes in frames, and the mirror: the newest only ---


def frame(number: int, text: str = "") -> Frame:
    image = np.full((480, 640, 3), 255, np.uint8)
    if text:
        cells = segno.make(text, error="m").matrix_iter(scale=5, border=4)
        rows = [[255 * (not cell) for cell in row] for row in cells]
        image[40 : 40 + len(rows), 40 : 40 + len(rows)] = np.array(rows, np.uint8)[:, :, None]
    return Frame(image=image, monotonic_s=0.0, number=number)


def test_a_code_before_the_camera_is_handed_on_once() -> None:
    found: list[str] = []
    scanner = FrameScanner(found.append, between_s=0.0)
    scanner.start()
    for number in range(5):
        scanner.offer(frame(number, QR))
        time.sleep(0.02)
    wait(lambda: found == [QR])
    scanner.offer(frame(9))
    scanner.offer(frame(10, QR.replace("000001|", "000009|")))
    wait(lambda: len(found) == 2)
    scanner.close()
    assert not scanner._thread.is_alive()


def test_frames_are_looked_at_now_and_then_only() -> None:
    now = [0.0]
    scanner = FrameScanner(lambda _text: None, between_s=0.15, clock=lambda: now[0])
    taken = 0
    for number in range(90):  # three seconds of a camera
        now[0] = number / 30
        scanner.offer(frame(number))
        taken, scanner._frame = taken + (scanner._frame is not None), None
    assert 15 <= taken <= 21


def test_a_slow_screen_gets_the_newest_picture_and_then_the_word() -> None:
    shown: list[Any] = []
    go = threading.Event()

    class Slow:
        def frame(self, width: int, height: int, rgb: bytes, zone: Any) -> None:
            go.wait(2.0)
            shown.append((width, height, rgb[0], zone))

        def result(self, admitted: bool) -> None:
            shown.append(admitted)

        def idle(self) -> None:
            shown.append("idle")

    mirror = Mirror(Slow())
    mirror.start()

    def offer(number: int) -> None:
        rgb = bytes([number]) * (64 * 48 * 3)
        mirror.offer(PreviewFrame(attempt_id="a", number=number, width=64, height=48, rgb=rgb))

    offer(1)
    time.sleep(0.05)
    for number in range(2, 50):
        offer(number)
    go.set()
    wait(lambda: len(shown) == 2)
    assert [each[2] for each in shown] == [1, 49]
    go.clear()
    offer(50)
    time.sleep(0.05)
    offer(51)
    mirror.tell("admitted")
    go.set()
    wait(lambda: len(shown) == 4)
    assert shown[2][2] == 50
    assert shown[3] is True
    mirror.tell("idle")
    wait(lambda: shown[-1] == "idle")
    mirror.close()
    assert not mirror._thread.is_alive()


def test_the_mirror_shows_left_as_left() -> None:
    shown: list[bytes] = []
    keep = SimpleNamespace(frame=lambda _w, _h, rgb, _zone: shown.append(rgb))
    mirror = Mirror(keep)
    mirror.start()
    rgb = bytes((255, 0, 0)) + bytes(3) * 7  # 8 × 1: a red pixel on the picture's left
    mirror.offer(PreviewFrame(attempt_id="a", number=1, width=8, height=1, rgb=rgb))
    wait(lambda: bool(shown))
    assert shown[0] == bytes(3) * 7 + bytes((255, 0, 0))
    mirror.close()


def test_numbers_are_masked_as_on_paper_but_for_the_digits_that_differ() -> None:
    assert shown_numbers("001099000001", "001099000001", "") == ("001•••••0001", "001•••••0001", "")
    assert shown_numbers("001099000001", "001199000001", "001099000001") == (
        "0010••••0001",
        "0011••••0001",
        "0010••••0001",
    )
    assert shown_numbers("001099000001", "123456789") == ("001•••••0001", "123••6789")
    assert shown_numbers("12345", "") == ("••••••••", "")


def test_the_live_face_is_shown_as_large_as_the_chips() -> None:
    data = io.BytesIO()
    Image.new("RGB", (360, 480), "white").save(data, "JPEG")
    jpeg = data.getvalue()  # the face is 180 wide, 216 high: 45 % of the height
    assert Image.open(io.BytesIO(as_large(jpeg, 1.2, 0.6))).size == (270, 360)
    assert Image.open(io.BytesIO(as_large(jpeg, 1.2, 0.99))).size == (180, 240)
    assert as_large(jpeg, 1.2, 0.4) == jpeg
