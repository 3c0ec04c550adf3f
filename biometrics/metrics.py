"""Error rates and their intervals. Pure.

Terms: ISO/IEC 19795-1. Interval: Clopper and Pearson (1934), two-sided, 95 %. Comparisons that share people are not
independent: the interval then takes the number of independent ones in their place, with the same share of errors (Korn
and Graubard 1998). That number counts pairs of people, and pairs that share one person are not independent either:
where people differ in how alike they are to others the true interval is wider than what is returned for a FMR.
"""

from typing import Final

from scipy.special import betaincinv

SIDE: Final = 0.025
"""What a two-sided interval of 95 % leaves out on each side."""


def clopper_pearson(errors: float, trials: float) -> tuple[float, float]:
    """Return the 95 % interval of a rate of independent trials: 0 <= errors <= trials, trials > 0; each bound 0 to 1.

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
