"""How much of a loan may still be paid out; pure.

A payment that is undone, because it never came, may leave a line above its limit: that is so, and
is not refused. Nothing more is paid out until it is below again.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date

from karez.engines.servicing.events import Disbursement, Event
from karez.engines.servicing.fold import in_force
from karez.engines.servicing.history import History
from karez.services.lending.errors import LineEndedError, LoanLimitError
from karez.services.lending.loan import DrawLimit, Loan
from karez.services.lending.standing import standing_rows


def room_minor(
    limit: DrawLimit, events: Iterable[Event], told: History, *, on: date, today: date
) -> int:
    """Return what may still be paid out on a day; below zero is what is above the limit.

    What is drawn on an earlier day is owed on all days since, so the fullest of them counts.
    """
    if limit.revolves_until is None:
        paid_out = [event for event in in_force(events) if isinstance(event, Disbursement)]
        return limit.most_minor - sum(event.amount_minor for event in paid_out)
    rows = standing_rows(told, since=on, today=max(on, today))
    return limit.most_minor - max(row.principal_minor for row in rows)


def check_limit(
    loan: Loan, payout: Disbursement, events: Iterable[Event], told: History, today: date
) -> None:
    """Refuse a payout that brings a loan above its limit; it is among the events told.

    So what an old draw does to the payments since is seen too: more of them goes to interest.

    Raises:
        LoanLimitError: how much room there is.
        LineEndedError: the line could be drawn until an earlier day.
    """
    limit = loan.limit
    if limit is None:
        return
    until = limit.revolves_until
    if until is not None and payout.on >= until:
        raise LineEndedError(loan=loan.loan_number, on=payout.on, until=until)
    left = room_minor(limit, events, told, on=payout.on, today=today)
    if left < 0:
        raise LoanLimitError(
            loan=loan.loan_number,
            room_minor=max(payout.amount_minor + left, 0),
            amount_minor=payout.amount_minor,
            limit_minor=limit.most_minor,
        )
