"""One loan in the hand of who records: its fold, what a command would change, and whether it may.

Pure: what is read and written is elsewhere.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import date, timedelta

import attrs

from karez.engines.servicing.account import Account
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
    Undo,
    WriteOff,
)
from karez.engines.servicing.fold import in_force
from karez.engines.servicing.history import History, history
from karez.engines.servicing.late import LATE_FROM, LatePolicy, with_late_charges
from karez.engines.servicing.movements import (
    Movement,
    MovementKind,
    movement_difference,
    movements,
)
from karez.engines.servicing.outlook import outlook
from karez.engines.servicing.quote import automatic_down_payment
from karez.engines.servicing.standing import Standing, standing
from karez.services.bookkeeping import derive_id
from karez.services.lending.codec import kind_of
from karez.services.lending.errors import (
    CreditExceededError,
    EventNotInForceError,
    NothingPaidOutError,
    SaleMalformedError,
    ValueDateError,
)
from karez.services.lending.limit import check_limit
from karez.services.lending.loan import Command, Loan, Outcome, RecordedEvent
from karez.services.lending.standing import StandingRow, standing_rows
from karez.services.lending.store import Kept

_MAY_COME_LATER = (Charge, RateChange, InterestPause, Extension, DueDateMove)
_NEEDS_NO_PAYOUT = (*_MAY_COME_LATER, Disbursement, Undo, BuyDownFee, BuyDownFeeAdjustment,
                    CapitalisedIncome, ChargeWaiver)  # fmt: skip
_PLAIN = (Disbursement, Payment, Charge, RateChange, InterestPause)
_SOLD: Mapping[MovementKind, MovementKind] = {
    MovementKind.WRITTEN_OFF_PRINCIPAL: MovementKind.SOLD_PRINCIPAL,
    MovementKind.WRITTEN_OFF_INTEREST: MovementKind.SOLD_INTEREST,
    MovementKind.WRITTEN_OFF_FEE: MovementKind.SOLD_FEE,
    MovementKind.WRITTEN_OFF_PENALTY: MovementKind.SOLD_PENALTY,
}


@attrs.frozen
class Folded:
    """A loan after its events and the late charges that follow from them."""

    events: tuple[Event, ...]
    late: tuple[Event, ...]
    history: History
    movements: tuple[Movement, ...]


@attrs.frozen
class Changed:
    """What is to be written of a loan; its folds, which are large, are forgotten."""

    kept: Kept
    fresh: tuple[RecordedEvent, ...]
    since: date
    rows: tuple[StandingRow, ...]
    stretches: bytes

    @property
    def channels(self) -> dict[int, str | None]:
        """The channels of all events by their numbers."""
        return {one.event.number: one.channel for one in (*self.kept.events, *self.fresh)}


@attrs.define
class Case:
    """A loan, and what has been accepted for it so far in this call."""

    kept: Kept
    closed_on: date
    on: date
    folded: Folded
    fresh: list[RecordedEvent] = attrs.field(factory=list[RecordedEvent])
    first_change: date | None = None

    @classmethod
    def of(cls, kept: Kept, closed_on: date, on: date, known: Folded | None = None) -> Case:
        """Return the loan as it stands before the call; ``known`` is an earlier fold of it."""
        events = tuple(recorded.event for recorded in kept.events)
        prices = prices_of(kept.events)
        return cls(
            kept,
            closed_on,
            on,
            fold_loan(kept.loan, events, prices, closed_on=closed_on, on=on, before=known),
        )

    @classmethod
    def to_end(cls, kept: Kept, closed_on: date, through: date) -> Case:
        """Return the loan before its days are ended through one; events may be of later days."""
        entered = (recorded.event.posted_on for recorded in kept.events)
        return cls.of(kept, closed_on, max(through, kept.loan.opened_on, *entered))

    @property
    def recorded(self) -> list[RecordedEvent]:
        """All events: those that were kept, then those of this call."""
        return [*self.kept.events, *self.fresh]

    @property
    def today(self) -> date:
        """The day up to which the days of the loan are told one by one."""
        return max(self.on, self.closed_on + timedelta(days=1))

    def stands(self) -> Standing:
        """Return how the loan stands on the business date."""
        return standing(self.folded.history.account, self.on)

    def take(self, command: Command) -> Outcome:
        """Let a command happen to the loan, or raise why it may not."""
        before = self.folded
        event = attrs.evolve(command.event, number=len(self.recorded) + 1, posted_on=self.on)
        stood = self.stands()
        self._check(command, event, stood)
        added = [self._recorded(command, event)]
        follows = self._down_payment(command, event)
        if follows is not None:
            added.append(follows)
        recorded = [*self.recorded, *added]
        events = tuple(one.event for one in recorded)
        loan = self.kept.loan
        after = fold_loan(
            loan, events, prices_of(recorded),
            closed_on=self.closed_on, on=self.on, before=before,
        )  # fmt: skip
        if isinstance(event, Disbursement):
            check_limit(loan, event, events, after.history, self.today)
        moved = movement_difference(before.movements, after.movements)
        self.folded = after
        self.fresh += added
        changed = [first_changed(before, after), *(move.on for move in moved)]
        days = [day for day in (self.first_change, *changed) if day is not None]
        self.first_change = min(days, default=None)
        return Outcome(
            command_id=command.command_id,
            loan_number=loan.loan_number,
            event=event.number,
            movements=tuple(moved),
            before=stood,
            after=self.stands(),
        )

    def close(self, day: date) -> list[Movement]:
        """End the days of the loan through this one; return what they move."""
        before, loan = self.folded, self.kept.loan
        first = self.closed_on + timedelta(days=1)
        prices = prices_of(self.kept.events)
        self.folded = fold_loan(
            loan, before.events, prices, closed_on=day, on=self.on, before=before
        )
        self.closed_on = day
        changed = first_changed(before, self.folded)
        self.first_change = first if changed is None else min(first, changed)
        return movement_difference(before.movements, self.folded.movements)

    def changed(self) -> Changed:
        """Return what is to be written of the loan."""
        since = self.first_change or self.today
        return Changed(
            kept=self.kept,
            fresh=tuple(self.fresh),
            since=since,
            rows=tuple(self.rows(since)),
            stretches=outlook(self.folded.history.account).tobytes(),
        )

    def rows(self, since: date) -> list[StandingRow]:
        """Return how the loan stood from a day on, and stands."""
        return standing_rows(self.folded.history, since=since, today=self.today)

    def _recorded(self, command: Command, event: Event) -> RecordedEvent:
        return RecordedEvent(
            event=event,
            kind=kind_of(event, sold=command.proceeds_minor is not None),
            channel=command.channel or self._undone_channel(event),
            proceeds_minor=command.proceeds_minor,
            command_id=command.command_id,
            actor=command.actor,
            reason=command.reason,
        )

    def _undone_channel(self, event: Event) -> str | None:
        if not isinstance(event, Undo):
            return None
        return next(one.channel for one in self.recorded if one.event.number == event.undone)

    def _down_payment(self, command: Command, event: Event) -> RecordedEvent | None:
        """Return the down payment that goes with a disbursement by itself."""
        if not isinstance(event, Disbursement):
            return None
        overpaid = self.folded.history.account.overpaid
        terms = self.kept.loan.terms
        payment = automatic_down_payment(terms, event, event.number + 1, overpaid)
        if payment is None:
            return None
        its_id = derive_id("down-payment", str(command.command_id))
        own = attrs.evolve(command, command_id=its_id, proceeds_minor=None)
        return self._recorded(own, payment)

    def _check(self, command: Command, event: Event, stood: Standing) -> None:
        loan, account = self.kept.loan, self.folded.history.account
        proceeds = command.proceeds_minor
        if proceeds is not None and (proceeds < 0 or not isinstance(event, WriteOff)):
            raise SaleMalformedError(proceeds_minor=proceeds)
        if event.on > self.on and not isinstance(event, _MAY_COME_LATER):
            rule = f"it comes after the business date {self.on}"
            raise ValueDateError(on=event.on, rule=rule)
        if event.on < loan.opened_on and not isinstance(event, Undo):
            rule = f"loan {loan.loan_number} was opened on {loan.opened_on}"
            raise ValueDateError(on=event.on, rule=rule)
        if not isinstance(event, _NEEDS_NO_PAYOUT) and (
            account.started is None or event.on < account.started
        ):
            raise NothingPaidOutError(loan=loan.loan_number, on=event.on)
        if isinstance(event, CreditBalanceRefund) and event.amount_minor > stood.credit_minor:
            raise CreditExceededError(
                loan=loan.loan_number,
                credit_minor=stood.credit_minor,
                amount_minor=event.amount_minor,
            )
        self._check_target(event)

    def _check_target(self, event: Event) -> None:
        """Refuse an event that is about another which is not, or no longer, in force."""
        match event:
            case Undo():
                number = event.undone
            case Chargeback():
                number = event.payment
            case ChargeWaiver():
                number = event.charge
            case _:
                return
        standing_events = [*in_force(self.folded.events), *self.folded.late]
        if number not in {one.number for one in standing_events}:
            raise EventNotInForceError(event=number, loan=self.kept.loan.loan_number)


def fold_loan(  # noqa: PLR0913 - what a fold follows from
    loan: Loan,
    events: tuple[Event, ...],
    prices: Mapping[int, int],
    *,
    closed_on: date,
    on: date,
    before: Folded | None = None,
) -> Folded:
    """Return a loan after these events, its income through the closed day.

    ``prices`` are those of write-offs that are sales. What was folded ``before`` is gone on from
    if it had the first of these events.
    """
    if before is not None and events[: len(before.events)] != before.events:
        before = None
    as_of = max(on, closed_on)
    told, late = _fold(loan, events, closed_on, as_of, before)
    moved = _with_sales(movements(told.account, closed_on), events, prices)
    return Folded(events, late, told, tuple(moved))


def _fold(
    loan: Loan, events: tuple[Event, ...], closed_on: date, as_of: date, before: Folded | None
) -> tuple[History, tuple[Event, ...]]:
    """Return the history of a loan, and the late charges in it."""
    if before is None or not before.late:
        plain = _go_on(loan, events, (), as_of, before)
        if not loan.late.steps or is_surely_in_time(plain.account, loan.late, closed_on):
            return plain, ()
    late = late_charges(loan, events, closed_on)
    return _go_on(loan, events, late, as_of, before), late


def _go_on(
    loan: Loan,
    events: tuple[Event, ...],
    late: tuple[Event, ...],
    as_of: date,
    before: Folded | None,
) -> History:
    """Return the history with these late charges, going on from before if that had them."""
    if before is None or before.late != late:
        return history(loan.terms, with_late(events, late), as_of=as_of)
    added = events[len(before.events) :]
    return before.history.with_events(*added, as_of=as_of) if added else before.history


def is_surely_in_time(account: Account, policy: LatePolicy, through: date) -> bool:
    """Tell whether no instalment can have been late enough for a charge until a day.

    Where it says no, the charges are to be worked out, and may come to nothing.
    """
    first = timedelta(days=min((days for days, _, _ in policy.days_late()), default=0))
    return all(isinstance(event, _PLAIN) for event in account.events.values()) and all(
        row.met_on is not None and row.met_on <= row.due + first
        for row in account.rows
        if row.due + first <= through
    )


def late_charges(loan: Loan, events: Sequence[Event], through: date) -> tuple[Event, ...]:
    """Return the penalties that follow from the events of a loan through a day."""
    if not loan.late.steps:
        return ()
    every = with_late_charges(loan.terms, events, loan.late, through)
    return tuple(one for one in every if one.number >= LATE_FROM and one.on <= through)


def with_late(events: Sequence[Event], late: Sequence[Event]) -> list[Event]:
    """Return events with the late charges; the waiver of one that has gone has gone with it."""
    there = {one.number for one in late}
    return [
        event
        for event in (*events, *late)
        if not isinstance(event, ChargeWaiver) or event.charge < LATE_FROM or event.charge in there
    ]


def first_changed(before: Folded, after: Folded) -> date | None:
    """Return the first day from which an event counts that is in force in one of two alone."""
    old = {*in_force(before.events), *before.late}
    new = {*in_force(after.events), *after.late}
    return min((event.effective for event in old ^ new), default=None)


def prices_of(recorded: Iterable[RecordedEvent]) -> dict[int, int]:
    """Return the prices of sales by the number of their event."""
    return {
        one.event.number: one.proceeds_minor for one in recorded if one.proceeds_minor is not None
    }


def _with_sales(
    moved: Sequence[Movement], events: Sequence[Event], prices: Mapping[int, int]
) -> list[Movement]:
    """Turn what a sale writes off into what the buyer takes over, and add the price."""
    if not prices:
        return list(moved)
    sold = [event for event in in_force(events) if event.number in prices]
    numbers = {event.number for event in sold}
    turned = [
        attrs.evolve(move, kind=_SOLD.get(move.kind, move.kind)) if move.event in numbers else move
        for move in moved
    ]
    return turned + [
        Movement(event.on, MovementKind.SOLD, prices[event.number], event.number)
        for event in sold
        if prices[event.number]
    ]
