"""The rules of plain and resetting loans compiled: one or a million, in exact cents.

Dates are days since 1970-01-01, rates whole parts of 1e-8 a year, amounts minor units. Interest is
an integer and a remainder over ``denominator``; nothing is lost until it is due. Floating point is
in the equal payment of an annuity, which is rounded once, and in a guess that integers correct.
"""

# Numba has no types to give.
# pyright: basic

from __future__ import annotations

import numba
import numpy as np

from karez.engines.cashflow.bulk import NO_MARKET, RATE_ONE

PAM, LAM, NAM, ANN = range(4)
A360, A365, AA, E30360 = range(4)
NO_SHIFT, FOLLOWING, MODIFIED_FOLLOWING, PRECEDING, MODIFIED_PRECEDING = range(5)
UNOBSERVED = np.int64(-(2**60))

_DENOMINATORS = np.array([360, 365, 365 * 366, 360], dtype=np.int64)
_compile = numba.njit(cache=True, nogil=True, error_model="numpy")
_inline = numba.njit(cache=True, nogil=True, error_model="numpy", inline="always")


@_inline
def days_of(year, month, day):
    """Return days since 1970-01-01 of a date of the Gregorian calendar."""
    shifted = year - (month <= 2)
    era = shifted // 400
    of_era = shifted - era * 400
    of_year = (153 * (month + (-3 if month > 2 else 9)) + 2) // 5 + day - 1
    return era * 146097 + of_era * 365 + of_era // 4 - of_era // 100 + of_year - 719468


@_inline
def date_of(days):
    """Return year, month and day."""
    days += 719468
    era = days // 146097
    of_era = days - era * 146097
    of_century = (of_era - of_era // 1460 + of_era // 36524 - of_era // 146096) // 365
    of_year = of_era - (365 * of_century + of_century // 4 - of_century // 100)
    shifted = (5 * of_year + 2) // 153
    month = shifted + (3 if shifted < 10 else -9)
    return of_century + era * 400 + (month <= 2), month, of_year - (153 * shifted + 2) // 5 + 1


@_inline
def is_leap(year):
    return (year % 4 == 0 and year % 100 != 0) or year % 400 == 0


@_inline
def month_length(year, month):
    if month == 2:
        return 29 if is_leap(year) else 28
    return 30 if month in (4, 6, 9, 11) else 31


@_compile
def cycle_date(anchor, year, month, day, months, days, times, to_month_end):
    """Return the date so many cycles after an anchor, whose year, month and day are at hand."""
    if months == 0:
        return anchor + days * times
    of_all = year * 12 + month - 1 + months * times
    year, month = of_all // 12, of_all % 12 + 1
    length = month_length(year, month)
    return days_of(year, month, length if to_month_end or day > length else day)


@_compile
def shifted(date, code):
    """Return the weekday that a date moves to. Day 0 was a Thursday."""
    weekday = (date + 3) % 7
    if code == NO_SHIFT or weekday < 5:
        return date
    following, preceding = date + 7 - weekday, date + 4 - weekday
    moved = following if code <= MODIFIED_FOLLOWING else preceding
    if code in (MODIFIED_FOLLOWING, MODIFIED_PRECEDING) and date_of(moved)[1] != date_of(date)[1]:
        return preceding if code == MODIFIED_FOLLOWING else following
    return moved


@_inline
def count_on(convention, date, year, month, day):
    """Return a count of which a year fraction is a difference, over the convention's denominator.

    Each convention is one: of days, of thirties, or (AA) of years that are 365 x 366 parts long,
    whose days are 366 or 365 of them.
    """
    if convention <= A365:
        return np.int64(date)
    if convention == E30360:
        return np.int64((year * 12 + month) * 30 + min(day, 30))
    part = 365 if is_leap(year) else 366
    return np.int64(year * 133_590 + (date - days_of(year, 1, 1)) * part)


@_compile
def count_at(convention, date):
    """Return the count of a date of which nothing but the day is known."""
    if convention <= A365:
        return np.int64(date)
    year, month, day = date_of(date)
    return count_on(convention, date, year, month, day)


@_inline
def divided(amount, weight, denominator):
    """Return floor and remainder of amount x weight / denominator, though the product overflow.

    The guess is off by less than two while the quotient is below 2^51; the remainder is then small,
    so that it is right although the products wrap.
    """
    quotient = np.int64(np.float64(amount) * np.float64(weight) / denominator)
    rest = amount * weight - quotient * denominator
    while rest < 0:
        rest += denominator
        quotient -= 1
    while rest >= denominator:
        rest -= denominator
        quotient += 1
    return quotient, rest


@_inline
def half_even(quotient, rest, denominator):
    """Return the integer nearest to quotient + rest / denominator, the even one at the middle."""
    twice = 2 * rest
    if twice > denominator or (twice == denominator and quotient % 2 != 0):
        return quotient + 1
    return quotient


@_inline
def stepped(payment, step):
    """Return a computed payment as whole coins."""
    return np.int64(np.rint(payment / step)) * step


@_compile
def due_dates(loan, dates, counts):
    """Write the due dates of a loan, unshifted, the last its maturity; return how many.

    ``counts`` are those of the dates by the loan's day count convention.

    Months are walked, not divided out: the first of each month is known from that before it.
    """
    count, at, matures = 0, loan.first_due, loan.matures
    year, month, day = date_of(at)
    first = at - day + 1
    while at < matures:
        dates[count] = at
        counts[count] = count_on(loan.day_count, at, year, month, at - first + 1)
        count += 1
        if loan.cycle_months == 0:
            at += loan.cycle_days
            year, month, day = date_of(at)
            first = at - day + 1
            continue
        for _ in range(loan.cycle_months):
            first += month_length(year, month)
            month += 1
            if month > 12:
                year, month = year + 1, 1
        length = month_length(year, month)
        at = first + (length if loan.to_month_end or day > length else day) - 1
    if at != matures and loan.long_stub and count > 1:
        count -= 1
    dates[count] = matures
    counts[count] = count_at(loan.day_count, matures)
    return count + 1


@_compile
def equal_payment(left, accrued, rate, years, place, count, first_years):
    """Return the payment that redeems ``left`` at the due dates from ``place`` on."""
    product, total = 1.0, 1.0
    for number in range(count - 1, place, -1):
        product *= 1.0 + rate * years[number]
        total += product
    return (left + accrued + left * rate * first_years) * product / total


@_compile
def plain_annuity(loan, dates, principal, interest):
    """Write the rows of an annuity that nothing shifts or resets; return how many."""
    denominator = _DENOMINATORS[loan.day_count] * RATE_ONE
    rate_of_part = loan.rate / denominator
    count = due_dates(loan, dates, interest)
    for number in range(count - 1, 0, -1):
        interest[number] -= interest[number - 1]
    interest[0] -= count_at(loan.day_count, loan.begins)
    payment = loan.payment_minor
    if payment == 0:
        product, total = 1.0, 1.0
        for number in range(count - 1, 0, -1):
            product *= 1.0 + rate_of_part * interest[number]
            total += product
        first = 1.0 + rate_of_part * interest[0]
        payment = stepped(loan.principal_minor * first * product / total, loan.payment_step)
    left = loan.principal_minor
    for number in range(count):
        quotient, rest = divided(left, loan.rate * interest[number], denominator)
        due = half_even(quotient, rest, denominator)
        repaid = left if number == count - 1 else min(payment - due, left)
        interest[number], principal[number] = due, repaid
        left -= repaid
    return count


@_compile
def reset_rate(loan, rate, market, when):
    """Return the rate after a reset on a day: the market's, times and plus, within the limits."""
    low, high = 0, len(market)
    while low < high:
        middle = (low + high) // 2
        seen = market[middle]
        if seen.market < loan.market or (seen.market == loan.market and seen.day <= when):
            low = middle + 1
        else:
            high = middle
    if low == 0 or market[low - 1].market != loan.market:
        return UNOBSERVED
    quotient, rest = divided(market[low - 1].rate, loan.multiplier, RATE_ONE)
    wanted = half_even(quotient, rest, RATE_ONE) + loan.spread
    wanted = min(max(wanted, rate + loan.period_floor), rate + loan.period_cap)
    return min(max(wanted, loan.life_floor), loan.life_cap)


@_compile
def any_loan(loan, market, dates, years, principal, interest):
    """Write the rows of a loan with resets, stubs and shifts; return how many, -1 for no market."""
    count = due_dates(loan, dates, interest)
    unit, convention = _DENOMINATORS[loan.day_count], loan.day_count
    denominator, rate = unit * RATE_ONE, loan.rate
    at = count_at(convention, shifted(loan.begins, loan.shift if loan.shifts_first else 0))
    before = at
    for number in range(count):
        if loan.shifts_first:
            interest[number] = count_at(convention, shifted(dates[number], loan.shift))
        years[number] = max(interest[number] - before, 0) / unit
        before = interest[number]
    left, payment, fixes = loan.principal_minor, loan.payment_minor, loan.payment_minor == 0
    if loan.kind == LAM and fixes:
        quotient, rest = divided(left, 1, count)
        payment, fixes = stepped(half_even(quotient, rest, count), loan.payment_step), False
    year, month, day = date_of(loan.first_reset)
    resets, reset = 0, loan.first_reset
    has_resets = loan.reset_months != 0 or loan.reset_days != 0
    whole, rest, rows = np.int64(0), np.int64(0), 0
    for number in range(count):
        last = number == count - 1
        scheduled = dates[number]
        shown = scheduled if last else shifted(scheduled, loan.shift)
        if shown > loan.matures:
            continue  # a holiday moves it behind the maturity, which does not move and pays it all
        while has_resets and reset < loan.matures and shifted(reset, loan.shift) < shown:
            following = cycle_date(
                loan.first_reset, year, month, day, loan.reset_months, loan.reset_days, resets + 1,
                loan.reset_to_month_end,
            )  # fmt: skip
            if loan.reset_long_stub and resets > 0 and following > loan.matures:
                has_resets = False
                break
            runs_to = count_at(
                convention, shifted(reset, loan.shift) if loan.shifts_first else reset
            )
            part, more = divided(left, rate * max(runs_to - at, 0), denominator)
            whole, rest, at = whole + part, rest + more, max(at, runs_to)
            rate = reset_rate(loan, rate, market, reset)
            if rate == UNOBSERVED:
                return -1
            fixes = fixes or (loan.kind == ANN and loan.payment_minor == 0)
            resets, reset = resets + 1, following
        parts = max(interest[number] - at, 0)
        if fixes and loan.kind == ANN:
            accrued = whole + rest / denominator
            payment = stepped(
                equal_payment(left, accrued, rate / RATE_ONE, years, number, count, parts / unit),
                loan.payment_step,
            )
            fixes = False
        part, more = divided(left, rate * parts, denominator)
        whole, rest, at = whole + part, rest + more, max(at, interest[number])
        whole, rest = whole + rest // denominator, rest % denominator
        due = half_even(whole, rest, denominator)
        whole, rest = np.int64(0), np.int64(0)
        if last:
            repaid = left
        elif loan.kind == PAM:
            repaid = np.int64(0)
        else:
            repaid = min(payment - (due if loan.kind >= NAM else 0), left)
        left -= repaid
        dates[rows], principal[rows], interest[rows] = shown, repaid, due
        rows += 1
    return rows


@_compile
def rows_most(loan):
    """Return at least as many rows as a loan has."""
    days = loan.matures - loan.first_due
    each = loan.cycle_months * 28 if loan.cycle_months > 0 else loan.cycle_days
    return days // each + 2


@_compile
def one_loan(loan, market, dates, years, principal, interest):
    """Write the rows of a loan by the shortest way that it allows."""
    plain = loan.shift == NO_SHIFT and loan.reset_months == 0 and loan.reset_days == 0
    if plain and loan.kind == ANN:
        return plain_annuity(loan, dates, principal, interest)
    return any_loan(loan, market, dates, years, principal, interest)


@_compile
def bound_rows(loans, reasons, bounds):
    """Write where the rows of each loan begin if all have as many as they can."""
    for place in range(len(loans)):
        most = rows_most(loans[place]) if reasons[place] == 0 else 0
        bounds[place + 1] = bounds[place] + most


@_compile
def fill(loans, market, reasons, bounds, offsets, due, principal, interest):
    """Write the rows of all loans close to each other."""
    years = _room(loans, reasons)[1]
    end = 0
    for place in range(len(loans)):
        if reasons[place] == 0:
            until = end + bounds[place + 1] - bounds[place]
            count = one_loan(
                loans[place], market, due[end:until], years, principal[end:until],
                interest[end:until],
            )  # fmt: skip
            if count < 0:
                reasons[place] = NO_MARKET
            else:
                end += count
        offsets[place + 1] = end


@_compile
def _room(loans, reasons):
    """Return arrays for the dates, years, principal and interest of the longest loan."""
    most = 1
    for place in range(len(loans)):
        if reasons[place] == 0:
            most = max(most, rows_most(loans[place]))
    amounts = np.empty((2, most), np.int64)
    return np.empty(most, np.int32), np.empty(most, np.float64), amounts[0], amounts[1]


@_compile
def sum_up(
    loans, market, reasons, day, due_principal, due_interest, next_due, next_payment, exposure
):
    """Write what is due, next due and outstanding at the end of a day, storing no rows."""
    dates, years, principal, interest = _room(loans, reasons)
    for place in range(len(loans)):
        if reasons[place] != 0:
            continue
        count = one_loan(loans[place], market, dates, years, principal, interest)
        if count < 0:
            reasons[place] = NO_MARKET
            continue
        left = loans[place].principal_minor if loans[place].begins <= day else 0
        for number in range(count):
            if dates[number] <= day:
                due_principal[place] += principal[number]
                due_interest[place] += interest[number]
                left -= principal[number]
            elif next_due[place] < 0:
                next_due[place] = dates[number]
                next_payment[place] = principal[number] + interest[number]
        exposure[place] = left


@_compile
def fill_buckets(loans, market, reasons, edges, cash):
    """Add the cash of all loans to the stretches in which it falls due."""
    dates, years, principal, interest = _room(loans, reasons)
    for place in range(len(loans)):
        if reasons[place] != 0:
            continue
        count, bucket = one_loan(loans[place], market, dates, years, principal, interest), 0
        for number in range(max(count, 0)):
            while bucket < len(edges) and edges[bucket] <= dates[number]:
                bucket += 1
            if 0 < bucket < len(edges):
                cash[bucket - 1, 0] += principal[number]
                cash[bucket - 1, 1] += interest[number]
        if count < 0:
            reasons[place] = NO_MARKET
