"""The rate that earns most, customers lost at it included, and how steep profit is around it.

On each straight piece of the curve the expected profit, (1 - lost(r)) (collected r - cost), is a
parabola that opens downwards, so its highest point is known exactly; the best of all pieces is the
answer. Nothing is searched, and no step of a grid is left to choose.
"""

from __future__ import annotations

import attrs
import numpy as np
import numpy.typing as npt

from karez.engines.price.curve import Curve
from karez.engines.price.rate import Floats
from karez.kernel.errors import ensure

Places = npt.NDArray[np.int64]
_ROWS = 1 << 14
"""Customers taken together: their pieces fit into the processor's cache."""


@attrs.frozen(eq=False)
class BestRate:
    """The best rate of each customer, as fractions of a year; NaN where the cap allows none."""

    rate: Floats
    lost: Floats
    profit: Floats
    """Expected, for a unit of balance offered: what is lost with who declines is in it."""
    slope_below: Floats
    """What profit gains for each unit of rate on the way up to the best rate."""
    slope_above: Floats
    """The same beyond it: below zero, but at a cap, where it is what the cap costs."""


def best_rate(
    curve: Curve,
    segment: Places,
    cost: Floats,
    collected: Floats,
    highest: Floats | None = None,
) -> BestRate:
    """Return the rate within the curve and the cap that maximises each customer's expected profit.

    Args:
        curve: customers lost by segment and rate.
        segment: the place of each customer's segment.
        cost: what a unit of balance costs a year (``Costs.running_rate``, fixed cost / balance).
        collected: the share of interest that is paid (``collected_share``).
        highest: the highest rate allowed; none where it is left out.
    """
    cap = np.full(len(cost), np.inf) if highest is None else highest
    ensure(len(segment) == len(cost) == len(collected) == len(cap), "arrays are of one length")
    found = np.empty((5, len(cost)))
    for start in range(0, len(cost), _ROWS):
        rows = slice(start, start + _ROWS)
        found[:, rows] = _best(curve, segment[rows], cost[rows], collected[rows], cap[rows])
    return BestRate(*found)


def _best(curve: Curve, segment: Places, cost: Floats, collected: Floats, cap: Floats) -> Floats:
    """Return rate, share lost, profit and both slopes: rows of an array."""
    low, high = curve.rates[:-1], curve.rates[1:]
    fall = np.diff(curve.lost, axis=1) / (high - low)
    stay = 1 - curve.lost[:, :-1]
    with np.errstate(divide="ignore", invalid="ignore"):
        # Where nobody more is lost along a piece, its upper end is best.
        reach = np.where(fall > 0, (stay / fall + low) / 2, np.inf)
    ceiling = np.minimum(high, cap[:, None])
    peak = np.clip(reach[segment] + (cost / collected)[:, None] / 2, low, np.maximum(ceiling, low))
    kept = stay[segment] - fall[segment] * (peak - low)
    profit = kept * (collected[:, None] * peak - cost[:, None])
    profit = np.where(low <= cap[:, None], profit, -np.inf)
    piece = profit.argmax(axis=1)  # of equals the first: the lowest rate
    row = np.arange(len(cost))
    rate = np.where(low[0] <= cap, peak[row, piece], np.nan)
    best, stays = profit[row, piece], kept[row, piece]

    def slope(of: Places) -> Floats:
        return collected * stays - fall[segment, of] * (collected * rate - cost)

    below = piece - (rate == low[piece])
    above = piece + (rate == high[piece])
    last = len(low) - 1
    return np.array(
        [
            rate,
            np.where(np.isnan(rate), np.nan, 1 - stays),
            np.where(np.isnan(rate), np.nan, best),
            np.where(below < 0, np.nan, slope(np.maximum(below, 0))),
            np.where(above > last, np.nan, slope(np.minimum(above, last))),
        ]
    )
