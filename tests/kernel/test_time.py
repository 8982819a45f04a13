"""Dates, instants and clocks."""

from datetime import UTC, date, datetime, timedelta, timezone

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from karez.kernel.time import (
    Clock,
    DateMalformedError,
    FixedClock,
    InstantMalformedError,
    SystemClock,
    dates_to_days,
    days_to_dates,
    parse_date,
    parse_instant,
)

OFFSET = st.integers(-23 * 60 - 59, 23 * 60 + 59).map(
    lambda minutes: timezone(timedelta(minutes=minutes))
)


@given(st.dates())
def test_date__reads_back(day: date):
    assert parse_date(day.isoformat()) == day


@pytest.mark.parametrize(
    "text",
    [
        "",
        "2026-02-29",
        "2026-13-01",
        "2026-00-10",
        "0000-01-01",
        "20260331",
        "2026-W14-2",
        "2026-3-31",
        "31.03.2026",
        " 2026-03-31",
        "2026-03-31\n",
        "2026-03-31T00:00:00Z",
        "2026-03-3\u0661",
        "NaN",
    ],
)
def test_date__malformed(text: str):
    with pytest.raises(DateMalformedError) as caught:
        parse_date(text)
    assert caught.value.details == {"text": text}


@given(st.datetimes(timezones=OFFSET, min_value=datetime(2, 1, 1), max_value=datetime(9998, 1, 1)))  # noqa: DTZ001
def test_instant__reads_back_in_utc(instant: datetime):
    read = parse_instant(instant.isoformat())
    assert read == instant
    assert read.tzinfo is UTC


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("2026-03-31T17:45:00Z", datetime(2026, 3, 31, 17, 45, tzinfo=UTC)),
        ("2026-03-31t17:45:00z", datetime(2026, 3, 31, 17, 45, tzinfo=UTC)),
        ("2026-03-31 17:45:00.5-02:30", datetime(2026, 3, 31, 20, 15, 0, 500_000, tzinfo=UTC)),
        ("2026-01-01T00:30:00+01:00", datetime(2025, 12, 31, 23, 30, tzinfo=UTC)),
        ("2026-03-31T17:45:00.123456789Z", datetime(2026, 3, 31, 17, 45, 0, 123_456, tzinfo=UTC)),
    ],
)
def test_instant__forms_of_rfc_3339(text: str, expected: datetime):
    assert parse_instant(text) == expected


@pytest.mark.parametrize(
    "text",
    [
        "2026-03-31",
        "2026-03-31T17:45:00",
        "2026-03-31T17:45Z",
        "2026-03-31T24:00:00Z",
        "2026-03-31T17:45:60Z",
        "2026-02-29T17:45:00Z",
        "2026-03-31T17:45:00+0200",
        "2026-03-31T17:45:00+24:00",
        "2026-03-31T17:45:00+00:75",
        "2026-03-31T17:45:00,5Z",
        "20260331T174500Z",
        "0001-01-01T00:00:00+01:00",
        "2026-03-31T17:45:00Z ",
    ],
)
def test_instant__malformed(text: str):
    with pytest.raises(InstantMalformedError) as caught:
        parse_instant(text)
    assert caught.value.details == {"text": text}


@given(st.lists(st.dates()))
def test_days__there_and_back(dates: list[date]):
    days = dates_to_days(dates)
    assert days.dtype == np.int32
    assert days.tolist() == [(day - date(1970, 1, 1)).days for day in dates]
    assert days_to_dates(days) == dates


def test_system_clock__reads_the_machine_in_utc():
    clock: Clock = SystemClock()
    before, now, after = datetime.now(UTC), clock.now(), datetime.now(UTC)
    assert before <= now <= after
    assert now.tzinfo is UTC


def test_fixed_clock__stands_still():
    clock: Clock = FixedClock(datetime(2026, 3, 31, 2, tzinfo=timezone(timedelta(hours=5))))
    assert clock.now() == clock.now() == datetime(2026, 3, 30, 21, tzinfo=UTC)
    assert clock.now().tzinfo is UTC


def test_fixed_clock__needs_an_offset():
    with pytest.raises(AssertionError, match="offset"):
        FixedClock(datetime(2026, 3, 31))  # noqa: DTZ001
