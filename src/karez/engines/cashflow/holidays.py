"""Business days: every day, Monday to Friday, or a calendar whose closed days are data."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from datetime import date

_SATURDAY = 5
EVERY_DAY, WEEKDAYS = frozenset({"NC", "NoCalendar"}), frozenset({"MF", "Monday_To_Friday"})


def business_days(
    name: str, closed: Mapping[str, Collection[date]]
) -> Callable[[date], bool] | None:
    """Return the test of a calendar for business days; None where there is no such calendar.

    ``closed`` holds the days on which a calendar of that name is closed beside its weekends.
    """
    if name in EVERY_DAY:
        return lambda _day: True
    if name in WEEKDAYS:
        return lambda day: day.weekday() < _SATURDAY
    if name in closed:
        holidays = closed[name]
        return lambda day: day.weekday() < _SATURDAY and day not in holidays
    return None
