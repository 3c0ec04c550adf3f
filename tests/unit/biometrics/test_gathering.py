"""The burst that is gathered while the chip is read: at once when it is ready, never stale, forgotten when refused."""

import threading
import time
from dataclasses import dataclass, field

import numpy as np
import pytest

from biometrics.camera_info import CameraInfo
from biometrics.capture import Camera
from biometrics.detect import Face
from biometrics.errors import CameraGoneError, DecoderGoneError, NoticeMissingError
from biometrics.frame_pool import FramePool, GatherLimits
from biometrics.frames import Frame
from biometrics.gathering import Gatherer
from biometrics.quality_errors import GatheringError
from biometrics.quality_report import FrameReport
from biometrics.scenes.camera import SceneCamera
from tests.support.portraits import NOTICE

FACE = Face(x=0, y=0, width=2, height=2, points=np.zeros((5, 2)), score=0.9)
GOOD, EMPTY, TWO = (
    FrameReport(code="", face=FACE, in_zone=True),
    FrameReport(code="face-none"),
    FrameReport(code="face-several", in_zone=True),
)
FAST = GatherLimits(spacing_s=0.01, refresh_s=0.02, retry_s=0.03, poll_s=0.05, away_s=0.1)


class Device:
    """A camera's source: numbered frames at a pace; from frame `last` on it does `then`."""

    def __init__(self, *, pace_s=0.005, last=10**9, then=lambda: None):
        self.pace_s, self.last, self.then = pace_s, last, then
        self.reads = 0

    def open(self):
        pass

    def drain(self):
        pass

    def close(self):
        pass

    def read(self):
        time.sleep(self.pace_s)
        if self.reads >= self.last:
            return self.then()
        self.reads += 1
        return np.full((4, 6, 3), self.reads % 256, np.uint8)


@dataclass
class Faces:
    """A face engine that says of every frame what the list says, then its last word again."""

    words: list = field(default_factory=lambda: [GOOD])
    judged: int = 0
    forgotten: int = 0

    def judge(self, frame):
        word = self.words[min(self.judged, len(self.words) - 1)]
        self.judged += 1
        if isinstance(word, Exception):
            raise word
        return word

    def forget(self):
        self.forgotten += 1


@pytest.fixture
def gather():
    opened = []

    def make(device=None, faces=None, kind="device", notice=NOTICE, **options):
        camera = Camera(CameraInfo(kind=kind, physical=True, index=0), device or Device())
        gatherer = Gatherer(camera, faces or Faces(), notice, limits=options.pop("limits", FAST), **options)
        opened.append((camera, gatherer))
        return gatherer

    yield make
    for camera, gatherer in opened:
        gatherer.close()
        camera.close(wait_s=1)


def wait_for(condition, seconds=3.0):
    end = time.monotonic() + seconds
    while not condition() and time.monotonic() < end:
        time.sleep(0.005)
    assert condition()


def test_the_burst_is_there_at_once_when_it_was_gathered_meanwhile(gather):
    gatherer = gather()
    gatherer.start()
    wait_for(lambda: gatherer.ready)
    began = time.monotonic()
    burst = gatherer.take()
    assert time.monotonic() - began < 0.2
    assert len(burst.frames) == 5
    assert [frame.number for frame in burst.frames] == sorted({frame.number for frame in burst.frames})
    assert burst.notice is NOTICE


def test_the_frames_are_of_now_however_long_the_chip_took(gather):
    device = Device()
    gatherer = gather(device, limits=GatherLimits(spacing_s=0.01, refresh_s=0.02, max_age_s=0.3))
    gatherer.start()
    time.sleep(0.8)
    now = time.monotonic()
    assert all(now - frame.monotonic_s <= 0.35 for frame in gatherer.take().frames)


def test_who_left_before_the_chip_was_read_is_not_in_the_burst(gather):
    faces = Faces([GOOD] * 8 + [EMPTY])
    gatherer = gather(faces=faces)
    gatherer.start()
    wait_for(lambda: faces.judged > 20)
    time.sleep(0.2)
    faces.words = [GOOD]
    before = faces.judged
    burst = gatherer.take()
    assert faces.judged > before, "the face of before does not count"
    assert len(burst.frames) == 5


def test_without_a_notice_no_frame_is_read(gather):
    device = Device()
    for call in ("start", "take"):
        with pytest.raises(NoticeMissingError):
            getattr(gather(device, notice=None), call)()
    time.sleep(0.05)
    assert device.reads == 0


def test_a_second_face_stops_the_burst_and_is_said_a_flicker_does_not(gather):
    seen = []
    faces = Faces([GOOD, GOOD, TWO, GOOD, GOOD, TWO, TWO])
    gatherer = gather(faces=faces, on_report=seen.append)
    burst = gatherer.take(0.5)
    assert "face-several" in {report.code for report in seen}
    assert not gatherer.ready
    assert len(burst.frames) == 5
    assert burst.frames[0].number > 5, "no good frame of before: the probe will say that there were two"


def test_bad_frames_come_as_they_are_at_the_deadline(gather):
    began = time.monotonic()
    burst = gather(faces=Faces([GOOD, EMPTY])).take(0.09)
    assert time.monotonic() - began < 0.6
    assert 1 <= len(burst.frames) <= 5


def test_a_camera_of_one_frame_a_second_gives_what_it_can_and_does_not_wait_for_more(gather):
    limits = GatherLimits(spacing_s=0.01, max_age_s=0.5, poll_s=0.05)
    began = time.monotonic()
    burst = gather(Device(pace_s=0.2), limits=limits).take(5.0)
    assert time.monotonic() - began < 2.0
    assert 2 <= len(burst.frames) <= 3


def test_a_silent_camera_ends_at_the_deadline(gather):
    began = time.monotonic()
    with pytest.raises(CameraGoneError) as caught:
        gather(Device(pace_s=0.6)).take(0.3)
    assert caught.value.facts["reason"] == "no-frame"
    assert time.monotonic() - began < 0.6


def test_unplugged_while_gathering_is_said_soon_and_not_with_old_frames(gather):
    gatherer = gather(Device(last=12))
    gatherer.start()
    time.sleep(0.2)
    began = time.monotonic()
    with pytest.raises(CameraGoneError) as caught:
        gatherer.take(8.0)
    assert caught.value.facts["reason"] == "lost"
    assert time.monotonic() - began < 1.0


def test_a_camera_that_comes_back_goes_on(gather):
    device = Device(last=12)
    gatherer = gather(device)
    gatherer.start()
    time.sleep(0.2)
    device.last = 10**9
    assert len(gatherer.take(3.0).frames) == 5


def test_refused_is_forgotten_and_the_camera_rests(gather):
    device, faces = Device(), Faces()
    gatherer = gather(device, faces)
    gatherer.start()
    wait_for(lambda: gatherer.ready)
    gatherer.drop()
    assert faces.forgotten >= 1
    time.sleep(0.1)
    read, judged = device.reads, faces.judged
    time.sleep(0.1)
    assert (device.reads, faces.judged) == (read, judged)
    assert not gatherer.ready
    assert not [word for word in vars(gatherer._pool).values() if isinstance(word, list) and word]


def test_refused_while_a_frame_is_judged_is_forgotten_too(gather):
    class Slow(Faces):
        def judge(self, frame):
            time.sleep(0.4)
            return super().judge(frame)

    faces = Slow()
    gatherer = gather(faces=faces)
    gatherer.start()
    time.sleep(0.1)
    gatherer.drop()
    first = faces.forgotten
    wait_for(lambda: faces.forgotten > first, 1.5)
    assert faces.judged == 1


def test_taken_stops_reading_and_begins_anew_the_next_time(gather):
    device = Device()
    gatherer = gather(device)
    first = gatherer.take()
    time.sleep(0.05)
    read = device.reads
    time.sleep(0.05)
    assert device.reads == read
    second = gatherer.take()
    assert second.frames[0].monotonic_s > first.frames[-1].monotonic_s


def test_a_recording_is_read_no_more_than_needed(gather):
    device, faces = Device(), Faces()
    gatherer = gather(device, faces, kind="memory", limits=GatherLimits(spacing_s=0.01, max_age_s=0.1))
    gatherer.start()
    wait_for(lambda: gatherer.ready)
    time.sleep(0.3)
    assert faces.judged == 5
    assert len(gatherer.take(1.0).frames) == 5


class Rendered:
    """A scene: no thread, time passes with the frames."""

    info = CameraInfo(kind="scene", physical=False)

    def __init__(self):
        self.time, self.frames, self.callers = 0.0, 0, set()

    def now(self):
        return self.time

    def next_frame(self, notice, *, after=None, deadline_s=2.0):
        self.callers.add(threading.current_thread())
        self.time += 1 / 30
        self.frames += 1
        return Frame(image=np.zeros((2, 2, 3), np.uint8), monotonic_s=self.time, number=self.frames)

    def pause(self):
        pass


def test_a_scene_is_rendered_by_who_asks_and_only_as_far_as_needed():
    scene, faces = Rendered(), Faces([EMPTY, EMPTY, GOOD])
    gatherer = Gatherer(scene, faces, NOTICE)
    gatherer.start()
    assert scene.frames == 0
    assert len(gatherer.take().frames) == 5
    assert scene.callers == {threading.current_thread()}
    assert scene.frames < 40
    with pytest.raises(NoticeMissingError):
        Gatherer(scene, faces, None).take()


def test_a_scene_without_anybody_ends_at_its_deadline():
    scene = Rendered()
    burst = Gatherer(scene, Faces([EMPTY]), NOTICE).take(1.0)
    assert len(burst.frames) == 5
    assert scene.time == pytest.approx(1.0, abs=0.1)


def test_a_dead_face_process_is_survived_once_and_said_when_it_stays_dead(gather):
    assert len(gather(faces=Faces([DecoderGoneError(), GOOD])).take(2.0).frames) == 5
    began = time.monotonic()
    with pytest.raises(DecoderGoneError):
        gather(faces=Faces([DecoderGoneError()])).take(5.0)
    assert time.monotonic() - began < 1.0


def test_a_fault_of_the_program_ends_the_gathering_and_is_said(gather):
    with pytest.raises(GatheringError) as caught:
        gather(faces=Faces([ValueError("secret")])).take(5.0)
    assert dict(caught.value.facts) == {"reason": "ValueError"}


def frame(number, at):
    return Frame(image=np.zeros((1, 1, 3), np.uint8), monotonic_s=at, number=number)


def test_of_too_many_good_frames_the_old_go_first():
    pool = FramePool(frames=3, limits=GatherLimits(max_age_s=3.0), ages=True)
    for number in range(8):
        pool.add(frame(number, number * 0.3), GOOD, number * 0.3)
    assert [kept.number for kept in pool.taken(2.1)] == [5, 6, 7]
    assert pool.ready(2.1)
    assert not pool.ready(6.0)
    assert pool.taken(6.0) == ()


def test_a_second_face_in_every_second_frame_never_fills_the_burst():
    pool = FramePool(frames=5, limits=GatherLimits(), ages=True)
    for number in range(40):
        pool.add(frame(number, number * 0.1), TWO if number % 2 else GOOD, number * 0.1)
        assert not pool.ready(number * 0.1)
    left = [taken.number for taken in pool.taken(3.9)]
    assert all(number % 2 for number in left), "only frames that say there were two"
    for number in range(40, 60):
        pool.add(frame(number, number * 0.1), GOOD, number * 0.1)
    assert pool.ready(5.9), "alone again"


def test_a_scene_of_one_frame_a_second_is_waited_for_like_a_slow_camera():
    class Slow:
        fps, number = 1.0, 0

        def now(self):
            return self.number / self.fps

        def next_image(self, skipped=0):
            self.number += 1
            return np.zeros((2, 2, 3), np.uint8), self.now()

    camera = SceneCamera(Slow())
    with pytest.raises(CameraGoneError) as caught:
        camera.next_frame(NOTICE, deadline_s=0.4)
    assert caught.value.facts["reason"] == "no-frame"
    assert camera.now() == pytest.approx(0.4)
    assert len(Gatherer(camera, Faces(), NOTICE).take().frames) == 5
    assert camera.now() <= 8.0
    camera.close()
    with pytest.raises(CameraGoneError, match="closed"):
        Gatherer(camera, Faces(), NOTICE).take()
