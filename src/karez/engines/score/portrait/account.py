"""What went through a party's accounts, measured. Several accounts of one party are one purse."""

from __future__ import annotations

from functools import cached_property

import attrs
import numpy as np

from karez.engines.score.portrait import groups
from karez.engines.score.portrait.cut import View
from karez.engines.score.portrait.facts import Floats, Ints, Movement, Movements
from karez.engines.score.portrait.windows import PERIOD, PERIODS, YEAR


@attrs.frozen
class Path:
    """What stood on all accounts together: a stretch of days for each balance, of one year."""

    sitting: Ints
    days: Ints
    balance: Floats


@attrs.frozen
class Account:
    """Measures of the accounts of each sitting."""

    all: View[Movements]

    @property
    def count(self) -> int:
        """How many sittings there are."""
        return self.all.count

    @cached_property
    def year(self) -> View[Movements]:
        """The movements of the year."""
        return self.all.take(self.all.age_days < YEAR)

    @cached_property
    def known_days(self) -> Floats:
        """How many days of the year are known, the day of the sitting among them."""
        oldest = groups.pick(self.all.sitting, self.count, self.all.age_days)
        return np.minimum(oldest + 1, YEAR)

    @cached_property
    def inflow(self) -> Floats:
        """What came in during the year."""
        amount = np.maximum(self.year.facts.amount_minor, 0)
        return groups.total(self.year.sitting, self.count, amount)

    @cached_property
    def outflow(self) -> Floats:
        """What went out during the year."""
        amount = np.maximum(-self.year.facts.amount_minor, 0)
        return groups.total(self.year.sitting, self.count, amount)

    @cached_property
    def inflow_period(self) -> Floats:
        """What came in during four weeks, on the average of the days that are known."""
        return groups.ratio(self.inflow * PERIOD, self.known_days)

    @cached_property
    def path(self) -> Path:
        """What stood on the accounts at the end of each day."""
        sitting, age, facts = self.all.sitting, self.all.age_days, self.all.facts
        by_account = np.lexsort((facts.account, sitting))  # stable: the oldest stays first
        balance = facts.balance_minor[by_account]
        first = (np.diff(sitting[by_account], prepend=-1) != 0) | (
            np.diff(facts.account[by_account], prepend=-1) != 0
        )
        change = np.empty(len(balance), np.int64)
        change[by_account] = np.where(first, balance, np.diff(balance, prepend=0))
        sums = np.cumsum(change)
        starts = np.flatnonzero(np.diff(sitting, prepend=-1))
        offset = (sums - change)[starts]
        size = np.diff(np.append(starts, len(sitting)))
        stands = sums - np.repeat(offset, size)
        until = np.where(np.diff(sitting, append=-1) == 0, np.append(age[1:], 0), -1)
        days = np.minimum(age, YEAR - 1) - until
        rows = (days > 0) & (until < age)
        return Path(sitting[rows], days[rows], stands[rows].astype(np.float64))

    def _mean(self, values: Floats) -> Floats:
        path = self.path
        days = groups.total(path.sitting, self.count, path.days)
        return groups.ratio(groups.total(path.sitting, self.count, values * path.days), days)

    @cached_property
    def balance_mean(self) -> Floats:
        """What stood there on the average day."""
        return self._mean(self.path.balance)

    def balance_low(self) -> Floats:
        """Return the lowest balance at the end of a day."""
        return -groups.greatest(self.path.sitting, self.count, -self.path.balance)

    def balance_now(self) -> Floats:
        """Return what stands there on the day of the sitting."""
        return groups.pick(self.path.sitting, self.count, self.path.balance, last=True)

    def balance_deviation(self) -> Floats:
        """Return how far a day's balance is from the mean, on average."""
        return self._mean(np.abs(self.path.balance - self.balance_mean[self.path.sitting]))

    def negative(self) -> Floats:
        """Return the share of days on which less than nothing stood there."""
        return self._mean((self.path.balance < 0).astype(np.float64))

    @cached_property
    def _periods(self) -> Floats:
        place = self.year.sitting * PERIODS + self.year.age_days // PERIOD
        amount = np.maximum(self.year.facts.amount_minor, 0)
        return groups.total(place, self.count * PERIODS, amount).reshape(self.count, PERIODS)

    def inflow_spread(self) -> Floats:
        """Return how far apart the quartiles of four weeks' inflows lie, beside their sum."""
        known = np.nan_to_num(self.known_days).astype(np.int64) // PERIOD
        low, high = groups.quartiles(self._periods, known)
        return groups.contrast(high, low)

    def inflow_active(self) -> Floats:
        """Return the share of stretches of four weeks in which money came in."""
        some = (self._periods > 0).sum(axis=1).astype(np.float64)
        return groups.ratio(some, np.ceil(self.known_days / PERIOD))

    def standing(self) -> Floats:
        """Return the share of outflows that standing orders make."""
        is_standing = self.year.facts.kind == Movement.STANDING_ORDER
        amount = np.where(is_standing, np.maximum(-self.year.facts.amount_minor, 0), 0)
        return groups.ratio(groups.total(self.year.sitting, self.count, amount), self.outflow)

    def penalties(self) -> Floats:
        """Return how often penalty interest was charged."""
        rows = self.year.facts.kind == Movement.PENALTY_INTEREST
        return groups.tally(self.year.sitting[rows], self.count)

    def age(self) -> Floats:
        """Return how many days ago the first movement was."""
        return groups.pick(self.all.sitting, self.count, self.all.age_days)

    def recency(self) -> Floats:
        """Return how many days ago the last movement was."""
        return groups.pick(self.all.sitting, self.count, self.all.age_days, last=True)
