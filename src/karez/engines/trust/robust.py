"""Robust statistics: a middle and a spread that a few liars cannot move."""

from __future__ import annotations

from statistics import NormalDist

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float64]

_MAD_TO_SIGMA = 1.4826  # of a normal distribution


def robust_z(values: Floats, spread_least: float | Floats) -> Floats:
    """Return how many spreads each value lies from the median.

    The spread is 1.4826 times the median absolute deviation, and at least ``spread_least``: where
    most values are equal the deviation is nothing, and any other would be infinitely odd.
    """
    if not len(values):
        return values
    middle = np.median(values)
    spread = _MAD_TO_SIGMA * np.median(np.abs(values - middle))
    return (values - middle) / np.maximum(spread, spread_least)


def t_quantile(probability: float, freedom: int) -> float:
    """Return the quantile of Student's t for a probability above one half.

    By the expansion of Abramowitz and Stegun, 26.7.5; within half a per cent from four degrees of
    freedom on. With fewer it is too small, and nobody should judge by it.
    """
    z = NormalDist().inv_cdf(probability)
    n = freedom
    first = (z**3 + z) / 4
    second = (5 * z**5 + 16 * z**3 + 3 * z) / 96
    third = (3 * z**7 + 19 * z**5 + 17 * z**3 - 15 * z) / 384
    fourth = (79 * z**9 + 776 * z**7 + 1482 * z**5 - 1920 * z**3 - 945 * z) / 92_160
    return z + first / n + second / n**2 + third / n**3 + fourth / n**4
