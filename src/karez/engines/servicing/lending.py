"""Money that goes out, and income that is made principal."""

from __future__ import annotations

from datetime import date

from karez.engines.servicing import planning
from karez.engines.servicing.account import Account
from karez.engines.servicing.allocate import Allocator
from karez.engines.servicing.charges import charge_amount, row_of
from karez.engines.servicing.events import Charge, ChargeTime
from karez.engines.servicing.row import Row
from karez.engines.servicing.terms import Allocation, Bucket


def build_rows(account: Account, payouts: list[date]) -> None:
    """Make the rows that the terms foresee, each still empty, with one for each down payment."""
    plan = account.the_plan()
    rows = [Row(0, period.start, period.due) for period in plan.periods]
    if account.terms.down_payment is not None:
        rows += [Row(0, day, day, down_payment=True) for day in payouts]
    # Of two on one day the down payment comes first only if the instalment before is later.
    rows.sort(key=lambda row: (row.due, row.down_payment))
    for number, row in enumerate(rows, 1):
        row.number = number
        row.update(payouts[0] if payouts else row.start)
    account.rows = rows


def down_payment_of(account: Account, amount: int) -> int:
    """Return the part of a disbursement that is due on the same day."""
    terms = account.terms
    if terms.down_payment is None:
        return 0
    part = account.figures.percent(amount, terms.down_payment.pct)
    return account.figures.to_multiple(part, terms.multiple_minor)


def disburse(account: Account, on: date, amount: int) -> None:
    """Pay an amount out and spread what is not a down payment over the instalments."""
    down = down_payment_of(account, amount)
    if account.terms.down_payment is not None:
        row = next(
            row for row in account.rows if row.down_payment and not row.owed[Bucket.PRINCIPAL]
        )
        row.add(Bucket.PRINCIPAL, on, down)
    rest = amount - down
    if account.reamortised:
        _spread_evenly(account, on, rest)
    else:
        planning.disburse(account.the_plan(), on, rest)
        _sync_lent(account, on, rest)
    use_overpaid(account, on)


def capitalise(account: Account, on: date, amount: int) -> None:
    """Raise the principal by an amount and spread it over the instalments."""
    if account.reamortised:
        _spread_evenly(account, on, amount)
    else:
        planning.capitalise(account.the_plan(), on, amount)
        _sync_lent(account, on, amount)
    use_overpaid(account, on)


def add_missing_rows(account: Account) -> None:
    """Add a row for each period that has none yet."""
    known = {row.due for row in account.rows if not row.down_payment}
    for period in account.the_plan().periods:
        if period.due not in known:
            account.rows.append(Row(0, period.start, period.due))
    account.renumber()
    maturity = account.the_plan().maturity
    for row in account.rows:
        if row.additional and row.due > maturity:
            _give_back_charges(account, row, maturity)
            row.start = maturity


def _give_back_charges(account: Account, late: Row, maturity: date) -> None:
    """Put charges that were due after the last instalment on a new one in whose time they fall."""
    for charge in account.done:
        if isinstance(charge, Charge) and charge.time is ChargeTime.ON_DATE:
            row = row_of(account, charge.on)
            bucket = Bucket.PENALTY if charge.penalty else Bucket.FEE
            if late.start < charge.on <= maturity and row is not None and row is not late:
                amount = min(charge_amount(account, charge), late.open(bucket))
                late.add(bucket, late.met_on, -amount)
                row.add(bucket, row.met_on, amount)


def _sync_lent(account: Account, on: date, amount: int) -> None:
    if not amount:
        return
    plan = account.the_plan()
    add_missing_rows(account)
    if plan.maturity < on:
        row = next((row for row in account.rows if row.additional), None)
        if row is None:
            row = Row(0, on, on)
            row.additional = True
            account.rows.append(row)
        row.add(Bucket.PRINCIPAL, on, amount)
    account.renumber()
    account.follow(((row, period) for row, period in account.pairs() if row.due >= on), on)


def _spread_evenly(account: Account, on: date, amount: int) -> None:
    """Add an amount to the instalments that are still to come in equal parts."""
    rows = [
        row for row in account.rows if row.due > on and not row.down_payment and not row.additional
    ]
    if not rows or not amount:
        return
    figures = account.figures
    part = figures.share(amount, len(rows))
    left = amount
    for row in rows:
        before = row.owed[Bucket.PRINCIPAL]
        row.owed[Bucket.PRINCIPAL] = figures.to_multiple(
            before + part, account.terms.multiple_minor
        )
        left -= row.owed[Bucket.PRINCIPAL] - before
        row.update(on)
    rows[-1].add(Bucket.PRINCIPAL, on, left)


def use_overpaid(account: Account, on: date) -> None:
    """Let what was paid too much pay what has become due."""
    allocation = account.terms.allocation
    if account.overpaid > 0 and isinstance(allocation, Allocation):
        allocator = Allocator(account, allocation.usual, on, account.overpaid)
        account.overpaid = allocator.run()
