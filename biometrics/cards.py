"""A model's card: the TOML text that says what a weight file is and how a face is put before it.

One form for the models of this program (`models/*.toml`) and for a site's own. A card that is not understood whole is
refused: a wrong colour order costs no error, only false matches. Errors name table and key.
"""

import math
import re
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from hashlib import sha256
from importlib.resources import files
from typing import Any, Literal

from biometrics.errors import ModelTableError

MAX_CARD = 64 * 1024
MAX_SIDE = 1024
MAX_DIMENSION = 8192
MAX_TEXT = 500
MAX_CLASSES = 1000
_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,63}")
_HASH = re.compile(r"[0-9a-f]{64}")
KINDS = ("embedder", "pad")

Kind = Literal["embedder", "pad"]
Points = tuple[tuple[float, ...], ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class NetInput:
    """What the network is given: value = (pixel − mean) × scale / std, pixels 0 to 255.

    `size`: width and height in pixels; `mean` and `std` per channel in `colour` order; `layout` "nchw" or "nhwc";
    `layer`: the name of the input, empty for the only one."""

    size: tuple[int, int]
    swap_red_blue: bool
    scale: float = 1.0
    mean: tuple[float, ...] = (0.0, 0.0, 0.0)
    std: tuple[float, ...] = (1.0, 1.0, 1.0)
    layout: str = "nchw"
    layer: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class PadOutput:
    """How a PAD network's answer is read: `count` values, which of them speaks for a bona fide face, and the score from
    which on it does, with its source. `crop_scale`: side of what it is shown, in sides of the face's box."""

    count: int
    bona_fide: int
    activation: str
    threshold: float
    source: str
    crop_scale: float
    crop_shape: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Card:
    """A card that was understood. An embedder has `points` (pixels of its crop) and a `dimension`, PAD an `output`.

    `package`: where this program finds the file; empty for a site's card, whose file lies beside it."""

    name: str
    kind: Kind
    package: str
    file: str
    sha256: str
    licence: str
    source: str
    input: NetInput
    points: Points = ()
    dimension: int = 0
    output: PadOutput | None = None
    card_sha256: str = ""


class Section:
    """One table of a TOML file. Each key is asked for once; `end` refuses what nobody asked for."""

    def __init__(
        self, table: str, values: Mapping[str, Any], *, why: str = "program", path: str = ""
    ) -> None:
        self._table, self._values, self._why, self._path = table, values, why, path
        self._asked: set[str] = set()

    def fail(self, key: str, defect: str) -> ModelTableError:
        """Return the error that names table and key."""
        return ModelTableError(table=self._table, key=f"{self._path}{key}", defect=defect, why=self._why)

    def has(self, key: str) -> bool:
        """Say whether a key is there."""
        return key in self._values

    def value(self, key: str, kind: type | tuple[type, ...], default: Any = None) -> Any:
        """Return a value of a type. Raises ModelTableError: missing without a default, or of another type."""
        self._asked.add(key)
        value = self._values.get(key, default)
        if value is None:
            raise self.fail(key, "missing")
        if not isinstance(value, kind) or (isinstance(value, bool) and kind is not bool):
            raise self.fail(key, "type")
        return value

    def section(self, key: str) -> "Section":
        """Return a table within this one."""
        values: Mapping[str, Any] = self.value(key, dict)
        return Section(self._table, values, why=self._why, path=f"{self._path}{key}.")

    def text(self, key: str, default: str | None = None) -> str:
        """Return one line of text that is not empty."""
        text = str(self.value(key, str, default))
        if default is None and not text.strip():
            raise self.fail(key, "empty")
        if len(text) > MAX_TEXT or not text.isprintable():
            raise self.fail(key, "value")
        return text

    def word(self, key: str, words: tuple[str, ...], default: str | None = None) -> str:
        """Return one of a few words."""
        word = self.text(key, default)
        if word not in words:
            raise self.fail(key, "value")
        return word

    def match(self, key: str, pattern: re.Pattern[str]) -> str:
        """Return text of a form."""
        text = self.text(key)
        if pattern.fullmatch(text) is None:
            raise self.fail(key, "value")
        return text

    def integer(self, key: str, low: int, high: int) -> int:
        """Return a whole number within limits."""
        value: int = self.value(key, int)
        if not low <= value <= high:
            raise self.fail(key, "range")
        return value

    def number(self, key: str, low: float, high: float, default: float | None = None) -> float:
        """Return a number within limits; whole ones are numbers too."""
        return self._number(key, self.value(key, (int, float), default), low, high)

    def numbers(
        self, key: str, count: int, low: float, high: float, default: tuple[float, ...] | None = None
    ) -> tuple[float, ...]:
        """Return `count` numbers within limits."""
        values = self.value(key, (list, tuple), default)
        if len(values) != count:
            raise self.fail(key, "count")
        return tuple(self._number(key, value, low, high) for value in values)

    def rows(self, key: str, count: int, width: int, low: float, high: float) -> Points:
        """Return `count` rows of `width` numbers within limits."""
        rows = self.value(key, list)
        if len(rows) != count:
            raise self.fail(key, "count")
        values = {str(at): row for at, row in enumerate(rows)}
        inner = Section(self._table, values, why=self._why, path=f"{self._path}{key}.")
        return tuple(inner.numbers(at, width, low, high) for at in values)

    def _number(self, key: str, value: Any, low: float, high: float) -> float:
        if type(value) not in {int, float}:
            raise self.fail(key, "type")
        if not low <= value <= high or not math.isfinite(value):
            raise self.fail(key, "range")
        return float(value)

    def end(self) -> None:
        """Refuse a key nobody asked for: it was meant to say something."""
        for key in sorted(self._values.keys() - self._asked):
            raise self.fail(key[:64], "unknown")


def read_toml(data: bytes, table: str, *, why: str = "program") -> Section:
    """Return a TOML file's outer table. Raises ModelTableError(table, key, defect)."""
    if len(data) > MAX_CARD:
        raise ModelTableError(table=table, key="", defect="size", why=why)
    try:
        return Section(table, tomllib.loads(data.decode("utf-8")), why=why)
    except (ValueError, RecursionError):
        raise ModelTableError(table=table, key="", defect="toml", why=why) from None


def parse_card(data: bytes, table: str, *, site: bool) -> Card:
    """Return what a card says. `site`: it lies in a site's folder.

    Raises ModelTableError(table, key, defect).
    """
    top = read_toml(data, table, why="site" if site else "program")
    kind: Any = top.word("kind", KINDS)
    card = Card(
        name=top.match("name", _NAME),
        kind=kind,
        package="" if site else top.text("package"),
        file=top.text("file"),
        sha256=top.match("sha256", _HASH),
        licence=top.text("licence"),
        source=top.text("source"),
        input=(given := _input(top.section("input"))),
        points=_points(top.section("alignment"), given.size) if kind == "embedder" else (),
        dimension=_dimension(top.section("template")) if kind == "embedder" else 0,
        output=_output(top) if kind == "pad" else None,
        card_sha256=sha256(data).hexdigest(),
    )
    top.end()
    return card


def _input(part: Section) -> NetInput:
    given = NetInput(
        size=(part.integer("width", 16, MAX_SIDE), part.integer("height", 16, MAX_SIDE)),
        swap_red_blue=part.word("colour", ("rgb", "bgr")) == "rgb",
        scale=part.number("scale", -1e6, 1e6, 1.0),
        mean=part.numbers("mean", 3, -1e6, 1e6, (0.0, 0.0, 0.0)),
        std=part.numbers("std", 3, 1e-9, 1e6, (1.0, 1.0, 1.0)),
        layout=part.word("layout", ("nchw", "nhwc"), "nchw"),
        layer=part.text("layer", ""),
    )
    if given.scale == 0:
        raise part.fail("scale", "range")
    part.end()
    return given


def _points(part: Section, size: tuple[int, int]) -> Points:
    """Return the five points, given as they are or by the name of a known template for this size."""
    if part.has("template"):
        name = part.text("template")
        known = _alignments().get(name)
        if known is None or size[0] != size[1]:
            raise part.fail("template", "unknown" if known is None else "size")
        side, points = known
        part.end()
        return tuple(tuple(value * size[0] / side for value in point) for point in points)
    found = part.rows("points", 5, 2, -max(size), 2.0 * max(size))
    part.end()
    if math.dist(found[0], found[1]) < 1:
        raise part.fail("points", "range")
    return found


@cache
def _alignments() -> Mapping[str, tuple[float, Points]]:
    """Return models/alignments.toml: side of the square crop and its points, by name."""
    top = read_toml((files("biometrics") / "models" / "alignments.toml").read_bytes(), "alignments")
    found = {}
    for name in top.value("names", list):
        part = top.section(name)
        side = part.number("side", 16, MAX_SIDE)
        part.text("source")
        found[name] = (side, part.rows("points", 5, 2, 0.0, side))
        part.end()
    top.end()
    return found


def _dimension(part: Section) -> int:
    dimension = part.integer("dimension", 16, MAX_DIMENSION)
    part.end()
    return dimension


def _output(top: Section) -> PadOutput:
    crop, output, limit = top.section("crop"), top.section("output"), top.section("threshold")
    count = output.integer("count", 1, MAX_CLASSES)
    found = PadOutput(
        count=count,
        bona_fide=output.integer("bona_fide", 0, count - 1),
        activation=output.word("activation", ("softmax", "sigmoid", "none")),
        threshold=limit.number("score", 0.0, 1.0),
        source=limit.text("source"),
        crop_scale=crop.number("scale", 0.5, 8.0),
        crop_shape=crop.word("shape", ("square", "box"), "square"),
    )
    for part in (crop, output, limit):
        part.end()
    return found
