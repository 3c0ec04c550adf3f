"""The face at a desk, for one attempt: notice, burst, comparison, challenges, search.

Frames are judged while the chip is read (`biometrics.gathering`), in another process (`biometrics.worker`). What was
seen is forgotten when the booth is closed.
"""

import hashlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime
from random import Random
from types import MappingProxyType

from biometrics.calibration import CalibrationFile
from biometrics.camera_allow import camera_facts
from biometrics.camera_errors import CameraNotAllowedError
from biometrics.candidate_screen import CandidateScreen
from biometrics.decode import PortraitDecoder
from biometrics.errors import BiometricsError, FaceNoMatchError, NoFaceError, RecordedCameraError
from biometrics.evidence import Live, Match, Reference
from biometrics.face_work import FaceWork
from biometrics.frame_camera import FrameCamera
from biometrics.frames import Burst
from biometrics.gathering import Gatherer
from biometrics.notice import NoticeShown
from biometrics.pad.challenger import SKIPPED, Challenger
from biometrics.pad.finding import PadPassed
from biometrics.quality_report import FrameReport
from biometrics.reference_quality import reference_facts
from biometrics.thresholds import Thresholds, for_photo_age
from proctor.checks import CheckName
from proctor.face_search import SearchedFace, SessionFaces
from proctor.frames_sheet import frames_sheet
from proctor.pipeline import PadStep
from proctor.present import CaptureGround, PresentCard, RefusedCamera, Whose
from proctor.texts import DEFAULT_LANGUAGE, load_texts
from readers.emrtd.evidence import ConsistentChip
from sessions.rules import Rules
from sessions.rules.faces import PAD_CHECKS
from sessions.rules.model import OldPhoto
from sessions.vietnam import today

OpenCamera = Callable[[], FrameCamera]
PASSIVE, MODEL = "pad", "pad-model"
NOT_ASKED, NO_MODEL = "pad-not-asked", "pad-no-model"
STEADY = 3
"""Frames in a row with one defect before its hint is shown: a single bad frame says nothing."""
LOOK_AGAIN = "face-again"
"""The hint for somebody whose face was not recognised at the first try."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Notice:
    """The text a candidate is shown before a picture is taken. `show` puts it before them."""

    version: str
    text: str
    show: Callable[[str, str], None]


@dataclass(frozen=True, slots=True, kw_only=True)
class FaceRules:
    """What is asked of a face. `pad`: the checks for presentation attacks that are made; `skipped`: challenges that the
    candidate goes without; `tries`: bursts below the refer threshold before a no-match counts; `deadline_s`: for one
    burst."""

    pad: frozenset[str] = frozenset()
    skipped: frozenset[str] = frozenset()
    turns: int = 3
    tries: int = 3
    old_photo: OldPhoto | None = None
    deadline_s: float = 8.0

    @classmethod
    def of(cls, rules: Rules) -> "FaceRules":
        """Return what a session's rules ask."""
        return cls(
            pad=rules.pad_checks,
            turns=rules.pad_turns,
            tries=rules.face_tries,
            old_photo=rules.old_photo,
            deadline_s=rules.deadlines.face_capture_s,
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class FaceMeans:
    """What a booth works with. `calibration`: gives the thresholds; `search`: where the session is searched;
    `restarts`: how often the process of `faces` was replaced so far."""

    faces: FaceWork
    decoder: PortraitDecoder
    thresholds: Thresholds
    calibration: CalibrationFile
    screen: CandidateScreen
    random: Random
    search: SessionFaces | None = None
    restarts: Callable[[], int] = lambda: 0


class Hints:
    """Tells the candidate what hinders the picture, once it lasts; takes it away with the first frame that counts."""

    def __init__(self, screen: CandidateScreen) -> None:
        self._screen = screen
        self._code = ""
        self._times = 0
        self._shown = ""

    def __call__(self, report: FrameReport) -> None:
        """Take the report of one frame."""
        self._times = self._times + 1 if report.code == self._code else 1
        self._code = report.code
        if report.code != self._shown and (not report.code or self._times >= STEADY):
            self._shown = report.code
            self._screen.hint(report.code)


class PadModelError(BiometricsError):
    """The site's model against presentation attacks does not take this for a bona fide face."""

    code = "pad-model-failed"
    conclusive = True


class FaceBooth:
    """Camera, comparison and challenges. `open_camera` is called only after the notice is on record."""

    def __init__(
        self,
        *,
        notice: Notice,
        open_camera: OpenCamera,
        means: FaceMeans,
        rules: FaceRules,
        training: bool,
    ) -> None:
        self._notice = notice
        self._open_camera = open_camera
        self._means = means
        self._rules = rules
        self._training = training
        self._shown: NoticeShown | None = None
        self._camera: FrameCamera | None = None
        self._gatherer: Gatherer | None = None
        self._challenger: Challenger | None = None
        self._reference: Reference | None = None
        self._burst: Burst | None = None
        self._live: Live | None = None
        self._photo_years: int | None = None
        self._no_match = False
        self._refused = False

    def require_notice(self) -> NoticeShown:
        """Show the notice and return which text was shown, and when."""
        self._notice.show(self._notice.version, self._notice.text)
        return NoticeShown(
            version=self._notice.version,
            sha256=hashlib.sha256(self._notice.text.encode()).hexdigest(),
            shown_at=datetime.now(UTC),
        )

    def look(self, notice: NoticeShown | None) -> None:
        """Begin to gather frames; without a notice on record the camera stays off."""
        if notice is None:
            return
        try:
            self._gathering(notice).start()
        except (RecordedCameraError, CameraNotAllowedError):
            self._refused = True
        except BiometricsError:
            return  # the same error comes again where it is recorded, in capture_live

    def ground(self, present: PresentCard | None) -> CaptureGround | None:
        """Return why a picture may be asked for: the card, or that the camera is to be refused; else None, and what
        was seen so far is forgotten."""
        if self._refused:
            return RefusedCamera()
        if present is None and self._gatherer is not None:
            self._gatherer.drop()
        return present

    def capture_live(self, notice: NoticeShown, ground: CaptureGround) -> Live:
        """Take the burst of the person whose card is on the reader, and their template. Raises BiometricsError."""
        del ground  # without a card nobody's picture is kept: the pipeline asks for it
        self._burst = self._gathering(notice).take(self._rules.deadline_s)
        live = self._means.faces.probe(self._burst)
        self._live = replace(live, facts={**live.facts, **camera_facts(self._opened().info)})
        return self._live

    def require_match(self, holder: ConsistentChip, live: Live) -> Match:
        """Compare the chip's portrait with the live face, as often as the rules allow before a no-match counts."""
        image = self._means.decoder.decode(holder.portrait.image, holder.portrait.format)
        self._reference = reference = self._means.faces.reference(image)
        national = holder.national
        issued = None if national is None or national.issued is None else national.issued.full
        self._photo_years = photo_years(issued, today())
        worth = reference_facts(reference, holder.portrait.image, age_years=self._photo_years)
        scores: list[int] = []
        try:
            match = self._tried(reference, live, scores)
        except BiometricsError as error:
            self._no_match = isinstance(error, FaceNoMatchError)
            raise type(error)(**{**worth, **error.facts, **_before(scores)}) from None
        return replace(match, facts={**worth, **match.facts, **_before(scores)})

    def _tried(self, reference: Reference, live: Live, scores: list[int]) -> Match:
        """Compare, and again with a new burst while there are tries left; `scores` takes those below, × 10⁴."""
        while True:
            try:
                return self._means.faces.require_match(reference, live, self._limits())
            except FaceNoMatchError as error:
                scores.append(int(error.facts["score_e4"]))
                if len(scores) >= self._rules.tries or self._shown is None:
                    raise
            self._means.screen.hint(LOOK_AGAIN)
            live = self.capture_live(self._shown, RefusedCamera())

    def newest(self, live: Live | None) -> Live | None:
        """Return the face of the last try."""
        return None if live is None else self._live or live

    def challenges(self) -> tuple[PadStep, ...]:
        """Return the checks for presentation attacks in the order in which they are made, drawn anew each time. None
        where no face was compared with the chip's, or it is no match: nobody has to turn their head for an attempt
        that proves nothing of them."""
        if self._no_match or self._live is None or self._reference is None:
            return ()
        asked = self._rules.pad
        active = self._challenging().order(sorted(asked - {PASSIVE, MODEL})) if asked and self._shown else ()
        after = tuple(name for name in (PASSIVE, MODEL) if name in asked)
        left = tuple(name for name in PAD_CHECKS if name not in asked)
        return tuple(
            PadStep(name=CheckName(name), require=self._step(name)) for name in (*active, *after, *left)
        )

    def _step(self, name: str) -> Callable[[Live], PadPassed]:
        """Return what makes one check."""
        if name not in self._rules.pad:
            return lambda _live: PadPassed(facts={}, not_performed_code=NOT_ASKED)
        if name in self._rules.skipped:
            return lambda _live: PadPassed(facts={}, not_performed_code=SKIPPED)
        if name == PASSIVE:
            return self._require_no_artefact
        if name == MODEL:
            return self._require_model
        return lambda live: self._challenging().run(name, live)

    def require_single(self, whose: Whose, live: Live) -> SearchedFace:
        """Search the session for this face and for the card's portrait. Raises FaceElsewhereError."""
        if self._means.search is None:
            return SearchedFace(facts=MappingProxyType({}), not_performed_code="not-available")
        return self._means.search.require_single(whose.sbd, self._reference, live, self._means.thresholds)

    def template(self, live: Live | None) -> bytes | None:
        """Return what is kept to find this face again, for the encrypted evidence."""
        if self._means.search is None:
            return None
        return self._means.search.piece(self._reference, live, self._means.thresholds)

    def frames(self) -> bytes | None:
        """Return the pictures that speak for a failed or open challenge, for the encrypted evidence."""
        doubts = () if self._challenger is None else self._challenger.doubts()
        return frames_sheet(doubts, load_texts(DEFAULT_LANGUAGE))

    def close(self) -> None:
        """Forget what was seen and switch the camera off."""
        if self._gatherer is not None:
            self._gatherer.close()
        if self._camera is not None:
            self._camera.close()
            self._camera = None
        self._means.faces.forget()
        self._means.screen.colour(None)
        self._means.screen.hint("")

    def _gathering(self, notice: NoticeShown) -> Gatherer:
        if self._gatherer is None:
            self._shown = notice
            self._gatherer = Gatherer(
                self._opened(), self._means.faces, notice, on_report=Hints(self._means.screen)
            )
        return self._gatherer

    def _require_no_artefact(self, live: Live) -> PadPassed:
        if self._burst is None:
            raise NoFaceError
        return self._challenging().require_no_artefact(live, self._burst)

    def _require_model(self, live: Live) -> PadPassed:
        """Ask the site's model of the best frame. Raises PadModelError."""
        found = self._means.faces.pad_score(live.best_frame.image, live.face)
        if found is None:
            return PadPassed(facts={}, not_performed_code=NO_MODEL)
        if not found.bona_fide:
            raise PadModelError(**found.facts)
        return PadPassed(facts=found.facts)

    def _challenging(self) -> Challenger:
        if self._challenger is None:
            if self._shown is None:
                raise NoFaceError
            self._challenger = Challenger(
                self._means.faces,
                self._opened(),
                self._means.screen,
                self._shown,
                random=self._means.random,
                turns=self._rules.turns,
                same_person=self._means.thresholds.refer,
            )
        return self._challenger

    def _limits(self) -> Thresholds:
        """Return the thresholds for the age of the chip's photograph."""
        means, age = self._means, self._photo_years
        return for_photo_age(means.thresholds, means.calibration, self._rules.old_photo, age)

    def _opened(self) -> FrameCamera:
        if self._camera is None:
            self._camera = self._open_camera()
        if not (self._camera.info.physical or self._training):
            raise RecordedCameraError(kind=self._camera.info.kind)
        return self._camera


def photo_years(issued: date | None, today: date) -> int | None:
    """Return the age of a chip's photograph in whole years, at least: it was taken no later than the card was issued.
    None where the chip does not say."""
    if issued is None or issued > today:
        return None
    return today.year - issued.year - ((today.month, today.day) < (issued.month, issued.day))


def _before(scores: list[int]) -> Mapping[str, str | int]:
    """Return how many bursts were below the refer threshold, and their scores × 10⁴."""
    return {"below": len(scores), "scores_e4": " ".join(map(str, scores))} if scores else {}
