"""One challenge in the making: prompts with their times, frames with what they show, an end to every wait."""

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from random import Random

from biometrics.candidate_screen import CandidateScreen, Colour, Prompt
from biometrics.detect import Points
from biometrics.evidence import Live
from biometrics.frame_camera import FrameCamera
from biometrics.frames import Frame
from biometrics.notice import NoticeShown
from biometrics.pad.finding import trouble
from biometrics.pad.following import follow, keep_near, spacing_s
from biometrics.pad.judging import ObservingFaces
from biometrics.pad.kept import Kept, Mark, Moment
from biometrics.pad.observation import Box, Look, Observation
from biometrics.pad.recording import Shown
from biometrics.pad.settings import PadRules
from biometrics.pad.turn import yaw

MOST_FRAMES = 4_000
MOST_KEPT = 9  # three closures of the eyes


class SkippedError(Exception):
    """The candidate or the supervisor goes on without this challenge."""


class OutOfTimeError(Exception):
    """The challenge has used up its time."""


@dataclass(slots=True, kw_only=True)
class Run:
    """`seen`: what was looked at since `begin`; `every`: since the run began. Times on the camera's clock."""

    faces: ObservingFaces
    camera: FrameCamera
    screen: CandidateScreen
    notice: NoticeShown
    random: Random
    rules: PadRules
    live: Live
    turns: int
    same_person: float
    seen: list[Observation] = field(default_factory=list)
    every: list[Observation] = field(default_factory=list)
    shown: list[Shown] = field(default_factory=list)
    _frame: Frame | None = None
    _box: Box | None = None
    _points: Points | None = None
    _count: int = 0
    _due: bool = False  # a comparison that a frame without the face left open
    _until_s: float = float("inf")
    _pictures: list[Kept] = field(default_factory=list)

    def start(self, deadline_s: float) -> None:
        """Begin: from now on the challenge may take `deadline_s`."""
        self._until_s = self.camera.now() + deadline_s
        self.prompt("look-ahead")

    def end(self) -> None:
        """Put the screen back."""
        self.screen.colour(None)
        self.screen.prompt("done")

    def fresh(self) -> None:
        """Forget what was seen and shown: another try begins."""
        self.seen, self.shown = [], []

    def prompt(self, prompt: Prompt) -> Shown:
        """Show a prompt. Raises SkippedError."""
        self.screen.prompt(prompt)
        return self._was_shown(Shown(at_s=self.camera.now(), prompt=prompt))

    def colour(self, rgb: Colour | None) -> Shown:
        """Show a colour. Raises SkippedError."""
        self.screen.colour(rgb)
        return self._was_shown(Shown(at_s=self.camera.now(), colour=rgb))

    def _was_shown(self, shown: Shown) -> Shown:
        self.shown.append(shown)
        if self.screen.skip_asked:
            raise SkippedError
        return shown

    def look(
        self, *, light: bool = False, eyes: bool = False, search: bool = True, like: bool = False
    ) -> Observation:
        """Take the next frame that is not too close to the last one looked at, and say what it shows.

        Raises OutOfTimeError, CameraGoneError.
        """
        rules = self.rules
        frame = self._next()
        others = self._count % rules.observe.others_every == 0
        one = self.faces.observe(
            frame,
            Look(
                near=self._box,
                points=self._points,
                search=search or self._points is None,
                others=others,
                light=light,
                eyes=eyes,
                artefacts=self._count in {2, 12, 22},
                like=self.live.template if like else None,
            ),
        )
        self._count += 1
        if one.face is None:
            self._box = self._points = None
        else:
            self._box = keep_near(self._box, one.face.box, rules.observe)
            self._points = follow(self._points, one.face.points, rules.observe)
        self.seen.append(one)
        self.every.append(one)
        return one

    def watch(self, until_s: float, until: Callable[[Observation], bool] | None = None, **look: bool) -> bool:
        """Look at frames up to `until_s`; True as soon as `until` says so. Raises OutOfTimeError, SkippedError."""
        while self.camera.now() < until_s:
            one = self.step(**look)
            if until is not None and until(one):
                return True
        return False

    def step(self, **look: bool) -> Observation:
        """Look at one frame. Raises OutOfTimeError, SkippedError, CameraGoneError."""
        self._due = look.pop("like", False) or self._due
        one = self.look(like=self._due, **look)
        self._due = self._due and one.similarity is None
        if self.screen.skip_asked:
            raise SkippedError
        return one

    def idle(self, until_s: float) -> None:
        """Let time pass up to `until_s`; only some frames are looked at. Raises OutOfTimeError, SkippedError."""
        while self.camera.now() < until_s:
            self.step()

    def settle(self, **look: bool) -> str:
        """Wait for a face that looks ahead for some frames; return "" or why there is none."""
        rules = self.rules
        streak = 0

        def ahead(one: Observation) -> bool:
            nonlocal streak
            looks = one.face is not None and abs(yaw(one.face.points)) <= 2 * rules.turn.frontal_turn
            streak = streak + 1 if looks else 0
            return streak >= rules.turn.frames

        if self.watch(self.camera.now() + rules.common.settle_s, ahead, **look):
            return ""
        return trouble(self.seen, rules.common) or "not-ahead"

    def keep(self, moment: Moment, mark: Mark = "", **facts: str | int) -> None:
        """Remember the newest frame for a person who has to judge."""
        if self._frame is not None and len(self._pictures) < MOST_KEPT:
            self._pictures.append(Kept(image=self._frame.image, moment=moment, mark=mark, facts=facts))

    def mark(self, moment: Moment, mark: Mark) -> None:
        """Say of the newest remembered frame of a moment what became known of it later."""
        for index in reversed(range(len(self._pictures))):
            one = self._pictures[index]
            if one.moment == moment:
                self._pictures[index] = replace(one, mark=mark)
                return

    def pictures(self) -> list[Kept]:
        """Return the remembered frames; the newest one when there are none."""
        if not self._pictures:
            self.keep("last")
        return self._pictures

    def _next(self) -> Frame:
        if self.camera.now() > self._until_s or self._count >= MOST_FRAMES:
            raise OutOfTimeError
        self._frame = self.camera.next_frame(
            self.notice,
            after=self._frame,
            deadline_s=self.rules.common.frame_wait_s,
            spacing_s=spacing_s(self.shown, self.rules.observe),
        )
        return self._frame
