"""The older way of scheduling: row by row, from the balance that each row leaves.

The whole schedule is made first, of all disbursements and of all changes of terms; charges and
payments are put on it afterwards. Where interest follows what is paid, ``declining`` works rows out
anew as payments come.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from decimal import Decimal

from karez.engines.servicing import days
from karez.engines.servicing.account import Account
from karez.engines.servicing.declining import Declining
from karez.engines.servicing.errors import ScheduleUnfitError, TermsClashError
from karez.engines.servicing.events import (
    Disbursement,
    DueDateMove,
    Event,
    Extension,
    InterestPause,
    RateChange,
)
from karez.engines.servicing.figures import ZERO
from karez.engines.servicing.lending import down_payment_of
from karez.engines.servicing.planning import stretches
from karez.engines.servicing.row import Row
from karez.engines.servicing.terms import Bucket, InterestMethod, Terms
from karez.engines.servicing.years import years_between

PRINCIPAL, INTEREST = Bucket.PRINCIPAL, Bucket.INTEREST


def build(account: Account, events: Sequence[Event]) -> None:
    """Make the rows of all that was paid out, under all changes of terms.

    Raises:
        ScheduleUnfitError: a rate changes or interest pauses, and interest is flat or given; or
            rows are added to given ones.
        TermsClashError: given rows do not repay what was paid out.
    """
    terms = account.terms
    payouts = [event for event in events if isinstance(event, Disbursement)]
    rows = [Row(0, begin, due) for begin, due in _spans(terms, payouts[0].on, events)]
    downs: list[Row] = []
    if terms.down_payment is not None:
        for payout in payouts:
            down = Row(0, payout.on, payout.on, down_payment=True)
            down.owed[PRINCIPAL] = down_payment_of(account, payout.amount_minor)
            downs.append(down)
    account.rows = sorted(rows + downs, key=lambda row: (row.due, not row.down_payment))
    if terms.given or terms.interest is InterestMethod.FLAT:
        if any(isinstance(event, (RateChange, InterestPause)) for event in events):
            raise ScheduleUnfitError
        if terms.given:
            _fill_given(terms, rows, payouts)
        else:
            _fill_flat(account, rows, payouts, downs)
    else:
        declining = Declining(account, rows, events)
        declining.fill()
        if account.recalculates:
            account.declining = declining
    for number, row in enumerate(account.rows, 1):
        row.number = number
        row.update(payouts[0].on)


def _spans(terms: Terms, paid_out_on: date, events: Sequence[Event]) -> list[tuple[date, date]]:
    """Return the first day and due date of each row."""
    start = terms.seed or paid_out_on
    extensions = [event for event in events if isinstance(event, Extension)]
    if terms.given:
        if extensions:
            raise ScheduleUnfitError
        ends = [row.due for row in terms.given]
        spans = list(zip([start, *ends[:-1]], ends, strict=True))
    else:
        count = terms.instalments + sum(extension.instalments for extension in extensions)
        spans = stretches(start, count, terms.every, terms.unit, terms)
    moves = [event for event in events if isinstance(event, DueDateMove)]
    for move in sorted(moves, key=lambda event: event.number):
        spans = _moved(terms, spans, move)
    return spans


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


def _fill_given(terms: Terms, rows: list[Row], payouts: Sequence[Disbursement]) -> None:
    """Take the rows of an imported schedule as they are."""
    lent = sum(payout.amount_minor for payout in payouts)
    repaid = sum(given.principal_minor for given in terms.given)
    if lent != repaid:
        raise TermsClashError(
            left=f"given rows that repay {repaid} minor units",
            right=f"{lent} paid out",
            rule="an imported schedule repays what was paid out",
        )
    for row, given in zip(rows, terms.given, strict=True):
        row.owed[PRINCIPAL], row.owed[INTEREST] = given.principal_minor, given.interest_minor


def _fill_flat(
    account: Account, rows: list[Row], payouts: Sequence[Disbursement], downs: list[Row]
) -> None:
    """Charge interest on all that was paid out, in equal parts; the last takes the remainder."""
    figures, terms, count = account.figures, account.terms, len(rows)
    lent = sum(payout.amount_minor for payout in payouts)
    years = ZERO
    for row in rows:
        years = figures.add(years, years_between(terms, row.start, row.due))
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
