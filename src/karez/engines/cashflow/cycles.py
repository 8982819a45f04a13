"""Cycles into dates, and dates onto business days."""

from __future__ import annotations

import calendar
import re
from collections.abc import Callable
from datetime import date, datetime, timedelta

import attrs

from karez.engines.cashflow.codes import BusinessDay, EndOfMonth

_CYCLE = re.compile(r"P(\d+)([DWMQHY])(?:L([01]))?")
_MONTHS = {"M": 1, "Q": 3, "H": 6, "Y": 12}
_DAYS = {"D": 1, "W": 7}
DATES_MOST = 100_000
"""No cycle of one contract makes more dates: daily for 270 years."""


@attrs.frozen
class Cycle:
    """A period that repeats: so many days or months; ``long_stub`` (L0) joins a short last one."""

    count: int
    unit: str
    long_stub: bool = False

    @classmethod
    def parse(cls, text: str) -> Cycle | None:
        """Read ``P1ML0``: a number, one of D W M Q H Y, L0 for a long last stub and L1 for a short.

        A period without a stub (``P31D``) reads as one with a short stub. None: not a cycle.
        """
        matched = _CYCLE.fullmatch(text.strip())
        if matched is None:
            return None
        return cls(int(matched[1]), matched[2], matched[3] == "0")

    @property
    def lengths(self) -> tuple[int, int]:
        """Its months and its days; one of the two is 0."""
        return self.count * _MONTHS.get(self.unit, 0), self.count * _DAYS.get(self.unit, 0)

    def after(self, anchor: datetime, times: int, *, to_month_end: bool = False) -> datetime:
        """Return the date so many cycles after ``anchor``, always counted from the anchor."""
        months, days = self.lengths
        if self.unit in _DAYS:
            return anchor + timedelta(days=days * times)
        year, month = divmod(anchor.year * 12 + anchor.month - 1 + months * times, 12)
        last = calendar.monthrange(year, month + 1)[1]
        day = last if to_month_end else min(anchor.day, last)
        return anchor.replace(year=year, month=month + 1, day=day)

    def keeps_month_end(self, anchor: datetime, convention: EndOfMonth) -> bool:
        """Tell whether dates counted from ``anchor`` all fall on the last day of their month."""
        return (
            convention is EndOfMonth.EOM
            and self.unit in _MONTHS
            and anchor.day == calendar.monthrange(anchor.year, anchor.month)[1]
        )


def cycle_dates(
    anchor: datetime,
    cycle: Cycle | None,
    end: datetime,
    *,
    convention: EndOfMonth,
    with_end: bool,
) -> list[datetime]:
    """Return the dates of a cycle from ``anchor`` on that are before ``end``, and the end if asked.

    Where the cycle does not hit the end, a long stub takes out the last date before it, provided
    that another one is left. Without a cycle: the anchor alone. An end at 23:59:59 is not hit by
    the midnight after it.
    """
    dates: list[datetime] = []
    if cycle is None:
        if anchor < end:
            dates.append(anchor)
        return [*dates, end] if with_end else dates
    to_month_end = cycle.keeps_month_end(anchor, convention)
    at = cycle.after(anchor, 0, to_month_end=to_month_end)
    while at < end and len(dates) < DATES_MOST:
        dates.append(at)
        at = cycle.after(anchor, len(dates), to_month_end=to_month_end)
    if at != end and cycle.long_stub and len(dates) > 1:
        dates.pop()
    return [*dates, end] if with_end else dates


def shift(at: datetime, code: BusinessDay, is_business_day: Callable[[date], bool]) -> datetime:
    """Return the business day that ``at`` moves to."""
    if code is BusinessDay.NOS or is_business_day(at.date()):
        return at
    step = 1 if code.value.endswith("F") else -1
    moved = at
    while not is_business_day(moved.date()):
        moved += timedelta(days=step)
    if code.value[2] == "M" and moved.month != at.month:
        moved = at
        while not is_business_day(moved.date()):
            moved -= timedelta(days=step)
    return moved
