"""How many independent comparisons a figure needs: without an error in n the upper 95 % bound of the rate is 3/n."""

from math import ceil
from typing import Final

_THREE: Final = 3


def needed(rate: float) -> int:
    """Return how many independent comparisons a figure needs (rule of three). `rate`: above 0, at most 1."""
    return ceil(_THREE / rate * (1 - 1e-12))


def supports(independent: int, rate: float) -> bool:
    """Say whether so many independent comparisons support a figure as small as `rate`."""
    return independent >= needed(rate)


def smallest_rate(independent: int) -> float:
    """Return the smallest rate that so many independent comparisons support; 1 where they support none."""
    return 1.0 if independent < _THREE else _THREE / independent
