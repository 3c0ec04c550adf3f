"""The frames of one gathering: which of the good ones are kept, when they are enough, when they are too old. Pure."""

from collections import deque
from dataclasses import dataclass, field

from biometrics.errors import BiometricsError, CameraGoneError, TwoFacesError
from biometrics.frames import Frame
from biometrics.quality_errors import GatheringError
from biometrics.quality_report import FrameReport

STOPPED_BY = 2  # frames with a second face in the zone, of …
STOPPED_WITHIN = 5  # … so many judged last; one is a flicker


@dataclass(frozen=True, slots=True, kw_only=True)
class GatherLimits:
    """Times in seconds. `max_age_s`: older frames do not count. `spacing_s`: between judged frames until the burst is
    full, `refresh_s`: from then on. `away_s`: so long without a face in the zone, and the burst begins anew.
    `poll_s`: how long to wait for one frame before looking whether it is still wanted. `retry_s`: pause before a
    camera that is gone is tried again. `stop_s`: how long to wait for the thread's last frame."""

    max_age_s: float = 3.0
    spacing_s: float = 0.1
    refresh_s: float = 0.5
    away_s: float = 0.7
    poll_s: float = 0.2
    retry_s: float = 0.3
    stop_s: float = 0.25


@dataclass(frozen=True, slots=True, kw_only=True)
class Kept:
    """A good frame; higher `grade` is better, see `grade_of`."""

    frame: Frame = field(repr=False)
    grade: float


class FramePool:
    """At most `frames` good frames, and as many of the newest others, which name the defect. Not for several threads.

    `ages`: whether frames get old (a recording's do not). All times are the camera's clock."""

    def __init__(self, *, frames: int, limits: GatherLimits, ages: bool) -> None:
        self._frames = frames
        self._limits = limits
        self._ages = ages
        self.clear(0.0)

    def clear(self, now: float) -> None:
        """Forget everything; a gathering begins."""
        self._good: list[Kept] = []
        self._other: deque[Frame] = deque(maxlen=self._frames)
        self._judged: deque[float] = deque(maxlen=64)
        self._began = self._face_at = now
        self._several: deque[bool] = deque(maxlen=STOPPED_WITHIN)
        self._next_at = now
        self.failures = 0
        self.failure: BiometricsError | None = None

    @property
    def full(self) -> bool:
        """Whether there are as many good frames as were asked for, of whatever age."""
        return len(self._good) >= self._frames

    @property
    def hopeless(self) -> bool:
        """Whether waiting is of no use: what failed was tried again since `failures` was set to 0, and failed."""
        return self.failures > 1 or isinstance(self.failure, GatheringError)

    def add(self, frame: Frame, report: FrameReport, now: float) -> None:
        """Take a judged frame in, or not. A second face in the zone, an empty zone begin the burst anew."""
        self.failures, self.failure = 0, None
        self._judged.append(now)
        self._several.append(report.code == TwoFacesError.code)
        if report.in_zone:
            self._face_at = now
        if sum(self._several) >= STOPPED_BY or now - self._face_at > self._limits.away_s:
            self._good.clear()
        if report.usable and sum(self._several) < STOPPED_BY:
            self._keep(Kept(frame=frame, grade=grade_of(report)), now)
        elif not report.usable:
            self._other.append(frame)
        self._next_at = now + (self._limits.refresh_s if self.full else self._limits.spacing_s)

    def fail(self, error: BiometricsError, now: float) -> None:
        """Note that a frame could not be had. A frame that did not come yet is no failure; a camera that went away
        takes its frames with it."""
        if isinstance(error, CameraGoneError) and error.facts.get("reason") == "no-frame":
            return
        self.failures += 1
        self.failure = error
        self._next_at = now + self._limits.retry_s
        if isinstance(error, CameraGoneError):
            self._good.clear()
            self._other.clear()

    def end(self, error: GatheringError) -> None:
        """Note that nothing more will come."""
        self.failure = error

    def pause_s(self, now: float) -> float:
        """Return how long to wait before the next frame is worth judging; 0 or less: not at all."""
        return self._next_at - now

    def ready(self, now: float) -> bool:
        """Say whether the burst is complete: full, or all that a slow camera gives within `max_age_s`."""
        fresh = len(self._fresh(now))
        if fresh >= self._frames or not self._ages:
            return fresh >= self._frames
        lately = sum(now - time <= self._limits.max_age_s for time in self._judged)
        return now - self._began > self._limits.max_age_s and 1 < fresh == lately

    def taken(self, now: float) -> tuple[Frame, ...]:
        """Return the good frames in order of time, filled up with the newest others; none that is too old."""
        good = self._fresh(now)
        others = [frame for frame in self._other if self._is_fresh(frame, now)]
        missing = self._frames - len(good)
        return tuple(
            sorted(good + (others[-missing:] if missing > 0 else []), key=lambda frame: frame.monotonic_s)
        )

    def _fresh(self, now: float) -> list[Frame]:
        return [kept.frame for kept in self._good if self._is_fresh(kept.frame, now)]

    def _is_fresh(self, frame: Frame, now: float) -> bool:
        return not self._ages or now - frame.monotonic_s <= self._limits.max_age_s

    def _keep(self, new: Kept, now: float) -> None:
        """Keep a good frame; of too many the one goes that is worst for its age, or too old."""
        self._good.append(new)
        if len(self._good) <= self._frames:
            return
        best = max(kept.grade for kept in self._good)
        span = self._limits.max_age_s if self._ages else float("inf")
        self._good.remove(
            min(self._good, key=lambda kept: kept.grade / best - (now - kept.frame.monotonic_s) / span)
        )


def grade_of(report: FrameReport) -> float:
    """Return how good a good frame is: its sharpness, less the more the face is turned. Above 0, for ordering only."""
    if report.quality is None:
        return 1.0
    return max(report.quality.sharpness, 1.0) * max(0.1, 1.0 - abs(report.quality.turn))
