"""Vintages: how the loans of one time fare as they age, when not all are equally old yet."""

from __future__ import annotations

from collections.abc import Sequence

import attrs
import numpy as np

from karez.engines.risk.book import Floats, Ints, sums
from karez.engines.risk.errors import VintageError

NEVER = -1


@attrs.frozen(eq=False)
class Vintages:
    """By cohort (rows) and age in months (columns, from 1): who was watched, and who defaulted."""

    cohorts: Sequence[str]
    at_risk: Floats
    """Weight of the loans that were watched through that age and had not defaulted before."""
    defaulted: Floats
    """Weight of those that defaulted at that age."""
    whole_through: Ints
    """Age through which every loan of the cohort has been watched."""

    @property
    def cumulative(self) -> Floats:
        """Share that has defaulted by each age (Kaplan and Meier); NaN where nobody is watched.

        Loans too young for an age say nothing about it, and so do not lower it, as they would in
        a plain ratio.
        """
        share = np.divide(
            self.defaulted,
            self.at_risk,
            out=np.full(self.at_risk.shape, np.nan),
            where=self.at_risk > 0,
        )
        return 1.0 - np.cumprod(1.0 - share, axis=1, dtype=np.float64)


def vintages(  # noqa: PLR0913 - the columns of the loans
    ids: Sequence[str], cohort: Sequence[str], begun: Ints, defaulted: Ints, through: int,
    *, weight: Floats | None = None,
) -> Vintages:  # fmt: skip
    """Return the vintages of loans by cohort: a quarter, or quarter and county, product, officer.

    Months are counted from any one month. ``begun`` is when a loan was paid out, ``defaulted`` when
    it defaulted or ``NEVER``, ``through`` the last month that was watched. A loan repaid stays in
    its cohort: it will not default. ``weight`` makes amounts of the counts.

    Raises:
        VintageError: a loan begins after the last month, defaults before it begins or after the
            last month, or its weight is negative or not finite.
    """
    count = len(ids)
    worth = np.ones(count) if weight is None else np.asarray(weight, np.float64)
    fails = defaulted != NEVER
    for bad, field, values, rule in (
        (begun > through, "begun", begun, "it is not after the last month"),
        (fails & (defaulted < begun), "defaulted", defaulted, "it is not before the loan begins"),
        (fails & (defaulted > through), "defaulted", defaulted, "it is not after the last month"),
        (~((worth >= 0) & (worth < np.inf)), "weight", worth, "it is 0 or more"),
    ):
        for row in np.flatnonzero(bad).tolist():
            raise VintageError(loan=ids[row], field=field, value=values[row].item(), rule=rule)
    names, place = np.unique(np.array(cohort, dtype=str), return_inverse=True)
    ages = int((through - begun).max()) + 1 if count else 0
    shape = (len(names), ages)
    watched = through - begun + 1
    last = np.where(fails, defaulted - begun + 1, watched)
    # At risk through every age up to the last one: count the last ages, and sum from the end.
    ends = sums(place * ages + last - 1, worth, len(names) * ages).reshape(shape)
    at_risk = np.cumsum(ends[:, ::-1], axis=1)[:, ::-1]
    cell = (place * ages + last - 1)[fails]
    hit = sums(cell, worth[fails], len(names) * ages).reshape(shape)
    whole = np.full(len(names), ages)
    np.minimum.at(whole, place, watched)
    return Vintages(names.tolist(), at_risk, hit, whole)


@attrs.frozen(eq=False)
class Development:
    """Factors from each age to the next, and where each cohort would end."""

    factor: Floats
    ultimate: Floats
    """By cohort: its latest total times the factors still to come."""
    to_come: Floats


def development(totals: Floats) -> Development:
    """Return the chain ladder of a triangle: cohorts by age, cumulative, NaN where not yet known.

    A factor is the sum at the next age over the sum at this one, of the cohorts that are known at
    both (volume-weighted, as Mack, ASTIN 23(2), 1993). An age at which all are zero moves nothing.
    """
    known = np.isfinite(totals)
    factor = np.ones(totals.shape[1] - 1)
    for age in range(len(factor)):
        both = known[:, age] & known[:, age + 1]
        below = totals[both, age].sum()
        factor[age] = totals[both, age + 1].sum() / below if below > 0 else 1.0
    left = np.append(np.cumprod(factor[::-1])[::-1], 1.0)
    latest = known.shape[1] - 1 - np.argmax(known[:, ::-1], axis=1)
    now = totals[np.arange(len(totals)), latest]
    ultimate = now * left[latest]
    return Development(factor, ultimate, ultimate - now)
