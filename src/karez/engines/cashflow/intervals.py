"""Time as the rules on the cost of credit count it: the directive's years, Regulation Z's units."""

from __future__ import annotations

import calendar
from collections import Counter
from collections.abc import Iterable, Sequence
from datetime import date, timedelta
from enum import StrEnum
from fractions import Fraction
from itertools import pairwise

import attrs

from karez.kernel.errors import ensure

_WEEK_DAYS, _WEEKS_MOST, _MONTHS_MOST, _DAYS_MOST = 7, 52, 12, 365
_MONTH_DAYS, _SEMIMONTH_DAYS = 30, 15
_MONTH_LENGTH = Fraction(365, 12)


class Span(StrEnum):
    """The period that the directive's intervals are counted in, the rest being days."""

    YEAR = "year"
    MONTH = "month"
    WEEK = "week"


def series_day(days: Iterable[date]) -> int:
    """Return the day of the month on which a series falls due: 31 where all end their months."""
    dates = list(days)
    return 31 if all(_ends_month(day) for day in dates) else max(day.day for day in dates)


def months_back(start: date, day: date, on_day: int) -> tuple[int, date]:
    """Return the full months from ``day`` back to ``start``, and the date that they lead to.

    Where ``day`` is the last of a month too short for ``on_day``, it stands for that day.
    """
    months = (day.year - start.year) * 12 + day.month - start.month
    reached = _back(day, months, on_day)
    if reached < start:
        months -= 1
        reached = _back(day, months, on_day)
    return months, reached


def _back(day: date, months: int, on_day: int) -> date:
    wanted = max(on_day, day.day) if _ends_month(day) else day.day
    year, month = divmod(day.year * 12 + day.month - 1 - months, 12)
    return date(year, month + 1, min(wanted, calendar.monthrange(year, month + 1)[1]))


def _ends_month(day: date) -> bool:
    return day.day == calendar.monthrange(day.year, day.month)[1]


# The directive's years.


def directive_span(days: Sequence[date]) -> Span:
    """Return the period that most of the distances between successive dates are a multiple of.

    Months where they are as many as weeks, and where they are neither.
    """
    ordered = sorted(set(days))
    on_day = series_day(ordered)
    pairs = list(pairwise(ordered))
    months = sum(months_back(a, b, on_day)[1] == a for a, b in pairs)
    weeks = sum((b - a).days % _WEEK_DAYS == 0 for a, b in pairs)
    return Span.WEEK if weeks > months else Span.MONTH


def directive_years(start: date, day: date, span: Span, on_day: int) -> Fraction:
    """Return the years from ``start`` to ``day`` as the directive's remark (c) counts them.

    Whole periods are counted back from ``day``: twelfths of a year, fifty-seconds or years. The
    days that are left, the first excluded and the last included, are divided by the 365 or 366 of
    the year that ends on the last of them. Directive 2008/48/EC, Annex I, part I, remark (c) has
    the lengths; the Commission's guidelines SWD(2012) 128, 4.1.1, have the way of counting.
    """
    if span is Span.WEEK:
        weeks = (day - start).days // _WEEK_DAYS
        whole, reached = Fraction(weeks, _WEEKS_MOST), day - timedelta(days=weeks * _WEEK_DAYS)
    else:
        months, reached = months_back(start, day, on_day)
        if span is Span.YEAR:
            months -= months % 12
            reached = _back(day, months, on_day)
        whole = Fraction(months, 12)
    year_days = (reached - _year_before(reached)).days
    return whole + Fraction((reached - start).days, year_days)


def _year_before(day: date) -> date:
    last = calendar.monthrange(day.year - 1, day.month)[1]
    return date(day.year - 1, day.month, min(day.day, last))


# Regulation Z's unit periods.


class Unit(StrEnum):
    """What a unit period is a multiple of."""

    DAY = "day"
    WEEK = "week"
    SEMIMONTH = "semimonth"
    MONTH = "month"


@attrs.frozen
class UnitPeriod:
    """A unit period of 12 CFR 1026, Appendix J, (b)(4); twelve months are a year."""

    unit: Unit
    count: int = 1

    @property
    def per_year(self) -> Fraction:
        """How many are in a year, by (b)(5)."""
        in_year = {Unit.DAY: 365, Unit.WEEK: 52, Unit.SEMIMONTH: 24, Unit.MONTH: 12}
        return Fraction(in_year[self.unit], self.count)

    @property
    def length_days(self) -> Fraction:
        """How long it is, to tell which of two is smaller or nearer."""
        lengths = {
            Unit.DAY: Fraction(1),
            Unit.WEEK: Fraction(7),
            Unit.SEMIMONTH: _MONTH_LENGTH / 2,
            Unit.MONTH: _MONTH_LENGTH,
        }
        return self.count * lengths[self.unit]


_YEAR = UnitPeriod(Unit.MONTH, 12)


def unit_period(start: date, advances: Sequence[date], payments: Sequence[date]) -> UnitPeriod:
    """Return the unit period of a transaction that begins on ``start`` by (b)(4).

    The period that occurs most often, of equals the smaller; where none occurs twice, the average
    to the nearest standard interval; the term itself, a year at most, where one advance is repaid
    by one payment. A period that is no standard interval counts as so many days.
    """
    lent, paid = sorted({*advances}), sorted({day for day in payments if day > start})
    ensure(lent and paid and start <= lent[0], "there are an advance and a later payment")
    on_day = transaction_day(start, [*lent, *paid])
    if len(lent) == 1 and len(paid) == 1:
        return _term(start, paid[0], on_day)
    rows = [[start, *(day for day in lent if day > start)], [start, *paid]]
    halves = _is_semimonthly(paid, on_day)
    counted: Counter[UnitPeriod] = Counter()
    for row in rows:
        for first, last in pairwise(row):
            counted.update(_periods(first, last, on_day, halves=halves))
    common = [(times, period) for period, times in counted.items() if times > 1]
    if common:
        return min(common, key=lambda found: (-found[0], found[1].length_days))[1]
    lengths = [(last - first).days for row in rows for first, last in pairwise(row)]
    return _nearest_standard(Fraction(sum(lengths), len(lengths)))


def transaction_day(start: date, days: Sequence[date]) -> int:
    """Return the day of the month of the payments and advances after the first (b)(3)(iv)."""
    later = [day for day in days if day > start]
    if all(_ends_month(day) for day in [start, *later]):
        return 31
    return max(day.day for day in later)


def _term(start: date, end: date, on_day: int) -> UnitPeriod:
    months, reached = months_back(start, end, on_day)
    if months > _MONTHS_MOST or (months == _MONTHS_MOST and reached > start):
        return _YEAR
    if reached == start:
        return UnitPeriod(Unit.MONTH, months)
    return UnitPeriod(Unit.DAY, (end - start).days)


def _is_semimonthly(paid: Sequence[date], on_day: int) -> bool:
    """Tell whether every second payment is a month after, and those between not weeks apart."""
    if len(paid) <= 2:
        return False
    between = [(b - a).days for a, b in pairwise(paid)]
    return all(
        months_back(a, b, on_day) == (1, a) for a, b in zip(paid, paid[2:], strict=False)
    ) and not all(days % _WEEK_DAYS == 0 for days in between)


def _periods(first: date, last: date, on_day: int, *, halves: bool) -> list[UnitPeriod]:
    """Return each standard interval that a period is; where it is none, so many days."""
    days = (last - first).days
    months, reached = months_back(first, last, on_day)
    found: list[UnitPeriod] = []
    if reached == first and months <= _MONTHS_MOST:
        found.append(UnitPeriod(Unit.MONTH, months))
    if days % _WEEK_DAYS == 0 and days // _WEEK_DAYS <= _WEEKS_MOST:
        found.append(UnitPeriod(Unit.WEEK, days // _WEEK_DAYS))
    if halves and abs(days - _SEMIMONTH_DAYS) <= 2:
        found.append(UnitPeriod(Unit.SEMIMONTH))
    return found or ([UnitPeriod(Unit.DAY, days)] if days <= _DAYS_MOST else [])


def _nearest_standard(days: Fraction) -> UnitPeriod:
    standard = [UnitPeriod(Unit.DAY), UnitPeriod(Unit.SEMIMONTH)]
    standard += [UnitPeriod(Unit.WEEK, count) for count in range(1, _WEEKS_MOST + 1)]
    standard += [UnitPeriod(Unit.MONTH, count) for count in range(1, _MONTHS_MOST + 1)]
    return min(standard, key=lambda one: (abs(one.length_days - days), one.length_days))


def unit_periods(start: date, day: date, period: UnitPeriod, on_day: int) -> tuple[int, Fraction]:
    """Return the full unit periods from ``start`` to ``day`` and the fraction left, by (b)(5)."""
    days = (day - start).days
    match period.unit:
        case Unit.DAY | Unit.WEEK:
            size = period.count * (_WEEK_DAYS if period.unit is Unit.WEEK else 1)
        case Unit.SEMIMONTH | Unit.MONTH:
            months, reached = months_back(start, day, on_day)
            rest_days = (reached - start).days
            if period == UnitPeriod(Unit.MONTH):
                return months, Fraction(rest_days, _MONTH_DAYS)
            if period == _YEAR:
                return _years_and_rest(start, day, months, on_day)
            days = _MONTH_DAYS * months + rest_days
            halves = period.unit is Unit.SEMIMONTH
            size = _SEMIMONTH_DAYS if halves else period.count * _MONTH_DAYS
    full, rest = divmod(days, size)
    return full, Fraction(rest, size)


def _years_and_rest(start: date, day: date, months: int, on_day: int) -> tuple[int, Fraction]:
    """Divide what is left by 12 where it is whole months, else its days by 365: (b)(5)(v)."""
    years, rest_months = divmod(months, 12)
    reached = _back(day, 12 * years, on_day)
    if _back(day, months, on_day) == start:
        return years, Fraction(rest_months, 12)
    return years, Fraction((reached - start).days, 365)
