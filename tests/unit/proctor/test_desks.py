"""The desks of a real session take no simulated part, however it was handed to them."""

from datetime import UTC, datetime
from random import Random
from typing import Any, cast

import numpy as np
import pytest

from biometrics.camera import RecordedCamera
from biometrics.camera_errors import CameraNotAllowedError
from biometrics.errors import RecordedCameraError
from biometrics.notice import NoticeShown
from biometrics.quality_report import FrameReport
from proctor.blank_screen import BlankScreen
from proctor.chip_means import fresh_challenge
from proctor.desks import CardSource, ChipDesk
from proctor.errors import SimulatedReaderError
from proctor.face_booth import FaceBooth, FaceMeans, FaceRules, Hints, Notice
from proctor.present import AccessText

NOTICE = NoticeShown(version="1", sha256="0" * 64, shown_at=datetime(2026, 11, 22, tzinfo=UTC))


class FakeConnection:
    """A connection of some name."""

    atr = b""

    def __init__(self, name: str) -> None:
        self.name = name
        self.closed = False

    def transceive(self, command: bytes) -> bytes:
        raise AssertionError("no command may reach a refused card")

    def close(self) -> None:
        self.closed = True


def desk(connection: FakeConnection, *, training: bool) -> ChipDesk:
    source = CardSource(kind="pcsc", connect=lambda: connection)
    return ChipDesk(
        access=AccessText("number", "001099000001"),
        source=source,
        new_challenge=fresh_challenge,
        training=training,
    )


@pytest.mark.parametrize("name", ["Virtual PCD 00 00", "VIRTUAL pcd 01", "softcard", "My vpcd reader"])
def test_a_virtual_reader_is_refused_by_what_it_is(name: str) -> None:
    connection = FakeConnection(name)
    real = desk(connection, training=False)
    with pytest.raises(SimulatedReaderError):
        real.require_present()
    real.close()
    assert connection.closed
    assert desk(FakeConnection(name), training=True).require_present().reader_kind == "pcsc"


class Forgetful:
    """A face engine that is only ever told to forget."""

    def forget(self) -> None:
        """Nothing was seen."""


def booth_of(notice: Notice, open_camera: Any, *, training: bool) -> FaceBooth:
    """A booth without a face engine: it must not come so far."""
    means = FaceMeans(
        faces=cast("Any", Forgetful()),
        decoder=cast("Any", None),
        thresholds=cast("Any", None),
        calibration=cast("Any", None),
        screen=BlankScreen(),
        random=Random(1),
    )
    return FaceBooth(
        notice=notice, open_camera=open_camera, means=means, rules=FaceRules(), training=training
    )


def test_a_recorded_camera_is_refused_even_when_handed_over_open() -> None:
    camera = RecordedCamera([np.zeros((480, 640, 3), np.uint8)])
    notice = Notice(version="1", text="…", show=lambda _version, _text: None)
    booth = booth_of(notice, lambda: camera, training=False)
    booth.look(NOTICE)  # says nothing yet: the refusal is recorded where the picture would be taken
    with pytest.raises(RecordedCameraError):
        booth.capture_live(NOTICE, None)
    booth.close()


def test_a_camera_that_is_not_on_the_list_is_refused_and_said_so_without_a_card_too() -> None:
    def refuse() -> None:
        raise CameraNotAllowedError(why="other")

    notice = Notice(version="1", text="…", show=lambda _version, _text: None)
    booth = booth_of(notice, refuse, training=False)
    booth.look(NOTICE)
    ground = booth.ground(None)
    assert ground is not None
    with pytest.raises(CameraNotAllowedError):
        booth.capture_live(NOTICE, ground)
    booth.close()


def test_without_a_notice_the_camera_is_not_even_opened() -> None:
    opened: list[bool] = []
    notice = Notice(version="1", text="…", show=lambda _version, _text: None)
    booth = booth_of(notice, lambda: opened.append(True), training=True)
    booth.look(None)
    assert opened == []


def test_the_notice_is_shown_and_its_text_hashed() -> None:
    shown: list[tuple[str, str]] = []
    notice = Notice(
        version="2026", text="Thông báo", show=lambda version, text: shown.append((version, text))
    )
    booth = booth_of(notice, lambda: None, training=True)
    record = booth.require_notice()
    assert shown == [("2026", "Thông báo")]
    assert (record.version, len(record.sha256)) == ("2026", 64)


class Heard(BlankScreen):
    """A screen that remembers its hints."""

    def __init__(self) -> None:
        self.hints: list[str] = []

    def hint(self, code: str) -> None:
        self.hints.append(code)


def test_a_hint_is_shown_when_its_defect_lasts_and_goes_with_the_first_good_frame() -> None:
    screen = Heard()
    hints = Hints(screen)
    for code in (
        "",
        "face-dark",
        "",
        "face-dark",
        "face-dark",
        "face-dark",
        "face-dark",
        "face-blurred",
        "",
        "",
    ):
        hints(FrameReport(code=code))
    assert screen.hints == ["face-dark", ""]
