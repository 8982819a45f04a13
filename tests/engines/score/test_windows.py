"""Who has an outcome, and which, against a plain walk over calendar days."""

import calendar
from datetime import date, timedelta

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from karez.engines.score.errors import (
    ColumnLengthError,
    DatesOutOfOrderError,
    WindowMalformedError,
)
from karez.engines.score.windows import add_months, months_between, outcomes_after

FIRST, LAST = date(2018, 1, 1), date(2024, 12, 31)
DAYS = st.dates(FIRST, LAST)


def window_end(day, months):
    """The twin: count months on the calendar."""
    year, month = divmod(day.year * 12 + day.month - 1 + months, 12)
    return date(year, month + 1, min(day.day, calendar.monthrange(year, month + 1)[1]))


@st.composite
def loans(draw):
    made = []
    for decided in draw(st.lists(st.none() | DAYS, min_size=1, max_size=12)):
        seen = draw(st.dates(decided or FIRST, LAST))
        gone = draw(st.none() | st.dates(decided, seen)) if decided else None
        made.append((decided, gone, seen))
    return made


@given(loans(), st.integers(1, 36))
def test_outcomes_after__are_those_of_the_plain_walk(rows, months):
    found = outcomes_after(*columns(rows)[:2], months=months, seen_until=columns(rows)[2])
    outcome, young, young_defaults, undated, late = {}, 0, 0, 0, 0
    for row, (decided, gone, seen) in enumerate(rows):
        if decided is None:
            undated += 1
        elif window_end(decided, months) > seen:
            young += 1
            young_defaults += gone is not None
        else:
            outcome[row] = float(gone is not None and gone <= window_end(decided, months))
            late += gone is not None and not outcome[row]
    assert dict(zip(found.rows.tolist(), found.outcome.tolist(), strict=True)) == outcome
    assert (found.young, found.young_defaults) == (young, young_defaults)
    assert (found.undated, found.late_defaults) == (undated, late)
    assert len(found.rows) + found.young + found.undated == len(rows)


def columns(rows):
    return [np.array(column, "datetime64[D]") for column in zip(*rows, strict=True)]


@given(loans(), st.integers(1, 24))
def test_outcomes_after__what_comes_later_changes_no_outcome(rows, months):
    """One more year of sight adds outcomes, and leaves those that stood as they were."""
    decided, gone, seen = columns(rows)
    before = outcomes_after(decided, gone, months=months, seen_until=seen)
    after = outcomes_after(decided, gone, months=months, seen_until=seen + np.timedelta64(366, "D"))
    place = np.searchsorted(after.rows, before.rows)
    assert (after.rows[place] == before.rows).all()
    assert (after.outcome[place] == before.outcome).all()


@given(DAYS, st.integers(1, 120))
def test_add_months__is_the_calendars(day, months):
    assert add_months(np.array([day], "datetime64[D]"), months)[0] == window_end(day, months)


@pytest.mark.parametrize(
    ("decided", "months", "defaulted", "outcome"),
    [
        ("2020-01-31", 1, "2020-02-29", 1),  # the last day of February is the window's last
        ("2020-01-31", 1, "2020-03-01", 0),
        ("2020-01-15", 12, "2021-01-15", 1),
        ("2020-01-15", 12, "2021-01-16", 0),
        ("2020-01-15", 12, None, 0),
    ],
)
def test_outcomes_after__at_the_edge(decided, months, defaulted, outcome):
    found = outcomes_after([decided], [defaulted or "NaT"], months=months, seen_until="2022-01-01")
    assert found.outcome.tolist() == [outcome]


def test_outcomes_after__leaves_out_young_loans_that_defaulted_early():
    found = outcomes_after(
        ["2020-01-01", "2021-06-01", "2021-06-01"],
        ["NaT", "2021-07-01", "NaT"],
        months=12,
        seen_until="2021-12-31",
    )
    assert found.rows.tolist() == [0]
    assert (found.young, found.young_defaults) == (2, 1)


def test_months_between__is_nan_without_a_day():
    found = months_between(
        np.array(["2020-01-01", "2020-01-01"], "datetime64[D]"),
        np.array(["2021-01-01", "NaT"], "datetime64[D]"),
    )
    assert found[0] == pytest.approx(366 / 30.4375)
    assert np.isnan(found[1])


def test_outcomes_after__names_what_is_wrong():
    day = ["2020-01-01"]
    with pytest.raises(WindowMalformedError, match="0 months"):
        outcomes_after(day, day, months=0, seen_until="2022-01-01")
    with pytest.raises(ColumnLengthError, match="defaulted_on has 2 rows where there are 1"):
        outcomes_after(day, day * 2, months=1, seen_until="2022-01-01")
    with pytest.raises(ColumnLengthError, match="seen_until has 2"):
        outcomes_after(day, day, months=1, seen_until=day * 2)
    early = str(date(2020, 1, 1) - timedelta(1))
    with pytest.raises(DatesOutOfOrderError, match=f"Row 0 has defaulted_on {early} before"):
        outcomes_after(day, [early], months=1, seen_until="2022-01-01")
    with pytest.raises(DatesOutOfOrderError, match="seen_until 2021-01-01 before defaulted_on"):
        outcomes_after(day, ["2021-01-02"], months=1, seen_until="2021-01-01")
