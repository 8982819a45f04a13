"""How long a stretch of days is, in years, by the conventions of older schedules.

Months have thirty days where the annuity formula needs a length by name, and a year has 365 days
where years are actual.
"""

from __future__ import annotations

from datetime import date
from decimal import Decimal

from karez.engines.servicing import days
from karez.engines.servicing.figures import ZERO
from karez.engines.servicing.terms import InterestPeriod, MonthLength, Terms, Unit, YearLength

_PERIODS_A_YEAR = {Unit.DAYS: 365, Unit.WEEKS: 52, Unit.MONTHS: 12, Unit.YEARS: 1}
_MONTH_DAYS = {Unit.DAYS: 1, Unit.WEEKS: 7, Unit.MONTHS: 30, Unit.YEARS: 360}
_YEAR_DAYS = {YearLength.DAYS_360: 360, YearLength.DAYS_364: 364}


def nominal_years(terms: Terms) -> Decimal:
    """Return the part of a year that a period is by its name."""
    if terms.interest_period is InterestPeriod.SAME_AS_REPAYMENT:
        return Decimal(terms.every) / _PERIODS_A_YEAR[terms.unit]
    return Decimal(terms.every * _MONTH_DAYS[terms.unit]) / _YEAR_DAYS.get(terms.year, 365)


def years_between(terms: Terms, start: date, end: date) -> Decimal:
    """Return the part of a year between two days under the terms' conventions."""
    if start >= end:
        return ZERO
    whole = days.whole_units(start, end, terms.unit)
    begin = days.after(start, terms.unit, whole)
    units = Decimal(whole)
    rest = (end - begin).days
    if rest:
        units += Decimal(rest) / (days.after(begin, terms.unit, 1) - begin).days
    if terms.interest_period is InterestPeriod.SAME_AS_REPAYMENT:
        return units / _PERIODS_A_YEAR[terms.unit]
    year = _YEAR_DAYS.get(terms.year, 365)
    if terms.month is MonthLength.DAYS_30:
        return units * _MONTH_DAYS[terms.unit] / year
    return Decimal((end - start).days) / year
