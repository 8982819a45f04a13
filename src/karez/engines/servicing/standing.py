"""How a loan stands on a day if nothing more happens; one loan or a million."""

from __future__ import annotations

from datetime import date
from enum import StrEnum
from typing import TYPE_CHECKING

import attrs
import numpy as np
import numpy.typing as npt

from karez.engines.servicing.accrual import date_of, day_number
from karez.engines.servicing.course import Course, course_of
from karez.engines.servicing.movements import credit_minor
from karez.engines.servicing.outlook import FOR_EVER, OUTLOOK
from karez.engines.servicing.terms import Bucket
from karez.kernel.errors import ensure

if TYPE_CHECKING:
    from types import ModuleType

    from karez.engines.servicing.account import Account

PRINCIPAL, INTEREST, FEE, PENALTY = Bucket


class Status(StrEnum):
    """What has become of a loan."""

    PENDING = "pending"  # nothing was paid out yet
    ACTIVE = "active"
    PAID_OFF = "paid-off"
    OVERPAID = "overpaid"  # paid off, and something is owed back
    CHARGED_OFF = "charged-off"  # taken to be lost, and still owed
    WRITTEN_OFF = "written-off"


@attrs.frozen(kw_only=True)
class Standing:
    """What is open and what is late of a loan at the end of a day: minor units.

    What was paid before it accrued or fell due makes ``interest_accrued_minor``, ``fees_minor`` or
    ``penalties_minor`` less than nothing. An instalment is overdue from the day after it was due.
    """

    status: Status
    principal_minor: int
    interest_accrued_minor: int
    fees_minor: int
    penalties_minor: int
    credit_minor: int
    overdue_principal_minor: int
    overdue_interest_minor: int
    overdue_fees_minor: int
    overdue_penalties_minor: int
    oldest_due: date | None
    next_due: date | None
    holds_until: date
    """The last day for which all this is so, but for interest by its pace and days past due."""

    @property
    def overdue_minor(self) -> int:
        """All that is late."""
        return (
            self.overdue_principal_minor
            + self.overdue_interest_minor
            + self.overdue_fees_minor
            + self.overdue_penalties_minor
        )

    def days_past_due(self, on: date) -> int:
        """Return how many days the oldest instalment that is open is late; 0 if none is."""
        return (on - self.oldest_due).days if self.oldest_due is not None else 0


STANDING = np.dtype(
    [
        ("principal_minor", "i8"),
        ("interest_accrued_minor", "i8"),
        ("fees_minor", "i8"),
        ("penalties_minor", "i8"),
        ("overdue_principal_minor", "i8"),
        ("overdue_interest_minor", "i8"),
        ("overdue_fees_minor", "i8"),
        ("overdue_penalties_minor", "i8"),
        ("accrual_base_minor", "i8"),
        ("accrual_target_minor", "i8"),
        ("fee_income_base_minor", "i8"),
        ("fee_income_target_minor", "i8"),
        ("accrual_from", "i4"),
        ("accrual_until", "i4"),
        ("oldest_due", "i4"),
        ("next_due", "i4"),
        ("holds_until", "i4"),
    ]
)
"""A ``Standing`` as integers, with the stretch in which income grows on the day.

Income of a day in ``accrual_from <= day <= accrual_until`` is ``base + (target - base) * (day -
from) // (until - from)``; where none grows, that is from 0 for ever and base is target. Status and
credit change with events alone and are not here. A day that is none is -1.
"""


def standing(account: Account, on: date) -> Standing:
    """Return how a loan stands on a day, not before its last event, if nothing more happens."""
    course = course_of(account)
    status, credit = _status(account), credit_minor(account)
    owed, overdue = [0, 0, 0, 0], [0, 0, 0, 0]
    oldest: date | None = None
    following: date | None = None
    for row in course.rows:
        is_open = row.outstanding > 0
        for bucket in Bucket:
            amount = row.open(bucket)
            owed[bucket] += amount
            if row.due < on:
                overdue[bucket] += amount
        if is_open and row.due < on and oldest is None:
            oldest = row.due
        if is_open and row.due >= on and following is None:
            following = row.due
    accrued, fees, penalties, holds_until = _income_on(course, day_number(on))
    if following is not None:
        holds_until = min(holds_until, day_number(following))
    return Standing(
        status=status,
        principal_minor=owed[PRINCIPAL],
        interest_accrued_minor=owed[INTEREST] - course.accrued_in_all + accrued,
        fees_minor=owed[FEE] - fees,
        penalties_minor=owed[PENALTY] - penalties,
        credit_minor=credit,
        overdue_principal_minor=overdue[PRINCIPAL],
        overdue_interest_minor=overdue[INTEREST],
        overdue_fees_minor=overdue[FEE],
        overdue_penalties_minor=overdue[PENALTY],
        oldest_due=oldest,
        next_due=following,
        holds_until=date_of(holds_until),
    )


def standings(
    outlooks: npt.NDArray[np.void],
    offsets: npt.NDArray[np.int64],
    days: int | npt.NDArray[np.int32],
) -> npt.NDArray[np.void]:
    """Return the ``STANDING`` of each loan on a day, from outlooks laid end to end.

    Loan ``i`` has the rows from ``offsets[i]`` up to ``offsets[i + 1]``; ``days`` is one day
    number, or one for each loan, from which its outlook holds.
    """
    count = len(offsets) - 1
    ensure(outlooks.dtype == OUTLOOK, "outlooks have the columns of an outlook")
    ensure(offsets[0] == 0 and offsets[-1] == len(outlooks), "offsets span all rows")
    result = np.zeros(count, dtype=STANDING)
    asked = np.broadcast_to(np.asarray(days, dtype=np.int32), (count,))
    _kernels().stand(outlooks, np.asarray(offsets, dtype=np.int64), asked, result)
    return result


def _kernels() -> ModuleType:
    from karez.engines.servicing import standing_kernels  # noqa: PLC0415 - Numba takes half a second

    return standing_kernels


def _status(account: Account) -> Status:
    if account.started is None:
        return Status.PENDING
    if account.written_off:
        return Status.WRITTEN_OFF
    if any(row.outstanding > 0 for row in account.rows):
        return Status.CHARGED_OFF if account.charged_off else Status.ACTIVE
    return Status.OVERPAID if credit_minor(account) > 0 else Status.PAID_OFF


def _income_on(course: Course, day: int) -> tuple[int, int, int, int]:
    """Return the interest accrued, charges not due yet, and until which day the pace holds."""
    accrued, fees, penalties = course.accrued, 0, 0
    holds = FOR_EVER
    for line, _, charged, penalised in course.ahead:
        if line.until <= day:
            accrued = line.target
            continue
        fees += charged
        penalties += penalised
        if line.start <= day:
            accrued, _ = line.at(day)
        else:
            holds = min(holds, line.start)
        holds = min(holds, line.until - 1 if charged or penalised else line.until)
    if any(ahead.line.start < day == ahead.line.until for ahead in course.ahead):
        holds = day
    return accrued, fees, penalties, holds
