"""Granularity and concentration: what one-factor formulas miss in a book of few loans."""

from __future__ import annotations

from collections.abc import Sequence

import attrs
import numpy as np

from karez.engines.risk.book import Book, Floats, sums
from karez.engines.risk.errors import LevelError
from karez.engines.risk.factors import Nodes
from karez.engines.risk.normal import binomial, density, probability, quantile

_FINE = 0.05


def basel_loss(book: Book, correlation: float, level: float) -> float:
    """Return the loss at a level were the book infinitely fine: Vasicek's limit.

    It is the formula of the Basel capital rules, with expected loss, at one correlation.

    Raises:
        LevelError: the level is not between 0 and 1.
    """
    return float(_given_factor(book, correlation, level)[0] @ book.loss)


def granularity_adjustment(book: Book, correlation: float, level: float) -> float:
    """Return what is to be added to ``basel_loss`` because the book has few loans.

    The second-order term of Martin and Wilde (Unsystematic credit risk, Risk, November 2002;
    Gordy and Luetkebohmert, IJCB 9(3), 2013): quick enough for a limit while a customer waits.

    Raises:
        LevelError: the level is not between 0 and 1.
    """
    pd, slope, bend = _given_factor(book, correlation, level)
    factor, loss = float(quantile(1 - level)), book.loss
    rise, curve = float(slope @ loss), float(bend @ loss)
    if rise == 0:  # no common factor, so no quantile of it
        return 0.0
    variance = float((pd * (1 - pd)) @ loss**2)
    variance_rise = float((slope * (1 - 2 * pd)) @ loss**2)
    return float(0.5 * (factor * variance - variance_rise + variance * curve / rise) / rise)


def _given_factor(book: Book, correlation: float, level: float) -> tuple[Floats, Floats, Floats]:
    """Return each loan's default probability at a bad year, and its two derivatives."""
    if not 0 < level < 1:
        raise LevelError(value=level)
    along, own = np.sqrt(correlation), np.sqrt(1 - correlation)
    distance = (quantile(book.pd) - along * quantile(1 - level)) / own
    height = density(distance)
    step = -along / own
    turn = np.where(height > 0, -distance, 0.0)
    return probability(distance), height * step, height * turn * step**2


def default_counts(loans: int, pd: float, correlation: float) -> Floats:
    """Return the probability of each number of defaults in a pool of equal loans."""
    nodes = Nodes.spaced(_FINE)
    own = np.sqrt(1 - correlation)
    given = probability((quantile(pd) - np.sqrt(correlation) * nodes.at) / own)
    return nodes.weight @ binomial(loans, given)


@attrs.frozen
class Slice:
    """What falls to one value of a label: a county, an industry, a buyer."""

    value: str
    loans: int
    exposure: float
    expected_loss: float
    shortfall: float


@attrs.frozen
class Concentration:
    """How lumpy exposure is."""

    hhi: float
    """Sum of squared shares (Herfindahl and Hirschman): 1 is one name."""
    effective_number: float
    """So many equal ones would be as lumpy."""
    largest_share: float


def concentration(amounts: Floats) -> Concentration:
    """Return how lumpy amounts are; nothing at all counts as even."""
    total = float(amounts.sum())
    if total == 0:
        return Concentration(0.0, 0.0, 0.0)
    shares = amounts / total
    hhi = float(shares @ shares)
    return Concentration(hhi, 1 / hhi, float(shares.max()))


def slices(book: Book, shortfall: Floats, values: Sequence[str]) -> list[Slice]:
    """Return what falls to each value of a label, the largest part of the shortfall first."""
    names, place = np.unique(np.array(values, dtype=str), return_inverse=True)

    columns = (book.exposure, book.expected_loss, shortfall)
    rows = zip(
        names.tolist(),
        np.bincount(place, minlength=len(names)).tolist(),
        *(sums(place, column, len(names)).tolist() for column in columns),
        strict=True,
    )
    return sorted((Slice(*row) for row in rows), key=lambda one: (-one.shortfall, one.value))
