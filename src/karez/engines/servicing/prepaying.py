"""Payments on an older schedule whose interest follows them."""

from __future__ import annotations

from datetime import date

from karez.engines.servicing.account import Account
from karez.engines.servicing.declining import Declining, planned
from karez.engines.servicing.row import Row
from karez.engines.servicing.terms import Bucket, PreClose

PRINCIPAL, INTEREST = Bucket.PRINCIPAL, Bucket.INTEREST


def pay(account: Account, schedule: Declining, number: int, on: date, amount: int) -> int:
    """Pay rows in turn, what is left after late ones in advance; return what is left over."""
    running = next((row for row in schedule.rows if row.due >= on), None)
    ahead = amount - sum(
        row.outstanding for row in account.rows if row is not running and row.due <= on
    )
    if running is not None and ahead > 0:
        _prepay(schedule, running, on, ahead)
    left, late = schedule.put(number, on, amount)
    if late:
        schedule.late.append((schedule.rest(on), late))
    return left


def _prepay(schedule: Declining, running: Row, on: date, ahead: int) -> None:
    place = schedule.rows.index(running)
    till = _interest_until(schedule, place, on)
    if on < running.due and _pays_off(schedule, place, on, ahead, till):
        _close(schedule, place, on, till)
        return
    rest = schedule.rest(on)
    if rest < running.due:
        schedule.early.append((rest, ahead))
    else:
        extra = ahead - running.outstanding
        if extra <= 0:
            return
        schedule.extra[running] = schedule.extra.get(running, 0) + extra
    schedule.fill(running.due, on)


def _interest_until(schedule: Declining, place: int, on: date) -> int:
    """Return the interest of a row if all is paid off on a day."""
    terms = schedule.terms
    waited = schedule.entries[place].interest
    if place < terms.interest_free:
        return waited
    recalculation = terms.recalculation
    till_rest = recalculation is not None and recalculation.pre_close is PreClose.TILL_REST_DATE
    until = schedule.rest(on) if till_rest else on
    row = schedule.rows[place]
    return waited + schedule.account.figures.minor(schedule.interest(row, on, until))


def _pays_off(schedule: Declining, place: int, on: date, amount: int, interest: int) -> bool:
    """Tell whether an amount pays off all that rows from this one on would owe."""
    if any(day > on for day, _ in schedule.payouts):
        return False
    beside = sum(
        one.outstanding - planned(one) - one.owed[INTEREST]
        for one in schedule.account.rows
        if one.due > on
    )
    return amount >= schedule.left(place) + interest + beside


def _close(schedule: Declining, place: int, on: date, interest: int) -> None:
    """End the schedule with a row that falls due on a day; later ones keep only charges."""
    row = schedule.rows[place]
    later = schedule.rows[place + 1 :]
    for one in later:
        schedule.owe(one, 0, 0)
    row.due = on
    schedule.owe(row, schedule.left(place), interest)
    schedule.rows = schedule.rows[: place + 1]
    schedule.ended = True
    schedule.put_loose()


def trim(account: Account) -> None:
    """Take away rows at the end that owe nothing, since all was paid in advance."""
    rows = account.rows
    while len(rows) > 1 and not rows[-1].down_payment and not sum(rows[-1].owed):
        rows.pop()
