"""The fold: the state of a loan is a function of its terms and of its events by value date.

A late event, or one that is undone, is just another list of events: fold again, and ``difference``
says what has changed.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import date
from functools import singledispatch

from karez.engines.servicing import (
    closing,
    crediting,
    cumulative,
    lending,
    planning,
    prepaying,
    reage,
    reage_older,
    reage_rows,
    reamortise,
    repay,
)
from karez.engines.servicing.account import Account
from karez.engines.servicing.accrual import day_number
from karez.engines.servicing.charges import add_charge, disbursement_fee, take_fees_anew, waive
from karez.engines.servicing.errors import EventRepeatedError, EventUnknownError, NotDisbursedError
from karez.engines.servicing.events import (
    BuyDownFee,
    BuyDownFeeAdjustment,
    CapitalisedIncome,
    Charge,
    Chargeback,
    ChargeOff,
    ChargeTime,
    ChargeWaiver,
    ContractTermination,
    CreditBalanceRefund,
    Disbursement,
    DueDateMove,
    Event,
    Extension,
    InterestPause,
    InterestRefund,
    Payment,
    RateChange,
    ReAge,
    ReAgeInterest,
    ReAmortise,
    Undo,
    WriteOff,
)
from karez.engines.servicing.figures import Figures
from karez.engines.servicing.terms import Terms

_VARIATIONS = (RateChange, InterestPause, Extension)
# Paid by a merchant and not by the borrower: nothing falls due.
_WITHOUT_EFFECT = (BuyDownFee, BuyDownFeeAdjustment)


def fold(terms: Terms, events: Iterable[Event], *, as_of: date) -> Account:
    """Return the loan after these events, with interest on late principal until a day.

    Raises:
        EventRepeatedError: two events have the same number.
        EventUnknownError: an event refers to one that is not there.
        NotDisbursedError: an event comes before the first disbursement.
    """
    standing = in_force(events)
    account = begin(terms, standing)
    if account.started is None:
        return account
    if account.is_progressive:
        for event in in_order(standing):
            take(account, event)
    else:
        _fold_cumulative(account, standing)
    return end(account, as_of)


def begin(terms: Terms, standing: Sequence[Event]) -> Account:
    """Return a loan to which nothing has happened yet, knowing when money will go out."""
    figures = Figures(terms.rounding, terms.decimals)
    account = Account(terms, figures, lambda other, on: fold(terms, other, as_of=on))
    payouts = sorted(event.on for event in standing if isinstance(event, Disbursement))
    if not payouts:
        return account
    account.started = payouts[0]
    account.trail.accrual.since = day_number(payouts[0])
    account.at_payout = [
        event
        for event in standing
        if isinstance(event, Charge)
        and event.time in {ChargeTime.AT_DISBURSEMENT, ChargeTime.EACH_DISBURSEMENT}
    ]
    account.events = {event.number: event for event in standing}
    if account.is_progressive:
        account.plan = planning.new_plan(terms.seed or payouts[0], terms, account.figures)
        lending.build_rows(account, payouts)
    return account


def take(account: Account, event: Event) -> None:
    """Let the next event happen to a loan with a progressive schedule."""
    _guard(account, event)
    account.trail.before(account, event)
    account.pays_off = repay.pays_off(account, event)
    if not isinstance(event, (Charge, *_VARIATIONS, DueDateMove)):
        account.charge_arrears(event.on)
    _happen(account, event)


def _happen(account: Account, event: Event) -> None:
    """Let an event change the loan, and note what it moved."""
    if not isinstance(event, _WITHOUT_EFFECT):
        _apply(event, account)
    account.done.append(event)
    account.trail.after(account, event)


def end(account: Account, as_of: date) -> Account:
    """Charge late principal until a day, and leave the rows as they are to be read."""
    account.pays_off = False
    account.charge_arrears(as_of)
    if account.declining is not None:
        prepaying.trim(account)
    _finish(account)
    account.as_of = as_of
    account.course = None
    return account


def _fold_cumulative(account: Account, standing: list[Event]) -> None:
    """Make the schedule of all that was paid out, put charges on it, then all else in order."""
    ordered = in_order(standing)
    payouts = [event for event in ordered if isinstance(event, Disbursement)]
    cumulative.build(account, ordered)
    for event in payouts:
        first = not account.disbursed
        fees = disbursement_fee(account, account.at_payout, event.amount_minor, first=first)
        account.disbursed.append((event.on, event.amount_minor, fees))
    for event in ordered:
        if isinstance(event, Charge):
            add_charge(account, event)
    fees = iter([kept for _, _, kept in account.disbursed])
    for event in ordered:
        if isinstance(event, Charge):
            continue
        if isinstance(event, Disbursement):
            account.trail.note_payout(account, event, next(fees))
            continue
        _guard(account, event)
        account.charge_arrears(event.on)
        account.trail.before(account, event)
        _happen(account, event)


def in_force(events: Iterable[Event]) -> list[Event]:
    """Return the events that nobody has undone, undoing ones left out.

    Raises:
        EventRepeatedError: two events have the same number.
        EventUnknownError: an event that is undone is not there.
    """
    by_number: dict[int, Event] = {}
    for event in events:
        if event.number in by_number:
            raise EventRepeatedError(number=event.number)
        by_number[event.number] = event
    gone: set[int] = set()
    for event in sorted(by_number.values(), key=lambda event: -event.number):
        if isinstance(event, Undo) and event.number not in gone:
            if event.undone not in by_number:
                raise EventUnknownError(event=event.number, number=event.undone)
            gone.add(event.undone)
    for event in by_number.values():
        belongs_to = getattr(event, "belongs_to", None)
        if belongs_to in gone:
            gone.add(event.number)
    return [
        event
        for event in by_number.values()
        if not isinstance(event, Undo) and event.number not in gone
    ]


def in_order(events: Iterable[Event]) -> list[Event]:
    """Return events by the day from which they count, then by day and order of posting.

    A charge on each instalment waits for a disbursement of its day, which makes instalments.
    """
    listed = list(events)
    payouts: dict[date, int] = {}
    for event in listed:
        if isinstance(event, Disbursement):
            payouts[event.on] = max(event.number, payouts.get(event.on, 0))

    def place(event: Event) -> tuple[date, int, date, int, int]:
        effective, rank, posted_on, number = _place(event)
        waits = isinstance(event, Charge) and event.time is ChargeTime.EACH_INSTALMENT
        if waits and effective in payouts:
            return effective, rank, posted_on, max(number, payouts[effective]), number
        return effective, rank, posted_on, number, 0

    return sorted(listed, key=place)


def _place(event: Event) -> tuple[date, int, date, int]:
    if isinstance(event, _VARIATIONS):
        # A change of terms holds from the beginning of its day.
        return event.effective, 0, event.effective, event.number
    return event.effective, 1, event.posted_on, event.number


def _guard(account: Account, event: Event) -> None:
    if account.started is not None and event.on < account.started and isinstance(event, Payment):
        raise NotDisbursedError(event=event.number, on=event.on)


@singledispatch
def _apply(event: Event, account: Account) -> None:
    raise AssertionError(f"event {event.number} of loan from {account.started} has no rule")


@_apply.register
def _(event: Disbursement, account: Account) -> None:
    lending.disburse(account, event.on, event.amount_minor)
    first = not account.disbursed
    fees = disbursement_fee(account, account.at_payout, event.amount_minor, first=first)
    account.disbursed.append((event.on, event.amount_minor, fees))
    take_fees_anew(account)


@_apply.register
def _(event: CapitalisedIncome, account: Account) -> None:
    account.capitalised.append((event.on, event.amount_minor))
    lending.capitalise(account, event.on, event.amount_minor)


@_apply.register
def _(event: Payment, account: Account) -> None:
    repay.pay(account, event)


@_apply.register
def _(event: InterestRefund, account: Account) -> None:
    repay.refund_interest(account, event)


@_apply.register
def _(event: Charge, account: Account) -> None:
    add_charge(account, event)
    repay.use_overpayments(account)


@_apply.register
def _(event: ChargeWaiver, account: Account) -> None:
    charge = account.events.get(event.charge)
    if not isinstance(charge, Charge):
        raise EventUnknownError(event=event.number, number=event.charge)
    waive(account, charge, event.on)


@_apply.register
def _(event: Chargeback, account: Account) -> None:
    crediting.charge_back(account, event)


@_apply.register
def _(event: CreditBalanceRefund, account: Account) -> None:
    crediting.refund_balance(account, event)


@_apply.register
def _(event: InterestPause, account: Account) -> None:
    if not account.is_progressive:
        return  # An older schedule has its pauses from the beginning.
    planning.pause_interest(account.the_plan(), event.on, event.until)
    _follow_unmet(account, event.on)


@_apply.register
def _(event: RateChange, account: Account) -> None:
    if not account.is_progressive:
        return  # An older schedule has its rates from the beginning.
    aged = _last_re_age(account)
    if aged is not None and aged.interest is not ReAgeInterest.DEFAULT:
        return  # Interest was agreed in equal amounts: no rate changes it.
    planning.change_rate(account.the_plan(), event.on, event.rate_pct_year)
    _follow_unmet(account, event.on)


def _last_re_age(account: Account) -> ReAge | None:
    return next((one for one in reversed(account.done) if isinstance(one, ReAge)), None)


@_apply.register
def _(event: Extension, account: Account) -> None:
    if not account.is_progressive:
        return  # An older schedule has its rows from the beginning.
    plan = account.the_plan()
    aged = _last_re_age(account)
    seed = aged.first_due if aged is not None else plan.start
    begun = aged.instalments - 1 if aged is not None else len(plan.periods)
    planning.extend(plan, event.on, event.instalments, seed, begun)
    lending.add_missing_rows(account)
    _follow_unmet(account, event.on)


@_apply.register
def _(event: DueDateMove, account: Account) -> None:
    if not account.is_progressive:
        return  # An older schedule has its dates from the beginning.
    plan = account.the_plan()
    starts = [period.start for period in plan.periods]
    aged = _last_re_age(account)
    if aged is not None and not account.recalculates:
        reage_rows.move_row(account, event.on, event.to, aged)
        return
    every, unit = (aged.every, aged.unit) if aged is not None else (plan.every, plan.unit)
    planning.move_due_date(plan, event.on, event.to, every, unit)
    by_start = {row.start: row for row in account.rows if not row.down_payment}
    for start, period in zip(starts, plan.periods, strict=True):
        row = by_start.get(start)
        if row is not None:
            row.start, row.due = period.start, period.due
    _follow_unmet(account, event.on)


def _follow_unmet(account: Account, since: date) -> None:
    """Set what unmet rows owe to what the plan says, from a day on.

    Where interest follows payments, all rows from that day on follow the plan. Else a row that has
    had more of principal or interest than the plan now asks keeps what it owed, as a met one does:
    what is over in it would reach no other row.
    """
    plan = account.the_plan()
    if account.follows:
        account.follow((pair for pair in account.pairs() if pair[0].due >= since), since)
        return
    for row in account.rows:
        if not row.down_payment and not row.met and row.due >= since:
            period = plan.find(row.start, row.due)
            if period is not None and not row.additional:
                owed = row.owed[:2]
                account.follow_one(row, period)
                if row.paid[0] > row.owed[0] or row.paid[1] > row.owed[1]:
                    row.owed[:2] = owed


@_apply.register
def _(event: ReAge, account: Account) -> None:
    if account.declining is not None and not account.declining.is_over:
        reage_older.re_age_older(account, account.declining, event)
    else:
        reage.re_age(account, event)


@_apply.register
def _(event: ReAmortise, account: Account) -> None:
    if account.declining is not None and not account.declining.is_over:
        reage_older.re_amortise_older(account, account.declining, event)
    else:
        reamortise.re_amortise(account, event)


@_apply.register
def _(event: ChargeOff, account: Account) -> None:
    closing.charge_off(account, event.on)


@_apply.register
def _(event: ContractTermination, account: Account) -> None:
    closing.terminate(account, event.on)


@_apply.register
def _(event: WriteOff, account: Account) -> None:
    closing.write_off(account, event.on)


def _finish(account: Account) -> None:
    """Leave no row met that owes something, and none after maturity that owes nothing."""
    last = account.rows[-1]
    if last.additional and not sum(last.owed):
        account.rows.pop()
    for row in account.rows:
        if row.outstanding > 0:
            row.met, row.met_on = False, None
