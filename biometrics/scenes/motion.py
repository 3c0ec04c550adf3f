"""How people move: sway, turns with human latency, blinks, closed eyes. Functions of time once a prompt is given.

Times in seconds on the scene's clock, angles in degrees, lengths in eye distances (E).
"""

from dataclasses import dataclass, field

import numpy as np

from biometrics.candidate_screen import Prompt
from biometrics.scenes.raycast import Pose
from biometrics.scenes.sensor import EXPOSURE_S

Range = tuple[float, float]


@dataclass(slots=True)
class Track:
    """A value that goes from one rest to another along minimum-jerk paths."""

    rest: float = 0.0
    _moves: list[tuple[float, float, float, float]] = field(default_factory=list)  # start, duration, from, to

    def at(self, time: float) -> float:
        """Return the value at a time."""
        for start, duration, before, after in reversed(self._moves):
            if time >= start:
                part = min((time - start) / duration, 1.0)
                return before + (after - before) * part**3 * (10.0 - 15.0 * part + 6.0 * part * part)
        return self.rest

    def go(self, to: float, *, start: float, duration: float) -> None:
        """Begin a move at a time; later ones that were planned are dropped."""
        self._moves = [move for move in self._moves if move[0] < start]
        self._moves.append((start, duration, self.at(start), to))

    def set(self, to: float, *, start: float) -> None:
        """Jump, as a cut between two clips does."""
        self._moves = [move for move in self._moves if move[0] < start]
        self._moves.append((start, 1e-6, to, to))


class Sway:
    """Small movement nobody can help: a sum of slow waves. `size` is its standard deviation."""

    def __init__(self, random: np.random.Generator, size: float, *, hertz: Range, waves: int = 4) -> None:
        self._rate = 2 * np.pi * random.uniform(*hertz, waves)
        self._phase = random.uniform(0, 2 * np.pi, waves)
        share = random.uniform(0.5, 1.0, waves)
        self._size = size * np.sqrt(2.0) * share / np.linalg.norm(share)

    def at(self, time: float) -> float:
        """Return the deviation at a time."""
        return float((self._size * np.sin(self._rate * time + self._phase)).sum())


class Blinks:
    """Blinks every few seconds, each about a fifth of a second, over ten minutes; then again from the start."""

    SPAN = 600.0

    def __init__(self, random: np.random.Generator, *, every: Range = (2.0, 7.0)) -> None:
        gaps = random.uniform(*every, int(self.SPAN / every[0]) + 1)
        self._starts = np.cumsum(gaps)
        self._lasts = random.uniform(0.16, 0.30, len(gaps))

    def at(self, time: float) -> float:
        """Return how far the lids are closed by a blink: 0 open, 1 closed."""
        time %= self.SPAN
        index = int(np.searchsorted(self._starts, time)) - 1
        if index < 0:
            return 0.0
        part = (time - float(self._starts[index])) / float(self._lasts[index])
        return float(np.sin(np.pi * part) ** 0.6) if 0.0 < part < 1.0 else 0.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Manner:
    """How somebody does as asked: seconds until it begins, degrees turned, seconds it takes."""

    onset: Range = (0.3, 0.9)
    turn: Range = (22.0, 32.0)
    takes: Range = (0.45, 0.85)
    lids: bool = True  # whether closing the eyes is in their power
    shake: float = 0.0  # of a hand that holds something; 1.0 usual


class Performer:
    """Somebody before the camera: a candidate, or who holds something up. `yaw` and lids follow the prompts."""

    def __init__(
        self, random: np.random.Generator, *, manner: Manner, distance: float, centre: tuple[float, float]
    ) -> None:
        self._random = random
        self._manner = manner
        self._yaw = Track(float(random.uniform(-3.0, 3.0)))
        self._pitch = Track(float(random.uniform(-4.0, 4.0)))
        self._lids = Track()
        self._distance = Track(distance)
        self._centre = centre
        hand = manner.shake
        self._sway = [Sway(random, size, hertz=(0.1, 0.8)) for size in (0.9, 0.8, 0.6, 0.04, 0.02, 0.03)]
        self._hand = [
            Sway(random, size * hand, hertz=(1.0, 5.0)) for size in (0.5, 0.5, 0.4, 0.012, 0.012, 0.01)
        ]
        self._roll = float(random.uniform(-3.0, 3.0))
        self._mouth = Sway(random, 0.012, hertz=(0.1, 0.6))
        self._blinks = Blinks(random)

    def prompt(self, prompt: Prompt, at: float) -> None:
        """See a prompt and do as it says, after a while."""
        start = at + self._draw(self._manner.onset)
        if prompt in {"turn-left", "turn-right"}:
            self._turn(1.0 if prompt == "turn-left" else -1.0, start)
        elif prompt == "close-eyes":
            self._lids.go(1.0, start=start, duration=self._draw((0.12, 0.22)))
            self._lids.go(0.0, start=start + self._draw((2.4, 4.0)), duration=0.2)
        elif prompt == "open-eyes":
            self._lids.go(0.0, start=start, duration=self._draw((0.12, 0.25)))
        else:
            self._yaw.go(self._draw((-3.0, 3.0)), start=start, duration=self._draw(self._manner.takes))
            self._pitch.go(self._draw((-4.0, 4.0)), start=start, duration=self._draw(self._manner.takes))
            if self._lids.at(start) > 0.1:
                self._lids.go(0.0, start=start, duration=0.2)

    def hint(self, code: str, at: float) -> None:
        """Hear what hinders the picture; only what a step or a look can help with."""
        start = at + self._draw(self._manner.onset)
        now = self._distance.at(at)
        if code == "face-too-small":
            self._distance.go(now * 0.75, start=start, duration=1.0)
        elif code in {"face-turned", "face-unclear"}:
            self._yaw.go(self._draw((-2.0, 2.0)), start=start, duration=0.5)
            self._pitch.go(self._draw((-2.0, 2.0)), start=start, duration=0.5)

    def pose(self, time: float) -> Pose:
        """Return where the head, or what is held, is."""
        loose = [a.at(time) + b.at(time) for a, b in zip(self._sway, self._hand, strict=True)]
        yaw = self._yaw.at(time)
        return Pose(
            yaw=yaw + loose[0],
            pitch=self._pitch.at(time) + loose[1],
            roll=self._roll + loose[2] + 0.06 * yaw,
            x=self._centre[0] + loose[3] + 0.004 * yaw,
            y=self._centre[1] + loose[4],
            distance=self._distance.at(time) * (1.0 + 0.5 * loose[5]),
        )

    def closed(self, time: float) -> float:
        """Return how far the eyes are closed, as a frame exposed until then shows it: 0 open, 1 closed."""
        if not self._manner.lids:
            return 0.0
        moments = (time - share * EXPOSURE_S for share in (0.0, 0.5, 1.0))
        return sum(max(self._lids.at(moment), self._blinks.at(moment)) for moment in moments) / 3

    def mouth(self, time: float) -> float:
        """Return how far the corners of the mouth are drawn up, in E."""
        return self._mouth.at(time)

    def cut_to(self, at: float) -> None:
        """Jump to another take: everything stands a little elsewhere from then on."""
        self._yaw.set(self._draw((-3.0, 3.0)), start=at)
        self._pitch.set(self._draw((-4.0, 4.0)), start=at)
        self._lids.set(0.0, start=at)

    def _turn(self, sign: float, start: float) -> None:
        far = sign * self._draw(self._manner.turn)
        takes = self._draw(self._manner.takes)
        self._yaw.go(far, start=start, duration=takes)
        self._yaw.go(
            far * self._draw((0.88, 1.0)), start=start + takes + 0.1, duration=0.6
        )  # nobody holds the end
        self._pitch.go(self._pitch.at(start) + self._draw((-3.0, 3.0)), start=start, duration=takes)

    def _draw(self, between: Range) -> float:
        return float(self._random.uniform(*between))
