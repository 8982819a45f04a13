"""The slow twin: loans counted day by day in fractions, as one would by hand."""

import calendar
from datetime import date, timedelta
from fractions import Fraction


def half_even(value: Fraction) -> int:
    return round(value)


def day_weight(convention: str, day: date) -> Fraction:
    """What one night from ``day`` to the next counts for."""
    if convention == "A360":
        return Fraction(1, 360)
    if convention == "A365":
        return Fraction(1, 365)
    if convention == "AA":
        return Fraction(1, 366 if calendar.isleap(day.year) else 365)
    tomorrow = day + timedelta(days=1)
    # 30E360: every month has thirty nights; the 31st takes none, a short February's last many.
    return Fraction(
        (tomorrow.year - day.year) * 360
        + (tomorrow.month - day.month) * 30
        + min(tomorrow.day, 30)
        - min(day.day, 30),
        360,
    )


def years(convention: str, start: date, end: date) -> Fraction:
    total, day = Fraction(0), start
    while day < end:
        total += day_weight(convention, day)
        day += timedelta(days=1)
    return total


def schedule(
    kind: str,
    principal: int,
    rate: Fraction,
    convention: str,
    begins: date,
    due: list[date],
    payment: int | None,
) -> list[tuple[date, int, int, int]]:
    """Give date, principal, interest and what is left for each due date; the last takes the rest.

    Where no payment is given an equal one is computed: by trying out the exact one in fractions.
    """
    if payment is None and kind == "LAM":
        payment = half_even(Fraction(principal, len(due)))
    if payment is None and kind == "ANN":
        payment = half_even(equal_payment(principal, rate, convention, begins, due))
    rows: list[tuple[date, int, int, int]] = []
    left, last = principal, begins
    for day in due:
        interest = half_even(left * rate * years(convention, last, day))
        if day == due[-1]:
            repaid = left
        elif kind == "PAM":
            repaid = 0
        elif kind == "LAM":
            repaid = min(payment or 0, left)
        else:
            repaid = min((payment or 0) - interest, left)
        left, last = left - repaid, day
        rows.append((day, repaid, interest, left))
    return rows


def equal_payment(
    principal: int, rate: Fraction, convention: str, begins: date, due: list[date]
) -> Fraction:
    """What is left at the end is linear in the payment: two trials give the one that leaves 0."""

    def left_after(payment: Fraction) -> Fraction:
        left, last = Fraction(principal), begins
        for day in due:
            left, last = left * (1 + rate * years(convention, last, day)) - payment, day
        return left

    nothing, one = left_after(Fraction(0)), left_after(Fraction(1))
    return nothing / (nothing - one)
