"""Recording a presentation: the challenges are run as at a desk, and what camera and screen did meanwhile is kept.

For test persons who agreed in writing, never for candidates. The frames that were looked at are the recording: the same
evaluators come to the same answers from them.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from functools import partial
from pathlib import Path
from random import Random
from typing import Final, Self

import cv2
import numpy as np

from biometrics.camera_info import CameraInfo
from biometrics.candidate_screen import CandidateScreen, Colour, Prompt
from biometrics.errors import BiometricsError
from biometrics.evidence import Live
from biometrics.face_work import FaceWork
from biometrics.frame_camera import FrameCamera
from biometrics.frames import Burst, Frame, FramesOnDemand
from biometrics.notice import NoticeShown
from biometrics.pad.challenger import Challenger
from biometrics.pad.finding import PadPassed
from biometrics.pad.recording import MAX_FRAMES, Label, Recording, Shown, Source, write_recording
from biometrics.pad_metrics import Answer
from proctor.errors import CommandError
from proctor.pad_report import CONDITIONS
from sessions.files import write_private

CONSENT: Final = "consent.txt"
PASSIVE: Final = "pad"
_KEPT_QUALITY: Final = 98
_NO_FACE_FRAMES: Final = 45
_NUMBERS: Final = 10_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Labels:
    """What a recording is of; words of `biometrics.pad.recording`. `device`, `light`: the conditions."""

    label: Label
    species: str
    subject: str
    source: Source
    split: str
    device: str = ""
    light: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class KeptFrame:
    """A frame as it is kept until it is written: compressed, for a minute of frames would fill the memory."""

    number: int
    at_s: float
    jpeg: bytes = field(repr=False)

    @classmethod
    def of(cls, frame: Frame) -> Self:
        """Return a frame compressed."""
        _, data = cv2.imencode(".jpg", frame.image, [cv2.IMWRITE_JPEG_QUALITY, _KEPT_QUALITY])
        return cls(number=frame.number, at_s=frame.monotonic_s, jpeg=bytes(data))

    def after(self, first_s: float) -> Frame:
        """Return the frame with its time counted from `first_s`."""
        image = cv2.imdecode(np.frombuffer(self.jpeg, dtype=np.uint8), cv2.IMREAD_COLOR)
        return Frame(
            image=np.asarray(image, dtype=np.uint8), monotonic_s=self.at_s - first_s, number=self.number
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Recorded:
    """What was recorded, and what each check answered while it was."""

    frames: tuple[KeptFrame, ...] = field(repr=False)
    shown: tuple[Shown, ...]
    answers: dict[str, Answer]


class TeeCamera:
    """A camera whose frames are kept as they are handed on. Implements `FrameCamera`."""

    def __init__(self, camera: FrameCamera) -> None:
        self._camera = camera
        self._kept: dict[int, KeptFrame] = {}

    @property
    def info(self) -> CameraInfo:
        """What stands behind it."""
        return self._camera.info

    @property
    def frames(self) -> tuple[KeptFrame, ...]:
        """What was handed on, in order of time."""
        return tuple(self._kept[number] for number in sorted(self._kept))

    def now(self) -> float:
        """Return the camera's clock."""
        return self._camera.now()

    def preview(self, notice: NoticeShown) -> Frame | None:
        """As the camera; what is only previewed is not kept."""
        return self._camera.preview(notice)

    def next_frame(
        self,
        notice: NoticeShown,
        *,
        after: Frame | None = None,
        deadline_s: float = 2.0,
        spacing_s: float = 0.0,
    ) -> Frame:
        """As the camera."""
        frame = self._camera.next_frame(notice, after=after, deadline_s=deadline_s, spacing_s=spacing_s)
        return self._keep(frame)

    def capture_burst(
        self,
        notice: NoticeShown,
        *,
        frames: int = 5,
        deadline_s: float = 8.0,
        spacing_s: float = 0.03,
        accept: Callable[[Frame], bool] | None = None,
    ) -> Burst:
        """As the camera."""
        burst = self._camera.capture_burst(
            notice, frames=frames, deadline_s=deadline_s, spacing_s=spacing_s, accept=accept
        )
        for frame in burst.frames:
            self._keep(frame)
        return burst

    def pause(self) -> None:
        """As the camera."""
        self._camera.pause()

    def close(self) -> None:
        """As the camera."""
        self._camera.close()

    def _keep(self, frame: Frame) -> Frame:
        if len(self._kept) < MAX_FRAMES:
            self._kept.setdefault(frame.number, KeptFrame.of(frame))
        return frame


class TeeScreen:
    """A candidate's screen that remembers what it showed, on the camera's clock. Implements `CandidateScreen`."""

    def __init__(self, screen: CandidateScreen, now: Callable[[], float]) -> None:
        self._screen = screen
        self._now = now
        self.shown: list[Shown] = []

    @property
    def can_flash(self) -> bool:
        """As the screen."""
        return self._screen.can_flash

    @property
    def skip_asked(self) -> bool:
        """As the screen."""
        return self._screen.skip_asked

    def prompt(self, prompt: Prompt) -> None:
        """As the screen; the time is when it is there."""
        self._screen.prompt(prompt)
        self.shown.append(Shown(at_s=self._now(), prompt=prompt))

    def hint(self, code: str) -> None:
        """As the screen."""
        self._screen.hint(code)

    def colour(self, rgb: Colour | None) -> None:
        """As the screen."""
        self._screen.colour(rgb)
        self.shown.append(Shown(at_s=self._now(), colour=rgb))


def record(
    camera: FrameCamera,
    screen: CandidateScreen,
    faces: FaceWork,
    notice: NoticeShown,
    *,
    random: Random,
    checks: Sequence[str],
    turns: int = 3,
) -> Recorded:
    """Run the challenges in random order and return what was seen. A face that cannot be used is recorded as it is.

    Raises CameraGoneError and the other errors of a camera, and what a worker raises.
    """
    kept = TeeCamera(camera)
    screened = TeeScreen(screen, camera.now)
    answers: dict[str, Answer] = {}
    try:
        burst = kept.capture_burst(notice, accept=faces.usable)
        live = _live(faces, burst)
        if live is None:
            _watch(kept, notice)
        else:
            challenger = Challenger(faces, kept, screened, notice, random=random, turns=turns)
            for name in challenger.order([check for check in checks if check != PASSIVE]):
                _answer(answers, name, partial(challenger.run, name, live))
            if PASSIVE in checks:
                _answer(answers, PASSIVE, partial(challenger.require_no_artefact, live, burst))
    finally:
        screen.colour(None)
        screen.prompt("done")
        kept.pause()
        faces.forget()
    return Recorded(frames=_apart(kept.frames), shown=tuple(screened.shown), answers=answers)


def _live(faces: FaceWork, burst: Burst) -> Live | None:
    try:
        return faces.probe(burst)
    except BiometricsError as error:
        if error.code.startswith("face-worker"):
            raise
        return None


def _watch(camera: FrameCamera, notice: NoticeShown) -> None:
    """Look on for a while: an attack that shows no usable face is one all the same."""
    frame = None
    for _ in range(_NO_FACE_FRAMES):
        frame = camera.next_frame(notice, after=frame)


def _answer(answers: dict[str, Answer], name: str, run: Callable[[], PadPassed]) -> None:
    """Keep what a check says; one that was skipped has no answer."""
    try:
        if run().not_performed_code is None:
            answers[name] = "passed"
    except BiometricsError as error:
        if not error.code.startswith("pad"):
            raise
        answers[name] = "failed" if error.conclusive else "unclear"


def _apart(frames: Sequence[KeptFrame]) -> tuple[KeptFrame, ...]:
    """Return the frames whose times differ by a millisecond at least: a recording's unit."""
    kept: list[KeptFrame] = []
    for frame in frames:
        if not kept or round(frame.at_s * 1000) > round(kept[-1].at_s * 1000):
            kept.append(frame)
    return tuple(kept)


def write_recorded(
    out: Path, recorded: Recorded, labels: Labels, *, consent: str, reference: bytes | None
) -> Path:
    """Write a recording into a new folder below `out`, by species and subject, and return that.

    Raises CommandError "pad-not-recorded", RecordingError.
    """
    if not recorded.frames:
        raise CommandError("pad-not-recorded")
    folder = _new_folder(out / labels.species, labels.subject)
    first_s = min([recorded.frames[0].at_s, *(one.at_s for one in recorded.shown)])
    recording = Recording(
        label=labels.label,
        species=labels.species,
        subject=labels.subject,
        source=labels.source,
        split=labels.split,
        shown=tuple(replace(one, at_s=one.at_s - first_s) for one in recorded.shown),
        frames=FramesOnDemand([partial(one.after, first_s) for one in recorded.frames]),
        reference=reference,
    )
    write_recording(folder, recording, suffix="jpg")
    words = {"device": labels.device, "light": labels.light}
    lines = [f'{name} = "{value}"' for name, value in words.items() if value]
    if lines:
        write_private(folder / CONDITIONS, "\n".join([*lines, ""]).encode())
    write_private(folder / CONSENT, f"{consent}\n".encode())
    return folder


def _new_folder(place: Path, subject: str) -> Path:
    """Return a folder that is not there yet; a counter tells the presentations of one subject apart."""
    for number in range(1, _NUMBERS):
        folder = place / f"{subject}-{number:04d}"
        if not folder.exists():
            return folder
    raise CommandError("cannot-write", file=str(place))
