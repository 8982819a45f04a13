"""The offers that an optimum can be made of: for each firm the rates that no other rate beats.

Expected profit of an offer is

    amount x balance share x (1 - lost) x (collected x rate - cost) - (1 - lost) x fixed cost,

linear in the amount. Every bound of a plan counts an offer by one figure, its ``use`` of each unit:
1 where what is offered counts, 1 - lost where what is expected to be taken up does. So if one rate
uses no more than another, and earns no less at the smallest and at the largest amount, then any
plan with the other can be changed to it, keeps all its bounds, and earns no less. The other is left
out before anything is solved.

Where offers count, all rates use the same; with no fixed cost the comparison does not depend on the
amount either, and one rate is left for each firm: the one that maximises (1 - lost) x (collected x
rate - cost). Rate and amount are then separate questions. It is no special case in the code.
"""

from __future__ import annotations

import attrs
import numpy as np
import numpy.typing as npt

from karez.engines.price.curve import WHOLE_PPM
from karez.engines.price.question import Counts, Question
from karez.engines.price.rate import Floats, Ints, collected_share

_DUST = 1e-9
"""A cap on the all-in rate is met by halving, and may come out so much below a rate of the grid."""


@attrs.frozen(eq=False)
class Offers:
    """Offers, firm by firm and by rising rate; one entry for each."""

    firm: npt.NDArray[np.int64]
    rate: npt.NDArray[np.int64]
    """Place in the rates of the question."""
    lost: Floats
    profit: Floats
    """Of each unit offered, without the fixed cost."""
    fixed_minor: Floats
    """The fixed cost, expected."""
    use: Floats
    least_steps: Ints
    most_steps: Ints

    def __len__(self) -> int:
        return len(self.firm)


def find_offers(question: Question) -> Offers:
    """Return the offers that can be part of an optimum."""
    every = all_offers(question)
    ends = np.stack([every.least_steps, every.most_steps]) * question.step_minor
    gains = every.profit * ends - every.fixed_minor
    grid = (-1, len(question.rates_ppm))
    kept = _unbeaten(gains.reshape(2, *grid), every.use.reshape(grid)).ravel()
    kept &= np.isfinite(every.profit)
    if not any(bound.least_minor for bound in question.bounds):
        kept &= gains.max(axis=0) > 0  # nothing can ask for an offer that earns nothing
    return Offers(*(column[kept] for column in attrs.astuple(every, recurse=False)))


def all_offers(question: Question) -> Offers:
    """Return each rate for each firm whose limit allows the smallest amount.

    A rate that is not allowed has a profit of minus infinity.
    """
    firms, costs, rates = question.firms, question.costs, question.rates_ppm / WHOLE_PPM
    least = np.maximum(-(-firms.least_minor // question.step_minor), 1)
    most = firms.most_minor // question.step_minor
    able = np.flatnonzero(most >= least)
    cost = np.broadcast_to(costs.running_rate(firms.pd, firms.lgd), len(firms))[able]
    lost = question.curve.lost_at(question.rates_ppm)[firms.segment[able]].ravel()
    firm = np.repeat(able, len(rates))
    margin = np.outer(collected_share(firms.pd[able]), rates) - cost[:, None]
    stay = 1 - lost
    profit = question.balance_share * stay * margin.ravel()
    if question.highest is not None:
        profit[(rates > question.highest[able, None] + _DUST).ravel()] = -np.inf
    return Offers(
        firm,
        np.tile(np.arange(len(rates)), len(able)),
        lost,
        profit,
        stay * costs.fixed_minor,
        np.ones_like(lost) if question.counts is Counts.OFFERED else stay,
        least[firm],
        most[firm],
    )


def _unbeaten(gains: Floats, use: Floats) -> npt.NDArray[np.bool_]:
    """Return which rates (columns) of each firm (row) no other beats; of equals the lowest stays.

    ``gains`` has two such tables: for the smallest and for the largest amount.
    """
    kept = np.empty(use.shape, dtype=np.bool_)
    for rate in range(use.shape[1]):
        no_worse = (use <= use[:, rate, None]) & (gains >= gains[:, :, rate, None]).all(axis=0)
        better = (use < use[:, rate, None]) | (gains > gains[:, :, rate, None]).any(axis=0)
        better[:, :rate] = True
        kept[:, rate] = ~(no_worse & better).any(axis=1)
    return kept
