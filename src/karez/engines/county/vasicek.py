# pyright: basic
"""Default probabilities given a health that nobody sees, with types: SciPy gives none."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
from scipy.special import ndtr, ndtri

Floats = npt.NDArray[np.float64]

HEALTH_SHARE = 0.5
"""How much of whether a loan fails is health; the rest is chance."""


def pd_given_health(default_share: Floats, health: Floats) -> Floats:
    """Return each one's chance to default; its mean over all healths is the share.

    It is the one-factor model of Vasicek (1987), with health, standard normal, as the factor.
    """
    weight = np.sqrt(HEALTH_SHARE)
    found = ndtr((ndtri(default_share) - weight * health) / np.sqrt(1 - HEALTH_SHARE))
    return np.asarray(found)


def within_a_year(pd: Floats, years: float) -> Floats:
    """Return the chance to default within a year of who defaults within so many with ``pd``."""
    return 1 - (1 - pd) ** (1 / years)
