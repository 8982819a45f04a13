"""Mean and standard deviation of a book's losses by series, without any lattice."""

from __future__ import annotations

import numpy as np

from karez.engines.risk.book import Book
from karez.engines.risk.factors import Factors
from karez.engines.risk.normal import density, quantile

_TERMS = 80


def loss_sd(book: Book, factors: Factors) -> float:
    """Return the standard deviation of the losses, every loan with its own probability.

    The probability that two default together is a series in their correlation (Mehler's formula);
    of a sum over pairs it takes one sum over loans for each term. It is what a distribution on
    a lattice is held to.

    Raises:
        SectorUnknownError, FactorMalformedError: a sector has no factor, or shares out of bounds.
    """
    shares = factors.of(book)
    names, sector = np.unique(np.array(book.sector, dtype=str), return_inverse=True)
    along = np.sqrt([shares[name].national for name in names.tolist()])
    within = np.array([shares[name].national + shares[name].sector for name in names.tolist()])
    live = (book.pd > 0) & (book.loss > 0)
    loss, pd, sector = book.loss[live], book.pd[live], sector[live]
    threshold = quantile(pd)
    variance = float(loss**2 @ (pd * (1 - pd)))
    # Of the term m: Hermite polynomial m - 1, over the square root of m factorial.
    before, now = np.zeros_like(loss), loss * density(threshold)
    for term in range(1, _TERMS + 1):
        together = np.bincount(sector, now, len(names))
        alone = np.bincount(sector, now**2, len(names))
        variance += float(within**term @ (together**2 - alone))
        national = along**term * together
        variance += float(national.sum() ** 2 - national @ national)
        fallen = (term - 1) / np.sqrt(term * (term + 1)) * before
        before, now = now, threshold * now / np.sqrt(term + 1) - fallen
    return float(np.sqrt(variance))
