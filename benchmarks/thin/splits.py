"""Which loans a method may learn from and which it is judged on, settled before anything is fitted.

A hash of a loan's own number settles where it goes, so no fit, seed or order of rows can move it.
One loan in four is in the **last quarter**: nothing learns from it and nothing is chosen by it; it
is read for the final table alone. Of the other three quarters each repeat gives a part for
training, and the rest is the part that we may look at while we work. So one fit serves both: what
is printed at work and what is printed in the end differ by the rows judged, not by the model.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Mapping

import attrs
import numpy as np
import numpy.typing as npt

from benchmarks.thin.loans import Loans

Bools = npt.NDArray[np.bool_]
Floats = npt.NDArray[np.float64]

PLACE_GROUPS = 5
TRAINING_SHARE = 2 / 3
"""Of the open three quarters: so a method learns from half of all loans."""


@attrs.frozen
class Split:
    """One repeat of one protocol, as masks over all loans. No two of the three share a loan.

    ``development`` may be looked at for choices, ``last`` may not.
    """

    protocol: str
    repeat: int
    training: Bools
    development: Bools
    last: Bools
    weighted: bool = False
    """Fit and judge with the weights that restore the rates of the whole register."""
    unknown: tuple[str, ...] = ()
    """Columns that no method is given."""


def shares(keys: npt.NDArray[np.generic], purpose: str) -> Floats:
    """Return a number in [0, 1) for each key: the same for the same key and purpose, for ever."""
    cache = {
        key: int.from_bytes(hashlib.sha256(f"{purpose}|{key}".encode()).digest()[:6]) / 2**48
        for key in set(keys.tolist())
    }
    return np.array([cache[key] for key in keys.tolist()])


def last_quarter(loans: Loans) -> Bools:
    """Return which loans no choice ever looks at."""
    return shares(loans.ids, "last quarter") < 0.25


def halves(loans: Loans, repeat: int) -> Split:
    """Learn from half of the loans of 2003 to 2006: a few loans a place."""
    open_ = ~last_quarter(loans)
    training = open_ & (shares(loans.ids, f"halves {repeat}") < TRAINING_SHARE)
    return _thin("halves", loans, repeat, training)


def small(loans: Loans, repeat: int, size: int) -> Split:
    """Learn from this many loans: a lender that begins."""
    candidates = np.flatnonzero(_between(loans, 2003, 2006) & ~last_quarter(loans))
    order = np.argsort(shares(loans.ids[candidates], f"small {repeat}"), kind="stable")
    training = np.zeros(len(loans), np.bool_)
    training[candidates[order[:size]]] = True
    return _thin(f"small{size}", loans, repeat, training)


def places(loans: Loans, repeat: int) -> Split:
    """Learn from four places in five and judge on the fifth: a place with no history at all."""
    turn, group = divmod(repeat, PLACE_GROUPS)
    away = (shares(loans.labels["place"], f"places {turn}") * PLACE_GROUPS).astype(int) == group
    split = _thin("places", loans, repeat, ~away & ~last_quarter(loans))
    return attrs.evolve(split, development=split.development & away, last=split.last & away)


def later(loans: Loans, repeat: int) -> Split:
    """Learn from approvals up to 2004 and judge on those of 2005 and 2006, when times had changed.

    No method is given the year, for it can know nothing of a year that has not been.
    """
    last, after = last_quarter(loans), _between(loans, 2005, 2006)
    early = (loans.fiscal_year <= 2004) & (shares(loans.ids, f"later {repeat}") < TRAINING_SHARE)
    return Split(
        "later", repeat, early & ~last, after & ~last, after & last, unknown=("year", "time")
    )  # fmt: skip


def weighted(loans: Loans, repeat: int) -> Split:
    """Learn from half of the loans of all years, weighted to the rates of the whole register."""
    last = last_quarter(loans)
    training = ~last & (shares(loans.ids, f"weighted {repeat}") < TRAINING_SHARE)
    return Split("weighted", repeat, training, ~last & ~training, last, weighted=True)


PROTOCOLS: Mapping[str, Callable[[Loans, int], Split]] = {
    "halves": halves,
    "small500": lambda loans, repeat: small(loans, repeat, 500),
    "small1500": lambda loans, repeat: small(loans, repeat, 1500),
    "places": places,
    "later": later,
    "weighted": weighted,
}


def _thin(name: str, loans: Loans, repeat: int, training: Bools) -> Split:
    among, last = _between(loans, 2003, 2006), last_quarter(loans)
    training = training & among
    return Split(name, repeat, training, among & ~training & ~last, among & last)


def _between(loans: Loans, first: int, final: int) -> Bools:
    return (loans.fiscal_year >= first) & (loans.fiscal_year <= final)
