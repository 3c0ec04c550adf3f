"""`proctor camera …` as administrators use it, and what the log says of cameras at work."""

import json

import numpy as np
import pytest

from biometrics import camera as camera_module
from biometrics.camera_allow import AllowedCamera
from biometrics.camera_errors import CameraFrozenError, CameraNotAllowedError
from biometrics.camera_info import CameraInfo
from biometrics.errors import CameraGoneError, RecordedCameraError
from proctor import doctor
from proctor.cameras import CameraDesk, allow, disallow
from proctor.commands import cameras as commands
from proctor.config import Places
from proctor.roots import ensure_training_root, open_training
from sessions.record import Second
from tests.support.cli import PASSWORD, SECOND_PASSWORD, proctor
from tests.support.portraits import NOTICE
from tests.support.schemas import require_valid

AN, BINH = {"an": PASSWORD}, {"binh": SECOND_PASSWORD}
BOTH = {**AN, **BINH}
MINE = CameraInfo(
    kind="device", physical=True, index=0, name="HD Webcam", driver="uvcvideo", vid="046d", pid="082d", serial="A1",
    path="pci-0000:00:14.0-usb-4",
)  # fmt: skip
OTHER = CameraInfo(
    kind="device", physical=True, index=2, name="Cheap Cam", driver="uvcvideo", vid="1bcf", pid="2b8a",
    path="pci-0000:00:14.0-usb-1",
)  # fmt: skip
FAKE = CameraInfo(kind="device", physical=False, index=4, name="OBS Virtual Camera", why="name")
ABSENT = CameraInfo(kind="device", physical=False, index=0, present=False, why="absent")


@pytest.fixture
def plugged_in(monkeypatch: pytest.MonkeyPatch) -> dict[str, CameraInfo]:
    """What the system lists, by specification; a test changes it."""
    there = {"0": MINE, "2": OTHER, "4": FAKE}
    missing = CameraInfo(kind="device", physical=False, present=False)
    monkeypatch.setattr(commands, "installed_cameras", lambda: tuple(there.values()))
    monkeypatch.setattr(commands, "classify", lambda spec: there.get(spec, missing))
    monkeypatch.setattr(doctor, "installed_cameras", lambda: tuple(there.values()))
    return there


def camera(*words: str):
    """In training nobody is asked for passwords; all else is as at a real station."""
    return proctor("camera", *words, "--training", "--json")


def allowed() -> dict[int, bool]:
    ran = camera("list")
    require_valid("camera-list", ran.json)
    return {row["number"]: row["allowed"] for row in ran.json["cameras"]}


def test_two_persons_make_the_list_and_the_newest_entries_decide(home, plugged_in):
    assert camera("list").json["list"] == "unread", "there is no station yet"
    ensure_training_root(Places.of(None).training)
    assert camera("list").json["list"] == "none"
    assert allowed() == {0: True, 2: True, 4: False}, "without a list any physical camera"
    first = camera("allow", "0", "--second", "hai")
    require_valid("camera-change", first.json)
    assert (first.status, first.json["spec"], first.json["new"]) == (0, "046d:082d:A1", True)
    assert allowed() == {0: True, 2: False, 4: False}
    again = camera("allow", "046d:082d:A1", "--second", "hai")
    assert (again.status, again.json["new"], again.json["entry"]) == (0, False, None)
    assert camera("allow", "2", "--second", "hai").json["spec"] == "1bcf:2b8a@pci-0000:00:14.0-usb-1"
    assert allowed() == {0: True, 2: True, 4: False}
    gone = camera("remove", "0", "--second", "hai")
    require_valid("camera-change", gone.json)
    assert (gone.status, gone.json["left"]) == (0, 1)
    assert allowed() == {0: False, 2: True, 4: False}
    assert camera("remove", "2", "--second", "hai").json["left"] == 0
    ran = camera("list")
    assert (ran.status, ran.json["list"]) == (1, "empty"), "a list once begun does not end with its last rule"
    assert camera("allow", "any", "--second", "hai").status == 0
    assert allowed() == {0: True, 2: True, 4: False}


def test_any_is_only_removed_by_its_name_and_never_for_a_camera_that_is_not_there(home, plugged_in):
    ensure_training_root(Places.of(None).training)
    for spec in ("any", "046d:082d"):
        assert camera("allow", spec, "--second", "hai").status == 0
    exact = camera("remove", "0", "--second", "hai")
    assert (exact.status, exact.json["spec"]) == (0, "046d:082d"), "the rule that names it, not the older any"
    again = camera("remove", "0", "--second", "hai")
    assert (again.status, again.json["code"]) == (1, "camera-rule-unknown")
    plugged_in.clear()
    absent = camera("remove", "0", "--second", "hai")
    assert (absent.status, absent.out) == (2, "")
    assert camera("list").json["list"] == "any"
    spoken = proctor("camera", "remove", "any", "--second", "hai", "--training", "--lang", "en")
    assert spoken.status == 0
    assert "any more: any\n" in spoken.err, "no blanks where there is no name"


def test_what_is_refused_enters_nothing(home, plugged_in):
    ensure_training_root(Places.of(None).training)
    for words, code in (
        (("allow", "0"), 2),
        (("allow", "4", "--second", "hai"), 1),
        (("allow", "9", "--second", "hai"), 2),
        (("allow", "46d:82d", "--second", "hai"), 1),
        (("allow", "046d:082d", "--match", "port", "--second", "hai"), 2),
        (("remove", "0", "--second", "hai"), 1),
    ):
        assert camera(*words).status == code, words
    assert camera("list").json["list"] == "none"


def test_at_a_real_station_the_second_password_counts_and_the_doctor_says_how_it_stands(home, plugged_in):
    assert proctor("user", "add", "an", "--first", "--name", "Nguyễn Văn Mẫu", secrets=AN).status == 0
    assert proctor("user", "add", "binh", "--by", "an", "--role", "administrator", secrets=BOTH).status == 0
    assert "camera thật nào cũng dùng được" in said_by_the_doctor()
    words = ("camera", "allow", "0", "--by", "an", "--second", "binh", "--json")
    wrong = proctor(*words, secrets={**AN, "binh": "sai"})
    assert wrong.json["code"] == "login-failed"
    assert "046d:082d:A1" in wrong.err, "shown before the second password"
    assert proctor(*words[:3], "--by", "an", "--second", "an", secrets=AN).status == 2
    assert "camera thật nào cũng dùng được" in said_by_the_doctor()
    assert proctor(*words, secrets=BOTH).status == 0
    assert "chỉ camera của trạm" in said_by_the_doctor()
    verified = proctor("log", "verify", "--by", "an", "--json", secrets=AN)
    assert verified.json["ok"], verified.json


def said_by_the_doctor() -> str:
    found = {item["name"]: item for item in proctor("doctor", "--json").json["items"]}
    assert "OBS Virtual Camera (ảo / virtual)" in found["cameras"]["detail"]
    return found["camera-list"]["detail"]


def test_words_for_people(home, plugged_in):
    ensure_training_root(Places.of(None).training)
    lines = proctor("camera", "list", "--training", "--lang", "vi").out
    assert "HD Webcam" in lines
    assert "046d:082d:A1" in lines
    assert "không phải camera thật (tên của phần mềm camera)" in lines
    assert "camera thật nào cũng dùng được" in lines
    only = proctor("camera", "list", "--devices-only", "--lang", "en")
    assert "The station's list was not looked at." in only.out


# -- at work -----------------------------------------------------------------------------------------


class Source:
    """A device for `biometrics.camera`: fresh noise, or what `still` and `lost` say."""

    def __init__(self):
        self.still = self.lost = False
        self.number = 0

    def open(self): ...
    def drain(self): ...
    def close(self): ...

    def read(self):
        self.number += not self.still
        noise = np.random.default_rng(self.number)
        return None if self.lost else noise.integers(40, 200, (24, 32, 3), dtype=np.uint8)


@pytest.fixture
def source(monkeypatch: pytest.MonkeyPatch) -> Source:
    made = Source()
    monkeypatch.setattr(camera_module, "_source", lambda spec, info, backend: made)
    return made


class Station:
    """A station whose camera 0 is whatever `info` says; the desks work as for a real session."""

    def __init__(self, opened):
        self.store = opened.store
        self.operator = opened.require_login().operator
        self.info = MINE

    def desk(self, *, session_id=None, training=False):
        """Return a desk as a new process would make it."""
        return CameraDesk(self.store, training=training, session_id=session_id, look=lambda spec: self.info)

    @property
    def entries(self):
        return [
            (entry.body["event"], entry.body["camera"].get("vid"), entry.body.get("session"))
            for entry in self.store.entries("camera")
        ]


def capture(desk: CameraDesk):
    with desk.open("0") as opened:
        return opened.capture_burst(NOTICE, frames=3, deadline_s=8)


@pytest.fixture
def at_work(home, source):
    with open_training(ensure_training_root(Places.of(None).training)) as opened:
        yield Station(opened)


def test_a_camera_that_disappears_is_entered_once_however_often_it_is_tried(at_work, source):
    for desk in (at_work.desk(session_id="S-1"), at_work.desk(session_id="S-1")):  # as two processes
        source.lost = False
        if not at_work.entries:
            capture(desk)
        source.lost = True
        for _ in range(3):
            with pytest.raises(CameraGoneError):
                capture(desk)
        at_work.info = ABSENT
        with pytest.raises(CameraGoneError):
            desk.open("0")
        at_work.info = MINE
        desk.enter()
        assert at_work.entries == [("gone", "046d", "S-1")]
    source.lost = False
    last = at_work.desk(session_id="S-1")
    capture(last)
    assert len(last.enter()) == 1
    assert last.enter() == ()
    assert [event for event, _, _ in at_work.entries] == ["gone", "back"]


def test_a_frozen_camera_is_entered_once_and_never_gives_a_burst(at_work, source):
    desk = at_work.desk()
    capture(desk)
    source.still = True
    for _ in range(2):
        with pytest.raises(CameraFrozenError):
            capture(desk)
    desk.enter()
    assert at_work.entries == [("frozen", "046d", None)]
    text = json.dumps([dict(entry.body) for entry in at_work.store.entries("camera")])
    assert "A1" not in text, "the serial number only as a digest"


def test_another_device_behind_the_number_is_entered_also_by_the_next_process(at_work):
    at_work.store.append(
        "camera",
        {
            "event": "back",
            "camera": {"kind": "device", "number": 0, "vid": "dead", "pid": "beef"},
            "session": "S-1",
        },
        operator=at_work.operator,
    )
    desk = at_work.desk(session_id="S-1")
    assert len(capture(desk).frames) == 3
    desk.enter()
    assert at_work.entries[1:] == [("changed", "046d", "S-1")]


def test_a_training_session_takes_any_source(home, source):
    with open_training(ensure_training_root(Places.of(None).training)) as opened:
        second = Second(user_id="hai", role="training", proof="training")
        operator = opened.require_login().operator
        allow(opened.store, AllowedCamera.parse("ffff:ffff"), operator=operator, second=second)
        here = Station(opened)
        assert len(capture(here.desk(training=True)).frames) == 3
        with pytest.raises(CameraNotAllowedError):
            here.desk().open("0")
        disallow(opened.store, AllowedCamera.parse("ffff:ffff"), operator=operator, second=second)
        with pytest.raises(CameraNotAllowedError):
            here.desk().open("0")
        allow(opened.store, AllowedCamera.of_device(MINE), operator=operator, second=second)
        assert len(capture(here.desk()).frames) == 3
        here.info = FAKE
        source.still = True
        with here.desk(training=True).open("4") as virtual:
            assert len(virtual.capture_burst(NOTICE, frames=3).frames) == 3, (
                "a virtual one may stand still there"
            )
        with pytest.raises(RecordedCameraError):
            here.desk().open("4")


def test_a_camera_that_looks_for_codes_says_so_with_the_notice_and_that_is_no_fault_of_it(at_work, source):
    desk = at_work.desk()
    seq = desk.scanning("0", NOTICE)
    entry = at_work.store.entry(seq)
    assert (entry.kind, entry.body["event"]) == ("camera", "scanning")
    assert entry.body["notice"] == {"version": NOTICE.version, "sha256": NOTICE.sha256}
    capture(desk)
    assert desk.enter() == ()  # nothing came back: it was never gone
