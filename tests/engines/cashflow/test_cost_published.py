"""The cost of credit against figures that others published; each says where."""

from datetime import date, timedelta
from decimal import Decimal
from fractions import Fraction

import pytest

from karez.engines.cashflow.cost import Flow, apr_eu, apr_us, effective_rate, percent
from karez.engines.cashflow.intervals import (
    Span,
    Unit,
    UnitPeriod,
    directive_years,
    series_day,
    transaction_day,
    unit_period,
    unit_periods,
)


def lent(on: str, cents: int) -> Flow:
    return Flow(date.fromisoformat(on), -cents)


def paid(on: str, cents: int) -> Flow:
    return Flow(date.fromisoformat(on), cents)


def monthly(first: str, count: int, cents: int, months: int = 1) -> list[Flow]:
    flows: list[Flow] = []
    for number in range(count):
        day = date.fromisoformat(first)
        year, month = divmod(day.year * 12 + day.month - 1 + number * months, 12)
        flows.append(Flow(day.replace(year=year, month=month + 1), cents))
    return flows


def by_days(first: str, count: int, cents: int, days: int) -> list[Flow]:
    day = date.fromisoformat(first)
    return [Flow(day + timedelta(days=days * number), cents) for number in range(count)]


# 12 CFR 1026, Appendix J, (c) "Examples for the actuarial method": dates, amounts and rates, as
# https://www.consumerfinance.gov/rules-policy/regulations/1026/j/ has them. Taken by way of the
# transcription in the tests of the open-source library FSharp.Finance.Personal, which names the
# paragraphs of that page.
APPENDIX_J = {
    "(c)(1)(i) monthly": (
        "9.69",
        [lent("1978-01-10", 5000_00), *monthly("1978-02-10", 24, 230_00)],
    ),
    "(c)(1)(ii) monthly, long first period": (
        "11.82",
        [lent("1978-02-10", 6000_00), *monthly("1978-04-01", 36, 200_00)],
    ),
    "(c)(1)(iii) semimonthly, short first period": (
        "10.34",
        [
            lent("1978-02-23", 5000_00),
            *monthly("1978-03-01", 12, 219_17),
            *monthly("1978-03-16", 12, 219_17),
        ],
    ),
    "(c)(1)(iv) quarterly, long first period": (
        "8.97",
        [lent("1978-05-23", 10000_00), *monthly("1978-10-01", 40, 385_00, 3)],
    ),
    "(c)(1)(v) weekly, long first period": (
        "14.96",
        [lent("1978-03-20", 500_00), *by_days("1978-04-21", 30, 17_60, 7)],
    ),
    "(c)(2)(i) monthly, odd first payment": (
        "10.08",
        [
            lent("1978-01-10", 5000_00),
            paid("1978-02-10", 250_00),
            *monthly("1978-03-10", 23, 230_00),
        ],
    ),
    "(c)(2)(ii) every four weeks, long first period, odd first payment": (
        "28.50",
        [
            lent("1978-03-18", 400_00),
            paid("1978-04-20", 39_50),
            *by_days("1978-05-18", 11, 38_31, 28),
        ],
    ),
    "(c)(3)(i) monthly, odd final payment": (
        "10.50",
        [
            lent("1978-01-10", 5000_00),
            *monthly("1978-02-10", 23, 230_00),
            paid("1980-01-10", 280_00),
        ],
    ),
    "(c)(3)(ii) every two weeks, short first period, odd final payment": (
        "12.22",
        [
            lent("1978-04-03", 200_00),
            *by_days("1978-04-11", 19, 9_50, 14),
            paid("1979-01-02", 30_00),
        ],
    ),
    "(c)(4)(i) monthly, odd first and final payment": (
        "10.90",
        [
            lent("1978-01-10", 5000_00),
            paid("1978-02-10", 250_00),
            *monthly("1978-03-10", 22, 230_00),
            paid("1980-01-10", 280_00),
        ],
    ),
    "(c)(4)(ii) every two months, short first period, odd first and final payment": (
        "7.30",
        [
            lent("1978-01-10", 8000_00),
            paid("1978-03-01", 449_36),
            *monthly("1978-05-01", 18, 465_00, 2),
            paid("1981-05-01", 200_00),
        ],
    ),
    "(c)(5)(i) one payment, a term in days": (
        "11.45",
        [lent("1978-01-03", 1000_00), paid("1978-09-15", 1080_00)],
    ),
}


@pytest.mark.parametrize(("rate", "flows"), APPENDIX_J.values(), ids=APPENDIX_J)
def test_apr_us__is_as_regulation_z_has_it(rate: str, flows: list[Flow]):
    assert percent(apr_us(flows)) == Decimal(rate)


# "Extra examples" in the tests of FSharp.Finance.Personal, confirmed there with a spreadsheet:
# another implementation's figures, not the regulation's.
ELSEWHERE = {
    "quarterly, period and a half": (
        "9.15",
        [lent("1978-06-23", 10000_00), *monthly("1978-10-01", 40, 385_00, 3)],
    ),
    "quarterly, short first period": (
        "9.32",
        [lent("1978-07-23", 10000_00), *monthly("1978-10-01", 40, 385_00, 3)],
    ),
    "daily": ("94.15", [lent("2023-10-26", 1000_00), *by_days("2023-11-30", 5, 220_00, 1)]),
    "weekly, long first period": (
        "176.52",
        [lent("2023-10-28", 1000_00), *by_days("2023-11-30", 5, 250_00, 7)],
    ),
    "weekly": ("412.40", [lent("2023-11-23", 1000_00), *by_days("2023-11-30", 5, 250_00, 7)]),
    "weekly, short first period": (
        "434.30",
        [lent("2023-11-24", 1000_00), *by_days("2023-11-30", 5, 250_00, 7)],
    ),
    "yearly": ("78.34", [lent("2023-10-26", 1000_00), *monthly("2023-11-30", 5, 500_00, 12)]),
}


@pytest.mark.parametrize(("rate", "flows"), ELSEWHERE.values(), ids=ELSEWHERE)
def test_apr_us__is_as_another_implementation_has_it(rate: str, flows: list[Flow]):
    assert percent(apr_us(flows)) == Decimal(rate)


# Our own computation, by hand; not the regulation's figures.
OWN_US = {
    # 4.4 % in a term of six whole months, two in a year: (b)(5)(vi).
    "whole months": ("8.80", [lent("1978-07-15", 1000_00), paid("1979-01-15", 1044_00)]),
    # A year and half a year: 1.0876 x 1.0438 = 1.1352: (b)(5)(v)(A).
    "a year and months": ("8.76", [lent("1978-01-17", 1000_00), paid("1979-07-17", 1135_24)]),
    # Two years: the square root of 1.24.
    "whole years": ("11.36", [lent("1978-01-03", 1000_00), paid("1980-01-03", 1240_00)]),
    # 1000 three times, a month apart, repaid a month after: 1000 (1.01 + 1.01^2 + 1.01^3).
    "three advances": (
        "12.00",
        [*monthly("1978-01-10", 3, -1000_00), paid("1978-04-10", 3060_40)],
    ),
}


@pytest.mark.parametrize(("rate", "flows"), OWN_US.values(), ids=OWN_US)
def test_apr_us__is_as_computed_by_hand(rate: str, flows: list[Flow]):
    assert percent(apr_us(flows)) == Decimal(rate)


# Our own computation, by hand.
OWN_EU = {
    # 270 v + 270 v^2 = 500, v = 0.949778...; v^-12 - 1.
    "two months": ("85.6", [lent("2012-10-10", 500_00), *monthly("2012-11-10", 2, 270_00)]),
    # 1.02 ^ (366 / 5) - 1: the year that ends on 15 October 2012 has a leap day.
    "five days of a leap year": ("326.1", [lent("2012-10-10", 500_00), paid("2012-10-15", 510_00)]),
    # 1.02 ^ 52 - 1, the interest of a week compounded.
    "weeks": (
        "180.0",
        [
            lent("2026-01-15", 1000_00),
            paid("2026-01-22", 20_00),
            paid("2026-01-29", 1020_00),
        ],
    ),
}


@pytest.mark.parametrize(("rate", "flows"), OWN_EU.values(), ids=OWN_EU)
def test_apr_eu__is_as_computed_by_hand(rate: str, flows: list[Flow]):
    assert percent(apr_eu(flows), 1) == Decimal(rate)


# Intervals of the Commission's guidelines on Directive 2008/48/EC, SWD(2012) 128, 4.1.1: most of
# them by way of the tests of the open-source library curo, which says that it took them from there;
# the ends of months and the leap days are curo's own.
INTERVALS = [
    ("2019-01-12", "2020-01-12", Span.MONTH, Fraction(1)),
    ("2012-01-12", "2012-02-15", Span.MONTH, Fraction(1, 12) + Fraction(3, 365)),
    ("2012-01-12", "2012-03-15", Span.MONTH, Fraction(2, 12) + Fraction(3, 365)),
    ("2012-01-12", "2012-04-15", Span.MONTH, Fraction(3, 12) + Fraction(3, 365)),
    ("2013-01-12", "2013-02-15", Span.MONTH, Fraction(1, 12) + Fraction(3, 366)),
    ("2013-01-12", "2013-03-15", Span.MONTH, Fraction(2, 12) + Fraction(3, 366)),
    ("2013-01-12", "2013-04-15", Span.MONTH, Fraction(3, 12) + Fraction(3, 366)),
    ("2013-02-25", "2013-03-28", Span.MONTH, Fraction(1, 12) + Fraction(3, 366)),
    ("2013-02-26", "2013-03-29", Span.MONTH, Fraction(1, 12) + Fraction(2, 366)),
    ("2012-02-26", "2012-03-29", Span.MONTH, Fraction(1, 12) + Fraction(3, 366)),
    ("2012-02-26", "2012-02-26", Span.MONTH, Fraction(0)),
    ("2024-12-31", "2025-02-28", Span.MONTH, Fraction(2, 12)),
    ("2024-02-28", "2024-03-31", Span.MONTH, Fraction(1, 12) + Fraction(1, 366)),
    ("2024-02-29", "2024-03-31", Span.MONTH, Fraction(1, 12)),
    ("2024-01-31", "2024-02-29", Span.MONTH, Fraction(1, 12)),
    ("2024-01-31", "2025-02-28", Span.MONTH, Fraction(13, 12)),
    ("2012-01-12", "2012-02-15", Span.YEAR, Fraction(34, 365)),
    ("2012-01-12", "2013-02-15", Span.YEAR, 1 + Fraction(34, 365)),
    ("2012-01-12", "2014-02-15", Span.YEAR, 2 + Fraction(34, 365)),
    ("2020-01-01", "2021-03-15", Span.YEAR, 1 + Fraction(74, 366)),
    ("2024-02-27", "2025-02-28", Span.YEAR, 1 + Fraction(1, 365)),
    ("2024-02-29", "2025-03-31", Span.YEAR, 1 + Fraction(31, 366)),
    ("2024-02-28", "2025-02-27", Span.YEAR, Fraction(365, 366)),
    ("2024-02-28", "2025-02-28", Span.YEAR, Fraction(1)),
    ("2024-02-29", "2025-02-28", Span.YEAR, Fraction(1)),
    ("2023-02-28", "2024-02-28", Span.YEAR, Fraction(1)),
    ("2023-02-28", "2024-02-29", Span.YEAR, Fraction(1)),
    ("2012-01-12", "2012-01-26", Span.WEEK, Fraction(2, 52)),
    ("2012-01-12", "2013-01-10", Span.WEEK, Fraction(1)),
    ("2012-01-12", "2012-01-30", Span.WEEK, Fraction(2, 52) + Fraction(4, 365)),
    ("2012-01-12", "2013-01-12", Span.WEEK, 1 + Fraction(2, 365)),
]


@pytest.mark.parametrize(("start", "end", "span", "years"), INTERVALS)
def test_directive_years__are_as_the_guidelines_have_them(
    start: str, end: str, span: Span, years: Fraction
):
    days = date.fromisoformat(start), date.fromisoformat(end)
    assert directive_years(*days, span, series_day(days)) == years


def test_rate__of_the_first_example_of_the_directive():
    """1 000 on 1 January 1994, 1 200 on 1 July 1995: 12.96 % by 546 days of a 365-day year.

    COM(1996) 79, Annex II, "Annex III, examples of calculation", A, first example; it came into
    force as Directive 98/7/EC. Since Directive 2008/48/EC it is a year and six twelfths: 12.92 %,
    our own computation, 1.2 ^ (2/3).
    """
    flows = [lent("1994-01-01", 1000_00), paid("1995-07-01", 1200_00)]
    assert percent(effective_rate(flows)) == Decimal("12.96")
    assert percent(effective_rate(flows), 0) == 13
    assert percent(apr_eu(flows)) == Decimal("12.92")


def test_apr_eu__of_monthly_payments_compounds_the_monthly_rate():
    """1 % a month: 1.01 ^ 12 - 1 = 12.68 %. Our own computation."""
    flows = [lent("2026-01-31", 10_000_000_00)]
    payment = 888_487_89  # of 12 at 1 % a month: 10 000 000 x 0.01 / (1 - 1.01 ^ -12)
    ends = [28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31, 31]
    months = [*range(2, 13), 1]
    flows += [
        Flow(date(2026 if month > 1 else 2027, month, day), payment)
        for month, day in zip(months, ends, strict=True)
    ]
    assert percent(apr_eu(flows), 4) == Decimal("12.6825")
    assert percent(apr_us(flows), 4) == Decimal("12.0000")


UNITS = {
    "most often": ("2026-01-10", ["2026-02-10", "2026-03-10", "2026-03-17"], Unit.MONTH, 1),
    "four weeks in February": ("2026-02-01", ["2026-03-01", "2026-04-01"], Unit.MONTH, 1),
    "two weeks": ("2026-02-01", ["2026-02-15", "2026-03-01", "2026-03-15"], Unit.WEEK, 2),
    "of equals the smaller": (
        "2026-01-10",
        ["2026-02-10", "2026-03-10", "2026-03-17", "2026-03-24"],
        Unit.WEEK,
        1,
    ),
    "the average where none occurs twice": (
        "2026-01-10",
        ["2026-02-20", "2026-03-20"],  # 41 and 28 days: 34.5, nearer to 35 than to a month
        Unit.WEEK,
        5,
    ),
    "a year at most": ("2026-01-10", ["2029-01-10"], Unit.MONTH, 12),
    "ends of months": ("2026-01-31", ["2026-02-28", "2026-03-31", "2026-04-30"], Unit.MONTH, 1),
    "days": ("2026-01-01", ["2026-01-11", "2026-01-21", "2026-01-31"], Unit.DAY, 10),
}


@pytest.mark.parametrize(("start", "payments", "unit", "count"), UNITS.values(), ids=UNITS)
def test_unit_period__is_found_by_the_rule(start: str, payments: list[str], unit: Unit, count: int):
    """Appendix J, (b)(4); the transactions are ours."""
    begin, days = date.fromisoformat(start), [date.fromisoformat(day) for day in payments]
    assert unit_period(begin, [begin], days) == UnitPeriod(unit, count)


def test_unit_periods__of_ends_of_months_are_whole():
    days = [date(2026, 2, 28), date(2026, 3, 31), date(2026, 4, 30)]
    start = date(2026, 1, 15)
    on_day = transaction_day(start, days)
    month = UnitPeriod(Unit.MONTH)
    counted = [unit_periods(start, day, month, on_day) for day in days]
    assert counted == [(n, Fraction(16, 30)) for n in range(1, 4)]
