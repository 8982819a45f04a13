"""Days into fractions of a year, exactly: a numerator and a denominator."""

from __future__ import annotations

import calendar
from collections.abc import Callable
from datetime import date, datetime, timedelta

from karez.engines.cashflow.codes import DayCount

_BOTH_YEARS = 365 * 366
_FEBRUARY, _SATURDAY = 2, 5
Fraction2 = tuple[int, int]


def midnight(at: datetime) -> datetime:
    """Return the instant that counts: 23:59:59 is the beginning of the next day."""
    if (at.hour, at.minute, at.second) == (23, 59, 59):
        return at + timedelta(seconds=1)
    return at


def year_fraction(
    convention: DayCount,
    start: datetime,
    end: datetime,
    *,
    maturity: datetime | None = None,
    is_business_day: Callable[[date], bool] | None = None,
) -> Fraction2:
    """Return the years from ``start`` to ``end`` as numerator and denominator; 0 if not after.

    ``maturity`` matters to 30E360ISDA alone (the last of February that is the maturity is not the
    30th), ``is_business_day`` to B252 alone.
    """
    first, last = midnight(start).date(), midnight(end).date()
    if last <= first:
        return 0, 1
    days = (last - first).days
    if convention is DayCount.AA:
        return _actual_actual(first, last)
    if convention is DayCount.B252:
        opens = is_business_day or _is_weekday
        return sum(opens(first + timedelta(days=n)) for n in range(days)), 252
    if convention is DayCount.E30360:
        return _thirty(first, last, min(first.day, 30), min(last.day, 30)), 360
    if convention is DayCount.E30360ISDA:
        is_maturity = maturity is not None and last == midnight(maturity).date()
        stays = not _ends_month(last) or (last.month == _FEBRUARY and is_maturity)
        first_day = 30 if _ends_month(first) else first.day
        return _thirty(first, last, first_day, last.day if stays else 30), 360
    return days, 360 if convention is DayCount.A360 else 365


def _is_weekday(day: date) -> bool:
    return day.weekday() < _SATURDAY


def _thirty(first: date, last: date, first_day: int, last_day: int) -> int:
    months = (last.year - first.year) * 12 + last.month - first.month
    return months * 30 + last_day - first_day


def _ends_month(day: date) -> bool:
    return day.day == calendar.monthrange(day.year, day.month)[1]


def _actual_actual(first: date, last: date) -> Fraction2:
    """Count the days in leap years over 366, all others over 365."""
    if first.year == last.year:
        return (last - first).days, 366 if calendar.isleap(first.year) else 365
    total = 0
    for year in range(first.year, last.year + 1):
        begin, end = max(first, date(year, 1, 1)), min(last, date(year + 1, 1, 1))
        total += (end - begin).days * (365 if calendar.isleap(year) else 366)
    return total, _BOTH_YEARS
