"""Gone, frozen, changed, back: each told once, and no still picture taken for live."""

import threading
import time
from itertools import pairwise

import numpy as np
import pytest

from biometrics.camera_errors import CameraChangedError, CameraFrozenError, CameraNotAllowedError
from biometrics.camera_info import CameraInfo
from biometrics.camera_watch import (
    CameraWatch,
    FreezeDetector,
    WatchedCamera,
    WatchedSource,
    WatchLimits,
    load_watch_limits,
)
from biometrics.capture import Camera
from biometrics.errors import CameraGoneError
from tests.support.portraits import NOTICE

MINE = CameraInfo(kind="device", physical=True, index=0, vid="046d", pid="082d", serial="A1", path="usb-4")
OTHER = CameraInfo(kind="device", physical=True, index=0, vid="1bcf", pid="2b8a", path="usb-4")
ABSENT = CameraInfo(kind="device", physical=False, index=0, present=False)
QUICK = WatchLimits(after_s=0.12, frames=4, dark_level=24, bright_level=250, silent_s=0.6)


def noisy(number):
    return np.random.default_rng(number).integers(60, 180, (24, 32, 3), dtype=np.uint8)


STILL = noisy(0)


class Clock:
    def __init__(self):
        self.now = 100.0

    def __call__(self):
        return self.now


class Source:
    """A device: `frames` gives the next picture or None for a loss; each read takes `pace_s`, of the clock if any."""

    def __init__(self, frames, *, pace_s=0.01, clock=None):
        self.frames, self.pace_s, self.clock = frames, pace_s, clock
        self.opens, self.number, self.refuses = 0, 0, False

    def open(self):
        if self.refuses:
            raise CameraGoneError(reason="cannot-open", kind="device")
        self.opens += 1

    def drain(self):
        pass

    def close(self):
        pass

    def read(self):
        if self.clock is None:
            time.sleep(self.pace_s)
        else:
            self.clock.now += self.pace_s
        self.number += 1
        return self.frames(self.number)


class Told(list):
    """What was told, and what stands behind the number."""

    def __init__(self, info=MINE):
        super().__init__()
        self.info = info

    def watch(self, **options):
        options = {"limits": QUICK, **options}
        return CameraWatch(
            look=lambda: self.info, on_event=lambda event, info: self.append((event, info.vid)), **options
        )

    @property
    def events(self):
        return [event for event, _ in self]


def source_of(told, frames, *, pace_s=1 / 30, limits=None, **options):
    clock = Clock()
    watch = told.watch(limits=limits or load_watch_limits(), **options)
    return WatchedSource(Source(frames, pace_s=pace_s, clock=clock), watch, clock=clock), clock, watch


def test_a_frozen_camera_ends_the_reading_after_about_a_second_and_is_told_once():
    told = Told()
    source, clock, _ = source_of(told, lambda number: noisy(number) if number < 10 else STILL)
    source.open()
    for _ in range(10):
        source.read()
    began = clock.now
    with pytest.raises(CameraFrozenError) as caught:
        source.read()
    assert 1.0 < clock.now - began < 1.5
    assert not caught.value.conclusive
    for _ in range(3):  # each capture tries anew; what goes on is one happening
        source.open()
        source.read()
        with pytest.raises(CameraFrozenError):
            source.read()
    assert told.events == ["frozen"]


def test_a_frozen_camera_that_moves_again_is_back():
    told = Told()
    pictures = {"still": True}
    source, _, watch = source_of(told, lambda number: STILL if pictures["still"] else noisy(number))
    source.open()
    source.read()
    with pytest.raises(CameraFrozenError):
        source.read()
    pictures["still"] = False
    source.open()
    for _ in range(5):
        source.read()
    assert told.events == ["frozen", "back"]
    assert watch.state == "good"


def test_a_repeated_frame_is_not_handed_on():
    told = Told()
    source, _, _ = source_of(told, lambda number: noisy(number // 3))
    source.open()
    seen = [source.read() for _ in range(20)]
    assert all(not np.array_equal(first, second) for first, second in pairwise(seen))
    assert told.events == []


@pytest.mark.parametrize(("pace_s", "repeats"), [(1.0, 1), (1 / 30, 30), (0.5, 2), (4.0, 1)])
def test_a_camera_of_one_frame_a_second_is_not_frozen(pace_s, repeats):
    """Slow by itself, or with a driver that repeats each frame until the next one comes."""
    told = Told()
    source, clock, _ = source_of(told, lambda number: noisy(number // repeats), pace_s=pace_s)
    source.open()
    began = clock.now
    while clock.now - began < 20:
        assert source.read() is not None
    assert told.events == []


@pytest.mark.parametrize("level", [0, 16, 24, 250, 255])
def test_a_covered_lens_is_dark_not_frozen(level):
    told = Told()
    source, _, _ = source_of(told, lambda number: np.full((24, 32, 3), level, np.uint8))
    source.open()
    assert all(source.read() is not None for _ in range(200))
    assert told.events == []


def test_a_green_frame_of_a_broken_stream_is_frozen():
    green = np.zeros((24, 32, 3), np.uint8)
    green[..., 1] = 135
    source, _, _ = source_of(Told(), lambda number: green)
    source.open()
    source.read()
    with pytest.raises(CameraFrozenError):
        source.read()


def test_one_pixel_of_noise_is_life():
    def frames(number):
        image = STILL.copy()
        image[number % 24, number % 32, 0] += 1
        return image

    told = Told()
    source, _, _ = source_of(told, frames)
    source.open()
    assert all(source.read() is not None for _ in range(120))
    assert told.events == []


def test_gone_is_told_once_however_often_it_is_asked_for_and_back_once():
    told = Told()
    source, _, _ = source_of(told, lambda number: noisy(number) if number != 4 else None)
    source.open()
    frames = [source.read() for _ in range(4)]
    assert frames[-1] is None
    told.info = ABSENT
    for _ in range(5):
        with pytest.raises(CameraGoneError, match="absent"):
            source.open()
    told.info = MINE
    source.open()
    for _ in range(5):
        source.read()
    assert told == [("gone", "046d"), ("back", "046d")], "told with what it was"


def test_another_device_behind_the_number_is_a_change_and_ends_the_capture_once():
    told = Told()
    source, _, _ = source_of(told, noisy)
    source.open()
    source.read()
    told.info = OTHER
    with pytest.raises(CameraChangedError):
        source.open()
    source.open()
    assert source.read() is not None
    assert told == [("changed", "1bcf")]


def test_a_change_between_two_captures_is_told_and_does_not_end_the_next():
    told = Told()
    watch = told.watch()
    WatchedSource(Source(noisy), watch).open()
    told.info = OTHER
    WatchedSource(Source(noisy), watch).open()
    assert told.events == ["changed"]


def test_a_changed_device_that_is_not_allowed_is_refused_each_time_and_told_once():
    def require(info):
        if info.vid != "046d":
            raise CameraNotAllowedError(why="other")
        return info

    told = Told()
    source, _, _ = source_of(told, noisy, require=require)
    source.open()
    told.info = OTHER
    for _ in range(3):
        with pytest.raises(CameraNotAllowedError):
            source.open()
    assert told.events == ["changed"]


def test_pictures_of_another_size_are_a_change():
    told = Told()
    big = np.random.default_rng(1).integers(0, 255, (48, 64, 3), dtype=np.uint8)
    source, _, _ = source_of(told, lambda number: noisy(number) if number < 3 else big)
    source.open()
    source.read(), source.read()
    with pytest.raises(CameraChangedError):
        source.read()
    assert told.events == ["changed"]


def test_what_another_program_saw_is_remembered():
    told = Told()
    watch = told.watch(
        state="gone", known={"camera_vid": "1bcf", "camera_pid": "2b8a", "camera_path": "usb-4"}
    )
    source = WatchedSource(Source(noisy), watch)
    source.open()
    source.read()
    assert told.events == ["changed", "back"]


def test_a_busy_device_is_gone_and_a_driver_that_throws_too():
    told = Told()
    inner = Source(noisy)
    inner.refuses = True
    with pytest.raises(CameraGoneError):
        WatchedSource(inner, told.watch()).open()

    def explode(number):
        raise RuntimeError

    source = WatchedSource(Source(explode), told.watch())
    source.open()
    with pytest.raises(RuntimeError):
        source.read()
    assert told.events == ["gone", "gone"], "two watches, two cameras"


# -- with the reading thread -------------------------------------------------------------------------


@pytest.fixture
def cameras():
    opened = []

    def make(told, source, **options):
        opened.append(WatchedCamera(MINE, source, told.watch(**options)))
        return opened[-1]

    yield make
    for camera in opened:
        camera.close()


def test_a_burst_of_a_frozen_camera_is_never_taken(cameras):
    told = Told()
    camera = cameras(told, Source(lambda number: STILL))
    for _ in range(2):
        with pytest.raises(CameraFrozenError):
            camera.capture_burst(NOTICE, frames=5, deadline_s=3)
    assert told.events == ["frozen"]


def test_a_burst_of_a_camera_that_freezes_in_the_middle_is_not_taken(cameras):
    camera = cameras(Told(), Source(lambda number: noisy(min(number, 4))))
    with pytest.raises(CameraFrozenError):
        camera.capture_burst(NOTICE, frames=8, deadline_s=3, spacing_s=0)


def test_a_silent_driver_is_a_camera_gone_and_back(cameras):
    told, hold = Told(), threading.Event()

    def frames(number):
        if number == 5:
            hold.wait(5)
        return noisy(number)

    camera = cameras(told, Source(frames))
    frame = camera.next_frame(NOTICE)
    while frame.number < 4:
        frame = camera.next_frame(NOTICE, after=frame)
    with pytest.raises(CameraGoneError):
        camera.next_frame(NOTICE, after=frame, deadline_s=1.0)
    with pytest.raises(CameraGoneError, match="silent"):
        camera.preview(NOTICE)
    assert told.events == ["gone"]
    hold.set()
    for _ in range(3):
        frame = camera.next_frame(NOTICE, deadline_s=2)
    assert told.events == ["gone", "back"]


def test_pausing_and_waiting_is_no_event(cameras):
    told = Told()
    camera = cameras(told, Source(noisy))
    for _ in range(2):
        camera.capture_burst(NOTICE, frames=3)
        time.sleep(QUICK.silent_s + 0.1)
        camera.preview(NOTICE)
        camera.pause()
        time.sleep(QUICK.silent_s + 0.1)
    camera.pause()
    assert told.events == []


def test_times_never_go_back_and_frames_are_numbered():
    times = iter([5.0, 5.1, 4.0, 4.1, 6.0, *[6.0] * 500])
    seen = []
    camera = Camera(MINE, Source(noisy), clock=lambda: next(times, 7.0))
    keep = camera._keep

    def noting(image, generation):
        keep(image, generation)
        if camera._newest is not None:
            seen.append((camera._newest.number, camera._newest.monotonic_s))

    camera._keep = noting
    with camera:
        camera.preview(NOTICE)
        while len(seen) < 6:
            time.sleep(0.005)
    numbers, moments = zip(*seen[:6], strict=True)
    assert list(numbers) == list(range(1, len(numbers) + 1))
    assert list(moments) == sorted(moments)


def test_the_table_of_the_watch():
    limits = load_watch_limits()
    assert 1.0 < limits.after_s < 2.0, (
        "a repeating driver of one frame a second shows the same for just under a second"
    )
    assert limits.frames >= 3
    detector = FreezeDetector(limits)
    assert detector.look(STILL, 0.0) == "first"
    assert detector.look(STILL, 9.0) == "same", "two frames far apart are not enough"
