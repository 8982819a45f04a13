# pyright: basic
"""The standard normal distribution, with types: SciPy gives none."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
from scipy import special

from karez.engines.risk.book import Floats


def probability(threshold: npt.ArrayLike) -> Floats:
    """Return the probability of falling below each threshold."""
    return np.asarray(special.ndtr(threshold))


def quantile(chance: npt.ArrayLike) -> Floats:
    """Return the threshold that each probability stands for."""
    return np.asarray(special.ndtri(chance))


def density(threshold: Floats) -> Floats:
    """Return the height of the bell at each threshold."""
    return np.exp(-(threshold**2) / 2) / np.sqrt(2 * np.pi)


def binomial(trials: int, chance: Floats) -> Floats:
    """Return probabilities of 0 to ``trials`` successes (columns) at each chance (rows)."""
    count, rest = np.arange(trials + 1), np.arange(trials, -1, -1)
    ways = special.gammaln(trials + 1) - special.gammaln(count + 1) - special.gammaln(rest + 1)
    q = chance[:, None]
    return np.exp(ways + special.xlogy(count, q) + special.xlog1py(rest, -q))


def log_gamma(value: Floats) -> Floats:
    """Return the logarithm of the gamma function."""
    return np.asarray(special.gammaln(value))
