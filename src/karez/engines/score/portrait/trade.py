"""One side of a firm's trade, measured: its sales by buyer, or its purchases by supplier."""

from __future__ import annotations

from functools import cached_property

import attrs
import numpy as np

from karez.engines.score.portrait import groups
from karez.engines.score.portrait.cut import View
from karez.engines.score.portrait.facts import Bools, Floats, Ints, Invoices, Status
from karez.engines.score.portrait.windows import (
    PERIOD,
    PERIODS,
    QUARTER,
    TWO_YEARS,
    WEEK,
    WEEKS,
    YEAR,
)


@attrs.frozen
class Partners:
    """What was traded with each partner of each sitting, returns taken off, nothing below zero."""

    sitting: Ints
    partner: Ints
    year: Floats
    before: Floats
    """In the year before."""
    came_back: Bools
    """Is there a good invoice of the year?"""
    is_old: Bools
    """Is there one from before the year?"""
    is_shared: Bools


@attrs.frozen
class Trade:
    """Measures of one side. ``every`` has all invoices of the side; ``shared`` goes with it."""

    every: View[Invoices]
    shared: Bools

    @property
    def count(self) -> int:
        """How many sittings there are."""
        return self.every.count

    @cached_property
    def good(self) -> View[Invoices]:
        """The invoices that are not void."""
        return self.every.take(self._is_good)

    @cached_property
    def _is_good(self) -> Bools:
        return self.every.facts.status != Status.VOID

    def between(self, youngest: int, oldest: int) -> Floats:
        """Return the trade from one age up to, and without, another; returns are taken off."""
        age = self.good.age_days
        rows = (age >= youngest) & (age < oldest)
        amount = self.good.facts.amount_minor[rows]
        return np.maximum(groups.total(self.good.sitting[rows], self.count, amount), 0)

    @cached_property
    def year(self) -> Floats:
        """The trade of the year."""
        return self.between(0, YEAR)

    @cached_property
    def year_before(self) -> Floats:
        """The trade of the year before."""
        return self.between(YEAR, TWO_YEARS)

    def typical(self) -> Floats:
        """Return the middle amount of the invoices of the year, without returns."""
        good = self.good
        rows = (good.age_days < YEAR) & (good.facts.amount_minor > 0)
        return groups.median(good.sitting[rows], self.count, good.facts.amount_minor[rows])

    def number(self) -> Floats:
        """Return how many good invoices the year has."""
        return groups.tally(self.good.sitting[self.good.age_days < YEAR], self.count)

    def growth_year(self) -> Floats:
        """Return the year beside the year before."""
        return groups.contrast(self.year, self.year_before)

    def growth_quarter(self) -> Floats:
        """Return the last quarter beside the same quarter a year earlier."""
        return groups.contrast(self.between(0, QUARTER), self.between(YEAR, YEAR + QUARTER))

    @cached_property
    def periods(self) -> Floats:
        """The trade of each four weeks of two years, the latest first; nothing below zero."""
        good = self.good
        rows = good.age_days < TWO_YEARS
        place = good.sitting[rows] * 2 * PERIODS + good.age_days[rows] // PERIOD
        amount = good.facts.amount_minor[rows]
        sums = groups.total(place, self.count * 2 * PERIODS, amount)
        return np.maximum(sums, 0).reshape(self.count, 2 * PERIODS)

    def spread(self) -> Floats:
        """Return how far apart the quartiles of the periods lie, beside their sum."""
        oldest = groups.pick(self.good.sitting, self.count, self.good.age_days)
        known = np.minimum((np.nan_to_num(oldest, nan=-1) + 1) // PERIOD, PERIODS)
        low, high = groups.quartiles(self.periods[:, :PERIODS], known.astype(np.int64))
        return groups.contrast(high, low)

    def season(self) -> Floats:
        """Return the share of the trade that fell into the same four weeks in both years."""
        year, before = self.periods[:, :PERIODS], self.periods[:, PERIODS:]
        parts = (year, before)
        sums = [part.sum(axis=1) for part in parts]
        shares = [
            np.stack([groups.ratio(part[:, place], whole) for place in range(PERIODS)])
            for part, whole in zip(parts, sums, strict=True)
        ]
        return np.minimum(*shares).sum(axis=0)

    def peak(self) -> Floats:
        """Return the share of the strongest four weeks."""
        year = self.periods[:, :PERIODS]
        return groups.ratio(year.max(axis=1), year.sum(axis=1))

    def recency(self) -> Floats:
        """Return how many days ago the last good invoice was."""
        return groups.pick(self.good.sitting, self.count, self.good.age_days, last=True)

    def gap(self) -> Floats:
        """Return the longest stretch of days between two good invoices of the year."""
        rows = self.good.age_days < YEAR
        sitting, age = self.good.sitting[rows], self.good.age_days[rows]
        same = np.diff(sitting) == 0
        return groups.greatest(sitting[1:][same], self.count, -np.diff(age)[same])

    def active(self) -> Floats:
        """Return the share of weeks with a good invoice."""
        rows = self.good.age_days < YEAR
        weeks = self.good.age_days[rows] // WEEK
        return groups.distinct(self.good.sitting[rows], self.count, weeks) / WEEKS

    def void(self) -> Floats:
        """Return the share of invoices of the year that are void."""
        rows = self.every.age_days < YEAR
        sitting = self.every.sitting[rows]
        void = groups.total(sitting, self.count, (~self._is_good[rows]).astype(np.int64))
        return groups.ratio(void, groups.tally(sitting, self.count))

    def returned(self) -> Floats:
        """Return what came back, beside all amounts of the year."""
        rows = self.good.age_days < YEAR
        sitting, amount = self.good.sitting[rows], self.good.facts.amount_minor[rows]
        back = groups.total(sitting, self.count, np.maximum(-amount, 0))
        return groups.ratio(back, groups.total(sitting, self.count, np.abs(amount)))

    @cached_property
    def partners(self) -> Partners:
        """The partners of each sitting."""
        good, facts = self.good, self.good.facts
        order = np.lexsort((facts.counterparty, good.sitting))
        sitting, partner = good.sitting[order], facts.counterparty[order]
        is_new = (np.diff(sitting, prepend=-1) != 0) | (np.diff(partner, prepend=-1) != 0)
        starts = np.flatnonzero(is_new)
        age, amount = good.age_days[order], facts.amount_minor[order].astype(np.float64)
        recent = age < YEAR

        def of_each(values: Floats) -> Floats:
            return np.add.reduceat(values, starts) if len(starts) else values

        def traded(rows: Bools) -> Floats:
            return np.maximum(of_each(np.where(rows, amount, 0.0)), 0)

        def is_any(rows: Bools) -> Bools:
            return of_each(rows.astype(np.float64)) > 0

        return Partners(
            sitting=sitting[starts],
            partner=partner[starts],
            year=traded(recent),
            before=traded((age >= YEAR) & (age < TWO_YEARS)),
            came_back=is_any(recent),
            is_old=is_any(~recent),
            is_shared=is_any(self.shared[self._is_good][order]),
        )

    def of_partners(self, values: Floats) -> Floats:
        """Return the sum over the partners of each sitting."""
        return groups.total(self.partners.sitting, self.count, values)

    def top(self) -> Floats:
        """Return the share of the greatest partner in the year."""
        best = groups.greatest(self.partners.sitting, self.count, self.partners.year)
        return groups.ratio(best, self.of_partners(self.partners.year))

    def effective(self) -> Floats:
        """Return how many equal partners would be as concentrated: one over Herfindahl's index."""
        year = self.partners.year
        return groups.ratio(self.of_partners(year) ** 2, self.of_partners(year**2))

    def kept(self) -> Floats:
        """Return the share of last year's trade whose partners came back in this year."""
        before = self.partners.before
        kept = self.of_partners(np.where(self.partners.came_back, before, 0.0))
        return groups.ratio(kept, self.of_partners(before))

    def new(self) -> Floats:
        """Return the share of the year's trade with partners never seen before it."""
        year = self.partners.year
        return groups.ratio(
            self.of_partners(np.where(self.partners.is_old, 0.0, year)), self.of_partners(year)
        )

    def with_shared(self) -> Floats:
        """Return the share of the year's trade with partners whom other parties know too."""
        year = self.partners.year
        return groups.ratio(
            self.of_partners(np.where(self.partners.is_shared, year, 0.0)),
            self.of_partners(year),
        )


def margin(sales: Floats, purchases: Floats) -> Floats:
    """Return what is left of sales, beside sales and purchases together."""
    return groups.contrast(sales, purchases)


def reciprocal(sales: Trade, purchases: Trade) -> Floats:
    """Return the share of the year's trade that goes both ways between the same two."""
    sold, bought = sales.partners, purchases.partners
    width = 1 + max(sold.partner.max(initial=0), bought.partner.max(initial=0))
    keys = (sold.sitting * width + sold.partner, bought.sitting * width + bought.partner)
    _, ours, theirs = np.intersect1d(*keys, assume_unique=True, return_indices=True)
    both = 2 * np.minimum(sold.year[ours], bought.year[theirs])
    together = groups.total(sold.sitting[ours], sales.count, both)
    return groups.ratio(together, sales.of_partners(sold.year) + purchases.of_partners(bought.year))
