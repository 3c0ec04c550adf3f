import http.server
import threading
import time

import cv2
import numpy as np
import pytest

from biometrics import camera as module
from biometrics.camera import RecordedCamera, open_camera
from biometrics.camera_info import CameraInfo
from biometrics.capture import Camera
from biometrics.errors import (
    CameraGoneError,
    ImageMalformedError,
    ImageTooLargeError,
    NoticeMissingError,
    RecordedCameraError,
)
from biometrics.sources import sequence_files
from tests.support.portraits import NOTICE, jpeg, picture

DEVICE = CameraInfo(kind="device", physical=True, index=0)
SMALL = cv2.resize(picture("hopper"), (120, 140), interpolation=cv2.INTER_AREA)


def numbered(number: int) -> np.ndarray:
    """Return a frame that says which one it is."""
    return np.full((4, 6, 3), number % 256, np.uint8)


class Source:
    """A device: frames at a pace, then whatever `then` does. Counts what was done to it."""

    def __init__(self, *, pace_s=0.002, last=10**9, then=lambda: None):
        self.pace_s, self.last, self.then = pace_s, last, then
        self.reads = self.opens = self.closes = self.drains = 0

    def open(self):
        self.opens += 1

    def drain(self):
        self.drains += 1

    def close(self):
        self.closes += 1

    def read(self):
        time.sleep(self.pace_s)
        if self.reads >= self.last:
            return self.then()
        self.reads += 1
        return numbered(self.reads)


@pytest.fixture
def cameras():
    opened = []

    def make(source, info=DEVICE):
        opened.append(Camera(info, source))
        return opened[-1]

    yield make
    for camera in opened:
        camera.close()
    assert not any(thread.name == "camera" and thread.is_alive() for thread in threading.enumerate())


def test_nothing_is_opened_or_read_before_a_notice(cameras):
    source = Source()
    camera = cameras(source)
    time.sleep(0.05)
    for call in (camera.preview, camera.capture_burst):
        for nothing in (None, "notice"):
            with pytest.raises(NoticeMissingError):
                call(nothing)
    assert (source.opens, source.reads) == (0, 0)


def test_a_burst_is_new_ordered_and_ends_the_reading(cameras):
    source = Source()
    camera = cameras(source)
    began = time.monotonic()
    burst = camera.capture_burst(NOTICE, frames=4, spacing_s=0.02)
    times = [frame.monotonic_s for frame in burst.frames]
    assert len(times) == 4
    assert times[0] >= began
    assert min(np.diff(times)) >= 0.02
    assert burst.facts["camera_kind"] == "device"
    assert burst.facts["notice_version"] == "1"
    assert "image" not in repr(burst)
    time.sleep(0.05)
    reads = source.reads
    time.sleep(0.05)
    assert source.reads == reads


def test_only_the_newest_frame_is_kept(cameras):
    camera = cameras(Source(pace_s=0.005))
    while camera.preview(NOTICE) is None:
        time.sleep(0.001)
    time.sleep(0.2)
    frame = camera.preview(NOTICE)
    assert frame.number > 10
    assert time.monotonic() - frame.monotonic_s < 0.15
    assert frame.image[0, 0, 0] == frame.number % 256


def test_after_a_pause_buffered_and_straddling_frames_are_dropped(cameras):
    source = Source(pace_s=0.05)
    camera = cameras(source)
    camera.preview(NOTICE)
    time.sleep(0.08)
    camera.pause()
    asked = time.monotonic()
    burst = camera.capture_burst(NOTICE, frames=1)
    assert burst.frames[0].monotonic_s - asked > 0.05, "the read that was under way does not count"
    assert source.drains == 2


def test_unplugged_in_the_middle_of_a_burst_then_back(cameras):
    source = Source(last=3)
    camera = cameras(source)
    began = time.monotonic()
    with pytest.raises(CameraGoneError, match="lost"):
        camera.capture_burst(NOTICE, frames=10, spacing_s=0.0)
    assert time.monotonic() - began < 2
    source.last = 10**9
    assert len(camera.capture_burst(NOTICE).frames) == 5
    assert source.opens == 2


def test_a_driver_that_throws_is_a_gone_camera(cameras):
    def explode():
        raise RuntimeError("secret place")

    with pytest.raises(CameraGoneError) as caught:
        cameras(Source(last=0, then=explode)).capture_burst(NOTICE)
    assert caught.value.facts["reason"] == "RuntimeError"
    assert "secret" not in str(caught.value)


def test_preview_tells_of_the_loss_once_and_tries_again(cameras):
    source = Source(last=0)
    camera = cameras(source)

    def look(times=200):
        for _ in range(times):
            if camera.preview(NOTICE) is not None:
                return True
            time.sleep(0.005)
        return False

    with pytest.raises(CameraGoneError):
        look()
    source.last = 10**9
    assert look()


def test_a_silent_camera_costs_the_deadline_only(cameras):
    release = threading.Event()
    source = Source(last=0, then=lambda: release.wait(5) and None)
    camera = cameras(source)
    began = time.monotonic()
    with pytest.raises(CameraGoneError, match="no-frame"):
        camera.capture_burst(NOTICE, deadline_s=0.3)
    assert time.monotonic() - began < 1.5
    release.set()


def test_a_slow_camera_gives_what_it_has_by_the_deadline(cameras):
    burst = cameras(Source(pace_s=0.2)).capture_burst(NOTICE, frames=5, deadline_s=0.7)
    assert 1 <= len(burst.frames) <= 4


def test_only_accepted_frames_count(cameras):
    camera = cameras(Source())
    burst = camera.capture_burst(
        NOTICE, frames=3, spacing_s=0.0, accept=lambda frame: frame.image[0, 0, 0] % 2 == 0
    )
    assert all(frame.image[0, 0, 0] % 2 == 0 for frame in burst.frames)


def test_when_none_is_accepted_the_newest_tell_why(cameras):
    burst = cameras(Source()).capture_burst(NOTICE, frames=3, deadline_s=1.0, accept=lambda frame: False)
    assert len(burst.frames) == 3
    assert burst.frames[-1].number > 10


def test_too_few_accepted_are_filled_up_in_order(cameras):
    camera = cameras(Source())
    seen = []
    second = camera.capture_burst(
        NOTICE, frames=3, deadline_s=0.2, accept=lambda frame: seen.append(frame.number) or len(seen) == 2
    )
    numbers = [frame.number for frame in second.frames]
    assert seen[1] in numbers
    assert len(numbers) == 3
    assert numbers == sorted(numbers)


def test_a_closed_camera_stays_closed(cameras):
    source = Source()
    camera = cameras(source)
    camera.capture_burst(NOTICE)
    camera.close()
    camera.close()
    assert source.closes == 1
    with pytest.raises(CameraGoneError, match="closed"):
        camera.capture_burst(NOTICE)


def test_memory_plays_its_frames_again():
    with RecordedCamera([numbered(1), numbered(2)], interval_s=0.001) as camera:
        burst = camera.capture_burst(NOTICE, frames=5, spacing_s=0.0)
    assert {int(frame.image[0, 0, 0]) for frame in burst.frames} == {1, 2}
    with RecordedCamera([]) as camera, pytest.raises(CameraGoneError):
        camera.capture_burst(NOTICE)


@pytest.fixture
def folder(tmp_path):
    for number in range(1, 4):
        (tmp_path / f"frame{number:04d}.jpg").write_bytes(jpeg(np.full((30, 40, 3), number * 60, np.uint8)))
    (tmp_path / "notes.txt").write_text("no image")
    return tmp_path


@pytest.mark.parametrize("name", ["", "frame%04d.jpg", "frame0002.jpg"])
def test_images_as_a_camera(folder, name):
    with open_camera(str(folder / name), allow_recorded=True) as camera:
        burst = camera.capture_burst(NOTICE, frames=3, spacing_s=0.0)
    levels = {int(frame.image.mean()) // 60 for frame in burst.frames}
    assert levels == ({2} if name == "frame0002.jpg" else {1, 2, 3})


def test_which_files_a_sequence_has(folder):
    assert [file.name for file in sequence_files(str(folder))] == [f"frame000{n}.jpg" for n in (1, 2, 3)]
    assert len(sequence_files(str(folder / "frame%04d.jpg"))) == 3
    assert sequence_files(str(folder / "none%d.jpg")) == ()
    assert sequence_files(str(folder / "clip.mp4")) is None


@pytest.mark.parametrize(
    ("data", "error"),
    [
        (jpeg(SMALL)[:-300], ImageMalformedError),
        (b"", ImageMalformedError),
        (
            b"\xff\xd8\xff\xc0\x00\x11\x08\x75\x30\x75\x30\x03\x01\x22\x00\x02\x11\x01\x03\x11\x01",
            ImageTooLargeError,
        ),
    ],
    ids=["truncated", "empty", "30000x30000"],
)
def test_a_bad_image_among_the_frames_has_its_own_code(tmp_path, data, error):
    if error is ImageTooLargeError:
        whole = jpeg(SMALL)
        at = whole.index(b"\xff\xc0") + 5
        data = whole[:at] + b"\x75\x30\x75\x30" + whole[at + 4 :]
    (tmp_path / "a.jpg").write_bytes(data)
    with open_camera(str(tmp_path), allow_recorded=True) as camera, pytest.raises(error):
        camera.capture_burst(NOTICE)


def test_a_video_file(tmp_path):
    path = tmp_path / "clip.avi"
    writer = cv2.VideoWriter(str(path), cv2.VideoWriter.fourcc(*"MJPG"), 30.0, (64, 48))
    for number in range(1, 7):
        writer.write(np.full((48, 64, 3), number * 30, np.uint8))
    writer.release()
    with open_camera(str(path), allow_recorded=True) as camera:
        burst = camera.capture_burst(NOTICE, frames=8, spacing_s=0.0)
    assert len(burst.frames) == 8, "the file starts again at its end"
    assert burst.frames[0].image.shape == (48, 64, 3)


def test_a_file_that_is_no_video(tmp_path):
    path = tmp_path / "clip.mp4"
    path.write_bytes(b"nothing of the kind")
    with (
        open_camera(str(path), allow_recorded=True) as camera,
        pytest.raises(CameraGoneError, match="cannot-open"),
    ):
        camera.capture_burst(NOTICE)


class _Mjpeg(http.server.BaseHTTPRequestHandler):
    frames = 200

    def do_GET(self):
        self.send_response(200)
        self.send_header("Content-Type", "multipart/x-mixed-replace; boundary=frame")
        self.end_headers()
        data = jpeg(SMALL)
        try:
            for _ in range(self.frames):
                self.wfile.write(b"--frame\r\nContent-Type: image/jpeg\r\n\r\n" + data + b"\r\n")
                time.sleep(0.02)
        except OSError:
            return

    def log_message(self, *_):
        return


@pytest.mark.parametrize("frames", [200, 12])
def test_an_mjpeg_url_and_its_end(frames):
    handler = type("Handler", (_Mjpeg,), {"frames": frames})
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    try:
        url = f"http://127.0.0.1:{server.server_port}/stream.mjpeg"
        with open_camera(url, allow_recorded=True) as camera:
            if frames == 200:
                burst = camera.capture_burst(NOTICE)
                assert burst.frames[0].image.shape == SMALL.shape
                assert burst.camera_kind == "url"
            else:
                with pytest.raises(CameraGoneError):
                    camera.capture_burst(NOTICE, frames=100, spacing_s=0.0, deadline_s=10)
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


def test_a_url_nobody_answers():
    camera = open_camera("http://127.0.0.1:9/x.mjpeg", allow_recorded=True)
    with camera, pytest.raises(CameraGoneError):
        camera.capture_burst(NOTICE, deadline_s=6)


@pytest.mark.parametrize("kind", ["file", "folder", "url", "virtual", "absent file"])
def test_a_real_session_takes_no_recording(folder, kind):
    spec = {"file": str(folder / "frame0001.jpg"), "folder": str(folder), "url": "http://127.0.0.1:9/"}.get(
        kind, "0"
    )
    info = CameraInfo(kind="device", physical=False, driver="v4l2loopback") if kind == "virtual" else None
    spec = str(folder / "none.mp4") if kind == "absent file" else spec
    with pytest.raises(RecordedCameraError) as caught:
        open_camera(spec, allow_recorded=False, info=info)
    assert caught.value.conclusive
    assert caught.value.facts["kind"] in {"file", "sequence", "url", "device"}
    assert str(folder) not in str(caught.value)


def test_an_absent_device_is_gone_not_refused():
    absent = CameraInfo(kind="device", physical=False, index=99, present=False)
    for allow in (True, False):
        with pytest.raises(CameraGoneError, match="absent"):
            open_camera("99", allow_recorded=allow, info=absent)
    with pytest.raises(CameraGoneError, match="absent"):
        open_camera("/nonexistent/clip.mp4", allow_recorded=True)


def test_an_empty_folder_is_no_camera(tmp_path):
    with pytest.raises(CameraGoneError, match="empty"):
        open_camera(str(tmp_path), allow_recorded=True)


class _Capture:
    """Stands in for cv2.VideoCapture: stale frames come at once, fresh ones at a pace."""

    def __init__(self, *arguments):
        self.arguments, self.stale, self.released = arguments, 4, False
        self.size = 640.0

    def isOpened(self):  # noqa: N802  (OpenCV's name)
        return True

    def get(self, _):
        return self.size

    def grab(self):
        time.sleep(0.02 if self.stale <= 0 else 0)
        self.stale -= 1
        return True

    def read(self):
        time.sleep(0.02)
        return True, numbered(7)

    def release(self):
        self.released = True


def test_a_device_is_drained_and_released(monkeypatch):
    made = []
    monkeypatch.setattr(module.cv2, "VideoCapture", lambda *args: made.append(_Capture(*args)) or made[-1])
    with open_camera("0", allow_recorded=False, info=DEVICE, backend="v4l2") as camera:
        assert not made, "not switched on before the notice"
        camera.capture_burst(NOTICE, frames=2)
    assert made[0].arguments == (0, cv2.CAP_V4L2)
    assert made[0].stale <= 0
    assert made[0].released


def test_a_video_of_absurd_size_is_refused(monkeypatch, tmp_path):
    def enormous(*arguments):
        capture = _Capture(*arguments)
        capture.size = 30000.0
        return capture

    monkeypatch.setattr(module.cv2, "VideoCapture", enormous)
    path = tmp_path / "clip.mp4"
    path.touch()
    with open_camera(str(path), allow_recorded=True) as camera, pytest.raises(ImageTooLargeError):
        camera.capture_burst(NOTICE)
