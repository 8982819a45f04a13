"""From the schedule of a term sheet to the terms of a loan that servicing folds."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, timedelta
from decimal import Decimal

import attrs

from karez.engines.servicing.figures import Figures
from karez.engines.servicing.terms import (
    Allocation,
    Amortisation,
    DownPayment,
    FixedOrder,
    GivenRow,
    Recalculation,
    ScheduleKind,
    Terms,
    Tranche,
    rule_by_bucket,
)
from karez.engines.servicing.years import years_between
from karez.kernel.errors import ensure
from karez.kernel.money import Remainder, allocate
from karez.services.products.parts import HUNDRED, MonthDay, Payments, Repay, Schedule


def terms_of(  # noqa: PLR0913 - what a loan is made of
    schedule: Schedule,
    payments: Payments,
    *,
    amount_minor: int,
    rate_pct_year: Decimal,
    instalments: int,
    starts_on: date,
    tranches: tuple[Tranche, ...],
    decimals: int,
) -> Terms:
    """Return the terms of one loan. Raises as ``Terms`` does."""
    on_dates = schedule.repay is Repay.ON_DATES
    older = on_dates or schedule.repay is Repay.EQUAL_PRINCIPAL
    grace = schedule.grace_on_principal
    terms = Terms(
        rate_pct_year=rate_pct_year,
        instalments=instalments,
        every=schedule.every,
        unit=schedule.unit,
        seed=starts_on,
        tranches=tranches,
        schedule=ScheduleKind.CUMULATIVE if older else ScheduleKind.PROGRESSIVE,
        interest=schedule.interest,
        interest_period=schedule.interest_period,
        amortisation=(
            Amortisation.EQUAL_PRINCIPAL
            if schedule.repay is Repay.EQUAL_PRINCIPAL
            else Amortisation.EQUAL_INSTALMENTS
        ),
        year=schedule.year,
        month=schedule.month,
        month_end=schedule.month_end,
        grace_on_principal=instalments - 1 if schedule.repay is Repay.AT_END else grace,
        grace_on_interest=schedule.grace_on_interest,
        interest_free=schedule.interest_free,
        multiple_minor=schedule.instalment_step_minor,
        down_payment=(
            DownPayment(schedule.down_payment_pct) if schedule.down_payment_pct else None
        ),
        allocation=_allocation(payments),
        recalculation=(
            Recalculation(on_past_due=schedule.late_bears_interest)
            if schedule.follows_payments
            else None
        ),
        charge_off=schedule.charge_off,
        rounding=schedule.rounding,
        decimals=decimals,
    )
    if on_dates:
        return with_dates(terms, schedule, amount_minor, starts_on)
    return terms


def _allocation(payments: Payments) -> Allocation | FixedOrder:
    if payments.fixed is not None:
        return payments.fixed
    rule = rule_by_bucket(payments.order, payments.advances)
    return Allocation(rule, processing=payments.across)


def with_dates(terms: Terms, schedule: Schedule, amount_minor: int, starts_on: date) -> Terms:
    """Return terms whose rows fall on days of the calendar, with interest on what is left by days.

    These rows are agreed: paying early does not make the interest less.
    """
    due = list(due_dates(schedule.dates, terms.instalments, starts_on, schedule.first_after_days))
    weights = dict(zip(schedule.dates, schedule.weights or (1,) * len(schedule.dates), strict=True))
    parts = allocate(
        amount_minor,
        [weights[MonthDay(day.month, day.day)] for day in due],
        remainder=Remainder.LAST,
    )
    figures = Figures(terms.rounding, terms.decimals)
    rows: list[GivenRow] = []
    balance, last = amount_minor, starts_on
    for day, principal in zip(due, parts, strict=True):
        share = terms.rate_pct_year / HUNDRED * years_between(terms, last, day)
        rows.append(GivenRow(day, principal, figures.minor(Decimal(balance) * share)))
        balance, last = balance - principal, day
    ensure(balance == 0, "the parts are the whole")
    return attrs.evolve(terms, given=tuple(rows))


def due_dates(
    dates: tuple[MonthDay, ...], count: int, starts_on: date, after_days: int
) -> Iterator[date]:
    """Give the next days of the calendar that are ``after_days`` or more after the start."""
    least = starts_on + timedelta(days=max(after_days, 1))
    ordered = sorted(dates)
    year, given = starts_on.year, 0
    while given < count:
        for each in ordered:
            day = date(year, each.month, each.day)
            if day >= least and given < count:
                yield day
                given += 1
        year += 1
