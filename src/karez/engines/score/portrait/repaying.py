"""How a party repaid its loans so far. What is paid on a loan settles its oldest due first."""

from __future__ import annotations

from functools import cached_property

import attrs
import numpy as np

from karez.engines.score.portrait import groups
from karez.engines.score.portrait.cut import View
from karez.engines.score.portrait.facts import Floats, Ints, Repaying, Repayments


@attrs.frozen
class Instalments:
    """The instalments that fell due, and how late each was: paid, or still open on the day."""

    sitting: Ints
    late_days: Ints
    open_minor: Ints
    amount_minor: Ints


@attrs.frozen
class History:
    """Measures of the repayments of each sitting."""

    all: View[Repayments]

    @property
    def count(self) -> int:
        """How many sittings there are."""
        return self.all.count

    @cached_property
    def instalments(self) -> Instalments:
        """Every instalment that fell due."""
        view, facts = self.all, self.all.facts
        # Of dues on one day the smaller is settled first, whatever order they came in.
        order = np.lexsort((facts.amount_minor, -view.age_days, facts.loan, view.sitting))
        sitting, loan = view.sitting[order], facts.loan[order]
        is_new = (np.diff(sitting, prepend=-1) != 0) | (np.diff(loan, prepend=-1) != 0)
        of_loan = np.cumsum(is_new) - 1
        age, amount = view.age_days[order], facts.amount_minor[order]
        is_due = facts.kind[order] == Repaying.DUE
        due, paid = (_run(np.where(rows, amount, 0), is_new) for rows in (is_due, ~is_due))
        # By the sum that each brings its loan to, dues before the payment that settles them.
        ranks = np.lexsort((~is_due, np.where(is_due, due, paid), of_loan))
        place = np.arange(len(ranks))
        next_paid = np.where(is_due[ranks], len(ranks), place)
        next_paid = np.minimum.accumulate(next_paid[::-1])[::-1]
        settled = np.empty(len(ranks), np.int64)
        at = np.append(ranks, 0)[next_paid]
        is_paid = (next_paid < len(ranks)) & (of_loan[at] == of_loan[ranks])
        settled[ranks] = np.where(is_paid, age[at], 0)
        paid_in_all = _last(paid, of_loan)
        over = due[is_due] - paid_in_all[of_loan[is_due]]
        return Instalments(
            sitting=sitting[is_due],
            late_days=np.maximum(age - settled, 0)[is_due],
            open_minor=np.clip(over, 0, amount[is_due]),
            amount_minor=amount[is_due],
        )

    def number(self) -> Floats:
        """Return how many instalments fell due."""
        return groups.tally(self.instalments.sitting, self.count)

    def late_share(self) -> Floats:
        """Return the share of instalments that were late by a day or more."""
        late = (self.instalments.late_days > 0).astype(np.int64)
        return groups.ratio(groups.total(self.instalments.sitting, self.count, late), self.number())

    def late_mean(self) -> Floats:
        """Return by how many days an instalment was late, on average."""
        late = groups.total(self.instalments.sitting, self.count, self.instalments.late_days)
        return groups.ratio(late, self.number())

    def late_worst(self) -> Floats:
        """Return by how many days the latest was late."""
        return groups.greatest(self.instalments.sitting, self.count, self.instalments.late_days)

    def overdue(self) -> Floats:
        """Return what is due and open, beside all that fell due."""
        done = self.instalments
        return groups.ratio(
            groups.total(done.sitting, self.count, done.open_minor),
            groups.total(done.sitting, self.count, done.amount_minor),
        )

    def loans(self) -> Floats:
        """Return on how many loans something fell due."""
        rows = self.all.facts.kind == Repaying.DUE
        names, loan = np.unique(self.all.facts.loan[rows], return_inverse=True)
        del names
        return groups.distinct(self.all.sitting[rows], self.count, loan)


def _run(values: Ints, is_new: np.ndarray) -> Ints:
    """Return the running sum within each group."""
    sums = np.cumsum(values)
    starts = np.flatnonzero(is_new)
    size = np.diff(np.append(starts, len(values)))
    return sums - np.repeat((sums - values)[starts], size)


def _last(values: Ints, group: Ints) -> Ints:
    """Return the last value of each group, groups in order."""
    return values[np.flatnonzero(np.diff(group, append=-1))]
