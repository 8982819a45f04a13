"""The outlook of a loan: all that changes day by day until its next event, as rows of integers.

It lets a million loans be closed without folding one. It holds from the day of the last event on.
"""

from __future__ import annotations

from datetime import date
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from karez.engines.servicing.accrual import day_number
from karez.engines.servicing.course import course_of
from karez.engines.servicing.terms import Bucket

if TYPE_CHECKING:
    from karez.engines.servicing.account import Account
    from karez.engines.servicing.row import Row

OUTLOOK = np.dtype(
    [
        ("from_day", "i4"),
        ("until_day", "i4"),
        ("interest_minor", "i8"),
        ("fee_income_minor", "i8"),
        ("due_day", "i4"),
        ("principal_open_minor", "i8"),
        ("interest_open_minor", "i8"),
        ("fee_open_minor", "i8"),
        ("penalty_open_minor", "i8"),
        ("fee_owed_minor", "i8"),
        ("penalty_owed_minor", "i8"),
    ]
)
"""One stretch of days over which income grows evenly; rows are in order of ``until_day``.

``interest_minor`` and ``fee_income_minor`` are all that is income by the end of ``until_day``, of
interest and of deferred fees. Where an instalment falls due at the end of a stretch, ``due_day`` is
that day, else -1; ``*_open_minor`` is what is open of it if nobody pays; ``fee_owed_minor`` and
``penalty_owed_minor`` become income on the day. Days are counted from 2000-01-01.
"""

FOR_EVER = day_number(date.max)


def outlook(account: Account) -> npt.NDArray[np.void]:
    """Return how a loan goes on, as ``OUTLOOK`` rows.

    Instalments that were due before the last event come first, with the income as it stands. A loan
    of which nothing is open has one row.
    """
    course = course_of(account)
    since, accrued, earned = course.since, course.accrued, course.earned
    records: list[tuple[int, ...]] = []
    for row in course.rows:
        due = day_number(row.due)
        if due <= since and (row.outstanding or row.open(Bucket.PRINCIPAL)):
            records.append((due, due, accrued, earned, due, *_open(row), 0, 0))
    # What fell due on the very day of the last event is income at its end, be it paid by then.
    today = [more for day, *more in account.trail.accrual.recognitions if day == since]
    fees, penalties = (sum(amounts) for amounts in zip(*today, strict=True)) if today else (0, 0)
    due = since if today else -1
    records.append((since, since, accrued, earned, due, 0, 0, 0, 0, fees, penalties))
    for line, row, fees, penalties in course.ahead:
        income = line.start, line.until, line.target, line.earned_target
        if row is None:
            records.append((*income, -1, 0, 0, 0, 0, 0, 0))
        else:
            records.append((*income, line.until, *_open(row), fees, penalties))
    return np.array(records, dtype=OUTLOOK)


def accrued_minor(rows: npt.NDArray[np.void], day: date | int) -> int:
    """Return all interest that is income by the end of a day, by an outlook that holds on it."""
    return _income(rows, "interest_minor", day)


def earned_minor(rows: npt.NDArray[np.void], day: date | int) -> int:
    """Return what is income of deferred fees by the end of a day, as ``accrued_minor`` does."""
    return _income(rows, "fee_income_minor", day)


def _income(rows: npt.NDArray[np.void], name: str, day: date | int) -> int:
    number = day_number(day) if isinstance(day, date) else day
    place = int(np.searchsorted(rows["until_day"], number, side="right"))
    base = int(rows[name][place - 1]) if place else 0
    if place == len(rows):
        return base
    start, until = int(rows["from_day"][place]), int(rows["until_day"][place])
    if number <= start:
        return base
    return base + (int(rows[name][place]) - base) * (number - start) // (until - start)


def _open(row: Row) -> tuple[int, ...]:
    return tuple([row.open(bucket) for bucket in Bucket])
