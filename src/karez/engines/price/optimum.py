"""The best whole amounts, sought among the few offers that can be part of them.

Where amounts may be broken, each sum has a price. Let every firm pay these prices, and firms have
nothing more in common: each takes what then earns it most. What all earn so, with what the sums are
worth, is a bound on every plan; a firm that takes something else instead is so much below it. So
once some plan is within a gap of the bound, no better one holds anything that loses more than the
gap: offers, parts of the room from least to most, and firms left out (Lagrange's multipliers, and
variables fixed by reduced cost). What is left is solved exactly; the gap that it shows
says whether something was left out too early.
"""

from __future__ import annotations

import attrs
import numpy as np

from karez.engines.price.rate import Floats, Ints
from karez.engines.price.solver import Bools, Choice, Solved, solve

_OPEN = 40  # offers that are in question at the first look
_WIDER = 4  # times the gap, where nothing within it keeps all sums
_SURE = 1e-9  # of the bound: more than what rounding can do


def maximise(choice: Choice, *, whole: bool) -> Solved | None:
    """Return an optimum, or None where nothing keeps all sums: see ``solve``."""
    solved = solve(choice, whole=False)
    if solved is None or not whole:
        return solved
    lost = Lost.at(choice, solved.prices)
    gap, start = lost.first_gap(choice.firm), None
    while True:
        kept, few = lost.within(choice, gap)
        solved = solve(few, whole=True, start=None if start is None else start[kept])
        if solved is None:
            if gap >= lost.most:
                return None
            gap = max(_WIDER * gap, lost.most / 1_000)
            continue
        start = np.zeros(len(choice.firm))
        start[kept] = solved.amounts
        short = lost.bound - choice.value(start)
        if short <= gap + lost.dust or gap >= lost.most:
            return attrs.evolve(solved, amounts=start)
        gap = short


@attrs.frozen(eq=False)
class Lost:
    """What is lost beside what each firm likes best, where each sum has a price.

    ``ends`` is of each offer at its least and at its most, ``none`` of each firm without an offer.
    ``slope`` is what one more of each amount earns, and no plan gains more than ``bound``.
    """

    bound: float
    slope: Floats
    ends: Floats
    none: Floats

    @classmethod
    def at(cls, choice: Choice, prices: Floats) -> Lost:
        """Return what is lost at these prices of the sums; any prices give a bound that holds."""
        edges = np.where(prices > 0, choice.sums_most, choice.sums_least)
        priced = np.isfinite(edges)
        prices, edges = np.where(priced, prices, 0), np.where(priced, edges, 0)
        slope = choice.gain - prices @ choice.sums
        earned = slope * np.stack([choice.least, choice.most]) - choice.fixed
        best = np.zeros(len(choice.must))
        np.maximum.at(best, choice.firm, earned.max(axis=0))
        return cls(float(best.sum() + prices @ edges), slope, best[choice.firm] - earned, best)

    @property
    def most(self) -> float:
        """The most that anything loses: within this gap is all."""
        return float(max(self.ends.max(initial=0), self.none.max(initial=0)))

    @property
    def dust(self) -> float:
        """More than what rounding can do."""
        return _SURE * abs(self.bound)

    def first_gap(self, firm: Ints) -> float:
        """Return a gap within which some offers are in question: they may be made, or not."""
        least = self.ends.min(axis=0)
        other = np.sort(np.where(least > 0, least, self.none[firm]))
        return float(other[min(_OPEN, len(other) - 1)]) if len(other) else 0.0

    def within(self, choice: Choice, gap: float) -> tuple[Bools, Choice]:
        """Return which offers lose no more than the gap, and the choice among these."""
        left = gap + self.dust - self.ends
        kept = left.max(axis=0) >= 0
        left, slope = left[:, kept], self.slope[kept]
        least, most = choice.least[kept], choice.most[kept]
        room = (most - least).astype(np.float64)
        steps = np.full(left.shape, room)
        np.divide(left, np.abs(slope), out=steps, where=slope != 0)
        steps = np.floor(np.clip(steps, 0, room)).astype(np.int64)
        return kept, attrs.evolve(
            choice,
            firm=choice.firm[kept],
            gain=choice.gain[kept],
            fixed=choice.fixed[kept],
            least=np.where(slope > 0, most - steps[1], least),
            most=np.where(slope < 0, least + steps[0], most),
            sums=choice.sums[:, kept],
            must=choice.must | (self.none > gap + self.dust),
        )
