"""A distribution of losses, and what is read off it."""

from __future__ import annotations

from enum import Enum

import attrs
import numpy as np

from karez.engines.risk.book import Floats
from karez.engines.risk.errors import LevelError


class Reading(Enum):
    """What lies between two losses of the lattice, and so how a percentile is read."""

    STEPS = "steps"
    """Nothing: the book can only lose what is on the lattice. The least loss that reaches."""
    LINES = "lines"
    """A line between points of the cumulative distribution, as CreditRisk+ published."""
    CELLS = "cells"
    """A cell of one step around each point, its probability spread evenly."""


@attrs.frozen(eq=False)
class Losses:
    """Probabilities of the losses 0, ``step``, twice ``step`` and so on."""

    step: float
    probability: Floats
    reading: Reading

    @property
    def amounts(self) -> Floats:
        """The losses of the lattice."""
        return np.arange(len(self.probability)) * np.float64(self.step)

    @property
    def mean(self) -> float:
        """The expected loss."""
        return float(self.amounts @ self.probability)

    @property
    def sd(self) -> float:
        """The standard deviation: the unexpected loss, as CreditRisk+ calls it."""
        return float(np.sqrt((self.amounts - self.mean) ** 2 @ self.probability))

    def value_at_risk(self, level: float) -> float:
        """Return the loss that is not passed with this probability.

        Raises:
            LevelError: the level is not between 0 and 1.
        """
        cumulative = np.cumsum(self.probability)
        place = self._place(cumulative, level)
        if self.reading is Reading.STEPS or place == 0:
            return self.step * place
        before = cumulative[place - 1]
        within = (level - before) / (cumulative[place] - before)
        start = place - 1 if self.reading is Reading.LINES else place - 0.5
        return self.step * float(start + within)

    def expected_shortfall(self, level: float) -> float:
        """Return the mean of the losses of the worst ``1 - level``.

        Raises:
            LevelError: the level is not between 0 and 1.
        """
        return float(self.amounts @ (self.tail(level) * self.probability))

    def tail(self, level: float) -> Floats:
        """Return weights by loss whose mean is 1: none below the level's loss, even above.

        The loss at the level itself carries what makes the weights whole (Acerbi and Tasche, On
        the coherence of expected shortfall, 2002).

        Raises:
            LevelError: the level is not between 0 and 1.
        """
        cumulative = np.cumsum(self.probability)
        place = self._place(cumulative, level)
        weights = np.zeros(len(cumulative))
        weights[place + 1 :] = 1 / (1 - level)
        beyond = float(weights @ self.probability)
        weights[place] = (1 - beyond) / self.probability[place]
        return weights

    def exceedance(self, amount: float) -> float:
        """Return the probability of losing more than an amount."""
        first = int(np.floor(amount / self.step * (1 + 1e-12) + 1e-9)) + 1
        return float(self.probability[max(first, 0) :].sum())

    @staticmethod
    def _place(cumulative: Floats, level: float) -> int:
        if not 0 < level < 1:
            raise LevelError(value=level)
        # A hair below, so that a level that is reached exactly is not passed by rounding.
        return min(int(np.searchsorted(cumulative, level - 1e-12)), len(cumulative) - 1)
