"""Point arithmetic on the standardised curves, for PACE with generic mapping (9303-11 4.4.3.3).

Needed because the mapping adds points and changes the generator, which no crypto library in use offers. Single
multiples are OpenSSL's work where it has the curve; else Jacobian coordinates, signed windows of five bits. That is not
constant-time: the scalars are single-use and the machine is the reader's own; nothing here may hold a long-term key
outside training.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final

from readers.emrtd.curve_library import library_scalar
from readers.emrtd.domain_parameters import ROWS

if TYPE_CHECKING:
    from collections.abc import Sequence

_Jacobian = tuple[int, int, int]
_Affine = tuple[int, int]
_INFINITY: Final[_Jacobian] = (1, 1, 0)
_WINDOW: Final = 5


class CurveError(ValueError):
    """A point or scalar that no honest partner sends: off the curve, at infinity, out of range."""


@dataclass(frozen=True, slots=True)
class Point:
    """An affine point, never the point at infinity; coordinates hidden from repr."""

    x: int = field(repr=False)
    y: int = field(repr=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class Curve:
    """y² = x³ + ax + b over GF(p); generator of prime order n, cofactor 1."""

    name: str
    parameter_id: int
    p: int = field(repr=False)
    a: int = field(repr=False)
    b: int = field(repr=False)
    generator: Point = field(repr=False)
    n: int = field(repr=False)

    @property
    def size(self) -> int:
        """Octets of a coordinate."""
        return (self.p.bit_length() + 7) // 8

    def contains(self, point: Point) -> bool:
        """Whether the coordinates are reduced and satisfy the equation."""
        x, y, p = point.x, point.y, self.p
        return 0 <= x < p and 0 <= y < p and (y * y - (x * x + self.a) * x - self.b) % p == 0

    def encode(self, point: Point) -> bytes:
        """04 || x || y (9303-11 9.4.5)."""
        return b"\x04" + self.encode_x(point) + point.y.to_bytes(self.size, "big")

    def encode_x(self, point: Point) -> bytes:
        """The x-coordinate, `size` octets: the shared secret of a key agreement."""
        return point.x.to_bytes(self.size, "big")

    def decode(self, octets: bytes) -> Point:
        """The point of an uncompressed encoding. Raises CurveError unless it lies on the curve."""
        if len(octets) != 1 + 2 * self.size or octets[0] != 4:
            raise CurveError("encoding")
        point = Point(
            int.from_bytes(octets[1 : 1 + self.size], "big"), int.from_bytes(octets[1 + self.size :], "big")
        )
        if not self.contains(point):
            raise CurveError("not on the curve")
        return point

    def multiply(self, scalar: int, point: Point | None = None) -> Point:
        """scalar · point (the generator by default), scalar in 1 … n-1. Raises CurveError."""
        multiplier = Scalar(self, scalar)
        return multiplier.of_generator if point is None else multiplier.of(point)

    def multiply_add(self, scalar: int, point: Point, other_scalar: int, other: Point) -> Point:
        """scalar · point + other_scalar · other, with one chain of doublings. Raises CurveError at
        infinity."""
        return self.sum_of(((scalar, point), (other_scalar, other)))

    def add(self, left: Point, right: Point) -> Point:
        """left + right. Raises CurveError at infinity."""
        return self._to_affine(_add_mixed((left.x, left.y, 1), (right.x, right.y), self.p, self.a))

    def random_scalar(self, octets: bytes) -> int:
        """A scalar in 1 … n-1 from octets of the caller's generator, which must be 8 longer than a
        coordinate."""
        if len(octets) < self.size + 8:
            raise CurveError("too little randomness")
        return int.from_bytes(octets, "big") % (self.n - 1) + 1

    def sum_of(self, terms: Sequence[tuple[int, Point]]) -> Point:
        """The sum of multiples of points, by Python's integers. Raises CurveError."""
        for scalar, _ in terms:
            if not 0 < scalar < self.n:
                raise CurveError("scalar out of range")
        chains = [(_signed_windows(scalar), self._odd_multiples(point)) for scalar, point in terms]
        p, a = self.p, self.a
        total = _INFINITY
        for position in range(max(len(digits) for digits, _ in chains) - 1, -1, -1):
            total = _double(total, p, a)
            for digits, table in chains:
                digit = digits[position] if position < len(digits) else 0
                if digit:
                    x, y = table[abs(digit) >> 1]
                    total = _add_mixed(total, (x, y if digit > 0 else p - y), p, a)
        return self._to_affine(total)

    def _odd_multiples(self, point: Point) -> list[_Affine]:
        """1, 3, 5 … 15 times the point, affine."""
        p, a = self.p, self.a
        twice = self._to_affine(_double((point.x, point.y, 1), p, a))
        multiples: list[_Jacobian] = [(point.x, point.y, 1)]
        for _ in range((1 << (_WINDOW - 2)) - 1):
            multiples.append(_add_mixed(multiples[-1], (twice.x, twice.y), p, a))
        return _batch_affine(multiples, p)

    def _to_affine(self, point: _Jacobian) -> Point:
        if point[2] == 0:
            raise CurveError("point at infinity")
        ((x, y),) = _batch_affine([point], self.p)
        return Point(x, y)


class Scalar:
    """A multiplier in 1 … n-1 of points of one curve. Raises CurveError out of that range.

    What OpenSSL gives of a point that is no generator is x alone. The sign of y shows when the generator is added
    before: k·(P + G) is k·P + k·G for one of the two."""

    def __init__(self, curve: Curve, value: int) -> None:
        if not 0 < value < curve.n:
            raise CurveError("scalar out of range")
        self._curve = curve
        self._value = value
        self._library = library_scalar(curve.name, value) if CURVES.get(curve.parameter_id) == curve else None
        self._own: Point | None = None

    @property
    def of_generator(self) -> Point:
        """The multiple of the curve's own generator."""
        if self._own is None:
            library, curve = self._library, self._curve
            self._own = Point(*library.of_generator()) if library else self._sum(curve.generator)
        return self._own

    def _sum(self, point: Point) -> Point:
        return self._curve.sum_of(((self._value, point),))

    def of(self, point: Point) -> Point:
        """The multiple of a point of the curve. Raises CurveError."""
        curve = self._curve
        if self._library is None or curve.p % 4 != 3 or point.x == curve.generator.x:
            return self._sum(point)
        x, p = self._library.x_of(point.x, point.y), curve.p
        shifted = curve.add(point, curve.generator)
        result = Point(x, pow(x * x * x + curve.a * x + curve.b, (p + 1) // 4, p))
        if curve.add(result, self.of_generator).x != self._library.x_of(shifted.x, shifted.y):
            result = Point(x, p - result.y)
        return result

    def x_of(self, point: Point) -> bytes:
        """The x-coordinate of the multiple, `size` octets: the secret of a key agreement. Raises CurveError."""
        if self._library is None:
            return self._curve.encode_x(self.of(point))
        return self._library.x_of(point.x, point.y).to_bytes(self._curve.size, "big")


def _signed_windows(scalar: int) -> list[int]:
    """The width-5 non-adjacent form, least significant digit first."""
    digits: list[int] = []
    full, half = 1 << _WINDOW, 1 << (_WINDOW - 1)
    while scalar:
        digit = 0
        if scalar & 1:
            digit = scalar & (full - 1)
            if digit >= half:
                digit -= full
            scalar -= digit
        digits.append(digit)
        scalar >>= 1
    return digits


def _double(point: _Jacobian, p: int, a: int) -> _Jacobian:
    x, y, z = point
    if not z or not y:
        return _INFINITY
    yy = y * y % p
    s = 4 * x * yy % p
    zz = z * z % p
    m = (3 * x * x + a * (zz * zz % p)) % p
    x3 = (m * m - 2 * s) % p
    return x3, (m * (s - x3) - 8 * yy * yy) % p, 2 * y * z % p


def _add_mixed(left: _Jacobian, right: _Affine, p: int, a: int) -> _Jacobian:
    x1, y1, z1 = left
    x2, y2 = right
    if not z1:
        return x2, y2, 1
    zz = z1 * z1 % p
    h = (x2 * zz - x1) % p
    r = (y2 * z1 * zz - y1) % p
    if not h:
        return _INFINITY if r else _double(left, p, a)
    hh = h * h % p
    hhh = h * hh % p
    v = x1 * hh % p
    x3 = (r * r - hhh - 2 * v) % p
    return x3, (r * (v - x3) - y1 * hhh) % p, z1 * h % p


def _batch_affine(points: list[_Jacobian], p: int) -> list[_Affine]:
    """Affine coordinates of several finite points with one inversion. Raises CurveError at infinity."""
    products = [1]
    for _, _, z in points:
        products.append(products[-1] * z % p)
    if not products[-1]:
        raise CurveError("point at infinity")
    inverse = pow(products[-1], -1, p)
    affine: list[_Affine] = []
    for (x, y, z), product in zip(reversed(points), reversed(products[:-1]), strict=True):
        z_inverse = inverse * product % p
        inverse = inverse * z % p
        square = z_inverse * z_inverse % p
        affine.append((x * square % p, y * square * z_inverse % p))
    return affine[::-1]


def _load() -> dict[int, Curve]:
    curves = {}
    for parameter_id, name, *numbers in ROWS:
        p, a, b, x, y, n = (int(number, 16) for number in numbers)
        curves[parameter_id] = Curve(
            name=name, parameter_id=parameter_id, p=p, a=a, b=b, generator=Point(x, y), n=n
        )
    return curves


CURVES: Final[dict[int, Curve]] = _load()
"""The standardised curves by parameter id."""


def curve_by_name(name: str) -> Curve:
    """The curve with this name (RFC 5639, SEC 2). Raises CurveError."""
    for curve in CURVES.values():
        if curve.name == name:
            return curve
    raise CurveError("unknown curve")


def curve_by_parameters(*, p: int, a: int, b: int, x: int, y: int, n: int, h: int | None) -> Curve:
    """The named curve that has exactly these explicit parameters. Raises CurveError: a changed generator is
    an attack."""
    for curve in CURVES.values():
        if curve.p == p:
            same = (curve.a, curve.b, curve.generator, curve.n) == (a % p, b % p, Point(x, y), n)
            if same and h in (None, 1):
                return curve
    raise CurveError("explicit parameters of no standardised curve")
