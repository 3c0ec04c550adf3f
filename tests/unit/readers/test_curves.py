"""Point arithmetic: against OpenSSL where it has the curve, against its own laws everywhere."""

from dataclasses import replace

import pytest
from cryptography.hazmat.primitives.asymmetric import ec

from readers.emrtd.curve_library import library_scalar
from readers.emrtd.curves import (
    CURVES,
    Curve,
    CurveError,
    Point,
    Scalar,
    curve_by_name,
    curve_by_parameters,
)

OPENSSL = {
    "secp256r1": ec.SECP256R1(),
    "secp384r1": ec.SECP384R1(),
    "secp521r1": ec.SECP521R1(),
    "brainpoolP256r1": ec.BrainpoolP256R1(),
    "brainpoolP384r1": ec.BrainpoolP384R1(),
    "brainpoolP512r1": ec.BrainpoolP512R1(),
}
BP256 = curve_by_name("brainpoolP256r1")
SCALARS = [1, 2, 3, 15, 16, 31, 32, 0xF0F0F0F0, (1 << 190) - 1]


def test_parameter_ids():
    assert sorted(CURVES) == list(range(8, 19))
    assert CURVES[13] is BP256


@pytest.mark.parametrize("name", OPENSSL)
def test_multiples_agree_with_openssl(name):
    curve = curve_by_name(name)
    for scalar in [*SCALARS, curve.n - 1, curve.n - 2, curve.n // 3]:
        numbers = ec.derive_private_key(scalar, OPENSSL[name]).public_key().public_numbers()
        assert curve.multiply(scalar) == Point(numbers.x, numbers.y)


@pytest.mark.parametrize("curve", CURVES.values(), ids=lambda curve: curve.name)
def test_laws(curve: Curve):
    g = curve.generator
    assert curve.contains(g)
    p, q = curve.multiply(1234567), curve.multiply(curve.n - 7654321)
    assert curve.add(p, q) == curve.add(q, p) == curve.multiply((1234567 - 7654321) % curve.n)
    assert curve.multiply_add(5, p, 9, q) == curve.add(curve.multiply(5, p), curve.multiply(9, q))
    assert curve.add(g, g) == curve.multiply(2)
    assert curve.decode(curve.encode(p)) == p
    with pytest.raises(CurveError):
        curve.add(p, Point(p.x, curve.p - p.y))


@pytest.mark.parametrize("scalar", [0, BP256.n, -1])
def test_scalars_out_of_range(scalar):
    with pytest.raises(CurveError):
        BP256.multiply(scalar)


def test_sum_at_infinity():
    with pytest.raises(CurveError):
        BP256.multiply_add(5, BP256.generator, BP256.n - 5, BP256.generator)


@pytest.mark.parametrize(
    "octets",
    [
        b"",
        b"\x04" + bytes(64),
        b"\x04" + bytes(63),
        b"\x02" + bytes(64),
        b"\x04" + BP256.p.to_bytes(32, "big") + bytes(32),
        b"\x04" + b"\xff" * 64,
        BP256.encode(BP256.generator)[:-1] + b"\x00",
    ],
)
def test_points_not_on_the_curve(octets):
    with pytest.raises(CurveError):
        BP256.decode(octets)


def test_explicit_parameters_name_their_curve():
    g = BP256.generator
    known = {"p": BP256.p, "a": BP256.a, "b": BP256.b, "x": g.x, "y": g.y, "n": BP256.n, "h": 1}
    assert curve_by_parameters(**known) is BP256
    assert curve_by_parameters(**{**known, "h": None}) is BP256
    other = BP256.multiply(2)
    for change in ({"x": other.x, "y": other.y}, {"b": 7}, {"n": BP256.n - 2}, {"p": BP256.p + 2}, {"h": 4}):
        with pytest.raises(CurveError):
            curve_by_parameters(**{**known, **change})


def test_random_scalars_need_enough_octets():
    assert BP256.random_scalar(bytes(40)) == 1
    assert BP256.random_scalar((BP256.n - 2).to_bytes(40, "big")) == BP256.n - 1
    with pytest.raises(CurveError):
        BP256.random_scalar(bytes(39))


def test_unknown_name():
    with pytest.raises(CurveError):
        curve_by_name("secp256k1")


def test_coordinates_hide_in_repr():
    assert str(BP256.generator.x) not in repr(BP256.generator) + repr(BP256)


@pytest.mark.parametrize("curve", CURVES.values(), ids=lambda curve: curve.name)
def test_library_and_own_arithmetic_agree(curve: Curve):
    point = curve.sum_of(((0xABCDEF, curve.generator),))
    opposite = Point(curve.generator.x, curve.p - curve.generator.y)
    for value in [1, 2, 3, curve.n - 1, curve.n - 2, curve.n // 3, *SCALARS]:
        scalar = Scalar(curve, value)
        assert scalar.of_generator == curve.sum_of(((value, curve.generator),))
        for other in (point, curve.generator, opposite, curve.add(point, point)):
            product = curve.sum_of(((value, other),))
            assert scalar.of(other) == curve.multiply(value, other) == product
            assert scalar.x_of(other) == curve.encode_x(product)


def test_openssl_has_the_curves_that_the_figures_rely_on():
    assert library_scalar("brainpoolP256r1", 5) is not None
    assert library_scalar("brainpoolP320r1", 5) is None


def test_a_changed_generator_is_not_given_to_the_library():
    twice = BP256.multiply(2)
    odd = replace(BP256, generator=twice)
    assert odd.multiply(3) == BP256.multiply(6)
    assert Scalar(odd, 3).of(BP256.generator) == BP256.multiply(3)


def test_a_scalar_shows_nothing():
    assert "123456789" not in repr(Scalar(BP256, 123456789))
    for value in (0, BP256.n, -1):
        with pytest.raises(CurveError):
            Scalar(BP256, value)
