"""Exact intervals against their own definition and against published values."""

from math import comb

import pytest

from biometrics.metrics import clopper_pearson, interval
from biometrics.rule_of_three import needed, smallest_rate, supports


def tail(errors, trials, rate):
    """The chance of at least `errors` errors."""
    return sum(comb(trials, k) * rate**k * (1 - rate) ** (trials - k) for k in range(errors, trials + 1))


@pytest.mark.parametrize(("errors", "trials"), [(1, 10), (3, 40), (7, 300), (12, 13), (59, 60)])
def test_the_bounds_are_where_each_tail_holds_two_and_a_half_percent(errors, trials):
    low, high = clopper_pearson(errors, trials)
    assert tail(errors, trials, low) == pytest.approx(0.025, abs=1e-9)
    assert 1 - tail(errors + 1, trials, high) == pytest.approx(0.025, abs=1e-9)


@pytest.mark.parametrize(
    ("errors", "trials", "low", "high"),
    [(0, 10, 0.0, 0.3085), (10, 10, 0.6915, 1.0), (5, 10, 0.1871, 0.8129), (0, 300, 0.0, 0.01222)],
)
def test_known_intervals(errors, trials, low, high):
    assert clopper_pearson(errors, trials) == pytest.approx((low, high), abs=5e-5)


def test_comparisons_that_share_people_widen_the_interval():
    assert interval(6, 300, 300) == clopper_pearson(6, 300)
    low, high = interval(6, 300, 50)
    assert low < clopper_pearson(6, 300)[0] < 0.02 < clopper_pearson(6, 300)[1] < high


@pytest.mark.parametrize(("errors", "trials"), [(-1, 3), (4, 3), (0, 0)])
def test_what_is_no_rate_is_refused(errors, trials):
    with pytest.raises(ValueError, match="errors of"):
        clopper_pearson(errors, trials)


@pytest.mark.parametrize(
    ("rate", "count"), [(1e-2, 300), (1e-4, 30_000), (1e-6, 3_000_000), (0.3, 10), (1.0, 3)]
)
def test_the_rule_of_three(rate, count):
    assert needed(rate) == count
    assert supports(count, rate)
    assert not supports(count - 1, rate)
    assert smallest_rate(count) == pytest.approx(3 / count)


def test_two_comparisons_support_nothing():
    assert smallest_rate(2) == 1.0
