"""Time on two axes: ``valid_on`` and ``recorded_at``.

``valid_on`` is the business date on which something holds, in the institution's own calendar; the
caller says it, and it may lie in the past. ``recorded_at`` is the instant at which the database
learned of it; no caller says it, and nothing changes it later. What was true on a day, and what was
believed at an hour, are then two questions that each have one answer.

A clock is passed in. Only ``SystemClock`` reads the machine's.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from datetime import UTC, date, datetime
from typing import Protocol

import attrs
import numpy as np
import numpy.typing as npt

from karez.kernel.errors import InvalidInputError, ensure

DayArray = npt.NDArray[np.int32]
"""Dates as days since 1970-01-01."""

_DATE = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")
# RFC 3339, section 5.6; what a calendar and a clock have of such digits, fromisoformat decides.
_INSTANT = re.compile(
    r"[0-9]{4}-[0-9]{2}-[0-9]{2}[Tt ]([01][0-9]|2[0-3]):[0-9]{2}:[0-9]{2}(\.[0-9]+)?"
    r"([Zz]|[+-][0-9]{2}:[0-5][0-9])"
)


class DateMalformedError(InvalidInputError):
    """{text!r} is not a date: write a day that exists as year-month-day, such as 2026-03-31."""

    code = "date-malformed"


class InstantMalformedError(InvalidInputError):
    """{text!r} is not an instant: write date, time and offset, as 2026-03-31T17:45:00+02:00.

    The form is that of RFC 3339. Without an offset nobody could tell which instant was meant.
    """

    code = "instant-malformed"


class Clock(Protocol):
    """Says what time it is."""

    def now(self) -> datetime:
        """Return this instant, in UTC."""
        ...


@attrs.frozen
class SystemClock:
    """The machine's clock."""

    def now(self) -> datetime:
        """Return this instant, in UTC."""
        return datetime.now(UTC)


@attrs.frozen
class FixedClock:
    """A clock that stands still, for tests and for doing a past day again."""

    instant: datetime

    def __attrs_post_init__(self) -> None:
        ensure(self.instant.tzinfo is not None, "an instant has an offset")

    def now(self) -> datetime:
        """Return the instant at which this clock stands, in UTC."""
        return self.instant.astimezone(UTC)


def parse_date(text: str) -> date:
    """Return the date that ``text`` shows as yyyy-mm-dd, and in no other form.

    Raises:
        DateMalformedError: another form, or a day that does not exist.
    """
    try:
        return date.fromisoformat(_matching(_DATE, text))
    except ValueError as fault:
        raise DateMalformedError(text=text) from fault


def parse_instant(text: str) -> datetime:
    """Return the instant, in UTC, that ``text`` shows in the form of RFC 3339.

    Decimals of a second beyond the sixth are cut off: the database keeps microseconds.

    Raises:
        InstantMalformedError: another form, no offset, or a time that does not exist.
    """
    try:
        return datetime.fromisoformat(_matching(_INSTANT, text).upper()).astimezone(UTC)
    except (ValueError, OverflowError) as fault:
        raise InstantMalformedError(text=text) from fault


def _matching(form: re.Pattern[str], text: str) -> str:
    if form.fullmatch(text) is None:
        raise ValueError(text)
    return text


def dates_to_days(dates: Sequence[date]) -> DayArray:
    """Return dates as days since 1970-01-01."""
    return np.array(dates, dtype="datetime64[D]").astype(np.int32)


def days_to_dates(days: DayArray) -> list[date]:
    """Return days since 1970-01-01 as dates."""
    return days.astype("datetime64[D]").tolist()
