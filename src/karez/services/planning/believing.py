"""A year's sales of each firm, and how much of them can be believed."""

from __future__ import annotations

from collections.abc import Sequence

import attrs
import numpy as np
import numpy.typing as npt

from karez.engines.score.portrait import Side, Status
from karez.engines.trust.cycles import Sales as Traded
from karez.engines.trust.cycles import rings
from karez.engines.trust.rules import Rules as TrustRules
from karez.services.portraits.reading import Gathered

Ints = npt.NDArray[np.int64]
YEAR_DAYS = 365


@attrs.frozen(eq=False)
class Sales:
    """Sales of a year, minor units, one entry for each firm that was asked for."""

    reported_minor: Ints
    """Valid invoices less returns."""
    in_rings_minor: Ints
    """Of these, what came back to the seller through others: turnover out of nothing."""
    complete: bool
    """Whether the search for rings came to its end."""

    @property
    def believed_minor(self) -> Ints:
        """What is left without the rings."""
        return np.maximum(self.reported_minor - self.in_rings_minor, 0)


def sales_of_year(gathered: Gathered, parties: Sequence[str], day: int) -> Sales:
    """Return the sales of these parties in the year up to a day (counted from 1970-01-01)."""
    invoices, names = gathered.records.invoices, [str(name) for name in gathered.records.parties]
    row_of = {name: row for row, name in enumerate(parties)}
    code = np.array([row_of.get(name, -1) for name in names], dtype=np.int64)
    counted = (
        (invoices.side == Side.SALE)
        & (invoices.status != Status.VOID)
        & (invoices.day <= day)
        & (invoices.day > day - YEAR_DAYS)
    )
    rows = np.flatnonzero(counted & (code[invoices.party] >= 0))
    reported = np.zeros(len(parties), np.int64)
    np.add.at(reported, code[invoices.party[rows]], invoices.amount_minor[rows])
    # A ring needs its sales only: a return gives nothing back to whoever sold first.
    sold = np.flatnonzero(counted & (invoices.amount_minor > 0))
    found = rings(
        Traded(
            invoices.party[sold], _as_parties(gathered, names)[invoices.counterparty[sold]],
            invoices.day[sold], invoices.amount_minor[sold],
        ),
        TrustRules(),
    )  # fmt: skip
    ringed = sold[sorted({row for ring in found.rows for row in ring})]
    ringed = ringed[code[invoices.party[ringed]] >= 0]
    in_rings = np.zeros(len(parties), np.int64)
    np.add.at(in_rings, code[invoices.party[ringed]], invoices.amount_minor[ringed])
    return Sales(np.maximum(reported, 0), in_rings, found.complete)


def _as_parties(gathered: Gathered, names: Sequence[str]) -> Ints:
    """Return each counterparty's place among the parties; a place of its own for a stranger."""
    party_of = {name: party for party, name in enumerate(names)}
    others = gathered.counterparties
    return np.array(
        [party_of.get(name, len(names) + place) for place, name in enumerate(others)], np.int64
    )
