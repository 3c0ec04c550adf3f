"""Passive cues over burst and challenge frames: bezel, moiré, repeated frames, loops, points that jump."""

from collections.abc import Sequence

import numpy as np

from biometrics.pad.finding import Finding, failed, jumps, unclear
from biometrics.pad.observation import Observation
from biometrics.pad.settings import PadRules, PassiveRules


def judge_passive(seen: Sequence[Observation], rules: PadRules) -> Finding:
    """Judge what a presentation shows without being asked for anything."""
    if len(seen) < 2:
        return unclear("few-frames")
    marks = [o.artefacts for o in seen if o.artefacts is not None]
    bezel = float(np.median([m.bezel for m in marks])) if marks else 0.0
    moire = float(np.median([m.moire for m in marks])) if marks else 0.0
    same = sum(_repeats(seen))
    loop = loop_length(seen, rules.passive)
    jumped = jumps(seen, rules.common)
    facts: dict[str, str | int] = {
        "frames": len(seen),
        "bezel_e4": round(bezel * 1e4),
        "moire_e4": round(moire * 1e4),
        "repeated": same,
        "loop_frames": loop,
        "jumps": jumped,
    }
    for why, found in (
        ("bezel", bezel >= rules.passive.bezel),
        ("moire", moire >= rules.passive.moire),
        ("screen", bezel >= rules.passive.bezel_with_moire and moire >= rules.passive.moire_with_bezel),
        ("repeated", same > rules.common.repeats * len(seen)),
        ("loop", loop > 0),
        ("jump", jumped >= rules.common.jumps),
    ):
        if found:
            return failed(why, **facts)
    return Finding(outcome="passed", facts=facts)


def _repeats(seen: Sequence[Observation]) -> list[bool]:
    digests: set[bytes] = set()
    repeated: list[bool] = []
    for one in seen:
        repeated.append(one.digest in digests)
        digests.add(one.digest)
    return repeated


def loop_length(seen: Sequence[Observation], rules: PassiveRules) -> int:
    """Return the longest run of frames that come back from at least `loop_gap_s` before, 0 when it is short.

    Two frames of a sensor differ by its noise, however alike the scene is: a frame that lies much closer to an old one
    than neighbours lie to each other is a copy of it, encoded anew at most.
    """
    if len(seen) < 3 * rules.loop_frames:
        return 0
    samples = np.stack([o.samples for o in seen]).astype(np.int16)
    times = np.array([o.at_s for o in seen])
    usual = float(np.median(np.abs(np.diff(samples, axis=0)).mean(axis=1)))
    if usual < rules.loop_floor:
        return 0
    longest = run = 0
    for index in range(1, len(seen)):
        old = times[:index] <= times[index] - rules.loop_gap_s
        nearest = np.abs(samples[:index][old] - samples[index]).mean(axis=1).min() if old.any() else np.inf
        run = run + 1 if nearest < rules.loop_ratio * usual else 0
        longest = max(longest, run)
    return longest if longest >= rules.loop_frames else 0
