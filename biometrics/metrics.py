"""Error rates, their exact intervals, and how many independent comparisons a figure needs. Pure.

Terms: ISO/IEC 19795-1. Interval: Clopper and Pearson (1934), exact, two-sided, 95 %. Comparisons that share people
are not independent: the interval then takes the number of independent ones in their place, with the same share of
errors (Korn and Graubard 1998). Rule of three: without an error in n comparisons the upper bound of the rate is 3/n.
"""

from math import ceil
from typing import Final

from scipy.special import betaincinv

SIDE: Final = 0.025
"""What a two-sided interval of 95 % leaves out on each side."""
_THREE: Final = 3


def clopper_pearson(errors: float, trials: float) -> tuple[float, float]:
    """Return the exact 95 % interval of a rate: 0 <= errors <= trials, trials > 0; each bound 0 to 1.

    Not whole numbers are allowed: an effective number of trials. Raises ValueError beyond the ranges.
    """
    if not 0 <= errors <= trials or trials <= 0:
        raise ValueError(f"{errors} errors of {trials}")
    low = 0.0 if errors == 0 else float(betaincinv(errors, trials - errors + 1, SIDE))
    high = 1.0 if errors == trials else float(betaincinv(errors + 1, trials - errors, 1 - SIDE))
    return low, high


def interval(errors: int, comparisons: int, independent: int) -> tuple[float, float]:
    """Return the 95 % interval of a rate of which only `independent` comparisons count as independent."""
    return clopper_pearson(errors * independent / comparisons, independent)


def needed(rate: float) -> int:
    """Return how many independent comparisons a figure needs (rule of three). `rate`: above 0, at most 1."""
    return ceil(_THREE / rate * (1 - 1e-12))


def supports(independent: int, rate: float) -> bool:
    """Say whether so many independent comparisons support a figure as small as `rate`."""
    return independent >= needed(rate)


def smallest_rate(independent: int) -> float:
    """Return the smallest rate that so many independent comparisons support; 1 where they support none."""
    return 1.0 if independent < _THREE else _THREE / independent
