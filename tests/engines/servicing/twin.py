"""A slow and obviously right schedule: exact fractions, nothing kept, nothing shared."""

import itertools
from datetime import date
from fractions import Fraction

from karez.engines.servicing.terms import MonthLength, Terms, YearLength
from karez.kernel.money import Rounding

LENGTHS = {YearLength.DAYS_360: 360, YearLength.DAYS_364: 364, YearLength.DAYS_365: 365}


class TieError(Exception):
    """An amount of half a minor unit."""


def half_even(amount: Fraction) -> int:
    if (amount * 2).denominator == 1 and amount.denominator == 2:
        raise TieError
    return round(amount)


def year_days(year: int) -> int:
    return (date(year + 1, 1, 1) - date(year, 1, 1)).days


def factor(terms: Terms, start: date, due: date) -> Fraction:
    """Return the cost of one unit over a period of full months."""
    rate = Fraction(terms.rate_pct_year) / 100
    if terms.month is MonthLength.DAYS_30:
        return rate * 30 * terms.every / LENGTHS[terms.year]
    if terms.year is not YearLength.ACTUAL:
        return rate * (due - start).days / LENGTHS[terms.year]
    total = Fraction(0)
    day = start
    while day < due:  # 31 December still belongs to the year that ends
        end = min(due, date(day.year, 12, 31))
        if day == end:
            end = min(due, date(day.year + 1, 12, 31))
            total += Fraction((end - day).days, year_days(day.year + 1))
        else:
            total += Fraction((end - day).days, year_days(day.year))
        day = end
    return rate * total


def schedule(terms: Terms, dates: list[date], lent: int, instalment: int) -> list[tuple[int, int]]:
    """Return principal and interest of each row for a given equal instalment.

    Raises:
        TieError: an amount lies just between two, where nineteen digits decide by their last.
    """
    assert terms.rounding is Rounding.HALF_EVEN
    rows: list[tuple[int, int]] = []
    balance, carried = lent, 0
    last = len(dates) - 2
    for place, (start, due) in enumerate(itertools.pairwise(dates)):
        interest = carried + half_even(balance * factor(terms, start, due))
        if place == last:
            principal, carried = balance, 0
        elif place < terms.grace_on_principal:
            principal, carried = 0, 0
        else:
            carried = max(interest - instalment, 0)
            interest -= carried
            principal = min(instalment - interest, balance)
        rows.append((principal, interest))
        balance -= principal
    return rows


def annuity(terms: Terms, dates: list[date], lent: int) -> Fraction:
    """Return the unrounded instalment that pays off the balance over the rows after grace."""
    pairs = list(itertools.pairwise(dates))[terms.grace_on_principal :]
    worth, discount = Fraction(0), Fraction(1)
    for start, due in pairs:
        discount /= 1 + factor(terms, start, due)
        worth += discount
    return lent / worth
