"""Head turns with parallax. A flat sheet carries the nose where the homography of eyes and mouth says; a head does not.

r = median over frame pairs of s·(n_j − H n_i)·u_j / |e2 − e1|_i: H takes eyes and corners of the mouth of the frontal
frame i to the turned frame j, n the nose tip, u_j the unit eye line, s = +1 when the nose should move image-right.
"""

from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass

import cv2
import numpy as np

from biometrics.detect import Points
from biometrics.pad.finding import Finding, failed, other_person, similarity_facts, trouble, unclear
from biometrics.pad.observation import Observation
from biometrics.pad.recording import Shown
from biometrics.pad.settings import PadRules, TurnRules

SIGN = {"turn-left": 1, "turn-right": -1}
FLAT = [0, 1, 3, 4]  # eyes and corners of the mouth
FRONTAL_FRAMES = 6


@dataclass(frozen=True, slots=True, kw_only=True)
class TurnSeen:
    """One turn. `r`: highest median in the asked direction; `onset_s` after the prompt; `why` "" when it was met."""

    side: str
    r: float
    onset_s: float | None
    why: str


def off_plane(front: Points, turned: Points) -> float:
    """Return how far the nose lies off the plane of the face, along the eye line, in eye distances of `front`;
    positive to the image's right. NaN when the points have no homography."""
    h = cv2.getPerspectiveTransform(front[FLAT].astype(np.float32), turned[FLAT].astype(np.float32))
    line = turned[1] - turned[0]
    scale = float(np.linalg.norm(front[1] - front[0]) * np.linalg.norm(line))
    nose = h @ np.array([front[2][0], front[2][1], 1.0])
    if scale < 1e-9 or abs(nose[2]) < 1e-9:
        return float("nan")
    return float((turned[2] - nose[:2] / nose[2]) @ line / scale)


def yaw(points: Points) -> float:
    """Return how far the nose lies off the eyes' middle along the eye line, in eye distances; positive image-right."""
    line = points[1] - points[0]
    return float((points[2] - (points[0] + points[1]) / 2) @ line / max(float(line @ line), 1e-9))


class TurnWatch:
    """One turn, frame by frame."""

    def __init__(self, front: Sequence[Points], side: str, prompt_s: float, rules: TurnRules) -> None:
        self._front = list(front)[-FRONTAL_FRAMES:]
        self._sign = SIGN[side]
        self.side = side
        self._prompt_s = prompt_s
        self._rules = rules
        self._pairs: deque[list[float]] = deque(maxlen=rules.frames)
        self._times: deque[float] = deque(maxlen=rules.frames)
        self.best = 0.0
        self.now = 0.0
        self.onset_s: float | None = None
        self.reached = False
        self.wrong = False
        self._neutral = float(np.median([yaw(one) for one in self._front])) if self._front else 0.0
        self._seen_at: list[float] = []
        self._way: list[float] = []  # yaw in the asked direction, until some frames after the end was reached
        self._after = 0

    @property
    def enough(self) -> bool:
        """Say whether there are enough frontal frames to compare with."""
        return len(self._front) >= self._rules.frames

    def add(self, one: Observation) -> None:
        """Take the next frame."""
        if one.face is None or not one.face.searched:
            return
        values = [self._sign * off_plane(front, one.face.points) for front in self._front]
        values = [value for value in values if np.isfinite(value)]
        if len(values) < self._rules.frames:
            return
        if not self.over:
            self._after += self.reached
            self._way.append(self._sign * (yaw(one.face.points) - self._neutral))
            self._seen_at.append(one.at_s)
        self._pairs.append(values)
        self._times.append(one.at_s)
        if len(self._pairs) < self._rules.frames:
            return
        self.now = float(np.median([value for pairs in self._pairs for value in pairs]))
        if abs(self.now) < self._rules.onset and not self.reached:
            self.onset_s = None  # it was noise, or a movement that came to nothing
        elif self.onset_s is None:
            self.onset_s = float(np.median(np.array(self._times))) - self._prompt_s
        self.best = max(self.best, self.now)
        self.reached |= self.now >= self._rules.limit
        self.wrong |= not self.reached and self.now <= -self._rules.limit

    @property
    def over(self) -> bool:
        """Say whether more frames change nothing."""
        return self.wrong or (self.reached and self._after >= self._rules.after)

    def result(self) -> TurnSeen:
        """Return what was seen."""
        return TurnSeen(side=self.side, r=self.best, onset_s=self.onset_s, why=self._why())

    def _why(self) -> str:
        first, last = self._rules.window_s
        if not self.enough or len(self._pairs) < self._rules.frames:
            return "few-frames"
        if self.wrong:
            return "other-side"
        if not self.reached:
            return "no-turn" if self.best < self._rules.onset else "flat"
        if self.onset_s is not None and self.onset_s < first:
            return "early"
        if self.onset_s is None or self.onset_s > last:
            return "late"
        return self._cut()

    def _cut(self) -> str:
        """Return "cut" when the face went from ahead to the side without the poses between, "few-frames" when nobody
        can say, else ""."""
        rules = self._rules
        if float(np.median(np.diff(self._seen_at))) > 1.0 / rules.least_fps + 1e-3:
            return "few-frames"
        end = float(np.mean(self._way[-2:]))
        share = np.clip(np.array(self._way) / max(end, 1e-6), 0.0, 1.0)
        low, high = rules.between
        start = int(np.flatnonzero(share <= low).max(initial=0))
        between = int(((share[start:] > low) & (share[start:] < high)).sum())
        step = float(np.abs(np.diff(share[start:])).max(initial=0.0))
        return "cut" if between < rules.fewest_between or step > rules.largest_step else ""


def frontal(seen: Sequence[Observation], neutral: float, rules: TurnRules) -> list[Points]:
    """Return the points of the frames that look ahead, the newest last."""
    faces = [o.face for o in seen if o.face is not None and o.face.searched]
    return [f.points for f in faces if abs(yaw(f.points) - neutral) <= rules.frontal_turn]


def neutral_yaw(seen: Sequence[Observation]) -> float:
    """Return the yaw of a face that looks ahead: the median of its first frames."""
    values = [yaw(o.face.points) for o in seen if o.face is not None][:FRONTAL_FRAMES]
    return float(np.median(values)) if values else 0.0


def settled(seen: Sequence[Observation], rules: TurnRules) -> Sequence[Observation]:
    """Return the frames from the first face on that looks ahead for some frames; all when none does."""
    streak = 0
    for index, one in enumerate(seen):
        ahead = one.face is not None and abs(yaw(one.face.points)) <= 2 * rules.frontal_turn
        streak = streak + 1 if ahead else 0
        if streak >= rules.frames:
            return seen[index + 1 - streak :]
    return seen


def turns_seen(seen: Sequence[Observation], shown: Sequence[Shown], rules: TurnRules) -> list[TurnSeen]:
    """Return each turn that the screen asked for."""
    neutral = neutral_yaw(seen)
    ends = [*shown[1:], Shown(at_s=float("inf"))]
    found: list[TurnSeen] = []
    for prompt, after in zip(shown, ends, strict=False):
        if prompt.prompt not in SIGN:
            continue
        front = frontal([o for o in seen if o.at_s <= prompt.at_s], neutral, rules)
        watch = TurnWatch(front, str(prompt.prompt), prompt.at_s, rules)
        for one in seen:
            if prompt.at_s < one.at_s <= min(after.at_s, prompt.at_s + rules.turn_s):
                watch.add(one)
        found.append(watch.result())
    return found


def judge_turns(
    seen: Sequence[Observation], shown: Sequence[Shown], rules: PadRules, *, turns: int, same_person: float
) -> Finding:
    """Judge a run of turns: `turns` of them met, `retries` more may fail. `same_person`: lowest score in mid-turn."""
    seen = settled(seen, rules.turn)
    found = turns_seen(seen, shown, rules.turn)
    facts = {**_facts(found), **similarity_facts(seen)}
    bad = [turn for turn in found if turn.why]
    hindrance = trouble(seen, rules.common)
    if hindrance is not None:
        return unclear(hindrance, **facts)
    if not found or any(turn.why == "few-frames" for turn in bad):
        return unclear("few-frames", **facts)
    if len(bad) > (rules.turn.retries if len(found) > turns else 0):
        return failed(bad[-1].why, **facts)
    if len(found) - len(bad) < min(turns, len(found)):
        return unclear("few-turns", **facts)
    doubt = other_person(seen, same_person, rules.common)
    if doubt:
        return unclear(doubt, **facts)
    return Finding(outcome="passed", facts=facts)


def _facts(found: Sequence[TurnSeen]) -> dict[str, str | int]:
    facts: dict[str, str | int] = {
        "turns": len(found),
        "turns_met": sum(not turn.why for turn in found),
        "order": "".join(turn.side.removeprefix("turn-")[0] for turn in found),
    }
    met = [turn.r for turn in found if not turn.why]
    facts["r_min_e4"] = round(min((turn.r for turn in found), default=0.0) * 1e4)
    if met:
        facts["r_met_min_e4"] = round(min(met) * 1e4)
    onsets = [turn.onset_s for turn in found if turn.onset_s is not None]
    if onsets:
        facts["onset_min_ms"], facts["onset_max_ms"] = round(min(onsets) * 1000), round(max(onsets) * 1000)
    return facts
