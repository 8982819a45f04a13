"""A loan's schedule as a table: disbursements and instalments by date, with running balance."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date

import attrs

from karez.engines.servicing.account import Account
from karez.engines.servicing.row import Row
from karez.engines.servicing.terms import Bucket, Tranche


@attrs.frozen
class PayoutLine:
    """Money that went out, or income that was made principal, and fees taken on the same day."""

    on: date
    amount_minor: int
    fees_minor: int


@attrs.frozen(kw_only=True)
class Line:
    """One instalment: what is due, what was paid of it and when, and the balance after it."""

    number: int
    days: int
    due: date
    balance_minor: int
    principal_minor: int
    interest_minor: int
    fees_minor: int
    penalties_minor: int
    paid_minor: int
    in_advance_minor: int
    late_minor: int
    waived_minor: int
    outstanding_minor: int
    met_on: date | None

    @property
    def total_minor(self) -> int:
        """All that is due."""
        return self.principal_minor + self.interest_minor + self.fees_minor + self.penalties_minor


def schedule_table(account: Account, expected: Sequence[Tranche] = ()) -> list[PayoutLine | Line]:
    """Return disbursements, also those that are expected, and instalments in order of their dates.

    A disbursement on a due date stands after the instalment under a progressive schedule, before it
    under a cumulative one.
    """
    payouts = [PayoutLine(on, amount, fees) for on, amount, fees in account.disbursed]
    payouts += [PayoutLine(on, amount, 0) for on, amount in account.capitalised]
    payouts += [PayoutLine(tranche.on, tranche.amount_minor, 0) for tranche in expected]
    payouts.sort(key=lambda line: line.on)
    lines: list[PayoutLine | Line] = []
    balance = 0
    for row in account.rows:
        while payouts and _comes_before(account, payouts[0].on, row):
            balance += payouts[0].amount_minor
            lines.append(payouts.pop(0))
        balance += row.credited[Bucket.PRINCIPAL]
        balance -= row.owed[Bucket.PRINCIPAL]
        lines.append(_line(row, balance))
    return lines + payouts


def _comes_before(account: Account, on: date, row: Row) -> bool:
    if row.down_payment or not account.is_progressive:
        return on <= row.due
    return on < row.due or on <= row.start


def _line(row: Row, balance: int) -> Line:
    return Line(
        number=row.number,
        days=(row.due - row.start).days,
        due=row.due,
        balance_minor=balance,
        principal_minor=row.owed[Bucket.PRINCIPAL],
        interest_minor=row.owed[Bucket.INTEREST],
        fees_minor=row.owed[Bucket.FEE],
        penalties_minor=row.owed[Bucket.PENALTY],
        paid_minor=sum(row.paid),
        in_advance_minor=row.advance,
        late_minor=row.late,
        waived_minor=sum(row.waived),
        outstanding_minor=row.outstanding,
        met_on=row.met_on,
    )
