"""Slow and obviously right: every outcome of a small book, fractions, no transform."""

from collections.abc import Sequence
from fractions import Fraction
from itertools import product

import numpy as np
from scipy.special import ndtr, ndtri

from karez.engines.risk.book import Book
from karez.engines.risk.factors import Factors


def every_outcome(book: Book, factors: Factors, nodes: int = 40) -> dict[float, float]:
    """Return the probability of each loss: all sets of defaults, given each pair of factors."""
    at, weight = np.polynomial.hermite_e.hermegauss(nodes)
    weight /= weight.sum()
    shares = factors.of(book)
    found: dict[float, float] = {}
    sectors = sorted(set(book.sector))
    outcomes = list(product((0, 1), repeat=len(book)))
    losses = [round(sum(np.array(defaults) * book.loss), 9) for defaults in outcomes]
    chances = np.zeros(len(outcomes))
    for z, z_weight in zip(at, weight, strict=True):
        joint = np.ones(len(outcomes))
        for name in sectors:
            rows = [row for row in range(len(book)) if book.sector[row] == name]
            share = shares[name]
            own = np.sqrt(1 - share.national - share.sector)
            common = np.sqrt(share.national) * z + np.sqrt(share.sector) * at
            pd = ndtr((ndtri(book.pd[rows]) - common[:, None]) / own)  # by node of S, loan
            part = []
            for defaults in outcomes:
                hit = np.array(defaults)[rows]
                part.append(weight @ np.prod(np.where(hit == 1, pd, 1 - pd), axis=1))
            joint *= part
        chances += z_weight * joint
    for loss, chance in zip(losses, chances.tolist(), strict=True):
        found[loss] = found.get(loss, 0.0) + chance
    return found


def shortfall(outcomes: dict[float, float], level: float) -> tuple[float, float]:
    """Return value at risk and expected shortfall of a distribution."""
    below = 0.0
    for loss in sorted(outcomes):
        below += outcomes[loss]
        if below >= level - 1e-12:
            break
    excess = sum(chance * max(each - loss, 0) for each, chance in outcomes.items())
    return loss, loss + excess / (1 - level)


def panjer(
    bands: Sequence[int], means: Sequence[Fraction], variance: Fraction, points: int
) -> list[Fraction]:
    """Return the probabilities of one gamma sector, but for a common factor, by recursion.

    G = (1 - v (m(z) - m(1)))^(-1/v) has G'(z) (1 + v m(1) - v m(z)) = m'(z) G(z): compare powers.
    """
    series = [Fraction(0)] * points
    for band, mean in zip(bands, means, strict=True):
        series[band] += mean
    whole = 1 + variance * sum(means)
    found = [Fraction(1)]
    for n in range(1, points):
        total = Fraction(0)
        for j in range(1, n + 1):
            if series[j]:
                # n g_n (1 + v m(1)) = sum_j m_j g_{n-j} (j + v (n - j))
                total += series[j] * found[n - j] * (j + variance * (n - j))
        found.append(total / (n * whole))
    return found
