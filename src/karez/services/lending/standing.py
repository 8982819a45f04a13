"""How a loan stands on each day, as rows: what the fold says, kept so that any day is one look.

A row holds for the days from ``since`` on over which nothing changes but interest, which grows
evenly; the rows of a loan follow one another without a gap.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import date, timedelta
from itertools import pairwise
from typing import Any

import attrs
import numpy as np
import numpy.typing as npt

from karez.engines.servicing.account import Account
from karez.engines.servicing.accrual import day_number
from karez.engines.servicing.course import course_of
from karez.engines.servicing.history import History
from karez.engines.servicing.outlook import accrued_minor, outlook
from karez.engines.servicing.standing import Standing, Status, standing
from karez.kernel.errors import ensure

STATUSES: tuple[Status, ...] = (
    Status.PENDING,
    Status.ACTIVE,
    Status.PAID_OFF,
    Status.OVERPAID,
    Status.WRITTEN_OFF,
    Status.CHARGED_OFF,
)
"""The place of a status here is its number in the database."""

_NUMBERS = {status: number for number, status in enumerate(STATUSES)}
_DAY = timedelta(days=1)


@attrs.frozen(kw_only=True)
class StandingRow:
    """How a loan stands from ``since`` until before ``until`` (None: until something changes)."""

    since: date
    until: date | None
    status: int
    stage: int
    principal_minor: int
    interest_settled_minor: int
    fees_minor: int
    penalties_minor: int
    credit_minor: int
    overdue_principal_minor: int
    overdue_interest_minor: int
    overdue_fees_minor: int
    overdue_penalties_minor: int
    oldest_due: date | None
    next_due: date | None
    accrual_from: date
    accrual_until: date
    accrual_base_minor: int
    accrual_target_minor: int
    fee_income_base_minor: int
    fee_income_target_minor: int
    holds_until: date

    def accrued_minor(self, on: date) -> int:
        """Return the interest that has accrued by the end of a day, paid or not."""
        whole = (self.accrual_until - self.accrual_from).days
        gone = min(max((on - self.accrual_from).days, 0), whole)
        grown = (self.accrual_target_minor - self.accrual_base_minor) * gone // whole
        return self.accrual_base_minor + grown

    def on(self, day: date) -> Standing:
        """Return how the loan stands at the end of a day of this row."""
        return Standing(
            status=STATUSES[self.status],
            principal_minor=self.principal_minor,
            interest_accrued_minor=self.accrued_minor(day) - self.interest_settled_minor,
            fees_minor=self.fees_minor,
            penalties_minor=self.penalties_minor,
            credit_minor=self.credit_minor,
            overdue_principal_minor=self.overdue_principal_minor,
            overdue_interest_minor=self.overdue_interest_minor,
            overdue_fees_minor=self.overdue_fees_minor,
            overdue_penalties_minor=self.overdue_penalties_minor,
            oldest_due=self.oldest_due,
            next_due=self.next_due,
            holds_until=self.holds_until,
        )

    def values(self) -> tuple[Any, ...]:
        """Return the columns in the order of the table."""
        return (self.since, self.until or "infinity", *attrs.astuple(self, recurse=False)[2:])


def standing_rows(told: History, *, since: date, today: date) -> list[StandingRow]:
    """Return how a loan stood from a day on until today, and stands until something happens.

    Each day is told by the events that count up to it, as if it had been asked then; only the last
    row knows of those that are still to come. ``told`` is the loan with all of them, derived
    charges included.
    """
    changes = {event.effective for event in told.order if since < event.effective <= today}
    days = sorted({since, *changes})
    rows: list[StandingRow] = []
    for account, (day, following) in zip(told.told_on(days[:-1]), pairwise(days), strict=True):
        rows.extend(_rows(account, day, following - _DAY, open_=False))
    rows.extend(_rows(told.account, days[-1], today, open_=True))
    return rows


def _rows(account: Account, first: date, last: date, *, open_: bool) -> Iterator[StandingRow]:
    """Yield the rows of one state of a loan, from a day through another; the last may stay open."""
    if not open_:
        course_of(account, last)
    foreseen = outlook(account)
    day = first
    while True:
        row = row_of(account, day, foreseen)
        if row.holds_until >= last:
            yield attrs.evolve(row, until=None if open_ else last + _DAY)
            return
        ensure(row.holds_until >= day, "a standing holds for its own day")
        yield attrs.evolve(row, until=row.holds_until + _DAY)
        day = row.holds_until + _DAY


def row_of(
    account: Account, day: date, foreseen: npt.NDArray[np.void] | None = None
) -> StandingRow:
    """Return how a loan stands on a day, and for how long; ``foreseen`` is its outlook if known."""
    foreseen = outlook(account) if foreseen is None else foreseen
    stands = standing(account, day)
    number = day_number(day)
    place = int(np.searchsorted(foreseen["until_day"], number, side="right"))
    before = foreseen[place - 1] if place else None
    base = int(before["interest_minor"]) if before is not None else 0
    fee_base = int(before["fee_income_minor"]) if before is not None else 0
    stretch = foreseen[place] if place < len(foreseen) else None
    if stretch is not None and stretch["from_day"] < stretch["until_day"]:
        begins, ends = int(stretch["from_day"]), int(stretch["until_day"])
        target, fee_target = int(stretch["interest_minor"]), int(stretch["fee_income_minor"])
    else:
        begins, ends, target, fee_target = number, number + 1, base, fee_base
    accrued = accrued_minor(foreseen, day)
    return StandingRow(
        since=day,
        until=None,
        status=_NUMBERS[stands.status],
        stage=1,
        principal_minor=stands.principal_minor,
        interest_settled_minor=accrued - stands.interest_accrued_minor,
        fees_minor=stands.fees_minor,
        penalties_minor=stands.penalties_minor,
        credit_minor=stands.credit_minor,
        overdue_principal_minor=stands.overdue_principal_minor,
        overdue_interest_minor=stands.overdue_interest_minor,
        overdue_fees_minor=stands.overdue_fees_minor,
        overdue_penalties_minor=stands.overdue_penalties_minor,
        oldest_due=stands.oldest_due,
        next_due=stands.next_due,
        accrual_from=day + timedelta(days=begins - number),
        accrual_until=day + timedelta(days=ends - number),
        accrual_base_minor=base,
        accrual_target_minor=target,
        fee_income_base_minor=fee_base,
        fee_income_target_minor=fee_target,
        holds_until=stands.holds_until,
    )


_ALIVE = frozenset(map(STATUSES.index, (Status.PENDING, Status.ACTIVE, Status.CHARGED_OFF)))


def keep_stages(
    rows: Sequence[StandingRow], stages: Sequence[tuple[date, int]]
) -> list[StandingRow]:
    """Return rows with the stages that the loan was in on their first days, by earlier rows.

    The last row has the last stage: what is set aside was set aside for that one, and the end of
    the day moves both. A loan that was done with, stage 0, and is alive again begins at 1.
    """
    kept: list[StandingRow] = []
    for place, row in enumerate(rows, 1):
        stage = next((s for since, s in reversed(stages) if since <= row.since), 1)
        if stages and place == len(rows):
            stage = stages[-1][1]
        if not stage and row.status in _ALIVE:
            stage = 1
        kept.append(attrs.evolve(row, stage=stage))
    return kept
