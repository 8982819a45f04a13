# pyright: basic
"""Years of common factors, and what each firm loses in them. SciPy has no types."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt
from scipy.special import ndtr, ndtri

Floats = npt.NDArray[np.float64]
YEARS_POWER = 11
_PD_LEAST = 1e-12


def factor_years(
    pd: Floats, lgd: Floats, industry: Sequence[str], *, national: float, sector: float
) -> Floats:
    """Return what a unit lent to each firm loses, in 2,048 years of equal chance.

    One factor moves all firms, and one the firms of each industry; ``national`` and ``sector`` are
    the shares of a firm's variance that they explain (a Gaussian copula). A year has the expected
    loss of each firm given the factors: the luck of single firms is not in it. Factors are Sobol
    points, so there is no seed, and the same question has the same answer.
    """
    from scipy.stats import qmc  # noqa: PLC0415 - it takes longer than most commands

    industries = sorted(set(industry))
    places = np.array([industries.index(name) for name in industry], dtype=np.int64)
    points = qmc.Sobol(1 + len(industries), scramble=False).random_base2(YEARS_POWER)
    # Points stand at the left of their cells; half a cell moves them inside (0, 1).
    factors = ndtri(points + 0.5 / len(points))
    shift = np.sqrt(national) * factors[:, :1] + np.sqrt(sector) * factors[:, 1 + places]
    threshold = ndtri(np.clip(pd, _PD_LEAST, 1 - _PD_LEAST))
    return ndtr((threshold - shift) / np.sqrt(1 - national - sector)) * lgd
