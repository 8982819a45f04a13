"""Fees and penalties: on which row they fall due, and how much they come to."""

from __future__ import annotations

from datetime import date
from decimal import Decimal

from karez.engines.servicing.account import Account
from karez.engines.servicing.events import Charge, ChargeBasis, ChargeTime
from karez.engines.servicing.row import Row
from karez.engines.servicing.terms import Bucket


def add_charge(account: Account, charge: Charge) -> None:
    """Put a charge on the rows on which it falls due."""
    bucket = _bucket(charge)
    if charge.time is ChargeTime.EACH_INSTALMENT:
        for row in account.rows:
            if not row.down_payment and not row.additional:
                amount = instalment_amount(account, charge, row)
                account.fee_parts[charge.number, row.start, row.due] = amount
                row.add(bucket, row.met_on, amount)
        return
    if charge.time is not ChargeTime.ON_DATE:
        return
    row = row_of(account, charge.on) or row_after_maturity(account, charge.on)
    account.met_before[charge.number] = row.met_on
    account.charge_rows[charge.number] = row
    row.add(bucket, row.met_on, charge_amount(account, charge))


def take_fees_anew(account: Account) -> None:
    """Work out percentages of each instalment anew, where it is not met, since it has changed."""
    for charge in account.done:
        if (
            not isinstance(charge, Charge)
            or charge.time is not ChargeTime.EACH_INSTALMENT
            or charge.basis is ChargeBasis.FLAT
        ):
            continue
        bucket = _bucket(charge)
        for row in account.rows:
            key = (charge.number, row.start, row.due)
            before = account.fee_parts.get(key)
            if before is not None and not row.met:
                amount = instalment_amount(account, charge, row)
                account.fee_parts[key] = amount
                row.add(bucket, row.met_on, amount - before)


def place_charges(
    account: Account, charges: list[Charge], rows: list[Row], *, first: bool = False
) -> None:
    """Put charges that lost their row on the one of these in whose time they fall."""
    for charge in charges:
        if charge.time is not ChargeTime.ON_DATE:
            continue
        for row in rows:
            begun = row.start < charge.on or (first and row.start == charge.on)
            if begun and charge.on <= row.due:
                bucket = _bucket(charge)
                row.owed[bucket] += charge_amount(account, charge)
                break


def row_of(account: Account, on: date) -> Row | None:
    """Return the row in whose time a day falls; the first row has its first day too."""
    start = account.started
    first = True
    for row in account.rows:
        if row.down_payment:
            continue
        if start is not None and (start < on <= row.due or (first and start <= on <= row.due)):
            return row
        start = row.due
        first = False
    return None


def row_after_maturity(account: Account, on: date) -> Row:
    """Return the row for what falls due on a day after the last instalment."""
    last = account.rows[-1]
    if last.additional:
        last.due = max(last.due, on)
        return last
    row = Row(len(account.rows) + 1, last.due, on)
    row.additional = True
    account.rows.append(row)
    return row


def charge_amount(account: Account, charge: Charge) -> int:
    """Return what a charge due on a day comes to."""
    if charge.basis is ChargeBasis.FLAT:
        return charge.amount_minor
    principal = sum(row.owed[Bucket.PRINCIPAL] for row in account.rows)
    interest = sum(row.owed[Bucket.INTEREST] for row in account.rows)
    return _percentage(account, charge, principal, interest)


def instalment_amount(account: Account, charge: Charge, row: Row) -> int:
    """Return what a charge comes to on one instalment."""
    if charge.basis is ChargeBasis.FLAT:
        return charge.amount_minor
    return _percentage(account, charge, row.owed[Bucket.PRINCIPAL], row.owed[Bucket.INTEREST])


def _percentage(account: Account, charge: Charge, principal: int, interest: int) -> int:
    base = {
        ChargeBasis.PRINCIPAL: principal,
        ChargeBasis.INTEREST: interest,
        ChargeBasis.PRINCIPAL_AND_INTEREST: principal + interest,
        ChargeBasis.FLAT: 0,
    }[charge.basis]
    amount = Decimal(base) * charge.pct / 100
    return account.figures.minor(amount)


def disbursement_fee(account: Account, charges: list[Charge], amount: int, *, first: bool) -> int:
    """Return the fees that are taken when money goes out."""
    fees = 0
    for charge in charges:
        if charge.time is ChargeTime.EACH_DISBURSEMENT or (
            first and charge.time is ChargeTime.AT_DISBURSEMENT
        ):
            flat = charge.basis is ChargeBasis.FLAT
            interest = account.plan.due_interest if account.plan is not None else 0
            fees += charge.amount_minor if flat else _percentage(account, charge, amount, interest)
    return fees


def open_of(account: Account, charge: Charge) -> int:
    """Return what is open, in the bucket of a charge, of the rows that it stands on."""
    bucket = _bucket(charge)
    if charge.time is ChargeTime.EACH_INSTALMENT:
        return sum(row.open(bucket) for row in account.rows)
    row = _row_with(account, charge)
    return row.open(bucket) if row is not None else 0


def _row_with(account: Account, charge: Charge) -> Row | None:
    # Rows may have got other dates since: a charge stays where it was put, unless that has gone.
    put = account.charge_rows.get(charge.number)
    if put is not None and put in account.rows and put.owed[_bucket(charge)]:
        return put
    row = row_of(account, charge.on)
    return row or next((each for each in account.rows if each.additional), None)


def _bucket(charge: Charge) -> Bucket:
    return Bucket.PENALTY if charge.penalty else Bucket.FEE


def waive(account: Account, charge: Charge, on: date) -> None:
    """Give up what is open of a charge."""
    bucket = _bucket(charge)
    if charge.time is ChargeTime.EACH_INSTALMENT:
        for row in account.rows:
            _waive(row, bucket, instalment_amount(account, charge, row), on)
        return
    row = _row_with(account, charge)
    if row is not None:
        # A row that was met before the charge came is met again since that day.
        met_on = account.met_before.get(charge.number)
        _waive(row, bucket, charge_amount(account, charge), met_on or on)


def _waive(row: Row, bucket: Bucket, amount: int, on: date) -> None:
    row.waived[bucket] += max(min(amount, row.open(bucket)), 0)
    row.judge(on)
