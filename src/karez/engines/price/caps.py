"""Caps on what credit may cost, by jurisdiction, day and amount, and the all-in rate they test.

The all-in rate counts a fee that is taken from the loan as what it is: a dearer loan. It is the
rate of a month at which the instalments are worth what the borrower was handed, times twelve
(``nominal``) or compounded (``effective``).
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from enum import StrEnum

import attrs
import numpy as np
import numpy.typing as npt

from karez.engines.price.rate import Floats, Ints

_HALVINGS = 60
_MONTHLY_MOST = 10.0
_YEAR_MONTHS = 12


class Measure(StrEnum):
    """How a cap states a rate of the year."""

    NOMINAL = "nominal"  # twelve times the rate of a month
    EFFECTIVE = "effective"  # the rate of a month, compounded


@attrs.frozen
class Cap:
    """A row of the table of caps. What is not limited stays at its default."""

    jurisdiction: str
    rate: float
    """The highest all-in rate of a year, 0.36 = 36 %."""
    measure: Measure
    source: str
    """The law, so that a reader can look it up."""
    first_day: date = date.min
    last_day: date = date.max
    least_minor: int = 0
    most_minor: int = int(np.iinfo(np.int64).max)
    """The amounts that it is about, from the least to the most."""


def monthly_caps(
    caps: Sequence[Cap], jurisdiction: str, day: date, least_minor: Ints, most_minor: Ints
) -> Floats:
    """Return the lowest cap on each loan as an all-in rate of a month; infinite where none is.

    The amount of a loan may still be open, from the least to the most: all caps on it count.
    """
    found = np.full(len(least_minor), np.inf)
    for cap in caps:
        if cap.jurisdiction == jurisdiction and cap.first_day <= day <= cap.last_day:
            monthly = cap.rate / _YEAR_MONTHS
            if cap.measure is Measure.EFFECTIVE:
                monthly = np.expm1(np.log1p(cap.rate) / _YEAR_MONTHS)
            here = (most_minor >= cap.least_minor) & (least_minor <= cap.most_minor)
            found[here] = np.minimum(found[here], monthly)
    return found


def all_in_rate(
    rate: Floats, fee_share: Floats, months: npt.NDArray[np.int64], measure: Measure
) -> Floats:
    """Return the all-in rate of a year of level monthly instalments after a fee taken at once."""
    payment = _payment(rate / _YEAR_MONTHS, months)
    monthly = _rate_of(payment / (1 - fee_share), months)
    if measure is Measure.NOMINAL:
        return monthly * _YEAR_MONTHS
    return np.expm1(np.log1p(monthly) * _YEAR_MONTHS)


def highest_rate(monthly_cap: Floats, fee_share: Floats, months: npt.NDArray[np.int64]) -> Floats:
    """Return the highest nominal rate of a year that keeps a cap with a fee; NaN where none does.

    ``monthly_cap`` is what ``monthly_caps`` returns.
    """
    free = ~np.isfinite(monthly_cap)
    payment = _payment(np.where(free, 0, monthly_cap), months) * (1 - fee_share)
    rate = np.where(payment * months < 1, np.nan, _rate_of(payment, months) * _YEAR_MONTHS)
    return np.where(free, np.inf, rate)


def _payment(monthly: Floats, months: npt.NDArray[np.int64]) -> Floats:
    """Return the level instalment of a loan of one."""
    with np.errstate(divide="ignore", invalid="ignore"):
        level = monthly / -np.expm1(-months * np.log1p(monthly))
    return np.where(monthly > 0, level, 1 / months)


def _rate_of(payment: Floats, months: npt.NDArray[np.int64]) -> Floats:
    """Return the rate of a month at which so many payments are worth one; zero if none is above.

    The payment rises with the rate, so halving an interval finds it, for all loans at once.
    """
    low, high = np.zeros_like(payment), np.full_like(payment, _MONTHLY_MOST)
    for _ in range(_HALVINGS):
        middle = (low + high) / 2
        above = _payment(middle, months) > payment
        low, high = np.where(above, low, middle), np.where(above, middle, high)
    return (low + high) / 2
