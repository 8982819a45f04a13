# pyright: basic
"""Chances and intervals that several checks use. Scipy has no types."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
from scipy.special import betaincinv, chdtri, ndtr, ndtri

Floats = npt.NDArray[np.float64]


def beyond(z: float) -> float:
    """Return the chance that a standard normal value lies above ``z``."""
    return float(ndtr(-z))


def normal_quantile(share: float) -> float:
    """Return the value below which this share of standard normal values lies."""
    return float(ndtri(share))


def chi_square_quantile(share: float, freedom: float) -> float:
    """Return the value below which this share of chi-square values lies."""
    return float(chdtri(freedom, 1 - share))


def rate_bounds(
    events: npt.ArrayLike, rows: npt.ArrayLike, *, miss: float = 0.1
) -> tuple[Floats, Floats]:
    """Return between which rates the true one lies, given so many events among so many rows.

    The bounds are those of Clopper and Pearson: each side is missed with a chance of at most half
    of ``miss``, however few the rows. Counts need not be whole. No rows leave 0 to 1.
    """
    bad, all_ = np.asarray(events, np.float64), np.asarray(rows, np.float64)
    good = all_ - bad
    low = np.where(bad > 0, betaincinv(np.maximum(bad, 1e-12), good + 1, miss / 2), 0.0)
    high = np.where(good > 0, betaincinv(bad + 1, np.maximum(good, 1e-12), 1 - miss / 2), 1.0)
    return low, high
