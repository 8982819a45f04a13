"""Rate factors: what part of a balance a stretch of days costs.

A factor is the yearly rate times the part of a year that the stretch makes up under the terms'
conventions for years and months. Two are kept for each stretch: one for the stretch itself, from
which instalments are worked out, and one from its first day to the due date, from which interest is
charged by days. Under months of thirty days they differ where a period is longer or shorter than
the terms say.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date
from decimal import Decimal

from karez.engines.servicing import days
from karez.engines.servicing.figures import ONE, ZERO, Figures
from karez.engines.servicing.period import Period, Segment
from karez.engines.servicing.plan import Plan
from karez.engines.servicing.terms import (
    InterestPeriod,
    MonthEnd,
    MonthLength,
    Terms,
    Unit,
    YearLength,
)

_HUNDRED = Decimal(100)
_YEARS = {
    YearLength.DAYS_360: Decimal(360),
    YearLength.DAYS_364: Decimal(364),
    YearLength.DAYS_365: Decimal(365),
}
_PERIODS_A_YEAR = {Unit.MONTHS: Decimal(12), Unit.WEEKS: Decimal(52)}
_DAYS_OF_UNIT = {
    Unit.DAYS: ONE,
    Unit.WEEKS: Decimal(7),
    Unit.MONTHS: Decimal(30),
    Unit.YEARS: Decimal(360),
}


def set_factors(plan: Plan, periods: Iterable[Period]) -> None:
    """Work out the factors of all stretches of these periods."""
    for period in periods:
        for segment in period.segments:
            segment.factor, segment.factor_to_due = _pair(plan, period, segment)
            segment.days = Decimal((segment.end - segment.start).days)
            segment.days_to_due = Decimal((period.due - segment.start).days)
        period.changed()


def _pair(plan: Plan, period: Period, segment: Segment) -> tuple[Decimal, Decimal]:
    rate = plan.rate(segment.start)
    key = (segment.start, segment.end, period.start, period.due, plan.start, rate)
    found = plan.factors.get(key)
    if found is None:
        found = plan.factors[key] = (
            _factor(plan, period, rate, segment.start, segment.end, for_interest=False),
            _factor(plan, period, rate, segment.start, period.due, for_interest=True),
        )
    return found


def _factor(  # noqa: PLR0913 - a stretch of a period of a plan at a rate
    plan: Plan, period: Period, rate: Decimal, start: date, end: date, *, for_interest: bool
) -> Decimal:
    terms = plan.terms
    figures = plan.figures
    period_days = (period.due - period.start).days
    if not period_days:
        return ZERO
    fraction_rate = figures.divide(rate, _HUNDRED)
    stretch = Decimal((end - start).days)
    every = Decimal(plan.every)
    if terms.interest_period is InterestPeriod.SAME_AS_REPAYMENT:
        a_year = _PERIODS_A_YEAR.get(plan.unit)
        if a_year is not None:
            part = figures.divide(every, a_year)
            return _scaled(figures, fraction_rate, part, stretch, Decimal(period_days))
    if _crosses_year(terms, period, start, end):
        part = _year_by_year(figures, start, end, on_first_day=terms.year_cut_on_first_day)
        return figures.factor(figures.multiply(fraction_rate, part))
    year = _year(terms, period, start)
    if terms.month is MonthLength.ACTUAL:
        part = figures.divide(stretch, year)
        return figures.factor(figures.multiply(fraction_rate, part))
    units = _length_in_units(plan, period) if for_interest else every
    month_days = figures.multiply(_DAYS_OF_UNIT[plan.unit], units)
    part = figures.divide(month_days, year)
    return _scaled(figures, fraction_rate, part, stretch, Decimal(period_days))


def _scaled(
    figures: Figures, rate: Decimal, part: Decimal, stretch: Decimal, whole: Decimal
) -> Decimal:
    over_days = figures.multiply(figures.multiply(rate, part), stretch)
    return figures.factor(figures.divide(over_days, whole))


def _year(terms: Terms, period: Period, on: date) -> Decimal:
    fixed = _YEARS.get(terms.year)
    if fixed is not None:
        return fixed
    length = days.year_days(on.year)
    if length == 366 and terms.year is YearLength.FEB_29_PERIOD_ONLY:
        length = 366 if days.has_leap_day(period.start, period.due) else 365
    return Decimal(length)


def _crosses_year(terms: Terms, period: Period, start: date, end: date) -> bool:
    """Tell whether a stretch is cut at New Year since years are counted by their length."""
    if start.year == end.year:
        return False
    if terms.year is YearLength.FEB_29_PERIOD_ONLY:
        return days.has_leap_day(period.start, period.due)
    return terms.year is YearLength.ACTUAL


def _year_by_year(figures: Figures, start: date, end: date, *, on_first_day: bool) -> Decimal:
    total = ZERO
    for year in range(start.year, end.year + 1):
        if year == end.year:
            cut = end
        else:
            cut = date(year + 1, 1, 1) if on_first_day else date(year, 12, 31)
        part = figures.divide(Decimal((cut - start).days), Decimal(days.year_days(year)))
        total = figures.add(total, part)
        start = cut
    return total


def _length_in_units(plan: Plan, period: Period) -> Decimal:
    """Return a period's true length in repayment units, counted from the seed where it fits.

    A period that the terms foresee has exactly ``every`` units; a moved due date makes it longer or
    shorter by the part of a unit that the days make up.
    """
    if _rolls_as_agreed(plan, period):
        return Decimal(plan.every)
    unit = plan.unit
    seed = _seed(plan, period)
    start = period.start
    if unit is Unit.MONTHS and days.is_month_end(start) and seed.day > start.day:
        start = start + days.ONE_DAY
    begun = days.whole_units(seed, start, unit)
    count = begun + 1
    day = period.start
    while day < period.due:
        day = days.after(seed, unit, count)
        if day > period.due:
            whole = count - begun - 1
            begin = days.after(seed, unit, whole)
            part = plan.figures.divide(
                Decimal((period.due - begin).days), Decimal((day - begin).days)
            )
            return part + whole
        count += 1
    return Decimal(count - begun - 1)


def _rolls_as_agreed(plan: Plan, period: Period) -> bool:
    """Tell whether a period ends on another day of the month just as the terms say it does."""
    month_end = plan.terms.month_end
    if month_end is MonthEnd.CLAMP:
        return False
    begun = days.whole_units(plan.start, period.start, plan.unit)
    return any(
        days.due_date(plan.start, plan.unit, count, month_end) == period.start
        and days.due_date(plan.start, plan.unit, count + plan.every, month_end) == period.due
        for count in (begun, begun + 1)
    )


def _seed(plan: Plan, period: Period) -> date:
    """Return the plan's first day if the period is one that it foresees, else the period's own."""
    count = 1
    day = days.after(plan.start, plan.unit, count)
    while day < period.due:
        count += 1
        day = days.after(plan.start, plan.unit, count)
    if day == period.due and days.after(day, plan.unit, -plan.every) == period.start:
        return plan.start
    return period.start
