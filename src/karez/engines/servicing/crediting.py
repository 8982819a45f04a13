"""Chargebacks, and the refund of what was paid too much."""

from __future__ import annotations

from datetime import date

from karez.engines.servicing import lending, paying
from karez.engines.servicing.account import Account, Portions
from karez.engines.servicing.events import Chargeback, CreditBalanceRefund
from karez.engines.servicing.row import Row
from karez.engines.servicing.terms import Bucket


def charge_back(account: Account, event: Chargeback) -> None:
    """Put a payment that was taken back on the loan again."""
    portions = _portions(account, event)
    if account.terms.recalculation is not None and account.is_progressive:
        _charge_back_plan(account, event, portions)
        lending.use_overpaid(account, event.on)
    elif account.terms.credit_order is not None and account.is_progressive:
        _recognise(account, _row_for_credit(account, event.on), event.on, portions)
        lending.use_overpaid(account, event.on)
    else:
        _credit_principal(account, event.on, event.amount_minor)


def _portions(account: Account, event: Chargeback) -> Portions:
    """Return the buckets that a chargeback restores: those its payment went to, in order."""
    order = account.terms.credit_order
    if order is None:
        return [event.amount_minor, 0, 0, 0]
    left = list(account.portions.get(event.payment, [0, 0, 0, 0]))
    earlier = account.chargebacks.setdefault(event.payment, [])
    for amount in earlier:
        taken = _taken(order, left, amount)
        left = [have - part for have, part in zip(left, taken, strict=True)]
    earlier.append(event.amount_minor)
    return _taken(order, left, event.amount_minor)


def _taken(order: tuple[Bucket, ...], from_: Portions, amount: int) -> Portions:
    taken: Portions = [0, 0, 0, 0]
    for bucket in order:
        part = min(amount, max(from_[bucket], 0))
        taken[bucket] = part
        amount -= part
    return taken


def _charge_back_plan(account: Account, event: Chargeback, portions: Portions) -> None:
    plan = account.the_plan()
    on = event.on
    if on > plan.maturity:
        row = _additional(account, plan.maturity, on)
        _recognise(account, row, on, portions)
        row.due = max(row.due, on)
        return
    principal, interest = portions[Bucket.PRINCIPAL], portions[Bucket.INTEREST]
    if principal:
        paying.credit(plan, on, principal=principal)
    if interest:
        paying.credit(plan, on, interest=interest)
    account.follow_plan(on)
    if on == plan.maturity:
        row = next((row for row in account.rows if row.due == on), None)
    else:
        row = next((row for row in account.rows if row.start <= on < row.due), None)
    if row is not None:
        _recognise(account, row, on, [0, 0, portions[Bucket.FEE], portions[Bucket.PENALTY]])


def _recognise(account: Account, row: Row, on: date, portions: Portions) -> None:
    for bucket in Bucket:
        if portions[bucket]:
            row.credited[bucket] += portions[bucket]
            charge = bucket in {Bucket.FEE, Bucket.PENALTY}
            row.add(bucket, row.met_on if charge else on, portions[bucket])
    account.renumber()


def _additional(account: Account, since: date, on: date) -> Row:
    row = next((row for row in account.rows if row.additional), None)
    if row is None:
        row = Row(len(account.rows) + 1, since, on)
        row.additional = True
        account.rows.append(row)
    return row


def _row_for_credit(account: Account, on: date) -> Row:
    """Return the row that takes a credit: the next one due, else one after maturity."""
    rows = sorted((row for row in account.rows if not row.down_payment), key=lambda row: row.due)
    for row in rows:
        if row.additional:
            row.due = max(row.due, on)
            return row
        if row.due > on:
            return row
    if rows[-1].due == on:
        return rows[-1]
    return _additional(account, rows[-1].due, on)


def _credit_principal(account: Account, on: date, amount: int) -> None:
    """Let an amount be owed again, what was paid too much paying as much of it as it can."""
    repaid = min(amount, account.overpaid)
    account.overpaid -= repaid
    if repaid == amount:
        return
    row = _row_for_credit(account, on)
    row.credited[Bucket.PRINCIPAL] += amount
    row.add(Bucket.PRINCIPAL, on, amount)
    if repaid:
        row.pay(Bucket.PRINCIPAL, on, repaid)


def refund_balance(account: Account, event: CreditBalanceRefund) -> None:
    """Pay back what was paid too much; what is more than that is owed by the borrower."""
    on, amount = event.on, event.amount_minor
    if account.terms.recalculation is None or not account.is_progressive:
        _credit_principal(account, on, amount)
        return
    repaid = min(amount, account.overpaid)
    account.overpaid -= repaid
    if repaid == amount:
        return
    plan = account.the_plan()
    row = _row_for_credit(account, on)
    if row.additional:
        row.credited[Bucket.PRINCIPAL] += amount
        row.add(Bucket.PRINCIPAL, on, amount)
    else:
        paying.credit(plan, on, principal=amount)
        account.follow_plan(on)
    if repaid:
        if not row.additional:
            paying.pay_principal(plan, row.start, row.due, on, repaid)
            account.follow_plan(on)
        row.pay(Bucket.PRINCIPAL, on, repaid)
