"""The transform of a sector's losses, given what is common to its loans.

Few large loans are multiplied in one by one. The many small ones go through a table of amount
by threshold, so that their cost does not grow with their number: the logarithm of a loan's factor
``1 + q (e^{iwx} - 1)`` is a short polynomial in ``e^{iwx}``, whose sums over loans are transforms
of the table at multiples of a frequency.
"""

from __future__ import annotations

from math import comb
from typing import TYPE_CHECKING

import attrs
import numpy as np
import numpy.typing as npt

from karez.engines.risk.book import Floats, Ints
from karez.engines.risk.factors import SectorNodes, Shares, conditional_pd
from karez.engines.risk.lattice import Spread, cubic, linear
from karez.engines.risk.normal import quantile

if TYPE_CHECKING:
    from types import ModuleType

Complexes = npt.NDArray[np.complex128]

DEGREE = 8
"""Of the polynomial. Its rest is below 1e-5 of the loans' part (see ``_names``)."""
GRADE = 0.06
"""Between thresholds of the table, which loans are spread over by cubic weights."""
LIKE_THE_LARGEST = 250
"""So many loans of the largest size must the small ones be worth, in variance."""
_NOTHING = 35.0
_YEARS = (-4.0, -2.0, 0.0, 2.0, 4.0)
"""Standard deviations of what is common at which loans are compared."""


@attrs.frozen(eq=False)
class Turns:
    """Cosines and sines of the lattice's circle."""

    cosine: Floats
    sine: Floats

    @classmethod
    def of(cls, points: int) -> Turns:
        """Return those of so many points, a power of two."""
        angle = 2 * np.pi * np.arange(points) / points
        return cls(np.cos(angle), np.sin(angle))


@attrs.frozen(eq=False)
class Names:
    """Loans that are multiplied in one by one."""

    rows: Ints
    spread: Spread
    pd: Floats
    """By loan and node."""


@attrs.frozen(eq=False)
class Crowd:
    """Loans that go through the table."""

    rows: Ints
    amounts: Spread
    grades: Spread
    table: Floats
    """By grade and point of the lattice, the last point standing for -1."""
    pd: Floats
    """By node and grade."""


@attrs.frozen(eq=False)
class Sector:
    """A sector's transforms: by node of what is common, and by frequency."""

    nodes: SectorNodes
    names: Names
    crowd: Crowd | None
    turns: Turns
    given: Complexes

    def by_nation(self) -> Complexes:
        """Return the transforms by national node, the sector's own factor averaged out."""
        weight = self.nodes.weight
        return self.given if weight is None else weight @ self.given

    def back(self, by_nation: Complexes) -> Complexes:
        """Return what weighs on each of this sector's nodes, from what weighs on the nation's."""
        weight = self.nodes.weight
        return by_nation if weight is None else weight.T @ by_nation


def sector_transform(  # noqa: PLR0913 - what a sector consists of, by name
    *, rows: Ints, position: Floats, pd: Floats, shares: Shares, nodes: SectorNodes, points: int,
    one_by_one: bool,
) -> Sector:  # fmt: skip
    """Return the transforms of the loans ``rows``; positions are losses in steps."""
    threshold = quantile(pd)
    named = np.ones(len(rows), np.bool_) if one_by_one else _names(position, threshold, shares)
    turns = Turns.of(points)
    # A small book gets a distribution without negative probabilities. In a larger one, which is
    # smooth, what counts is that no variance is added.
    spread = linear(position[named]) if one_by_one else cubic(position[named])
    given_pd = conditional_pd(threshold[named], nodes.at, shares)
    names = Names(rows[named], spread, np.ascontiguousarray(given_pd.T))
    if named.all():
        crowd, given = None, np.ones((len(nodes.at), points // 2 + 1), np.complex128)
    else:
        small = ~named
        crowd = _take_crowd(rows[small], position[small], threshold[small], shares, nodes, points)
        given = _crowd_transform(crowd)
    real, imag = given.real.copy(), given.imag.copy()
    _kernels().multiply_in(
        real, imag, names.pd, names.spread.first, names.spread.weight, turns.cosine, turns.sine
    )
    return Sector(nodes, names, crowd, turns, real + 1j * imag)


def _names(position: Floats, threshold: Floats, shares: Shares) -> npt.NDArray[np.bool_]:
    """Return which loans are too large for the table.

    A loan's part of the polynomial's rest grows with a power of the angle that its loss turns.
    Where the others' variance is 250 times a loan's, in good years and in bad, either that angle
    is small or the transform is below ``exp(-35)`` and is set to nothing.
    """
    named = np.zeros(len(position), np.bool_)
    years = np.array(_YEARS) * np.sqrt(shares.national + shares.sector)
    given = conditional_pd(threshold, years, shares)
    for size in (position**2, *(given * (1 - given) * position**2)):
        order = np.argsort(-size)
        rest = np.cumsum(size[order][::-1])[::-1]
        enough = rest >= LIKE_THE_LARGEST * size[order]
        first = int(np.argmax(enough)) if enough.any() else len(order)
        named[order[:first]] = True
    return named


def _take_crowd(  # noqa: PLR0913, PLR0917 - the loans, and where they go
    rows: Ints, position: Floats, threshold: Floats, shares: Shares, nodes: SectorNodes, points: int
) -> Crowd:
    least = int(np.floor(threshold.min() / GRADE)) - 1
    most = int(np.floor(threshold.max() / GRADE)) + 2
    grades = cubic(threshold / GRADE - least)
    amounts = cubic(position)
    table = np.zeros((most - least + 1, points))
    _kernels().add_cells(table, grades.first, grades.weight, amounts.first, amounts.weight)
    at = np.arange(least, most + 1) * np.float64(GRADE)
    return Crowd(rows, amounts, grades, table, conditional_pd(at, nodes.at, shares))


def _crowd_transform(crowd: Crowd) -> Complexes:
    """Return the product of all factors of a crowd, by node and frequency."""
    points: int = crowd.table.shape[1]
    steps = np.arange(points)
    steps[-1] = -1
    frequencies: Ints = np.arange(points // 2 + 1)
    waves: Complexes = np.fft.fft(crowd.table, axis=1)
    likely, small = _reflected(crowd.pd)
    towards = np.where(likely, -1.0, 1.0)
    loans = crowd.table.sum(axis=1)
    real = np.broadcast_to((_coefficient(0, small) @ loans)[:, None], (len(small), points // 2 + 1))
    # A factor that is likely to be lost is e^{iwx} times the one of keeping it, turned back.
    turned = np.where(likely, crowd.table @ steps, 0.0).sum(axis=1)
    imag: Floats = -2 * np.pi / points * turned[:, None] * frequencies
    for power in range(1, DEGREE + 1):
        there = waves[:, power * frequencies % points]
        weight = _coefficient(power, small)
        real = real + weight @ there.real
        imag += (weight * towards) @ there.imag
    # |1 + q(e^{iwx} - 1)|^2 = 1 - 2q(1 - q)(1 - cos wx), so the logarithm is at most minus this.
    damping = (small * (1 - small)) @ (loans[:, None] - waves[:, frequencies].real)
    return np.where(damping > _NOTHING, 0, np.exp(np.minimum(real, 0) + 1j * imag))


def _reflected(pd: Floats) -> tuple[npt.NDArray[np.bool_], Floats]:
    """Return where default is likelier than not, and the smaller of the two probabilities."""
    likely = pd > 0.5
    return likely, np.where(likely, 1 - pd, pd)


def _coefficient(power: int, small: Floats) -> Floats:
    """Return the coefficient of ``e^{i power wx}`` in ``log(1 + q (e^{iwx} - 1))``, q small."""
    sign = 1 if power % 2 else -1
    terms = [comb(m, power) / m if m >= max(power, 1) else 0.0 for m in range(DEGREE + 1)]
    return sign * np.polynomial.Polynomial(terms)(small)


def tail_shares(sector: Sector, weight: Complexes, shares: Floats) -> None:
    """Fill in what each loan of a sector adds to a tail, in steps.

    ``weight`` is what multiplies this sector's transform, by its node and frequency, in the mean
    over the tail; the real part of the sum is the mean.
    """
    weighed = weight * sector.given
    names = sector.names
    found = np.zeros(len(names.rows))
    _kernels().share_out(
        weighed.real.copy(), weighed.imag.copy(), names.pd, names.spread.first,
        names.spread.weight, sector.turns.cosine, sector.turns.sine, found,
    )  # fmt: skip
    shares[names.rows] = found
    crowd = sector.crowd
    if crowd is None:
        return
    table: Floats = _crowd_tail(crowd, weighed)
    table[:, :-1] *= np.arange(table.shape[1] - 1)
    table[:, -1] *= -1
    found = np.zeros(len(crowd.rows))
    for grade in range(4):
        for point in range(4):
            cell = table[crowd.grades.first + grade, crowd.amounts.first + point]
            found += crowd.grades.weight[:, grade] * crowd.amounts.weight[:, point] * cell
    shares[crowd.rows] = found


def _crowd_tail(crowd: Crowd, weighed: Complexes) -> Floats:
    """Return the probability of default within the tail, by grade and amount; -1 comes last.

    It is the derivative of the polynomial that made the transform, so that shares add up.
    """
    points: int = crowd.table.shape[1]
    most = int(crowd.amounts.first.max()) + 5
    steps = np.append(np.arange(most - 1), -1)
    likely, small = _reflected(crowd.pd)
    sums = weighed.sum(axis=1).real
    table = np.repeat((likely.T @ sums)[:, None], most, axis=1)
    for power in range(1, DEGREE + 1):
        slope = power * _coefficient(power, small)
        for side, sign in ((~likely, 1), (likely, -1)):
            turned = np.fft.fft((slope * side).T @ weighed, points, axis=1)
            table += sign * turned[:, sign * power * steps % points].real
    return table


def _kernels() -> ModuleType:
    from karez.engines.risk import kernels  # noqa: PLC0415 - Numba takes half a second

    return kernels
