"""Schedules whose figures others have published."""

from datetime import date
from decimal import Decimal

import pytest

from engines.servicing.loans import START, lend, lines, principal_interest, terms_30_360
from karez.engines.servicing import fold
from karez.engines.servicing.terms import MonthEnd, Terms

MONTH_END = date(2025, 1, 31)


def test_equal_instalments__six_months():
    loan = fold(terms_30_360("7", 6), [lend(10_000)], as_of=START)
    assert principal_interest(loan)[:4] == [
        ("2024-02-01", 1643, 58),
        ("2024-03-01", 1652, 49),
        ("2024-04-01", 1662, 39),
        ("2024-05-01", 1672, 29),
    ]
    assert sum(line.interest_minor for line in lines(loan)) == 205
    assert lines(loan)[0].total_minor == 1701


def test_bullet__principal_on_the_last_day():
    terms = terms_30_360("30", 8, grace_on_principal=7)
    loan = fold(terms, [lend(10_000)], as_of=START)
    amounts = [(line.principal_minor, line.interest_minor) for line in lines(loan)]
    assert amounts == [(0, 250)] * 7 + [(10_000, 250)]


@pytest.mark.parametrize(
    ("month_end", "rows"),
    [
        (
            MonthEnd.FIRST_DAY_OF_NEXT_MONTH,
            [
                ("2025-03-01", 330322, 9534),
                ("2025-03-31", 333251, 6605),
                ("2025-05-01", 336427, 3429),
            ],
        ),
        (
            MonthEnd.LAST_DAY_OF_MONTH,
            [
                ("2025-02-28", 330577, 9205),
                ("2025-03-31", 332959, 6823),
                ("2025-04-30", 336464, 3319),
            ],
        ),
    ],
)
def test_month_end__by_the_days_of_the_calendar(
    month_end: MonthEnd, rows: list[tuple[str, int, int]]
):
    terms = Terms(rate_pct_year=Decimal(12), instalments=3, month_end=month_end)
    loan = fold(terms, [lend(1_000_000, MONTH_END)], as_of=MONTH_END)
    assert principal_interest(loan) == rows


@pytest.mark.parametrize("month_end", [MonthEnd.CLAMP, MonthEnd.FIRST_DAY_OF_NEXT_MONTH])
def test_month_end__thirty_days_a_month(month_end: MonthEnd):
    loan = fold(
        terms_30_360("12", 3, month_end=month_end),
        [lend(1_000_000, MONTH_END)],
        as_of=MONTH_END,
    )
    amounts = [(line.principal_minor, line.interest_minor) for line in lines(loan)]
    assert amounts == [(330022, 10000), (333322, 6700), (336656, 3367)]
