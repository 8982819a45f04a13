"""CreditRisk+ (Credit Suisse First Boston, 1997): Poisson defaults, gamma sectors, exact by FFT.

Sectors are independent, each with a mean of 1 and a variance. The distribution is the inverse
transform of the generating function, which stays stable where the published recursion does not.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import attrs
import numpy as np
import numpy.typing as npt

from karez.engines.risk.book import Floats, Ints
from karez.engines.risk.errors import (
    BookEmptyError,
    FactorMalformedError,
    LoanMalformedError,
    WeightsError,
)
from karez.engines.risk.losses import Losses, Reading

BANDS = 100
"""How many units the largest loss has, as in the published examples."""
_LEFT_OUT = 1e-13
_MOST_POINTS = 2**22


@attrs.frozen(eq=False)
class Obligors:
    """Who may default, in bands of loss: ``mean[i]`` defaults on average of ``band[i]`` units."""

    unit: float
    band: Ints
    mean: Floats


def banded(loss: Floats, pd: Floats, *, unit: float | None = None) -> Obligors:
    """Return losses in whole units, with means that keep each expected loss.

    Without a unit it is ``ceil(largest / 100)``, and a loss is rounded up: the rule of the
    published examples. Loans that lose nothing are passed over.

    Raises:
        BookEmptyError: no loan loses anything.
        LoanMalformedError: a loss or a probability is not finite or negative.
    """
    for name, values in (("loss", loss), ("pd", pd)):
        wrong = np.flatnonzero(~(np.isfinite(values) & (values >= 0)))
        if len(wrong):
            row = int(wrong[0])
            raise LoanMalformedError(
                loan=row + 1, field=name, value=float(values[row]), rule="it is not below 0"
            )
    if not np.any(loss > 0):
        raise BookEmptyError
    unit = float(np.ceil(loss.max() / BANDS)) if unit is None else unit
    # The hair keeps a loss that is a whole number of units from the band above.
    band = np.ceil(loss / unit - 1e-9).astype(np.int64)
    mean = np.divide(pd * loss, unit * band, out=np.zeros(len(loss)), where=band > 0)
    return Obligors(unit, band, mean)


def sector_variances(weights: Floats, pd: Floats, pd_sd: Floats) -> Floats:
    """Return the variance of each sector's factor: ``(sum w sd / sum w p)^2`` (CSFP, A12.3)."""
    return ((pd_sd @ weights) / (pd @ weights)) ** 2


def pooled_variance(
    expected: Sequence[float], variance: Sequence[float], correlation: npt.ArrayLike
) -> float:
    """Return the variance of the one factor that stands for sectors that are correlated.

    It gives the whole book the same variance (Buergisser, Kurth, Wagner and Wolf, Integrating
    correlations, Risk, July 1999). ``expected`` are the sectors' expected losses.
    """
    spread = np.asarray(expected) * np.sqrt(np.asarray(variance))
    return float(spread @ np.asarray(correlation) @ spread / np.sum(expected) ** 2)


def loss_distribution(
    obligors: Obligors, weights: npt.ArrayLike, variances: Mapping[str, float]
) -> Losses:
    """Return the distribution of losses of a year, percentiles read on lines.

    ``weights`` has a row for each obligor and a column for each sector of ``variances``, rows
    adding up to 1. A sector whose variance is 0 is specific: its defaults are pure Poisson.

    Raises:
        WeightsError: a row of weights does not add up to 1.
        FactorMalformedError: a variance is negative or not finite.
    """
    shares = np.asarray(weights, np.float64).reshape(len(obligors.band), len(variances))
    wrong = np.flatnonzero(~(np.abs(shares.sum(axis=1) - 1) < 1e-9))
    if len(wrong):
        row = int(wrong[0])
        raise WeightsError(what=f"obligor {row + 1}", total=float(shares[row].sum()))
    for name, variance in variances.items():
        if not 0 <= variance < np.inf:
            raise FactorMalformedError(
                sector=name, field="variance", value=variance, rule="it is not below 0"
            )
    spread = list(variances.values())
    points = 1 << int(4 * obligors.band.max() + 64).bit_length()
    while True:
        probability = _inverted(obligors, shares, spread, points)
        # What wraps around the lattice would show at its end first.
        if np.abs(probability[-(points // 4) :]).sum() < _LEFT_OUT or points >= _MOST_POINTS:
            return Losses(obligors.unit, np.maximum(probability, 0), Reading.LINES)
        points *= 2


def _inverted(
    obligors: Obligors, shares: Floats, variances: Sequence[float], points: int
) -> Floats:
    exponent = np.zeros(points // 2 + 1, np.complex128)
    for column, variance in enumerate(variances):
        mean = obligors.mean * shares[:, column]
        histogram = np.bincount(obligors.band, mean, minlength=points)
        growth = np.fft.rfft(histogram) - mean.sum()
        # The limit of -log(1 - v g) / v at no variance is g itself.
        exponent += -np.log1p(-variance * growth) / variance if variance > 0 else growth
    return np.fft.irfft(np.exp(exponent), points)
