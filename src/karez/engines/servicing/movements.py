"""What a loan moves in the books: by day, kind and event.

The books of a loan are a function of its terms and its events. Whatever happens, late or undone, is
one more event: the loan is folded again, and what must be posted is the difference between the
movements of the two folds.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from datetime import date
from enum import StrEnum
from typing import TYPE_CHECKING

import attrs
import numpy as np

from karez.engines.servicing.accrual import Line, date_of, day_number
from karez.engines.servicing.course import course_of
from karez.engines.servicing.events import (
    BuyDownFee,
    BuyDownFeeAdjustment,
    CapitalisedIncome,
    Chargeback,
    CreditBalanceRefund,
    Disbursement,
    Event,
    InterestRefund,
    Payment,
)
from karez.engines.servicing.terms import PaymentKind
from karez.engines.servicing.trail import Move, sums_of

if TYPE_CHECKING:
    from karez.engines.servicing.account import Account


class MovementKind(StrEnum):
    """What a movement is; a product's ledger says which accounts each kind debits and credits."""

    DISBURSED = "disbursed"
    FEE_WITHHELD = "fee-withheld"  # from what was paid out, and deferred
    CAPITALISED = "capitalised"  # income that raises the principal, deferred
    BOUGHT_DOWN = "bought-down"  # a merchant's money for a lower rate, deferred
    BOUGHT_DOWN_RETURNED = "bought-down-returned"
    FEE_DEFERRED_EARNED = "fee-deferred-earned"
    INTEREST_ACCRUED = "interest-accrued"
    FEE_CHARGED = "fee-charged"
    PENALTY_CHARGED = "penalty-charged"
    PAID_PRINCIPAL = "paid-principal"
    PAID_INTEREST = "paid-interest"
    PAID_FEE = "paid-fee"
    PAID_PENALTY = "paid-penalty"
    OVERPAID = "overpaid"
    RECOVERED = "recovered"  # money that came after a write-off
    GOODWILL = "goodwill"  # this and the next four bring no money, but credit to the borrower
    INTEREST_WAIVED = "interest-waived"
    INTEREST_REFUNDED = "interest-refunded"
    CHARGE_ADJUSTED = "charge-adjusted"
    CAPITALISED_RETURNED = "capitalised-returned"
    APPLIED_PRINCIPAL = "applied-principal"  # credit of the borrower that pays what is open
    APPLIED_INTEREST = "applied-interest"
    APPLIED_FEE = "applied-fee"
    APPLIED_PENALTY = "applied-penalty"
    WAIVED_FEE = "waived-fee"
    WAIVED_PENALTY = "waived-penalty"
    WRITTEN_OFF_PRINCIPAL = "written-off-principal"
    WRITTEN_OFF_INTEREST = "written-off-interest"
    WRITTEN_OFF_FEE = "written-off-fee"
    WRITTEN_OFF_PENALTY = "written-off-penalty"
    CHARGED_BACK_PRINCIPAL = "charged-back-principal"  # owed again, since money went back
    CHARGED_BACK_INTEREST = "charged-back-interest"
    CHARGED_BACK_FEE = "charged-back-fee"
    CHARGED_BACK_PENALTY = "charged-back-penalty"
    REFUNDED = "refunded"  # credit of the borrower that went back
    ADJUSTED_PRINCIPAL = "adjusted-principal"  # rows owe other principal than was lent
    # The loan itself is never sold: whoever books it puts these in the place of a write-off.
    SOLD = "sold"
    SOLD_PRINCIPAL = "sold-principal"
    SOLD_INTEREST = "sold-interest"
    SOLD_FEE = "sold-fee"
    SOLD_PENALTY = "sold-penalty"


@attrs.frozen
class Movement:
    """An amount that moves on a day: minor units, never zero; a negative one swaps its sides.

    ``event`` is the number of the event that it comes from, 0 for what only time does.
    """

    on: date
    kind: MovementKind
    amount_minor: int
    event: int


_K = MovementKind
_PAID = (_K.PAID_PRINCIPAL, _K.PAID_INTEREST, _K.PAID_FEE, _K.PAID_PENALTY)
_APPLIED = (_K.APPLIED_PRINCIPAL, _K.APPLIED_INTEREST, _K.APPLIED_FEE, _K.APPLIED_PENALTY)
_WRITTEN_OFF = (
    _K.WRITTEN_OFF_PRINCIPAL,
    _K.WRITTEN_OFF_INTEREST,
    _K.WRITTEN_OFF_FEE,
    _K.WRITTEN_OFF_PENALTY,
)
_CHARGED_BACK = (
    _K.CHARGED_BACK_PRINCIPAL,
    _K.CHARGED_BACK_INTEREST,
    _K.CHARGED_BACK_FEE,
    _K.CHARGED_BACK_PENALTY,
)
_CREDITS = {
    PaymentKind.GOODWILL_CREDIT: _K.GOODWILL,
    PaymentKind.INTEREST_PAYMENT_WAIVER: _K.INTEREST_WAIVED,
    PaymentKind.INTEREST_REFUND: _K.INTEREST_REFUNDED,
    PaymentKind.CHARGE_ADJUSTMENT: _K.CHARGE_ADJUSTED,
    PaymentKind.CAPITALISED_INCOME_ADJUSTMENT: _K.CAPITALISED_RETURNED,
}
_Part = tuple[MovementKind, int]


def movements(account: Account, accrued_through: date) -> list[Movement]:
    """Return all that a loan moved, with what accrued and fell due on each day up to a day.

    By day, then by event, in the order in which events count; what time does comes first.
    """
    moved = [*_moved_by_events(account), *_accrued(account, accrued_through)]
    moved.sort(key=lambda movement: movement.on)
    return moved


def movement_difference(old: Iterable[Movement], new: Iterable[Movement]) -> list[Movement]:
    """Return what turns old movements into new ones, by day, event and kind; zeros are left out."""
    amounts: Counter[tuple[date, int, MovementKind]] = Counter()
    for movement in new:
        amounts[movement.on, movement.event, movement.kind] += movement.amount_minor
    for movement in old:
        amounts[movement.on, movement.event, movement.kind] -= movement.amount_minor
    return [
        Movement(on, kind, amount, event)
        for (on, event, kind), amount in sorted(amounts.items())
        if amount
    ]


def credit_minor(account: Account) -> int:
    """Return what is owed back to the borrower: not what was recovered after a write-off."""
    return account.overpaid - _recovered(account.trail.moves)[-1]


def _recovered(moves: Sequence[Move]) -> list[int]:
    """Return what of the money paid too much was recovered of a loan written off, by each move."""
    credit = recovered = 0
    sums = [0]
    for move in moves:
        if not move.after_write_off or _credit_of(move.event) is not None:
            credit += move.over
        elif move.over > 0:
            recovered += move.over
        else:
            # What goes back was owed back, as far as it goes.
            from_credit = min(credit, -move.over)
            credit -= from_credit
            recovered += move.over + from_credit
        sums.append(recovered)
    return sums


def _credit_of(event: Event) -> MovementKind | None:
    """Return the kind of an event that is a credit without money."""
    if isinstance(event, InterestRefund):
        return _K.INTEREST_REFUNDED
    return _CREDITS.get(event.kind) if isinstance(event, Payment) else None


def _moved_by_events(account: Account) -> Iterator[Movement]:
    trail = account.trail
    recovered = _recovered(trail.moves)
    for place, move in enumerate(trail.moves):
        event = move.event
        on = event.effective
        for kind, amount in _parts(move, recovered[place + 1] - recovered[place]):
            if amount:
                yield Movement(on, kind, amount, event.number)
    if account.as_of is None or not account.rows:
        return
    # An older schedule may put earlier payments on other parts of its rows as time goes by.
    shifted = sums_of(account).less(trail.sums).paid
    for kind, amount in zip(_APPLIED, shifted, strict=True):
        if amount:
            yield Movement(account.as_of, kind, amount, 0)


def _parts(move: Move, recovered: int) -> Iterator[_Part]:
    """Yield what an event moved: money first, then what it did, then what became of credit."""
    event, change = move.event, move.change
    owed = change.owed[0]
    credit = move.over - recovered
    money = credit + sum(change.paid)
    source = _credit_of(event)
    if isinstance(event, Payment) and source is None:
        yield from zip(_PAID, change.paid, strict=True)
        yield _K.OVERPAID, credit
        yield _K.RECOVERED, recovered
    else:
        if source is not None:
            yield source, money
        elif isinstance(event, (Chargeback, CreditBalanceRefund)):
            yield from zip(_CHARGED_BACK, (owed, *change.credited[1:]), strict=True)
            owed = 0
            yield _K.REFUNDED, -money
            yield _K.RECOVERED, recovered
        else:
            lent = _lent(move)
            owed -= lent[0][1]
            yield from lent
            # Credit that pays what is open brings no money: these two are of the same amount.
            yield _K.RECOVERED, recovered
            yield _K.OVERPAID, money
        yield from zip(_APPLIED, change.paid, strict=True)
    yield _K.ADJUSTED_PRINCIPAL, owed
    yield _K.WAIVED_FEE, change.waived[2]
    yield _K.WAIVED_PENALTY, change.waived[3]
    yield from zip(_WRITTEN_OFF, move.written_off, strict=True)


def _lent(move: Move) -> list[_Part]:
    """Return what an event let be owed or held back; principal first."""
    event = move.event
    match event:
        case Disbursement():
            return [(_K.DISBURSED, event.amount_minor), (_K.FEE_WITHHELD, move.fees_kept)]
        case CapitalisedIncome():
            return [(_K.CAPITALISED, event.amount_minor)]
        case BuyDownFee():
            return [(_K.DISBURSED, 0), (_K.BOUGHT_DOWN, event.amount_minor)]
        case BuyDownFeeAdjustment():
            return [(_K.DISBURSED, 0), (_K.BOUGHT_DOWN_RETURNED, event.amount_minor)]
        case _:
            return [(_K.DISBURSED, 0)]


def _accrued(account: Account, through: date) -> Iterator[Movement]:
    """Yield what accrued and fell due on each day up to a day."""
    accrual = account.trail.accrual
    last = day_number(through)
    course = course_of(account)
    lines = [line for line in accrual.lines if line.start < last or line.end <= last]
    lines += [ahead.line for ahead in course.ahead if ahead.line.start < last]
    for kind, column in ((_K.INTEREST_ACCRUED, 0), (_K.FEE_DEFERRED_EARNED, 1)):
        days, amounts = _by_day(lines, column, last)
        for day, amount in zip(days, amounts, strict=True):
            yield Movement(date_of(day), kind, amount, 0)
    due = [
        *accrual.recognitions,
        *((one.line.until, one.fees, one.penalties) for one in course.ahead if one.row),
    ]
    for day, fees, penalties in due:
        if day > last:
            continue
        for kind, amount in ((_K.FEE_CHARGED, fees), (_K.PENALTY_CHARGED, penalties)):
            if amount:
                yield Movement(date_of(day), kind, amount, 0)


def _by_day(lines: Sequence[Line], column: int, last: int) -> tuple[list[int], list[int]]:
    """Return the days on which income of one kind accrues, and how much on each."""
    lines = [line for line in lines if line[3 + 2 * column] != line[4 + 2 * column]]
    if not lines:
        return [], []
    table = np.array(lines, dtype=np.int64)
    start, end, until = table[:, 0], np.minimum(table[:, 1], last), table[:, 2]
    base, target = table[:, 3 + 2 * column], table[:, 4 + 2 * column]
    leaps = start == until
    counts = np.where(leaps, 1, end - start)
    line = np.repeat(np.arange(len(lines)), counts)
    place = np.arange(len(line)) - np.repeat(np.cumsum(counts) - counts, counts)
    length = np.maximum(until - start, 1)[line]
    growth = (target - base)[line]
    after = growth * (place + 1) // length
    amounts = np.where(leaps[line], growth, after - growth * place // length)
    days = np.where(leaps[line], start[line], start[line] + place + 1)
    # A leap and a stretch may end on one day: what accrued on it is one amount.
    days, first = np.unique(days, return_index=True)
    sums = np.add.reduceat(amounts, first)
    moved = sums != 0
    return days[moved].tolist(), sums[moved].tolist()
