"""The DET curve (ISO/IEC 19795-1): FNMR over FMR, both axes in normal deviates. A PNG picture.

A curve is faint, and its part of the picture grey, where the number of independent comparisons supports no such rate
(rule of three).
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
from biometrics.rule_of_three import smallest_rate

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
    """Return FMR and FNMR at rising thresholds, both above 0 and at most 0.5."""
    impostor, genuine = np.sort(curve.impostor), np.sort(curve.genuine)
    steps = np.unique(np.concatenate([impostor, genuine]))
    fmr = 1 - np.searchsorted(impostor, steps, side="left") / len(impostor)
    fnmr = np.searchsorted(genuine, steps, side="left") / len(genuine)
    shown = (fmr > 0) & (fnmr > 0) & (fmr <= _HIGHEST) & (fnmr <= _HIGHEST)
    fmr, fnmr = fmr[shown], fnmr[shown]
    if len(fmr) > _MOST_POINTS:
        kept = np.unique(np.linspace(0, len(fmr) - 1, _MOST_POINTS).astype(int))
        fmr, fnmr = fmr[kept], fnmr[kept]
    return fmr, fnmr


def is_supported(curve: Curve, fmr: NDArray[np.float64], fnmr: NDArray[np.float64]) -> NDArray[np.bool_]:
    """Say where the curve's independent comparisons support both rates."""
    return (fmr >= smallest_rate(curve.person_pairs)) & (fnmr >= smallest_rate(curve.people))


def det_picture(curves: Sequence[Curve], points: Sequence[Point], words: Mapping[str, str]) -> bytes:
    """Return the PNG. `points` are marked; `words`: "title", "fmr", "fnmr", "note", "empty"
    (of a `{curve}` that cannot be drawn: no threshold has false matches and false non-matches at once), and for the
    legend, which names every curve, "mark", "mark-low" (a marked point without a false non-match) and "grey".
    """
    figure = Figure(figsize=(8.0, 7.0), dpi=120)
    FigureCanvasAgg(figure)
    axes = figure.add_subplot()
    lowest = tuple(
        max(1e-8, min([0.02, *(1 / len(getattr(curve, kind)) for curve in curves)])) * 0.7
        for kind in ("impostor", "genuine")
    )
    for number, curve in enumerate(curves):
        _draw(axes, curve, f"C{number % 10}", _STYLES[number % len(_STYLES)])
    empty = [curve.name for curve in curves if not len(rates_of(curve)[0])]
    for line, name in enumerate(empty):
        text = words["empty"].replace("{curve}", name)
        axes.text(0.03, 0.04 + 0.04 * line, text, transform=axes.transAxes, fontsize=8)
    _mark(axes, points, lowest[1], words)
    _shade(axes, curves[0], words["grey"])
    _axis(axes, "x", lowest[0], words["fmr"])
    _axis(axes, "y", lowest[1], words["fnmr"])
    axes.set_title(words["title"], fontsize=11)
    axes.grid(visible=True, linewidth=0.4)
    axes.legend(loc="upper right", fontsize=8, handlelength=3.5)
    for line, text in enumerate(reversed(words["note"].split("\n"))):
        figure.text(0.5, 0.012 + 0.018 * line, text, ha="center", va="bottom", fontsize=7)
    figure.subplots_adjust(left=0.11, right=0.97, top=0.94, bottom=0.14)
    out = io.BytesIO()
    figure.savefig(out, format="png", metadata={"Software": None})
    return out.getvalue()


def _draw(axes: Any, curve: Curve, colour: str, style: str) -> None:
    """Draw a curve: strong where it is supported, faint where it is not."""
    fmr, fnmr = rates_of(curve)
    good = is_supported(curve, fmr, fnmr)
    x, y = _deviates(fmr), _deviates(fnmr)
    axes.plot(x, y, style, color=colour, drawstyle="steps-post", linewidth=0.9, alpha=0.45)
    axes.plot(
        np.where(good, x, np.nan),
        np.where(good, y, np.nan),
        style,
        color=colour,
        drawstyle="steps-post",
        linewidth=2.0,
        label=curve.name,
    )


def _mark(axes: Any, points: Sequence[Point], lowest: float, words: Mapping[str, str]) -> None:
    """Mark thresholds; a point without a false non-match lies on the lower edge. Each kind is named once."""
    named: set[bool] = set()
    for point in points:
        if (
            point.genuine is None
            or not 0 < point.impostor.value <= _HIGHEST
            or point.genuine.value > _HIGHEST
        ):
            continue
        low = point.genuine.errors == 0
        x, y = _deviates(np.array([point.impostor.value, lowest if low else point.genuine.value]))
        label = "_" if low in named else words["mark-low" if low else "mark"]
        named.add(low)
        form = "v" if low else "o"
        axes.plot(x, y, form, color="k", linestyle="", markersize=5, clip_on=False, zorder=5, label=label)
        axes.annotate(f"{point.threshold:.4f}", (x, y), textcoords="offset points", xytext=(6, 6), fontsize=8)


def _shade(axes: Any, curve: Curve, name: str) -> None:
    """Shade what the numbers of all comparisons do not support."""
    x, y = _deviates(np.array([smallest_rate(curve.person_pairs), smallest_rate(curve.people)]))
    axes.axvspan(-7.0, x, color="0.5", alpha=0.12, linewidth=0, label=name)
    axes.axhspan(-7.0, y, color="0.5", alpha=0.12, linewidth=0)


def _deviates(rates: NDArray[np.float64]) -> NDArray[np.float64]:
    return np.array([_DEVIATE.inv_cdf(min(max(float(rate), 1e-9), 1 - 1e-9)) for rate in rates])


def _axis(axes: Any, which: str, lowest: float, label: str) -> None:
    """Set limits from the lowest rate to the highest, with ticks in rates."""
    low, high = (float(each) for each in _deviates(np.array([lowest, _HIGHEST])))
    ticks = [tick for tick in _TICKS if tick >= lowest]
    getattr(axes, f"set_{which}lim")(low, high)
    getattr(axes, f"set_{which}ticks")(
        list(_deviates(np.array(ticks))), [f"{tick * 100:g} %" for tick in ticks]
    )
    getattr(axes, f"set_{which}label")(label)
