"""How the income of a loan goes on if nothing more happens."""

from __future__ import annotations

from datetime import date
from typing import TYPE_CHECKING, NamedTuple

import attrs

from karez.engines.servicing.accrual import Line, by_due
from karez.engines.servicing.row import Row

if TYPE_CHECKING:
    from karez.engines.servicing.account import Account


class Ahead(NamedTuple):
    """A line of income that is to come, and the charges that fall due at its end."""

    line: Line
    row: Row | None
    fees: int
    penalties: int


@attrs.frozen
class Course:
    """A loan from the last change of its income on: rows as they will be, if nobody pays."""

    since: int
    accrued: int
    earned: int
    rows: list[Row]
    ahead: list[Ahead]

    @property
    def accrued_in_all(self) -> int:
        """The interest that will have accrued at the end."""
        return self.ahead[-1].line.target if self.ahead else self.accrued


def course_of(account: Account, until: date | None = None) -> Course:
    """Return how a loan goes on from its last change, with interest on what will be late.

    With ``until`` it is told through that day alone, which is less work, and is so remembered: for
    a state that something else followed on the day after.
    """
    if account.course is None:
        account.course = _course(account, until)
    return account.course


def _course(account: Account, until: date | None) -> Course:
    accrual = account.trail.accrual.copy()
    since, accrued, earned = accrual.since, accrual.accrued, accrual.earned
    if accrual.closed or account.started is None:
        return Course(since, accrued, earned, [], [])
    state = _unpaid(account, until)
    ahead: list[Ahead] = []
    fees, penalties = accrual.recognised[2:]
    for point in accrual.points(state):
        line = accrual.line(point)
        accrual.accrued, accrual.earned = line.target, line.earned_target
        if point.row is None:
            ahead.append(Ahead(line, None, 0, 0))
            continue
        ahead.append(Ahead(line, point.row, point.fees - fees, point.penalties - penalties))
        fees, penalties = point.fees, point.penalties
    return Course(since, accrued, earned, by_due(state), ahead)


def _unpaid(account: Account, until: date | None) -> Account:
    """Return the loan at its maturity, or at a day before, if late principal bears interest."""
    recalculation = account.terms.recalculation
    if recalculation is None or not recalculation.on_past_due or account.as_of is None:
        return account
    if account.declining is not None:
        maturity = account.declining.rows[-1].due
        if account.declining.is_over or account.as_of >= maturity:
            return account
        return account.refold(list(account.events.values()), maturity)
    if not account.follows or account.as_of >= account.the_plan().maturity:
        return account
    end = account.the_plan().maturity
    if until is not None:
        # What grows evenly does so until an instalment falls due.
        end = min((row.due for row in account.rows if until <= row.due < end), default=end)
    if not account.is_late(end):
        return account
    twin = account.copy()
    twin.charge_arrears(end)
    return twin
