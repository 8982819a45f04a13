"""Common factors: a national one, and one for each sector, both standard normal.

A loan defaults when ``sqrt(n) Z + sqrt(s) S + sqrt(1 - n - s) e`` falls below the threshold that
gives it its default probability: Z is the nation's year, S its sector's, e its own; n and s are the
shares of variance. Vasicek's model, and so the Basel formula, is the case of one factor.
"""

from __future__ import annotations

from collections.abc import Mapping

import attrs
import numpy as np

from karez.engines.risk.book import Book, Floats
from karez.engines.risk.errors import FactorMalformedError, SectorUnknownError
from karez.engines.risk.normal import probability

LEAST_SHARE = 1e-3
"""Below this a sector's share would ask for endless nodes; use 0."""
_REACH = 7.0
_OFF_CENTRE = 0.37


@attrs.frozen
class Shares:
    """How much of the variance of what decides a default is common."""

    national: float
    sector: float = 0.0


@attrs.frozen
class Factors:
    """The shares of each sector; ``rest`` are those of the sectors that are not named."""

    rest: Shares | None = Shares(0.06, 0.08)
    by_sector: Mapping[str, Shares] = attrs.field(factory=dict[str, Shares])

    def of(self, book: Book) -> dict[str, Shares]:
        """Return the shares of the sectors of a book, by name.

        Raises:
            SectorUnknownError: a loan's sector has no factor.
            FactorMalformedError: a share is out of bounds.
        """
        found: dict[str, Shares] = {}
        for name in sorted(set(book.sector)):
            shares = self.by_sector.get(name, self.rest)
            if shares is None:
                loan = book.ids[list(book.sector).index(name)]
                known = ", ".join(sorted(self.by_sector))
                raise SectorUnknownError(loan=loan, sector=name, known=known)
            _check(name, shares)
            found[name] = shares
        return found


def _check(name: str, shares: Shares) -> None:
    if not 0 <= shares.national < 1:
        raise FactorMalformedError(
            sector=name, field="national", value=shares.national, rule="it is from 0 to below 1"
        )
    if not (shares.sector == 0 or LEAST_SHARE <= shares.sector < 1):
        rule = f"it is 0, or from {LEAST_SHARE} to below 1"
        raise FactorMalformedError(sector=name, field="sector", value=shares.sector, rule=rule)
    if shares.national + shares.sector >= 1:
        raise FactorMalformedError(
            sector=name,
            field="national + sector",
            value=shares.national + shares.sector,
            rule="a part must be the loan's own",
        )


@attrs.frozen(eq=False)
class Nodes:
    """Points of a factor and their weights: the trapezoid rule, which is exact to many digits."""

    at: Floats
    weight: Floats

    @classmethod
    def spaced(cls, step: float) -> Nodes:
        """Return nodes of a standard normal; none is 0, where a probability may be one half."""
        count = int(np.ceil(2 * _REACH / step))
        at = (np.arange(count) - count // 2 + _OFF_CENTRE) * np.float64(step)
        weight = np.exp(-(at**2) / 2)
        return cls(at, weight / weight.sum())


@attrs.frozen(eq=False)
class SectorNodes:
    """Values of what is common to a sector's loans, and their weights given the nation's node."""

    at: Floats
    weight: Floats | None
    """By national node and value. None: the values are the national nodes themselves."""


def sector_nodes(shares: Shares, nation: Nodes, step: float) -> SectorNodes:
    """Return the nodes of ``sqrt(n) Z + sqrt(s) S`` for each node of Z, ``step`` in units of it.

    One set of values serves every Z: only the weights differ.
    """
    along, across = np.sqrt(shares.national), np.sqrt(shares.sector)
    if across == 0:
        return SectorNodes(along * nation.at, None)
    spread = np.hypot(along, across)
    # Twice the narrower bell's width a node keeps the trapezoid rule exact to nine digits.
    fine = min(step * spread, across)
    count = int(np.ceil(2 * _REACH * spread / fine))
    at = (np.arange(count) - count // 2 + _OFF_CENTRE) * fine
    weight = np.exp(-(((at - along * nation.at[:, None]) / across) ** 2) / 2)
    return SectorNodes(at, weight / weight.sum(axis=1, keepdims=True))


def conditional_pd(threshold: Floats, common: Floats, shares: Shares) -> Floats:
    """Return default probabilities by what is common (rows) and threshold (columns)."""
    own = np.sqrt(1 - shares.national - shares.sector)
    return probability((threshold - common[:, None]) / own)
