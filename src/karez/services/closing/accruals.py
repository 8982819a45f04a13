"""What a day brings to many loans at once: interest, fees that are earned, dues. Pure arrays."""

from __future__ import annotations

import numpy as np

from karez.engines.servicing.standing import standings
from karez.services.closing.reading import Bools, Int64s, Outlooks, Records
from karez.services.lending.rows import NEVER

_KEPT_AS_THEY_COME = (
    "principal_minor", "fees_minor", "penalties_minor", "overdue_principal_minor",
    "overdue_interest_minor", "overdue_fees_minor", "overdue_penalties_minor", "oldest_due",
    "next_due", "accrual_base_minor", "accrual_target_minor", "fee_income_base_minor",
    "fee_income_target_minor", "accrual_from", "accrual_until", "holds_until",
)  # fmt: skip


def needs_roll(loans: Records, day: int) -> Bools:
    """Return whose row says nothing of this day any more: what stands is found from the outlook.

    Rows that a later event has ended were written day by day when it was recorded.
    """
    return (loans["until"] == NEVER) & (loans["holds_until"] < day)


def may_fall_due(loans: Records, day: int) -> Bools:
    """Return of whom fees or penalties may fall due on this day.

    A row from before says when the next instalment is due, and it ends before a day that brings
    income of another. A row of this very day does not say: the instalment may have been met before
    the day ends.
    """
    return (loans["next_due"] == day) | (loans["since"] == day)


def rolled(loans: Records, outlooks: Outlooks, day: int) -> Records:
    """Return how these loans, whose outlooks these are, stand from this day on."""
    found = standings(outlooks.rows, outlooks.offsets, day)
    loans = loans.copy()
    loans["since"] = day
    for name in _KEPT_AS_THEY_COME:
        loans[name] = found[name]
    accrued = grown(loans, "accrual", day)
    loans["interest_settled_minor"] = accrued - found["interest_accrued_minor"]
    return loans


def grown(loans: Records, what: str, day: int) -> Int64s:
    """Return all of ``accrual`` or ``fee_income`` until the end of a day of a stretch."""
    base, target = loans[f"{what}_base_minor"], loans[f"{what}_target_minor"]
    begins, ends = loans["accrual_from"].astype(np.int64), loans["accrual_until"]
    length = ends - begins
    return base + (target - base) * np.clip(day - begins, 0, length) // length


def falls_due(outlooks: Outlooks, what: str, day: int) -> Int64s:
    """Return by loan what is owed of ``fee`` or ``penalty`` from this day on."""
    today = outlooks.rows["due_day"] == day
    return outlooks.sums(np.where(today, outlooks.rows[f"{what}_owed_minor"], 0))
