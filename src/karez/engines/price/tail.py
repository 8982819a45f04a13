"""The loss in bad years: how much of it a plan may have, and the mean of the worst years."""

from __future__ import annotations

from collections.abc import Sequence

import attrs
import numpy as np

from karez.engines.price.errors import PriceInputError
from karez.engines.price.factors import factor_years
from karez.engines.price.rate import Floats


@attrs.frozen(eq=False)
class Tail:
    """How much a plan may lose on average in the worst years, and which years there are.

    A bound on value at risk would not reward spreading loans, and is no linear matter; expected
    shortfall is both (Rockafellar and Uryasev, 2000).
    """

    most_minor: int
    worst_share: float = 0.01
    """The share of years that count as the worst: 0.01 is expected shortfall at 99 %."""
    national: float = 0.06
    """The share of a firm's variance that one factor of all firms explains."""
    sector: float = 0.08
    """The share that a factor of its industry explains."""
    loss: Floats | None = None
    """What a unit lent to each firm (column) loses in each year (row), from another source."""

    def __attrs_post_init__(self) -> None:
        if not 0 < self.worst_share <= 1 or self.most_minor < 0:
            raise PriceInputError(
                field="tail", value=(self.most_minor, self.worst_share),
                rule="the amount is not negative, and the share is above 0 and at most 1",
            )  # fmt: skip
        if self.national < 0 or self.sector < 0 or self.national + self.sector >= 1:
            raise PriceInputError(
                field="tail", value=(self.national, self.sector),
                rule="the shares of the factors are not negative and leave room for luck",
            )  # fmt: skip

    def losses(self, pd: Floats, lgd: Floats, industry: Sequence[str]) -> Floats:
        """Return what a unit lent to each firm loses, by year and firm."""
        if self.loss is not None:
            return self.loss
        return factor_years(pd, lgd, industry, national=self.national, sector=self.sector)


def worst_weights(loss: Floats, worst_share: float) -> Floats:
    """Return the weight of each scenario in the mean of the worst; they add up to one."""
    left = worst_share * len(loss)
    order = np.argsort(-loss, kind="stable")
    weights = np.zeros_like(loss)
    weights[order] = np.clip(left - np.arange(len(loss)), 0, 1) / left
    return weights


def expected_shortfall(loss: Floats, worst_share: float) -> float:
    """Return the mean loss of the worst share of scenarios of equal chance."""
    return float(worst_weights(loss, worst_share) @ loss)
