"""Colour flashes: the light of the candidate's screen comes back from a face.

x_c = per-step median of ln(mean linear face value) per channel; y = x − mean over channels, q likewise from the shown
colour (linear); D = difference of steps. ρ = max over lags of ⟨Dy,Dq⟩/(|Dy||Dq|), rows of Dy capped at 3× their median
norm; β = ⟨Dy,Dq⟩/|Dq|² at that lag; κ = β of the darkest quarter of the face / β of its brightest 40 %.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from biometrics.candidate_screen import Colour
from biometrics.pad.face_light import INSIDE, linear
from biometrics.pad.finding import Finding, failed, other_person, similarity_facts, trouble, unclear
from biometrics.pad.observation import Observation
from biometrics.pad.recording import Shown
from biometrics.pad.settings import FlashRules, PadRules
from biometrics.pad.turn import settled

Rows = NDArray[np.float64]
TOO_DARK, TOO_BRIGHT = 1e-4, 0.97
FEWEST_CELLS = 20


@dataclass(frozen=True, slots=True, kw_only=True)
class Reflection:
    """`rho` -1 to 1; `beta`: share of the light that follows; `kappa`: dark to bright parts; `lag` in frames."""

    rho: float
    beta: float
    kappa: float
    lag: int
    steps: int


def colour_steps(shown: Sequence[Shown]) -> list[list[Shown]]:
    """Return the colours of each run: a run begins with a colour that follows none."""
    runs: list[list[Shown]] = []
    before = False
    for one in shown:
        if one.colour is not None:
            if not before:
                runs.append([])
            runs[-1].append(one)
        before = one.colour is not None
    return runs


def reflection(
    seen: Sequence[Observation], colours: Sequence[Shown], end_s: float, rules: FlashRules
) -> Reflection | None:
    """Return how the face followed the colours until `end_s`; None when too few steps have frames."""
    lit = [o for o in seen if o.light is not None]
    if len(lit) < 2 * rules.min_steps:
        return None
    cells = np.stack([o.light for o in lit if o.light is not None]).astype(np.float64)
    cells = cells.reshape(len(lit), -1, 3)[:, :, ::-1]  # red, green, blue
    parts = _parts(cells, rules)
    if parts is None:
        return None
    tones = [np.log(np.maximum(cells[:, part, :].mean(axis=1), TOO_DARK)) for part in parts]
    times = np.array([o.at_s for o in lit])
    frame_s = float(np.median(np.diff(times)))
    edges = np.array([one.at_s for one in colours] + [end_s])
    light = np.array([_linear(one.colour or (0, 0, 0)) for one in colours])
    fits = [_fit(tones, times, edges + lag * frame_s, light, rules) for lag in range(rules.lags + 1)]
    found = [(fit, lag) for lag, fit in enumerate(fits) if fit is not None]
    if not found:
        return None
    fit, lag = max(found, key=lambda one: one[0].rho)
    return replace(fit, lag=lag)


def _parts(cells: Rows, rules: FlashRules) -> tuple[NDArray[np.bool_], ...] | None:
    """Return masks of the face's cells: all that are neither black nor clipped, the darkest, the brightest."""
    tone = np.median(cells, axis=0).mean(axis=1)
    clipped = np.percentile(cells.max(axis=2), 95, axis=0) >= TOO_BRIGHT
    usable = INSIDE.ravel() & (tone > TOO_DARK) & ~clipped
    if usable.sum() < FEWEST_CELLS:
        return None
    low = np.quantile(tone[usable], rules.dark_share)
    high = np.quantile(tone[usable], 1.0 - rules.bright_share)
    return usable, usable & (tone <= low), usable & (tone >= high)


def _fit(
    tones: Sequence[Rows], times: Rows, edges: Rows, light: Rows, rules: FlashRules
) -> Reflection | None:
    """Return the fit for colours that lasted from edge to edge; None when too few of them have frames."""
    where = [np.flatnonzero((times > a) & (times <= b)) for a, b in pairwise(edges)]
    kept = [index for index, frames in enumerate(where) if len(frames)]
    if len(kept) < rules.min_steps:
        return None
    dq = np.diff(chroma(light[kept]), axis=0)
    energy = float((dq**2).sum())
    steps = [_steps(x, [where[index] for index in kept], rules.cap) for x in tones]
    products = [float((dy * dq).sum()) for dy in steps]
    beta, dark, bright = (product / max(energy, 1e-12) for product in products)
    return Reflection(
        rho=products[0] / max(float(np.sqrt((steps[0] ** 2).sum() * energy)), 1e-12),
        beta=beta,
        kappa=dark / bright if bright > 1e-9 else 0.0,
        lag=0,
        steps=len(kept),
    )


def _steps(x: Rows, where: Sequence[NDArray[np.intp]], cap: float) -> Rows:
    """Return Dy: differences of the medians of each colour's frames, long rows shortened."""
    return _capped(np.diff(chroma(np.array([np.median(x[frames], axis=0) for frames in where])), axis=0), cap)


def chroma(values: Rows) -> Rows:
    """Return values (n, 3) less their mean over the channels."""
    return np.asarray(values - values.mean(axis=1, keepdims=True))


def _capped(rows: Rows, cap: float) -> Rows:
    norms = np.linalg.norm(rows, axis=1, keepdims=True)
    most = cap * max(float(np.median(norms)), 1e-12)
    return np.asarray(rows * np.minimum(1.0, most / np.maximum(norms, 1e-12)))


def _linear(colour: Colour) -> Rows:
    return linear(np.array(colour, dtype=np.uint8)).astype(np.float64)


def judge_flash(
    seen: Sequence[Observation], shown: Sequence[Shown], rules: PadRules, *, same_person: float
) -> Finding:
    """Judge runs of colours: the last one counts, of at most 1 + `retries`."""
    seen = settled(seen, rules.turn)
    found = unclear("few-frames")
    for colours in colour_steps(shown)[: 1 + rules.flash.retries]:
        end_s = next(
            (s.at_s for s in shown if s.at_s > colours[-1].at_s), colours[-1].at_s + rules.flash.step_s
        )
        part = [o for o in seen if colours[0].at_s - 0.6 <= o.at_s <= end_s + 0.6]
        found = _judge_run(part, colours, end_s, rules, same_person)
        if found.outcome == "passed":
            break
    return found


def _judge_run(
    seen: Sequence[Observation], colours: Sequence[Shown], end_s: float, rules: PadRules, same_person: float
) -> Finding:
    limits = rules.flash
    hindrance = trouble(seen, rules.common)
    if hindrance is not None:
        return unclear(hindrance)
    found = reflection(seen, colours, end_s, limits)
    if found is None:
        return unclear("few-frames")
    facts: dict[str, str | int] = {
        "rho_e4": round(found.rho * 1e4),
        "beta_e4": round(found.beta * 1e4),
        "kappa_e4": round(max(-1e6, min(1e6, found.kappa * 1e4))),
        "lag_frames": found.lag,
        "steps": found.steps,
        **similarity_facts(seen),
    }
    why, certain = _why(found, limits)
    if why:
        return failed(why, **facts) if certain else unclear(why, **facts)
    doubt = other_person(seen, same_person, rules.common)
    return unclear(doubt, **facts) if doubt else Finding(outcome="passed", facts=facts)


def _why(found: Reflection, limits: FlashRules) -> tuple[str, bool]:
    """Return what speaks against a living face, "" when nothing does, and whether it is certain."""
    if found.beta < limits.min_beta:
        return "weak-light", False
    if found.rho < limits.min_rho:
        sure = found.beta >= limits.sure_beta
        return ("other-colours" if sure else "weak-light"), sure
    if limits.min_kappa <= found.kappa <= limits.max_kappa:
        return "", False
    low, high = 1.0 - limits.near_kappa, 1.0 + limits.near_kappa
    if (
        found.beta >= limits.sure_kappa
        and not limits.min_kappa * low <= found.kappa <= limits.max_kappa * high
    ):
        return "no-skin", True
    return "skin-unsure", False
