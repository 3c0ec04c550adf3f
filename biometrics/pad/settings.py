"""pad.toml: every limit and time of the challenges and the passive cues, with its source. An unknown, missing or
wrongly typed key is an error that names it."""

import tomllib
from dataclasses import dataclass, fields
from hashlib import sha256
from importlib.resources import files
from typing import Any, TypeVar

from biometrics.candidate_screen import Colour
from biometrics.pad.errors import PadTableError

TABLE = "pad"
S = TypeVar("S")


@dataclass(frozen=True, slots=True, kw_only=True)
class ObserveRules:
    """How frames are looked at; units in pad.toml."""

    reach: float
    loose: float
    side_px: int
    whole_side_px: int
    others_every: int
    spacing_s: float
    eyes_spacing_s: float
    flash_search_every: int
    follow: float
    still: float


@dataclass(frozen=True, slots=True, kw_only=True)
class CommonRules:
    """What holds for every challenge; units in pad.toml."""

    max_gap_s: float
    max_missing: float
    missed: int
    min_fps: float
    others_frames: int
    jump: float
    jumps: int
    repeats: float
    min_brightness: float
    frame_wait_s: float
    settle_s: float
    likes: int
    many_likes: int
    lax_share: float


@dataclass(frozen=True, slots=True, kw_only=True)
class TurnRules:
    """Head turns; units in pad.toml."""

    limit: float
    onset: float
    frames: int
    frontal_turn: float
    still: float
    pause_s: tuple[float, float]
    window_s: tuple[float, float]
    turn_s: float
    return_s: float
    retries: int
    deadline_s: float
    least_fps: float
    between: tuple[float, float]
    fewest_between: int
    largest_step: float
    after: int


@dataclass(frozen=True, slots=True, kw_only=True)
class EyesRules:
    """Eye closure; units in pad.toml."""

    wait_s: tuple[float, float]
    window_s: tuple[float, float]
    hold_s: tuple[float, float]
    min_closed_s: float
    max_closed_s: float
    open_s: float
    before: int
    frames: int
    limit: float
    floor: float
    covered: float
    partly: tuple[float, float]
    fewest_partly: int
    around: float
    retries: int
    deadline_s: float


@dataclass(frozen=True, slots=True, kw_only=True)
class FlashRules:
    """Colour flashes; units in pad.toml."""

    colours: int
    step_s: float
    palette: tuple[Colour, ...]
    lags: int
    min_rho: float
    min_beta: float
    sure_beta: float
    min_kappa: float
    max_kappa: float
    sure_kappa: float
    near_kappa: float
    dark_share: float
    bright_share: float
    cap: float
    min_steps: int
    retries: int
    deadline_s: float


@dataclass(frozen=True, slots=True, kw_only=True)
class PassiveRules:
    """Passive cues; units in pad.toml."""

    bezel: float
    moire: float
    bezel_with_moire: float
    moire_with_bezel: float
    artefact_frames: int
    loop_frames: int
    loop_gap_s: float
    loop_ratio: float
    loop_floor: float


@dataclass(frozen=True, slots=True, kw_only=True)
class PadRules:
    """The whole table and the SHA-256 of its bytes."""

    observe: ObserveRules
    common: CommonRules
    turn: TurnRules
    eyes: EyesRules
    flash: FlashRules
    passive: PassiveRules
    sha256: str


def load_pad_rules(data: bytes | None = None) -> PadRules:
    """Return the table, the shipped one by default. Raises PadTableError(table, key, why)."""
    if data is None:
        data = (files("biometrics.pad") / "pad.toml").read_bytes()
    try:
        table = tomllib.loads(data.decode("utf-8"))
    except (UnicodeDecodeError, tomllib.TOMLDecodeError):
        raise PadTableError(table=TABLE, key="", why="not-toml") from None
    parts = {f.name: f.type for f in fields(PadRules) if f.name != "sha256"}
    _require_same(set(table), {*parts, "source"}, "")
    if not isinstance(table["source"], str):
        raise PadTableError(table=TABLE, key="source", why="type")
    built: dict[str, Any] = {name: _part(kind, table[name], name) for name, kind in parts.items()}
    return PadRules(**built, sha256=sha256(data).hexdigest())


def _part(kind: Any, table: object, name: str) -> Any:
    if not isinstance(table, dict):
        raise PadTableError(table=TABLE, key=name, why="type")
    _require_same(set(table), {f.name for f in fields(kind)}, f"{name}.")
    return kind(**{f.name: _value(f.type, table[f.name], f"{name}.{f.name}") for f in fields(kind)})


def _require_same(found: set[str], wanted: set[str], place: str) -> None:
    for key in sorted(found ^ wanted):
        raise PadTableError(table=TABLE, key=place + key, why="unknown" if key in found else "missing")


def _value(kind: Any, value: object, key: str) -> Any:
    if kind is float and type(value) in {int, float}:
        return float(value)  # type: ignore[arg-type]
    if kind is int and type(value) is int and value >= 0:
        return value
    if kind == tuple[float, float] and _numbers(value, 2) and value[0] <= value[1]:  # type: ignore[index]
        return tuple(float(part) for part in value)  # type: ignore[attr-defined]
    if kind == tuple[Colour, ...] and isinstance(value, list) and all(_is_colour(row) for row in value):
        return tuple((r, g, b) for r, g, b in value)
    raise PadTableError(table=TABLE, key=key, why="type")


def _numbers(value: object, count: int) -> bool:
    return isinstance(value, list) and len(value) == count and all(type(v) in {int, float} for v in value)


def _is_colour(value: object) -> bool:
    return _numbers(value, 3) and all(type(v) is int and 0 <= v <= 255 for v in value)  # type: ignore[attr-defined]
