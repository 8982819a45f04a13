"""A loan as its source has it, and the terms and events that it comes to."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import date
from decimal import Decimal

import attrs

from karez.engines.servicing.days import after
from karez.engines.servicing.events import Disbursement, Event, Payment, WriteOff
from karez.engines.servicing.figures import Figures
from karez.engines.servicing.terms import (
    Allocation,
    GivenRow,
    ScheduleKind,
    Terms,
    Unit,
    rule_by_bucket,
)
from karez.engines.servicing.years import years_between
from karez.kernel.money import Currency, Rounding
from karez.services.importing.errors import PaidUnknownError, ScheduleUnknownError
from karez.services.importing.mapping import Assume
from karez.services.products.parts import Payments


@attrs.frozen(kw_only=True)
class SourceLoan:
    """A loan as its source has it. None is what the source does not say."""

    line: int
    reference: str
    borrower: str
    paid_out_on: date
    amount_minor: int
    instalments: int
    rate_pct_year: Decimal
    every: int = 1
    unit: Unit = Unit.MONTHS
    first_due: date | None = None
    instalment_minor: int | None = None
    status: str = ""
    assume: Assume | None = None
    balance_minor: int | None = None
    lost_minor: int | None = None
    lost_on: date | None = None
    rows: tuple[GivenRow, ...] = ()
    payments: tuple[tuple[date, int], ...] | None = None
    order_minor: int | None = None
    officer: str = ""
    place: str = ""
    industry: str = ""


def terms_of(loan: SourceLoan, unit: Currency) -> Terms:
    """Return the terms of a loan: its agreed rows, or those that its instalment makes.

    Raises:
        ScheduleUnknownError: rows do not repay it, or an instalment does not cover the interest.
        TermOutOfRangeError: no loan can have such terms.
    """
    plain = Terms(
        rate_pct_year=loan.rate_pct_year,
        instalments=len(loan.rows) or loan.instalments,
        every=loan.every,
        unit=loan.unit,
        seed=loan.paid_out_on,
        schedule=ScheduleKind.CUMULATIVE,
        allocation=Allocation(rule_by_bucket(Payments().order)),
        decimals=unit.exponent,
    )
    rows = loan.rows or tuple(_rows(loan, plain))
    repaid = sum(row.principal_minor for row in rows)
    if repaid != loan.amount_minor:
        rule = f"its instalments repay {repaid} minor units, and {loan.amount_minor} went out"
        raise ScheduleUnknownError(reference=loan.reference, rule=rule)
    return attrs.evolve(plain, given=rows)


def _rows(loan: SourceLoan, terms: Terms) -> Iterator[GivenRow]:
    """Give rows of equal instalments, or of equal principal where none is known.

    The last row takes what is left; interest runs by days, or by whole periods where the source
    knows no rate.
    """
    figures = Figures(Rounding.HALF_EVEN, terms.decimals)
    balance, last = loan.amount_minor, loan.paid_out_on
    part = loan.amount_minor // loan.instalments
    for place in range(loan.instalments):
        due = (
            after(loan.paid_out_on, loan.unit, loan.every * (place + 1))
            if loan.first_due is None
            else after(loan.first_due, loan.unit, loan.every * place)
        )
        years = years_between(terms, last, due)
        interest = figures.minor(Decimal(balance) * loan.rate_pct_year / 100 * years)
        principal = part
        if loan.instalment_minor is not None:
            principal = loan.instalment_minor - interest
            if principal <= 0:
                rule = f"instalment {place + 1} does not cover its interest, and it never ends"
                raise ScheduleUnknownError(reference=loan.reference, rule=rule)
        if place == loan.instalments - 1 or principal > balance:
            principal = balance
        yield GivenRow(due, principal, interest)
        balance, last = balance - principal, due


def events_of(loan: SourceLoan, terms: Terms, as_of: date) -> list[Event]:
    """Return what happened to a loan by the day of the import.

    Raises:
        PaidUnknownError: nothing says what was paid.
    """
    events: list[Event] = [_event(Disbursement, loan.paid_out_on, loan.amount_minor)]
    paid = loan.payments
    if paid is None:
        paid = _assumed(loan, terms.given, as_of)
    events += [_event(Payment, on, amount_minor) for on, amount_minor in paid]
    if loan.assume is Assume.CHARGED_OFF and loan.lost_on is not None:
        events.append(WriteOff(number=0, on=loan.lost_on, posted_on=loan.lost_on))
    return events


def _event(
    kind: type[Disbursement | Payment], on: date, amount_minor: int
) -> Disbursement | Payment:
    return kind(number=0, on=on, posted_on=on, amount_minor=amount_minor)


def _assumed(
    loan: SourceLoan, rows: Sequence[GivenRow], as_of: date
) -> tuple[tuple[date, int], ...]:
    due = [row for row in rows if row.due <= as_of]
    match loan.assume:
        case Assume.UNPAID:
            return ()
        case Assume.AS_AGREED:
            dues = ((row.due, row.principal_minor + row.interest_minor) for row in due)
            return tuple((on, amount) for on, amount in dues if amount)
        case Assume.CHARGED_OFF:
            return tuple(_until_lost(loan, rows))
        case None:
            known = f"give its status {loan.status!r} a meaning, or a table of payments"
            raise PaidUnknownError(reference=loan.reference, rule=known)


def _until_lost(loan: SourceLoan, rows: Sequence[GivenRow]) -> Iterator[tuple[date, int]]:
    """Give payments as agreed, until only what was lost is left of the principal."""
    if loan.lost_minor is None or loan.lost_on is None:
        rule = "a loan that was charged off names what was lost, and when"
        raise PaidUnknownError(reference=loan.reference, rule=rule)
    left = loan.amount_minor - loan.lost_minor
    if left < 0 or loan.lost_on < loan.paid_out_on:
        rule = "more was lost than went out" if left < 0 else "it was lost before it went out"
        raise PaidUnknownError(reference=loan.reference, rule=rule)
    for row in rows:
        if not left:
            return
        principal = min(row.principal_minor, left)
        yield min(row.due, loan.lost_on), principal + row.interest_minor
        left -= principal
