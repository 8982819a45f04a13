"""What a loan must bring: funding, capital, expected loss, cost to serve and margin.

A loan-year on an average balance B breaks even at the rate r at which the interest collected pays
for all of it: r (1 - PD / 2) = cof (1 - k) + k h + PD LGD + F / B + v. Who defaults pays interest
for half of the year on average, hence PD / 2.
"""

from __future__ import annotations

import attrs
import numpy as np
import numpy.typing as npt

from karez.engines.price.errors import PriceInputError

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]


@attrs.frozen
class Costs:
    """What lending costs. Rates and shares are of the average balance and a year, 0.08 = 8 %."""

    funding_rate: float
    """cof: what the lender pays on money that is not its own."""
    capital_share: Floats | float
    """k: own money behind each unit lent; from the loan's part in the tail loss, where known."""
    hurdle_rate: float
    """h: what own money must earn."""
    variable_rate: float
    """v: what serving costs in proportion to the balance."""
    fixed_minor: int
    """F: what serving one loan for a year costs, whatever its size."""
    margin_rate: float = 0.0
    """What is asked above breaking even."""

    def running_rate(self, pd: Floats, lgd: Floats) -> Floats:
        """Return all that a unit of balance costs a year, but for the fixed cost and the margin."""
        own = self.capital_share
        return (
            self.funding_rate * (1 - own) + own * self.hurdle_rate + pd * lgd + self.variable_rate
        )


@attrs.frozen
class RateParts:
    """A rate by what it pays for; the parts add up to it. One entry for each loan."""

    funding: Floats
    capital: Floats
    expected_loss: Floats
    fixed_cost: Floats
    variable_cost: Floats
    margin: Floats

    @property
    def total(self) -> Floats:
        """The rate."""
        risk = self.capital + self.expected_loss
        return self.funding + risk + self.fixed_cost + self.variable_cost + self.margin


def collected_share(pd: Floats) -> Floats:
    """Return the share of a year's interest that is paid: who defaults pays for half of it."""
    return 1 - pd / 2


def rate_parts(costs: Costs, pd: Floats, lgd: Floats, balance_minor: Ints) -> RateParts:
    """Return the rate that pays for each loan of an average balance, part by part.

    Raises:
        PriceInputError: a probability or a loss is no share, or a balance is not positive.
    """
    check_share("pd", pd)
    check_share("lgd", lgd)
    if (balance_minor <= 0).any():
        raise PriceInputError(
            field="balance_minor", value=int(balance_minor.min()), rule="a balance is above zero"
        )
    each = 1 / collected_share(pd)
    own = costs.capital_share
    return RateParts(
        funding=costs.funding_rate * (1 - own) * each,
        capital=own * costs.hurdle_rate * each,
        expected_loss=pd * lgd * each,
        fixed_cost=costs.fixed_minor / balance_minor * each,
        variable_cost=costs.variable_rate * each,
        margin=costs.margin_rate * each,
    )


def check_share(field: str, values: Floats) -> None:
    """Refuse what is not between 0 and 1, NaN included.

    Raises:
        PriceInputError: a value is no share.
    """
    bad = ~((values >= 0) & (values <= 1))
    if bad.any():
        place = int(np.flatnonzero(bad)[0])
        raise PriceInputError(
            field=f"{field}[{place}]", value=float(values[place]), rule="it is a share from 0 to 1"
        )
