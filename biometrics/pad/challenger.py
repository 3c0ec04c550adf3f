"""The challenges before the camera: asks, watches, and judges with the evaluators that also judge recordings.

All times are the camera's. Nothing here waits but for frames, and every loop has an end.
"""

from collections.abc import Callable, Mapping, Sequence
from random import Random
from types import MappingProxyType

from biometrics.candidate_screen import CandidateScreen
from biometrics.evidence import Live
from biometrics.frame_camera import FrameCamera
from biometrics.frames import Burst
from biometrics.notice import NoticeShown
from biometrics.pad.ask_eyes import ask_eyes
from biometrics.pad.ask_flash import ask_flash
from biometrics.pad.ask_turns import ask_turns
from biometrics.pad.asking import Run, SkippedError
from biometrics.pad.errors import FAILED, UNCLEAR
from biometrics.pad.finding import Finding, PadPassed
from biometrics.pad.judging import TURNS, ObservingFaces, facts_of
from biometrics.pad.kept import Doubt, Kept, doubt_of
from biometrics.pad.observation import Look, Observation
from biometrics.pad.passive import judge_passive
from biometrics.pad.settings import PadRules, load_pad_rules
from biometrics.quality import Zone, load_quality_rules

SKIPPED = "pad-skipped"
NO_COLOURS = "pad-no-colours"
CHALLENGES: Mapping[str, Callable[[Run], Finding]] = MappingProxyType(
    {"pad-turn": ask_turns, "pad-eyes": ask_eyes, "pad-flash": ask_flash}
)


class Challenger:
    """The challenges of one attempt. Ask `require_no_artefact` last: it also judges the challenges' frames."""

    def __init__(
        self,
        faces: ObservingFaces,
        camera: FrameCamera,
        screen: CandidateScreen,
        notice: NoticeShown,
        *,
        random: Random,
        turns: int = TURNS,
        table: PadRules | None = None,
        zone: Zone | None = None,
        same_person: float | None = None,
    ) -> None:
        """`random` decides sides, order, times and colours: `random.SystemRandom` at a station. `same_person`: lowest
        score of a face during a challenge against the one before; the refer threshold by default."""
        self._faces = faces
        self._camera = camera
        self._screen = screen
        self._notice = notice
        self._random = random
        self._turns = turns
        self._rules = table or load_pad_rules()
        self._zone = zone or load_quality_rules().zone
        self._same_person = same_person
        self._seen: list[Observation] = []
        self._doubts: list[Doubt] = []

    def order(self, names: Sequence[str]) -> tuple[str, ...]:
        """Return the names in random order."""
        mixed = list(names)
        self._random.shuffle(mixed)
        return tuple(mixed)

    def run(self, name: str, live: Live) -> PadPassed:
        """Ask for one challenge: "pad-turn", "pad-eyes" or "pad-flash".

        A candidate or supervisor who asks to skip it gets a result that proves nothing (`not_performed_code`). Raises
        its Failed or Unclear error with fact `why`, CameraGoneError, and what the face engine raises.
        """
        if name == "pad-flash" and not self._screen.can_flash:
            return PadPassed(facts={}, not_performed_code=NO_COLOURS)
        if self._screen.skip_asked:
            return PadPassed(facts={}, not_performed_code=SKIPPED)
        same_person = self._same_person if self._same_person is not None else self._faces.thresholds().refer
        run = Run(
            faces=self._faces,
            camera=self._camera,
            screen=self._screen,
            notice=self._notice,
            random=self._random,
            rules=self._rules,
            live=live,
            turns=self._turns,
            same_person=same_person,
        )
        try:
            found = CHALLENGES[name](run)
        except SkippedError:
            return PadPassed(facts={}, not_performed_code=SKIPPED)
        finally:
            run.end()
            self._seen += run.every
            self._camera.pause()
        return self._answer(name, found, run)

    def require_no_artefact(self, live: Live, burst: Burst) -> PadPassed:
        """Judge the passive cues of the burst and of all challenges run so far.

        Raises PadArtefactError, PadUnclearError and what the face engine raises.
        """
        box = (live.face.x, live.face.y, live.face.width, live.face.height)
        seen = [self._faces.observe(frame, Look(near=box, artefacts=True)) for frame in burst.frames]
        found = judge_passive(sorted([*seen, *self._seen], key=lambda o: o.at_s), self._rules)
        if found.outcome != "passed":
            kept = [Kept(image=frame.image, moment="burst") for frame in burst.frames[:4]]
            self._doubts.append(doubt_of("pad", found, kept, self._zone))
        return _passed("pad", found)

    def doubts(self) -> tuple[Doubt, ...]:
        """Return what failed or stayed unclear so far, with the frames that show it: the zone only."""
        return tuple(self._doubts)

    def _answer(self, name: str, found: Finding, run: Run) -> PadPassed:
        if found.outcome != "passed":
            self._doubts.append(doubt_of(name, found, run.pictures(), self._zone))
        return _passed(name, found)


def _passed(name: str, found: Finding) -> PadPassed:
    """Return the pass. Raises the error of the check with the finding's facts."""
    if found.outcome == "passed":
        return PadPassed(facts=facts_of(found))
    raise (FAILED if found.outcome == "failed" else UNCLEAR)[name](**facts_of(found))
