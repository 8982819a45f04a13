"""The distribution of a book's losses under common factors, and whose losses make its tail."""

from __future__ import annotations

from collections.abc import Sequence

import attrs
import numpy as np

from karez.engines.risk.book import Book, Floats, Ints
from karez.engines.risk.factors import Factors, Nodes, Shares, sector_nodes
from karez.engines.risk.lattice import common_step
from karez.engines.risk.losses import Losses, Reading
from karez.engines.risk.normal import probability, quantile
from karez.engines.risk.transform import Complexes, Sector, sector_transform, tail_shares
from karez.kernel.errors import ensure

POINTS = 4096
ONE_BY_ONE_MOST = 1_000
"""Books of so many loans are multiplied in loan by loan."""
BELOW = 32
"""So many points of the lattice are kept for what lies below 0."""
_WORST_SD = 6.5
_FINEST, _COARSEST = 0.01, 0.2


@attrs.frozen(eq=False)
class Portfolio:
    """A book, the distribution of its losses, and what is needed to open a figure into loans."""

    book: Book
    losses: Losses
    _sectors: Sequence[Sector]
    _nation: Nodes

    def shortfall_shares(self, level: float) -> Floats:
        """Return what each loan adds to the expected shortfall: they add up to it (Euler).

        It is the mean of the loan's own loss when the book loses more than at the level.

        Raises:
            LevelError: the level is not between 0 and 1.
        """
        shares = np.zeros(len(self.book))
        points, weights = len(self.losses.probability), self.losses.tail(level)
        if self.losses.reading is Reading.CELLS:
            weights[-BELOW:] = 0  # what stands there is below 0
        tail = np.fft.rfft(weights).conj() / points
        tail[1:-1] *= 2  # the frequencies that a real transform leaves out
        conditional = [sector.by_nation() for sector in self._sectors]
        if not conditional:  # nothing can be lost
            return shares
        before, after = _products(conditional)
        for sector, left, right in zip(self._sectors, before, after, strict=True):
            weight = self._nation.weight[:, None] * left * right * tail
            tail_shares(sector, sector.back(weight), shares)
        return self.losses.step * shares


def portfolio(book: Book, factors: Factors, *, points: int = POINTS) -> Portfolio:
    """Return a book with the distribution of its losses within the horizon of its probabilities.

    ``points``, a power of two, is into how many steps all that the book can lose is cut. A book of
    up to a thousand loans whose losses are multiples of one amount is exact; another is exact for
    losses moved by less than a step each, their means kept. In a larger book the first three
    moments of each loan are kept, small loans go through a table, and what has a probability of a
    few in 1e9 is left out where that makes the steps finer.

    Raises:
        SectorUnknownError, FactorMalformedError: a sector has no factor, or shares out of bounds.
    """
    ensure(points >= 4 * BELOW and points.bit_count() == 1, "points are a power of two from 128 on")
    by_sector = factors.of(book)
    loss = book.loss
    live = np.flatnonzero((loss > 0) & (book.pd > 0))
    if not len(live):
        return Portfolio(book, Losses(1.0, np.ones(1), Reading.STEPS), (), Nodes.spaced(1.0))
    sector = np.array(book.sector, dtype=object)
    groups = {name: live[sector[live] == name] for name in by_sector}
    groups = {name: rows for name, rows in groups.items() if len(rows)}
    total, one_by_one = float(loss[live].sum()), len(live) <= ONE_BY_ONE_MOST
    step = common_step(loss[live], points) if one_by_one else None
    if step is not None:
        points = max(1 << int(np.rint(total / step)).bit_length(), 4)
        return _solved(book, groups, by_sector, step, points, Reading.STEPS)
    span = total if one_by_one else min(total, _farthest(book, live, by_sector))
    return _solved(book, groups, by_sector, span / (points - 2 * BELOW), points, Reading.CELLS)


def _farthest(book: Book, live: Ints, by_sector: dict[str, Shares]) -> float:
    """Return a loss beyond which there is as good as nothing: no more than a few in 1e9.

    No sector has a year worse than 6.5 standard deviations (4 in 1e11 each), and given such a year
    for all, losses pass their mean by more than Bernstein's bound with probability ``exp(-20)``.
    """
    loss = book.loss[live]
    parts = [by_sector[book.sector[int(row)]] for row in live]
    common = np.array([part.national + part.sector for part in parts], np.float64)
    worst = (quantile(book.pd[live]) + _WORST_SD * np.sqrt(common)) / np.sqrt(1 - common)
    pd, most = probability(worst), float(loss.max())
    variance = float(loss**2 @ (pd * (1 - pd)))
    third = 20 * most / 3
    return float(loss @ pd) + third + float(np.sqrt(third**2 + 40 * variance))


def _solved(  # noqa: PLR0913, PLR0917 - what is solved, and on which lattice
    book: Book,
    groups: dict[str, Ints],
    by_sector: dict[str, Shares],
    step: float,
    points: int,
    reading: Reading,
) -> Portfolio:
    loss, live = book.loss, sum(map(len, groups.values()))
    worth = np.array([loss[rows].sum() for rows in groups.values()])
    across = np.array(
        [by_sector[name].sector * amount**2 for name, amount in zip(groups, worth, strict=True)]
    )
    along = np.array(
        [
            np.sqrt(by_sector[name].national) * amount
            for name, amount in zip(groups, worth, strict=True)
        ]
    )
    everyone = np.concatenate(list(groups.values()))
    nationwide = float(along.sum()) ** 2
    others = float(across.sum()) / nationwide if nationwide else np.inf
    nation = Nodes.spaced(_node_step(loss[everyone], others))
    sectors: list[Sector] = []
    for place, (name, rows) in enumerate(groups.items()):
        shares = by_sector[name]
        spread = (shares.national + shares.sector) * worth[place] ** 2
        others = float((across.sum() - across[place]) / spread) if spread else 0.0
        nodes = sector_nodes(shares, nation, _node_step(loss[rows], others))
        sectors.append(
            sector_transform(
                rows=rows,
                position=loss[rows] / step,
                pd=book.pd[rows],
                shares=shares,
                nodes=nodes,
                points=points,
                one_by_one=live <= ONE_BY_ONE_MOST,
            )
        )
    transform = nation.weight @ np.prod([sector.by_nation() for sector in sectors], axis=0)
    chance = np.fft.irfft(transform, points)
    if reading is Reading.CELLS:
        # Nothing is lost at the upper end. What is there lies below 0, where cubic weights reach
        # in years so good that all that is lost is a few steps.
        chance[0] += chance[-BELOW:].sum()
        chance[-BELOW:] = 0
    return Portfolio(book, Losses(step, chance, reading), sectors, nation)


def _node_step(loss: Floats, others: float) -> float:
    """Return how far apart nodes may be, in standard deviations of what is common.

    The trapezoid rule errs by ``exp(-2 (pi width / step)^2)``, where the width is that of the loss
    which is left when the node is known: by the number of loans, and by what other factors add.
    """
    effective = float(loss.sum() ** 2 / (loss @ loss))
    return float(np.clip(1.5 * np.sqrt(5 / effective + others), _FINEST, _COARSEST))


def _products(factors: Sequence[Complexes]) -> tuple[list[Complexes], list[Complexes]]:
    """Return for each factor the product of those before it, and of those after it."""
    before, after = [np.ones_like(factors[0])], [np.ones_like(factors[0])]
    for factor in factors[:-1]:
        before.append(before[-1] * factor)
    for factor in reversed(factors[1:]):
        after.insert(0, after[0] * factor)
    return before, after
