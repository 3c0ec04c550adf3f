"""The DET curve (ISO/IEC 19795-1): FNMR over FMR, both axes in normal deviates. A PNG picture.

A curve ends where its number of independent comparisons supports no smaller rate (rule of three).
"""

import io
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from statistics import NormalDist
from typing import Any, Final

import numpy as np
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure
from numpy.typing import NDArray

from biometrics.calibration import Point
from biometrics.metrics import smallest_rate

_TICKS: Final = (1e-6, 1e-5, 1e-4, 1e-3, 1e-2, 0.05, 0.2, 0.4)
_HIGHEST: Final = 0.5
_MOST_POINTS: Final = 2000
_STYLES: Final = ("-", "--", "-.", ":")
_DEVIATE = NormalDist()


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Curve:
    """One curve: its name and its scores (-1 to 1). `person_pairs`, `people`: independent comparisons of each kind."""

    name: str
    impostor: NDArray[np.float32]
    genuine: NDArray[np.float32]
    person_pairs: int
    people: int


def rates_of(curve: Curve) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Return FMR and FNMR at rising thresholds, both 0 to 1, where both are supported."""
    impostor, genuine = np.sort(curve.impostor), np.sort(curve.genuine)
    steps = np.unique(np.concatenate([impostor, genuine]))
    if len(steps) > _MOST_POINTS * 10:  # what lies below every genuine score is no part of the picture
        steps = steps[np.searchsorted(steps, genuine[0]) :]
    fmr = 1 - np.searchsorted(impostor, steps, side="left") / len(impostor)
    fnmr = np.searchsorted(genuine, steps, side="left") / len(genuine)
    shown = (fmr >= smallest_rate(curve.person_pairs)) & (fnmr >= smallest_rate(curve.people))
    shown &= (fmr <= _HIGHEST) & (fnmr <= _HIGHEST)
    fmr, fnmr = fmr[shown], fnmr[shown]
    if len(fmr) > _MOST_POINTS:
        kept = np.unique(np.linspace(0, len(fmr) - 1, _MOST_POINTS).astype(int))
        fmr, fnmr = fmr[kept], fnmr[kept]
    return fmr, fnmr


def det_picture(curves: Sequence[Curve], points: Sequence[Point], words: Mapping[str, str]) -> bytes:
    """Return the PNG. `points` are marked on the first curve; `words`: "title", "fmr", "fnmr", "note".

    Curves that nothing supports are named in the legend without a line.
    """
    figure = Figure(figsize=(8.0, 7.0), dpi=120)
    FigureCanvasAgg(figure)
    axes = figure.add_subplot()
    drawn = [rates_of(curve) for curve in curves]
    for number, (curve, (fmr, fnmr)) in enumerate(zip(curves, drawn, strict=True)):
        style = _STYLES[number % len(_STYLES)]
        axes.plot(
            _deviates(fmr), _deviates(fnmr), style, drawstyle="steps-post", linewidth=1.6, label=curve.name
        )
    for point in points:
        if point.genuine is not None and point.impostor.value > 0 and 0 < point.genuine.value <= _HIGHEST:
            x, y = _deviates(np.array([point.impostor.value, point.genuine.value]))
            axes.plot(x, y, "ok", markersize=4)
            axes.annotate(
                f"{point.threshold:.4f}", (x, y), textcoords="offset points", xytext=(6, 5), fontsize=8
            )
    _axis(axes, "x", [smallest_rate(curve.person_pairs) for curve in curves], words["fmr"])
    _axis(axes, "y", [smallest_rate(curve.people) for curve in curves], words["fnmr"])
    axes.set_title(words["title"], fontsize=11)
    axes.grid(visible=True, linewidth=0.4)
    axes.legend(loc="upper right", fontsize=8)
    figure.text(0.5, 0.01, words["note"], ha="center", va="bottom", fontsize=7, wrap=True)
    figure.subplots_adjust(left=0.11, right=0.97, top=0.93, bottom=0.13)
    out = io.BytesIO()
    figure.savefig(out, format="png", metadata={"Software": None})
    return out.getvalue()


def _deviates(rates: NDArray[np.float64]) -> NDArray[np.float64]:
    return np.array([_DEVIATE.inv_cdf(min(max(float(rate), 1e-9), 1 - 1e-9)) for rate in rates])


def _axis(axes: Any, which: str, smallest: Sequence[float], label: str) -> None:
    """Set limits from the smallest rate that any curve supports to the highest, with ticks in rates."""
    lowest = min([*(rate for rate in smallest if rate < _HIGHEST / 5), _HIGHEST / 50])
    low, high = (float(each) for each in _deviates(np.array([lowest * 0.8, _HIGHEST])))
    ticks = [tick for tick in _TICKS if tick >= lowest * 0.8]
    getattr(axes, f"set_{which}lim")(low, high)
    getattr(axes, f"set_{which}ticks")(
        list(_deviates(np.array(ticks))), [f"{tick * 100:g} %" for tick in ticks]
    )
    getattr(axes, f"set_{which}label")(label)
