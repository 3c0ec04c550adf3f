"""The preview: the newest picture only, of what is read anyway, and nothing after a refusal or an attempt."""

import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime

import numpy as np
import pytest

from biometrics.camera_info import CameraInfo
from biometrics.capture import Camera
from biometrics.errors import CameraGoneError
from biometrics.frames import Frame, Image
from biometrics.notice import NoticeShown
from proctor.desk.held_camera import AGAIN_S, HeldCamera, scan_notice
from proctor.desk.preview import LentCamera, Preview, PreviewFrame, fitted

NOTICE = NoticeShown(version="1", sha256="0" * 64, shown_at=datetime(2026, 11, 22, tzinfo=UTC))


class Source:
    """A camera that gives one picture a hundredth of a second."""

    def __init__(self, *, every_s: float = 0.01) -> None:
        self.every_s = every_s
        self.reads = self.opens = 0
        self.is_open = self.gone = False

    def open(self) -> None:
        if self.gone:
            raise CameraGoneError(reason="absent", kind="device")
        self.opens += 1
        self.is_open = True

    def drain(self) -> None: ...

    def read(self) -> Image | None:
        time.sleep(self.every_s)
        self.reads += 1
        return None if self.gone else np.full((480, 640, 3), self.reads % 250, np.uint8)

    def close(self) -> None:
        self.is_open = False


def camera_of(source: Source, kind: str = "device") -> Camera:
    return Camera(CameraInfo(kind=kind, physical=True, index=0), source)


def wait(until: Callable[[], bool], limit_s: float = 5.0) -> bool:
    """Return whether something came to hold in time."""
    end = time.monotonic() + limit_s
    while not until() and time.monotonic() < end:
        time.sleep(0.002)
    return until()


@pytest.fixture
def source() -> Source:
    return Source()


@pytest.fixture
def preview() -> Iterator[Preview]:
    made = Preview()
    made.start()
    yield made
    began = time.monotonic()
    made.close()
    assert time.monotonic() - began < 1.0
    assert not made._thread.is_alive()


def test_a_preview_starts_no_camera(source: Source, preview: Preview) -> None:
    lent = LentCamera(camera_of(source))
    preview.show(lent, "a")
    lent.go_on()
    time.sleep(0.1)
    assert source.opens == 0
    assert preview.newest is None
    lent.close()


def test_while_frames_are_read_the_newest_is_shown_and_none_is_kept(source: Source, preview: Preview) -> None:
    lent = LentCamera(camera_of(source))
    preview.show(lent, "a")
    frame = lent.next_frame(NOTICE)
    assert wait(lambda: preview.newest is not None)
    first = preview.newest
    assert first is not None
    assert (first.attempt_id, first.width, first.height, len(first.rgb)) == ("a", 640, 480, 640 * 480 * 3)
    assert first.number >= frame.number
    assert "rgb" not in repr(first)
    assert wait(lambda: (preview.newest or first).number > first.number + 5)
    preview.clear()
    assert preview.newest is None
    time.sleep(0.05)
    assert preview.newest is None
    lent.close()
    assert not source.is_open


def test_who_refuses_is_not_looked_at_any_more(source: Source, preview: Preview) -> None:
    lent = LentCamera(camera_of(source))
    preview.show(lent, "a")
    lent.next_frame(NOTICE)
    lent.pause()
    reads = source.reads
    time.sleep(0.1)
    assert source.reads <= reads + 1  # the frame that was being read
    assert lent.look() is None
    lent.close()


def test_the_preview_goes_on_between_two_captures(source: Source, preview: Preview) -> None:
    lent = LentCamera(camera_of(source))
    preview.show(lent, "a")
    lent.next_frame(NOTICE)
    lent.pause()
    lent.go_on()
    assert wait(lambda: lent.look() is not None)
    number = preview.newest.number if preview.newest else 0
    assert wait(lambda: preview.newest is not None and preview.newest.number > number + 3)
    lent.close()


def test_an_error_of_the_camera_stays_the_attempts(source: Source, preview: Preview) -> None:
    lent = LentCamera(camera_of(source))
    preview.show(lent, "a")
    lent.next_frame(NOTICE)
    lent.pause()
    source.gone = True
    lent.go_on()
    time.sleep(0.1)  # the preview looks and looks
    assert lent.look() is None
    with pytest.raises(CameraGoneError):
        lent.next_frame(NOTICE)
    lent.close()


def test_a_cancelled_camera_gives_no_frame_and_no_look(source: Source) -> None:
    lent = LentCamera(camera_of(source))
    lent.next_frame(NOTICE)
    lent.cancel()
    assert lent.look() is None
    with pytest.raises(CameraGoneError):
        lent.next_frame(NOTICE)
    lent.close()


def test_at_most_thirty_pictures_a_second_and_nothing_after_the_attempt(source: Source) -> None:
    source.every_s = 0.001
    pictures: list[PreviewFrame] = []
    frames: list[Frame] = []
    preview = Preview(on_picture=pictures.append, on_frame=frames.append)
    preview.start()
    lent = LentCamera(camera_of(source))
    preview.show(lent, "a")
    lent.next_frame(NOTICE)
    time.sleep(0.5)
    preview.clear()
    count = len(pictures)
    assert 5 <= count <= 18
    assert [p.number for p in pictures] == [f.number for f in frames]
    time.sleep(0.1)
    assert len(pictures) == count
    lent.close()
    preview.close()


@pytest.mark.parametrize(
    ("size", "shown"), [((640, 480), (640, 480)), ((1280, 720), (640, 360)), ((480, 1080), (213, 480))]
)
def test_a_picture_keeps_its_proportions_and_its_colours(
    size: tuple[int, int], shown: tuple[int, int]
) -> None:
    image = np.zeros((size[1], size[0], 3), np.uint8)
    image[:, :, 0] = 200  # blue
    picture = fitted(image)
    assert picture.shape == (shown[1], shown[0], 3)
    assert tuple(picture[5, 5]) == (0, 0, 200)


# --- the camera between attempts ---


class Opens:
    """Opens cameras; says no when it is told to."""

    def __init__(self, source: Source, kind: str = "device") -> None:
        self.source, self.kind, self.asked = source, kind, 0
        self.refuse = False

    def open(self, spec: str) -> Camera:
        self.asked += 1
        if self.refuse:
            raise CameraGoneError(reason="absent", kind=self.kind)
        return camera_of(self.source, self.kind)


def test_a_device_stays_on_between_attempts_and_reads_nothing(source: Source) -> None:
    cameras, held = Opens(source), HeldCamera()
    for number in range(3):
        lent = held.lend(cameras, "0")
        lent.next_frame(NOTICE)
        lent.close()
        assert lent.look() is None
        reads = source.reads
        time.sleep(0.05)
        assert source.reads <= reads + 1
        assert source.is_open
        assert cameras.asked == number + 1  # whether it may be used is asked each time
    assert source.opens == 1
    held.close()
    assert not source.is_open


def test_a_camera_that_may_not_be_used_any_more_is_not_used(source: Source) -> None:
    cameras, held = Opens(source), HeldCamera()
    held.lend(cameras, "0").close()
    cameras.refuse = True
    with pytest.raises(CameraGoneError):
        held.lend(cameras, "0")
    held.close()


def test_another_camera_and_a_recording_are_not_held(source: Source) -> None:
    cameras, held = Opens(source), HeldCamera()
    lent = held.lend(cameras, "0")
    lent.next_frame(NOTICE)
    lent.close()
    other = held.lend(cameras, "1")
    assert not source.is_open
    other.close()
    cameras.kind = "sequence"
    film = held.lend(cameras, "folder")
    film.next_frame(NOTICE)
    film.close()
    assert not source.is_open
    held.close()


def test_looking_for_codes_ends_where_an_attempt_begins(source: Source) -> None:
    cameras, held, scan = Opens(source), HeldCamera(), scan_notice("Camera đang đọc mã QR.")
    assert scan.version == "qr-1"
    assert wait(lambda: held.look(cameras, "0", scan) is not None)
    lent = held.lend(cameras, "0")
    assert lent.look() is None  # nothing of before the notice
    lent.next_frame(NOTICE)
    assert source.opens == 1
    lent.close()
    held.close()


def test_a_camera_in_trouble_is_left_alone_for_a_moment(source: Source) -> None:
    now = [0.0]
    cameras, held = Opens(source), HeldCamera(lambda: now[0])
    cameras.refuse = True
    for _ in range(5):
        assert held.look(cameras, "0", NOTICE) is None
    assert cameras.asked == 1
    now[0] += AGAIN_S
    cameras.refuse = False
    assert wait(lambda: held.look(cameras, "0", NOTICE) is not None)
    held.close()
