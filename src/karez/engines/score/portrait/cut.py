"""The cut: what was to be seen of each party, on a day, by who knew what then. Nothing passes it.

All measures take a ``View``, and views are made here alone: so no feature can look at what happened
later, nor at what was learned later of what had happened.
"""

from __future__ import annotations

from functools import cached_property
from typing import Generic, TypeVar

import attrs
import numpy as np

from karez.engines.score.portrait.facts import Bools, Facts, Ints, Invoices, Records, Status
from karez.kernel.errors import ensure

Table = TypeVar("Table", bound=Facts)
FOREVER = 2**63 - 1
"""As an instant: whatever is known by now."""


@attrs.frozen
class Sittings:
    """Who is portrayed as of when: one row of features each. A party may sit more than once.

    ``day`` is the last business day that counts; ``known_at`` the last instant, in microseconds,
    at which the book may have learned of it. For a past decision both lie in the past.
    """

    party: Ints = attrs.field(converter=lambda values: np.asarray(values, np.int64))
    day: Ints = attrs.field(converter=lambda values: np.asarray(values, np.int64))
    known_at: Ints = attrs.field(converter=lambda values: np.asarray(values, np.int64))

    def __attrs_post_init__(self) -> None:
        ensure(len(self.party) == len(self.day) == len(self.known_at), "a sitting has all three")

    def __len__(self) -> int:
        return len(self.party)

    @classmethod
    def of_all(cls, records: Records, day: int, known_at: int = FOREVER) -> Sittings:
        """Return one sitting for each party, all as of the same day."""
        count = len(records.parties)
        return cls(np.arange(count), np.full(count, day), np.full(count, known_at))


@attrs.frozen
class View(Generic[Table]):
    """The facts of one table that each sitting may see, by sitting, the oldest first."""

    count: int
    """Of sittings."""
    sitting: Ints
    age_days: Ints
    """From the fact to the day of the sitting: 0 is that day itself."""
    origin: Ints
    """Where each fact stands in the records."""
    facts: Table

    def take(self, rows: Bools) -> View[Table]:
        """Return these rows."""
        return View(
            self.count,
            self.sitting[rows],
            self.age_days[rows],
            self.origin[rows],
            self.facts.take(rows),
        )


def see(table: Table, sittings: Sittings) -> View[Table]:
    """Return what each sitting may see of a table."""
    by_party = np.argsort(table.party, kind="stable")
    parties = table.party[by_party]
    start = np.searchsorted(parties, sittings.party, side="left")
    size = np.searchsorted(parties, sittings.party, side="right") - start
    sitting = np.repeat(np.arange(len(sittings)), size)
    before = np.cumsum(size) - size
    origin = by_party[np.arange(len(sitting)) + np.repeat(start - before, size)]
    seen = (table.day[origin] <= sittings.day[sitting]) & (
        table.recorded_at[origin] <= sittings.known_at[sitting]
    )
    sitting, origin = sitting[seen], origin[seen]
    age_days = sittings.day[sitting] - table.day[origin]
    order = np.lexsort((-age_days, sitting))
    sitting, age_days, origin = sitting[order], age_days[order], origin[order]
    return View(len(sittings), sitting, age_days, origin, table.take(origin))


@attrs.frozen
class Sharing:
    """Tells which counterparties trade with more than one party, as of any sitting."""

    invoices: Invoices

    @cached_property
    def _order(self) -> Ints:
        good = np.flatnonzero(self.invoices.status != Status.VOID)
        keys = (self.invoices.party[good], self.invoices.counterparty[good])
        return good[np.lexsort(keys)]

    def seen_by(self, sittings: Sittings, view: View[Invoices]) -> Bools:
        """Return whether another party is seen to trade with the counterparty of each invoice."""
        party = self.invoices.party[self._order]
        counterparty = self.invoices.counterparty[self._order]
        shared = np.zeros(len(view.sitting), np.bool_)
        if not len(party):
            return shared
        new = (np.diff(party, prepend=-1) != 0) | (np.diff(counterparty, prepend=-1) != 0)
        pairs = np.flatnonzero(new)
        partners, partner = np.unique(counterparty[pairs], return_inverse=True)
        place = np.searchsorted(partners, view.facts.counterparty)
        place = np.minimum(place, len(partners) - 1)
        instants, which = np.unique(
            np.stack((sittings.day, sittings.known_at)), axis=1, return_inverse=True
        )
        day, recorded_at = self.invoices.day[self._order], self.invoices.recorded_at[self._order]
        at = which.ravel()[view.sitting]
        for number, (last_day, known_at) in enumerate(instants.T):
            seen = np.logical_or.reduceat((day <= last_day) & (recorded_at <= known_at), pairs)
            several = np.bincount(partner[seen], minlength=len(partners)) > 1
            rows = at == number
            shared[rows] = several[place[rows]]
        return shared & (view.facts.status != Status.VOID)
