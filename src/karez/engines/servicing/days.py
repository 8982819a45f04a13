"""Dates of a schedule: stretches of days, weeks, months and years from a seed day."""

from __future__ import annotations

from calendar import isleap, monthrange
from datetime import date, timedelta

from karez.engines.servicing.terms import MonthEnd, Unit

ONE_DAY = timedelta(days=1)


def after(day: date, unit: Unit, count: int) -> date:
    """Return the day ``count`` units after another; a day that a month lacks is its last."""
    match unit:
        case Unit.DAYS:
            return day + timedelta(days=count)
        case Unit.WEEKS:
            return day + timedelta(weeks=count)
        case Unit.MONTHS:
            return _in_month(day, count)
        case Unit.YEARS:
            return _in_month(day, 12 * count)


def _in_month(day: date, months: int) -> date:
    years, month = divmod(day.month - 1 + months, 12)
    year = day.year + years
    if day.day <= 28:
        return date(year, month + 1, day.day)
    return date(year, month + 1, min(day.day, monthrange(year, month + 1)[1]))


def due_date(seed: date, unit: Unit, count: int, month_end: MonthEnd) -> date:
    """Return the due date ``count`` units after the seed, always counted from the seed."""
    day = after(seed, unit, count)
    if unit not in {Unit.MONTHS, Unit.YEARS}:
        return day
    if month_end is MonthEnd.FIRST_DAY_OF_NEXT_MONTH and day.day < seed.day:
        return day + timedelta(days=1)
    if month_end is MonthEnd.LAST_DAY_OF_MONTH and is_month_end(seed):
        return day.replace(day=monthrange(day.year, day.month)[1])
    return day


def is_month_end(day: date) -> bool:
    """Tell whether this is the last day of its month."""
    return day.day == monthrange(day.year, day.month)[1]


def whole_units(start: date, end: date, unit: Unit) -> int:
    """Return how many whole units fit between two days."""
    days = (end - start).days
    if unit is Unit.DAYS:
        return days
    if unit is Unit.WEEKS:
        return days // 7
    months = (end.year - start.year) * 12 + end.month - start.month
    if months > 0 and end.day < start.day:
        months -= 1
    elif months < 0 and end.day > start.day:
        months += 1
    return months if unit is Unit.MONTHS else months // 12


def year_days(year: int) -> int:
    """Return 366 in a leap year, else 365."""
    return 366 if isleap(year) else 365


def has_leap_day(start: date, end: date) -> bool:
    """Tell whether a 29 February lies after ``start`` and not after ``end``."""
    return any(
        isleap(year) and start < date(year, 2, 29) <= end
        for year in range(start.year, end.year + 1)
    )
