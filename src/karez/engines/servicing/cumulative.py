"""The older way of scheduling: row by row, from the balance that each row leaves.

The equal instalment comes from the annuity formula with months of thirty days; interest of a row is
the balance times the rate of its days, with a year of 365 days where years are actual. The whole
schedule is made first, of all disbursements; charges and payments are put on it afterwards.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from decimal import Decimal

from karez.engines.servicing import days
from karez.engines.servicing.account import Account
from karez.engines.servicing.events import Disbursement, DueDateMove, Extension
from karez.engines.servicing.figures import ONE, ZERO
from karez.engines.servicing.lending import down_payment_of
from karez.engines.servicing.planning import stretches
from karez.engines.servicing.row import Row
from karez.engines.servicing.terms import (
    Amortisation,
    Bucket,
    InterestMethod,
    InterestPeriod,
    MonthLength,
    Terms,
    Unit,
    YearLength,
)

PRINCIPAL, INTEREST = Bucket.PRINCIPAL, Bucket.INTEREST
_PERIODS_A_YEAR = {Unit.DAYS: 365, Unit.WEEKS: 52, Unit.MONTHS: 12, Unit.YEARS: 1}
_MONTH_DAYS = {Unit.DAYS: 1, Unit.WEEKS: 7, Unit.MONTHS: 30, Unit.YEARS: 360}
_YEAR_DAYS = {YearLength.DAYS_360: 360, YearLength.DAYS_364: 364}


def build(
    account: Account,
    payouts: Sequence[Disbursement],
    moves: Sequence[DueDateMove],
    extensions: Sequence[Extension],
) -> None:
    """Make the rows of all that was paid out."""
    terms = account.terms
    start = terms.seed or payouts[0].on
    count = terms.instalments + sum(extension.instalments for extension in extensions)
    spans = stretches(start, count, terms.every, terms.unit, terms)
    for move in moves:
        spans = _moved(terms, spans, move)
    rows = [Row(0, begin, due) for begin, due in spans]
    downs: list[Row] = []
    if terms.down_payment is not None:
        for payout in payouts:
            down = Row(0, payout.on, payout.on, down_payment=True)
            down.owed[PRINCIPAL] = down_payment_of(account, payout.amount_minor)
            downs.append(down)
    if terms.interest is InterestMethod.FLAT:
        _fill_flat(account, rows, payouts, downs)
    else:
        since = min((extension.on for extension in extensions), default=None)
        _fill_declining(account, rows, payouts, downs, since)
    account.rows = sorted(rows + downs, key=lambda row: (row.due, not row.down_payment))
    for number, row in enumerate(account.rows, 1):
        row.number = number
        row.update(payouts[0].on)


def _moved(
    terms: Terms, spans: list[tuple[date, date]], move: DueDateMove
) -> list[tuple[date, date]]:
    """Return spans of which one ends on another day; the ones after it follow."""
    place = next((at for at, (_, due) in enumerate(spans) if due == move.on), None)
    if place is None:
        return spans
    moved = [*spans[:place], (spans[place][0], move.to)]
    for ahead in range(1, len(spans) - place):
        due = days.after(move.to, terms.unit, terms.every * ahead)
        moved.append((moved[-1][1], due))
    return moved


def _fill_flat(
    account: Account, rows: list[Row], payouts: Sequence[Disbursement], downs: list[Row]
) -> None:
    """Charge interest on all that was paid out, in equal parts; the last takes the remainder."""
    figures, terms, count = account.figures, account.terms, len(rows)
    lent = sum(payout.amount_minor for payout in payouts)
    years = ZERO
    for row in rows:
        years = figures.add(years, _years(terms, row.start, row.due))
    rate = figures.divide(terms.rate_pct_year, Decimal(100))
    interest = figures.minor(figures.multiply(Decimal(lent), figures.multiply(rate, years)))
    part = figures.share(interest, count)
    principal = lent - sum(down.owed[PRINCIPAL] for down in downs)
    whole = figures.to_multiple(figures.share(principal, count), terms.multiple_minor)
    for row in rows:
        row.owed[INTEREST] = part
        row.owed[PRINCIPAL] = whole
        if terms.multiple_minor:
            row.owed[PRINCIPAL] += figures.to_multiple(part, terms.multiple_minor) - part
    rows[-1].owed[INTEREST] = interest - part * (count - 1)
    rows[-1].owed[PRINCIPAL] = principal - sum(row.owed[PRINCIPAL] for row in rows[:-1])


def _fill_declining(
    account: Account,
    rows: list[Row],
    payouts: Sequence[Disbursement],
    downs: list[Row],
    extended_since: date | None,
) -> None:
    """Charge interest on the balance; principal is spread over all rows, whenever it went out.

    Where rows were added, what is left is spread anew from the day since which that holds.
    """
    figures, terms = account.figures, account.terms
    lent = sum(payout.amount_minor for payout in payouts)
    # What to spread is worked out from one down payment of the whole.
    spread = Decimal(lent - down_payment_of(account, lent))
    instalment = _instalment(account, spread, terms.instalments - terms.grace_on_principal)
    waiting = [
        (payout.on, payout.amount_minor - (downs[place].owed[PRINCIPAL] if downs else 0))
        for place, payout in enumerate(payouts)
    ]
    left = lent - sum(down.owed[PRINCIPAL] for down in downs)
    balance = carried = 0
    for place, row in enumerate(rows):
        if extended_since is not None and row.due >= extended_since:
            graces = max(terms.grace_on_principal - place, 0)
            instalment = _instalment(account, Decimal(left), len(rows) - place - graces)
            extended_since = None
        interest = _interest(account, balance, row.start, row.due)
        new = [one for one in waiting if one[0] <= row.due]
        waiting = waiting[len(new) :]
        for on, amount in new:
            balance += amount
            interest += _interest(account, amount, max(on, row.start), row.due)
        carried += 0 if place < terms.interest_free else figures.minor(interest)
        if place >= terms.grace_on_interest:
            row.owed[INTEREST], carried = carried, 0
        principal = _principal(terms, place, row.owed[INTEREST], instalment)
        row.owed[PRINCIPAL] = left if row is rows[-1] else min(principal, left)
        balance -= row.owed[PRINCIPAL]
        left -= row.owed[PRINCIPAL]


def _principal(terms: Terms, place: int, interest: int, instalment: int) -> int:
    """Return the principal of a row that is not the last."""
    if place < terms.grace_on_principal:
        return 0
    if terms.amortisation is Amortisation.EQUAL_PRINCIPAL or terms.fixed_principal_pct is not None:
        return instalment
    return max(instalment - interest, 0)


def _instalment(account: Account, balance: Decimal, count: int) -> int:
    """Return the equal instalment, or the equal principal, that pays a balance off."""
    terms, figures = account.terms, account.figures
    if terms.fixed_principal_pct is not None:
        return figures.percent(int(balance), terms.fixed_principal_pct)
    rate = ZERO
    if terms.amortisation is Amortisation.EQUAL_INSTALMENTS:
        yearly = figures.divide(terms.rate_pct_year, Decimal(100))
        rate = figures.multiply(yearly, _nominal_years(terms))
    if not rate:
        exact = figures.divide(balance, Decimal(count))
    else:
        grown = figures.wide.power(figures.wide.add(ONE, rate), -count)
        exact = figures.divide(figures.multiply(balance, rate), figures.wide.subtract(ONE, grown))
    if terms.amortisation is Amortisation.EQUAL_PRINCIPAL:
        return figures.minor(exact)
    return figures.to_multiple(figures.minor(exact), terms.multiple_minor)


def _nominal_years(terms: Terms) -> Decimal:
    """Return the part of a year that a period is by its name."""
    if terms.interest_period is InterestPeriod.SAME_AS_REPAYMENT:
        return Decimal(terms.every) / _PERIODS_A_YEAR[terms.unit]
    return Decimal(terms.every * _MONTH_DAYS[terms.unit]) / _YEAR_DAYS.get(terms.year, 365)


def _years(terms: Terms, start: date, end: date) -> Decimal:
    """Return the part of a year between two days under the terms' conventions."""
    if start >= end:
        return ZERO
    whole = days.whole_units(start, end, terms.unit)
    begin = days.after(start, terms.unit, whole)
    units = Decimal(whole)
    rest = (end - begin).days
    if rest:
        units += Decimal(rest) / (days.after(begin, terms.unit, 1) - begin).days
    if terms.interest_period is InterestPeriod.SAME_AS_REPAYMENT:
        return units / _PERIODS_A_YEAR[terms.unit]
    year = _YEAR_DAYS.get(terms.year, 365)
    if terms.month is MonthLength.DAYS_30:
        return units * _MONTH_DAYS[terms.unit] / year
    return Decimal((end - start).days) / year


def _interest(account: Account, balance: int, start: date, end: date) -> Decimal:
    figures, terms = account.figures, account.terms
    rate = figures.divide(terms.rate_pct_year, Decimal(100))
    return figures.multiply(Decimal(balance), figures.multiply(rate, _years(terms, start, end)))
