"""The trail of a loan: what each event moved between its buckets, kept by the fold on the way.

Movements are read off the state: whatever an event does to the rows, what it moved is the
difference of their sums. So the movements of a loan add up to what is open of it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from karez.engines.servicing.accrual import INCOME, Accrual, day_number
from karez.engines.servicing.events import (
    BuyDownFee,
    BuyDownFeeAdjustment,
    CapitalisedIncome,
    Charge,
    Chargeback,
    ChargeWaiver,
    CreditBalanceRefund,
    Disbursement,
    DueDateMove,
    Event,
    Extension,
    InterestPause,
    Payment,
    RateChange,
    ReAge,
    ReAmortise,
    WriteOff,
)
from karez.engines.servicing.terms import Bucket, PaymentKind

if TYPE_CHECKING:
    from karez.engines.servicing.account import Account

_NOTHING = (0, 0, 0, 0)
_FROM_BEGINNING_OF_DAY = (RateChange, InterestPause, Extension)
_ARRANGES = (*_FROM_BEGINNING_OF_DAY, DueDateMove, Disbursement, ReAge, ReAmortise)
_DEFERS = (CapitalisedIncome, BuyDownFee, BuyDownFeeAdjustment)


class Sums(NamedTuple):
    """What all rows together say of each bucket."""

    owed: tuple[int, ...] = _NOTHING
    paid: tuple[int, ...] = _NOTHING
    waived: tuple[int, ...] = _NOTHING
    written_off: tuple[int, ...] = _NOTHING
    credited: tuple[int, ...] = _NOTHING

    def less(self, before: Sums) -> Sums:
        """Return how much more they say than before."""
        return Sums(
            *(
                tuple([new - old for new, old in zip(now, then, strict=True)])
                for now, then in zip(self, before, strict=True)
            )
        )


class Move(NamedTuple):
    """What an event moved.

    ``over`` is the change of what is owed back to the borrower; ``fees_kept`` were taken from what
    was paid out. What was ``written_off`` of income leaves out what was none yet.
    """

    event: Event
    change: Sums
    over: int
    fees_kept: int = 0
    written_off: tuple[int, ...] = _NOTHING
    after_write_off: bool = False


class Trail:
    """What happened to a loan so far, as its books see it."""

    __slots__ = ("accrual", "moves", "over", "sums", "written_off")

    def __init__(self) -> None:
        self.accrual = Accrual()
        self.moves: list[Move] = []
        self.sums = Sums()
        self.over = 0
        self.written_off = [0, 0, 0, 0]

    def copy(self) -> Trail:
        """Return an equal trail that can go on alone."""
        twin = Trail()
        twin.accrual = self.accrual.copy()
        twin.moves = list(self.moves)
        twin.sums, twin.over = self.sums, self.over
        twin.written_off = list(self.written_off)
        return twin

    def before(self, account: Account, event: Event) -> None:
        """Let income accrue until an event that may change it, before it brings arrears up."""
        if _leaves_interest(account, event):
            return
        day = day_number(event.effective)
        if isinstance(event, _FROM_BEGINNING_OF_DAY):
            day -= 1
        self.accrual.go(_as_if_late(account, event), day)

    def after(self, account: Account, event: Event) -> None:
        """Note what an event moved, and let income go on from there."""
        if isinstance(event, Payment) and event.kind in _ONLY_PAY and not account.recalculates:
            self._note_payment(account, event)
        else:
            self._note(account, event)
        if _leaves_interest(account, event):
            self._after_charge_or_payment(account, event)
        elif isinstance(event, WriteOff):
            self._write_off(account)
        else:
            self.accrual.settle(account)
        if _defers(event) or (self.accrual.deferred and isinstance(event, _ARRANGES)):
            self.accrual.arrange(account)

    def note_payout(self, account: Account, event: Disbursement, fees: int) -> None:
        """Note a disbursement that a cumulative schedule knew of from the beginning."""
        accrual = self.accrual
        accrual.go(account, day_number(event.on))
        change = Sums((event.amount_minor, 0, 0, 0))
        self.moves.append(Move(event, change, 0, fees))
        self.sums = sums_of(account)
        accrual.closed = False
        if fees:
            accrual.deferred += fees
            accrual.arrange(account)

    def _after_charge_or_payment(self, account: Account, event: Event) -> None:
        accrual = self.accrual
        met = all(row.met for row in reversed(account.rows))
        if met:
            accrual.go(account, day_number(event.effective))
        if met or day_number(event.on) <= accrual.since:
            accrual.settle(account)
        accrual.closed = met

    def _write_off(self, account: Account) -> None:
        settled = [
            self.sums.paid[bucket]
            + self.sums.waived[bucket]
            + self.written_off[bucket]
            - self.accrual.charged_back[bucket]
            for bucket in Bucket
        ]
        open_ = self.accrual.settle(account, settled)
        open_[0] = self.moves[-1].change.written_off[0]
        self.moves[-1] = self.moves[-1]._replace(written_off=tuple(open_))
        for bucket in INCOME:
            self.written_off[bucket] += open_[bucket]

    def _note_payment(self, account: Account, event: Payment) -> None:
        """Note a payment that moved nothing but what it says it paid."""
        portions = tuple(account.portions[event.number])
        over = account.overpaid - self.over
        change = Sums(paid=portions)
        self.moves.append(Move(event, change, over, after_write_off=account.written_off))
        self.over = account.overpaid
        paid = tuple([old + new for old, new in zip(self.sums.paid, portions, strict=True)])
        self.sums = self.sums._replace(paid=paid)

    def _note(self, account: Account, event: Event) -> None:
        """Note the change of each sum since the event before."""
        now = _sums_after(account, event, self.sums)
        change = now.less(self.sums)
        fees_kept = 0
        if isinstance(event, Disbursement):
            fees_kept = account.disbursed[-1][2]
            self.accrual.deferred += fees_kept
        elif isinstance(event, (CapitalisedIncome, BuyDownFee)):
            self.accrual.deferred += event.amount_minor
        elif isinstance(event, (BuyDownFeeAdjustment, Payment)):
            self.accrual.deferred -= event.amount_minor if _defers(event) else 0
        elif isinstance(event, (Chargeback, CreditBalanceRefund)):
            for bucket in INCOME:
                self.accrual.charged_back[bucket] += change.credited[bucket]
        over = account.overpaid - self.over
        self.moves.append(Move(event, change, over, fees_kept, after_write_off=account.written_off))
        self.sums, self.over = now, account.overpaid


_GIVES_INCOME_BACK = PaymentKind.CAPITALISED_INCOME_ADJUSTMENT
_ONLY_PAY = frozenset(PaymentKind) - {PaymentKind.CASH_REFUND, _GIVES_INCOME_BACK}


def _defers(event: Event) -> bool:
    if isinstance(event, Payment):
        return event.kind is _GIVES_INCOME_BACK
    return isinstance(event, _DEFERS)


def _leaves_interest(account: Account, event: Event) -> bool:
    """Tell whether an event changes no interest: charges, and payments that it does not follow."""
    if isinstance(event, (Charge, ChargeWaiver)):
        # A charge after maturity may move the row on which earlier ones fell due.
        return not account.rows[-1].additional
    return isinstance(event, Payment) and not account.recalculates


def _as_if_late(account: Account, event: Event) -> Account:
    """Return the loan with interest on late principal for all of the period that runs on a day.

    That is what it would owe without the event, so that the days before it stay as they were.
    """
    recalculation = account.terms.recalculation
    if not account.follows or recalculation is None or not recalculation.on_past_due:
        return account
    on = event.effective
    periods = account.the_plan().periods
    if not any(one.due < on and one.outstanding_principal and not one.holder for one in periods):
        return account
    twin = account.copy()
    twin.pays_off = False
    twin.charge_arrears(next((one.due for one in periods if one.due >= on), on))
    return twin


def _sums_after(account: Account, event: Event, before: Sums) -> Sums:
    """Return what rows say after an event; a payment changes only what is owed and paid."""
    if not isinstance(event, Payment) or account.written_off:
        return sums_of(account)
    owed = zip(*[row.owed for row in account.rows], strict=True)
    paid = zip(*[row.paid for row in account.rows], strict=True)
    return before._replace(
        owed=tuple([sum(bucket) for bucket in owed]), paid=tuple([sum(bucket) for bucket in paid])
    )


def sums_of(account: Account) -> Sums:
    """Return what all rows of a loan say."""
    columns = [
        (row.owed, row.paid, row.waived, row.written_off, row.credited) for row in account.rows
    ]
    return Sums(
        *(
            tuple([sum(bucket) for bucket in zip(*column, strict=True)])
            for column in zip(*columns, strict=True)
        )
    )
