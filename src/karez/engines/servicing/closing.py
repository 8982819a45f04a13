"""The ends of a loan that is not repaid: charge-off, termination of the contract, write-off."""

from __future__ import annotations

from datetime import date
from decimal import Decimal

from karez.engines.servicing import paying, repay
from karez.engines.servicing.account import Account
from karez.engines.servicing.events import Charge, Payment
from karez.engines.servicing.factors import set_factors
from karez.engines.servicing.row import Row
from karez.engines.servicing.terms import Bucket, ChargeOffBehaviour

PRINCIPAL, INTEREST = Bucket.PRINCIPAL, Bucket.INTEREST


def charge_off(account: Account, on: date) -> None:
    """Take the loan to be lost, with what the terms let that do to the schedule."""
    if any(not row.met for row in account.rows):
        match account.terms.charge_off:
            case ChargeOffBehaviour.ZERO_INTEREST:
                _end_interest(account, on)
            case ChargeOffBehaviour.ACCELERATE_MATURITY:
                accelerate(account, on)
            case ChargeOffBehaviour.REGULAR:
                pass
    account.charged_off = any(row.outstanding for row in account.rows)


def terminate(account: Account, on: date) -> None:
    """Let all that is open fall due on a day."""
    if any(not row.met for row in account.rows):
        accelerate(account, on)
    account.terminated = any(row.outstanding for row in account.rows)


def write_off(account: Account, on: date) -> None:
    """Give up all that is open."""
    if account.follows:
        account.take_over()
    account.written_off = True
    for row in account.rows:
        if not row.met:
            for bucket in Bucket:
                row.written_off[bucket] += row.open(bucket)
            row.judge(on)


def _till(account: Account, row: Row, on: date) -> int:
    """Return the open interest of a row as it stands on a day, by days."""
    interest = Decimal(row.open(INTEREST))
    figures = account.figures
    daily = figures.divide(interest, Decimal((row.due - row.start).days))
    return figures.minor(figures.multiply(daily, Decimal((on - row.start).days)))


def _end_interest(account: Account, on: date) -> None:
    """Stop interest on a day; instalments stay as large, so they pay more principal."""
    for row in account.rows:
        if row.down_payment or not row.start <= on < row.due:
            continue
        if account.follows:
            new = paying.interest_until(account.the_plan(), row.start, row.due, on)
            if row.open(INTEREST) > 0 or new > 0:
                row.owed[PRINCIPAL] += row.owed[INTEREST] - new
                row.owed[INTEREST] = new
        elif row.open(INTEREST) > 0:
            new = _till(account, row, on)
            row.owed[PRINCIPAL] += row.open(INTEREST) - new
            row.owed[INTEREST] = new
    account.charged_off = True
    fixed = _fixed(account)
    for row in account.rows:
        interest = row.open(INTEREST)
        if row.start > on and not row.met and interest > 0 and (row.start, row.due) not in fixed:
            row.owed[PRINCIPAL] += interest
            row.owed[INTEREST] -= interest
    _balance_principal(account, on)


def _fixed(account: Account) -> set[tuple[date, date]]:
    """Return the days of periods all of whose interest was agreed as an amount by a re-age."""
    periods = account.plan.periods if account.plan is not None else []
    return {
        (period.start, period.due)
        for period in periods
        if period.fixed_interest > 0 and period.reaged
    }


def _balance_principal(account: Account, on: date) -> None:
    """Let the last rows owe so much principal that all rows owe what was lent."""
    normal = [row for row in account.rows if not row.additional]
    left = account.lent - sum(row.owed[PRINCIPAL] for row in normal)
    for row in reversed(account.rows[1:]):
        if not left:
            return
        if row.additional or row.met:
            continue
        before = row.owed[PRINCIPAL]
        row.owed[PRINCIPAL] = max(before + left, 0)
        row.judge(on)
        if abs(left) <= before:
            left = 0
        else:
            left += before if left < 0 else -before


def accelerate(account: Account, on: date) -> None:
    """Let all principal fall due on a day, with the interest until then."""
    maturity = max(row.due for row in account.rows if not row.additional)
    current = account.running(on)
    if on >= maturity or current is None:
        return
    _interest_until(account, current, on)
    current.due = on
    future = [row for row in account.rows if on < row.due]
    current.owed[PRINCIPAL] += sum(row.owed[PRINCIPAL] for row in future)
    fixed = _fixed(account)
    current.owed[INTEREST] += sum(
        row.owed[INTEREST] for row in future if (row.start, row.due) in fixed
    )
    if current.met:
        current.paid[PRINCIPAL] = current.owed[PRINCIPAL] - sum(
            row.open(PRINCIPAL) for row in future
        )
        current.advance += sum(row.advance for row in future)
    again = [
        event
        for event in account.done
        if isinstance(event, Payment)
        and event.on <= on
        and any(on < row.start for row in account.paid_rows.get(event.number, ()))
    ]
    kept = [row for row in account.rows if row.start < on or row is current or row.down_payment]
    fees = sum(row.owed[Bucket.FEE] for row in future)
    penalties = sum(row.owed[Bucket.PENALTY] for row in future)
    if fees or penalties:
        kept.append(_row_for_charges(account, current, fees, penalties))
    for row in kept:
        touched = any(row in account.paid_rows.get(event.number, ()) for event in again)
        if row.start < on and not row.met and touched:
            _forget_payments(row)
    account.rows = kept
    _shorten_plan(account, on, again)
    if current.outstanding > 0:
        current.judge(on)  # It may have been met before it took in the others.


def _interest_until(account: Account, row: Row, on: date) -> None:
    if row.met:
        return
    if account.follows:
        new = paying.interest_until(account.the_plan(), row.start, row.due, on)
        if row.open(INTEREST) > 0 or new > 0:
            row.owed[INTEREST] = new
    elif row.open(INTEREST) > 0:
        row.owed[INTEREST] = _till(account, row, on)


def _row_for_charges(account: Account, current: Row, fees: int, penalties: int) -> Row:
    """Return a row after the last for charges that are not due yet."""
    due = max(
        (charge.on for charge in account.events.values() if isinstance(charge, Charge)),
        default=current.due,
    )
    row = Row(current.number + 1, current.due, max(due, current.due))
    row.additional = True
    row.owed[Bucket.FEE] = fees
    row.owed[Bucket.PENALTY] = penalties
    return row


def _forget_payments(row: Row) -> None:
    for bucket in Bucket:
        row.paid[bucket] = row.waived[bucket] = row.written_off[bucket] = 0
        row.owed[bucket] -= row.credited[bucket]
        row.credited[bucket] = 0
    row.advance = row.late = 0
    row.met, row.met_on = False, None


def _shorten_plan(account: Account, on: date, again: list[Payment]) -> None:
    """End the plan on a day, and allocate anew what had paid later instalments."""
    plan = account.plan
    if plan is not None and account.terms.recalculation is not None:
        gone = [period for period in plan.periods if period.start >= on]
        kept = [period for period in plan.periods if period.start < on]
        if not kept:
            return
        last = kept[-1]
        principal = last.due_principal + sum(period.due_principal for period in gone)
        interest = paying.interest_until(
            plan, last.start, last.due, min(on, last.due), credited=False
        )
        plan.remove(lambda period: period.start >= on)
        last.due = on
        last.segments = [segment for segment in last.segments if segment.start < on]
        last.segments[-1].end = on
        set_factors(plan, [last])
        last.collect(principal + interest)
        plan.instalments_fixed = True
    for event in again:
        row = account.running(event.on)
        if row is None or not row.met:
            if plan is not None and account.follows:
                _unpay(account, event)
            repay.pay(account, event)


def _unpay(account: Account, event: Payment) -> None:
    plan = account.the_plan()
    starts = {row.start for row in account.paid_rows.get(event.number, ())}
    for period in plan.periods:
        if period.start in starts:
            period.paid_principal = period.paid_interest = 0
            period.touch()
    paying.correct_balance(plan, event.on, account.portions[event.number][PRINCIPAL])
