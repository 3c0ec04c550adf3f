"""Eye closure: both eyes close within a window after the prompt, stay closed longer than a blink, and open again."""

from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from biometrics.pad.finding import Finding, failed, other_person, similarity_facts, trouble, unclear
from biometrics.pad.observation import Observation
from biometrics.pad.openness import OpenEyes, Surroundings
from biometrics.pad.recording import Shown
from biometrics.pad.settings import EyesRules, PadRules
from biometrics.pad.turn import settled


@dataclass(frozen=True, slots=True, kw_only=True)
class ClosureSeen:
    """One closure. Times in seconds after the prompt; `depth`: openness of the less closed eye while closed, else the
    lowest; `steady`: openness that the open eyes kept before; `partly`: frames in between, down and up; `around`:
    agreement of the eyes' surroundings while closed."""

    closed_s: float | None
    lasted_s: float
    reopened: bool
    depth: float
    steady: float
    partly: int = 0
    around: float = 1.0


class EyesWatch:
    """One closure, frame by frame. `before`: frames with the eyes open."""

    def __init__(self, before: Sequence[Observation], prompt_s: float, rules: EyesRules) -> None:
        self._open = OpenEyes([o.eyes for o in before if o.eyes is not None][-rules.before :])
        self._prompt_s = prompt_s
        self._rules = rules
        self._recent: deque[float] = deque(maxlen=3)
        self._around = Surroundings([o.around for o in before if o.around is not None][-rules.before :])
        self._raw: list[
            tuple[float, float]
        ] = []  # openness and agreement of the surroundings, frame by frame
        self._values: list[tuple[float, float]] = []  # time after the prompt, openness of the more open eye

    @property
    def frames(self) -> int:
        """Return how many frames showed the eyes before the prompt."""
        return self._open.frames

    def add(self, one: Observation) -> None:
        """Take the next frame. A value is the median of the last three."""
        if one.eyes is None or not self.frames:
            return
        now = self._open.openness(one.eyes)
        self._raw.append((now, 1.0 if one.around is None else self._around.agreement(one.around)))
        self._recent.append(now)
        self._values.append((one.at_s - self._prompt_s, float(np.median(self._recent))))

    @property
    def closed_for_s(self) -> float:
        """Return how long the eyes have been closed now."""
        times = [at for at, _ in self._values]
        shut = [value < self._rules.limit for _, value in self._values]
        if not shut or not shut[-1]:
            return 0.0
        start = len(shut) - 1
        while start > 0 and shut[start - 1]:
            start -= 1
        return times[-1] - times[start]

    @property
    def opened(self) -> bool:
        """Say whether the eyes closed long enough and have been open again for some frames."""
        tail = [value for _, value in self._values[-self._rules.frames :]]
        full = len(tail) == self._rules.frames
        return full and min(tail) >= self._rules.limit and self.result().lasted_s >= self._rules.min_closed_s

    def result(self) -> ClosureSeen:
        """Return the longest closure."""
        best = (0, 0)
        start: int | None = None
        shut = [value < self._rules.limit for _, value in self._values] + [False]
        for index, closed in enumerate(shut):
            if closed and start is None:
                start = index
            elif not closed and start is not None:
                best = max(best, (start, index), key=lambda run: run[1] - run[0])
                start = None
        first, end = best
        if end == first:
            return ClosureSeen(
                closed_s=None,
                lasted_s=0.0,
                reopened=False,
                depth=min((v for _, v in self._values), default=1.0),
                steady=self._open.steady,
            )
        times = [at for at, _ in self._values]
        after = [value for _, value in self._values[end : end + 2 * self._rules.frames]]
        return ClosureSeen(
            closed_s=times[first],
            lasted_s=times[min(end, len(times) - 1)] - times[first],
            reopened=sum(value >= self._rules.limit for value in after) >= self._rules.frames,
            depth=float(np.median([value for _, value in self._values[first:end]])),
            steady=self._open.steady,
            partly=self._partly(first, end),
            around=float(np.median([around for _, around in self._raw[first:end]])),
        )

    def _partly(self, first: int, end: int) -> int:
        """Count the frames of the way down and the way up that are neither open nor closed."""
        raw = np.array([value for value, _ in self._raw])
        if not (raw >= self._rules.limit).any():
            return 0
        shut, wide = float(np.median(raw[first:end])), float(np.median(raw[raw >= self._rules.limit]))
        share = (raw - shut) / max(wide - shut, 1e-6)
        low, high = self._rules.partly
        reach = self._rules.frames  # the medians of three lag behind
        count = 0
        for way in (
            share[max(0, first - reach) : first + reach][::-1],
            share[max(first, end - reach) : end + reach],
        ):
            begin = next((i for i, value in enumerate(way) if value > low and min(way[i:]) > low), len(way))
            over = next((i for i in range(begin, len(way)) if way[i] >= high), len(way))
            count += over - begin
        return count


def judge_eyes(
    seen: Sequence[Observation], shown: Sequence[Shown], rules: PadRules, *, same_person: float
) -> Finding:
    """Judge closures: the last one asked for counts, of at most 1 + `retries`."""
    prompts = [one for one in shown if one.prompt == "close-eyes"]
    if not prompts:
        return unclear("few-frames")
    found = unclear("few-frames")
    seen = settled(seen, rules.turn)
    for number, prompt in enumerate(prompts[: 1 + rules.eyes.retries]):
        start = prompts[number - 1].at_s + rules.eyes.max_closed_s if number else float("-inf")
        end = prompts[number + 1].at_s if number + 1 < len(prompts) else float("inf")
        part = [o for o in seen if start < o.at_s <= end]
        found = _judge_one(part, prompt.at_s, rules, same_person)
        if found.outcome == "passed":
            break
    return found


def _judge_one(seen: Sequence[Observation], prompt_s: float, rules: PadRules, same_person: float) -> Finding:
    limits = rules.eyes
    before = [o for o in seen if prompt_s - 2.0 < o.at_s <= prompt_s]
    watch = EyesWatch(before, prompt_s, limits)
    for one in seen:
        if one.at_s > prompt_s:
            watch.add(one)
    found = watch.result()
    facts: dict[str, str | int] = {
        "openness_e4": round(found.depth * 1e4),
        "open_e4": round(found.steady * 1e4),
        "closed_ms": round(found.lasted_s * 1000),
        "partly": found.partly,
        "around_e4": round(found.around * 1e4),
        **similarity_facts(seen),
    }
    if found.closed_s is not None:
        facts["onset_ms"] = round(found.closed_s * 1000)
    hindrance = trouble([o for o in seen if o.at_s > prompt_s - 2.0], rules.common)
    if hindrance is not None:
        return unclear(hindrance, **facts)
    if len([o for o in before if o.eyes is not None]) < limits.frames:
        return unclear("few-frames", **facts)
    if watch.frames < limits.frames or found.steady < limits.floor:
        return unclear("eyes-weak", **facts)
    why = _why(found, limits)
    if why:
        return failed(why, **facts)
    doubt = _doubt(found, limits) or other_person(seen, same_person, rules.common)
    if doubt:
        return unclear(doubt, **facts)
    return Finding(outcome="passed", facts=facts)


def _doubt(found: ClosureSeen, limits: EyesRules) -> str:
    """Return what speaks for something laid over the eyes or for another picture; "" when nothing does."""
    if found.depth < limits.covered:
        return "covered"
    if found.around < limits.around:
        return "around-changed"
    return "cut" if found.partly < limits.fewest_partly else ""


def _why(found: ClosureSeen, limits: EyesRules) -> str:
    if found.closed_s is None:
        return "not-closed"
    if found.lasted_s < limits.min_closed_s:
        return "blink"
    if found.closed_s < limits.window_s[0]:
        return "early"
    if found.closed_s > limits.window_s[1]:
        return "late"
    return "" if found.reopened and found.lasted_s <= limits.max_closed_s else "not-opened"
