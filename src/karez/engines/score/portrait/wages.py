"""What a party pays its people, measured."""

from __future__ import annotations

from functools import cached_property

import attrs
import numpy as np

from karez.engines.score.portrait import groups
from karez.engines.score.portrait.cut import View
from karez.engines.score.portrait.facts import Floats, Payrolls
from karez.engines.score.portrait.windows import HALF, YEAR


@attrs.frozen
class Wages:
    """Measures of the payrolls of each sitting."""

    all: View[Payrolls]

    @property
    def count(self) -> int:
        """How many sittings there are."""
        return self.all.count

    @cached_property
    def year(self) -> Floats:
        """The wages of the year."""
        rows = self.all.age_days < YEAR
        gross = self.all.facts.gross_minor[rows]
        return groups.total(self.all.sitting[rows], self.count, gross)

    def recency(self) -> Floats:
        """Return how many days ago wages were last paid."""
        return groups.pick(self.all.sitting, self.count, self.all.age_days, last=True)

    def gap(self) -> Floats:
        """Return the longest stretch of days between two payrolls of the year."""
        rows = self.all.age_days < YEAR
        sitting, age = self.all.sitting[rows], self.all.age_days[rows]
        same = np.diff(sitting) == 0
        return groups.greatest(sitting[1:][same], self.count, -np.diff(age)[same])

    def _heads(self, youngest: int, oldest: int) -> Floats:
        age, heads = self.all.age_days, self.all.facts.headcount
        rows = (age >= youngest) & (age < oldest) & (heads >= 0)
        return groups.median(self.all.sitting[rows], self.count, heads[rows])

    def headcount(self) -> Floats:
        """Return the middle headcount of the last half-year."""
        return self._heads(0, HALF)

    def headcount_growth(self) -> Floats:
        """Return the middle headcount of the last half-year beside that of the one before."""
        now, before = self._heads(0, HALF), self._heads(HALF, YEAR)
        return np.where(np.isnan(now + before), np.nan, groups.contrast(now, before))
