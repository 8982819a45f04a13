"""Re-ageing on rows alone, for a loan whose interest does not follow payments."""

from __future__ import annotations

from datetime import date

from karez.engines.servicing import days
from karez.engines.servicing.account import Account
from karez.engines.servicing.events import ReAge
from karez.engines.servicing.row import Row
from karez.engines.servicing.terms import Bucket

P = Bucket.PRINCIPAL


def re_age_rows(account: Account, event: ReAge, *, with_interest: bool) -> None:
    """Spread what rows still owe over new rows in equal parts; the last takes the remainder."""
    buckets = tuple(Bucket) if with_interest else (P,)
    open_ = _lift(account, event.on, buckets, skip_down_payments=with_interest)
    if not sum(open_):
        return
    parts = _parts(account, open_, event.instalments)
    number, start = _first(account, event.first_due)
    held = _hold_early(account, number, start, event.on)
    if held is not None:
        for row in account.rows:
            if row.number >= number:
                row.number += 1
        account.rows.append(held)
        number, start = number + 1, event.on
    due = event.first_due
    for place in range(event.instalments):
        last = place + 1 == event.instalments
        row = Row(number + place, start, due)
        row.reaged = True
        for bucket in Bucket:
            row.owed[bucket] = parts[bucket][0] + (parts[bucket][1] if last else 0)
        _put(account, row, event.on)
        start = due
        due = days.after(due, event.unit, event.every)
    last_number = number + event.instalments - 1
    account.rows = [
        row
        for row in account.rows
        if row.additional or row.number <= last_number or sum(row.paid) > 0
    ]
    _in_line(account)


def _lift(
    account: Account, on: date, buckets: tuple[Bucket, ...], *, skip_down_payments: bool
) -> list[int]:
    open_ = [0, 0, 0, 0]
    for row in account.rows:
        if row.down_payment and skip_down_payments:
            continue
        for bucket in buckets:
            amount = row.open(bucket)
            if amount > 0:
                open_[bucket] += amount
                row.owed[bucket] -= amount
        row.update(on)
    return open_


def _parts(account: Account, open_: list[int], count: int) -> list[tuple[int, int]]:
    """Return each bucket's equal part and what the last has on top; principal evens out the sum."""
    figures = account.figures
    parts = [(0, 0)] * 4
    for bucket in (Bucket.INTEREST, Bucket.FEE, Bucket.PENALTY):
        value = figures.share(open_[bucket], count)
        parts[bucket] = (value, open_[bucket] - value * count)
    whole = figures.to_multiple(figures.share(sum(open_), count), account.terms.multiple_minor)
    value = whole - sum(part for part, _ in parts)
    parts[P] = (value, open_[P] - value * count)
    return parts


def _first(account: Account, first_due: date) -> tuple[int, date]:
    """Return number and first day of the first new row."""
    normal = [row for row in account.rows if not row.down_payment]
    before = [row for row in normal if row.due < first_due]
    if not before:
        first = min(normal, key=lambda row: row.due)
        return first.number, first.start
    last = max(before, key=lambda row: row.due)
    return last.number + 1, last.due


def _hold_early(account: Account, number: int, start: date, on: date) -> Row | None:
    """Return a row that keeps what was paid early, taken from the rows it was paid to."""
    held = Row(number, start, on)
    held.reaged = True
    for row in account.rows:
        if row.down_payment or row.additional or row.due < on:
            continue
        for bucket in Bucket:
            held.owed[bucket] += row.paid[bucket]
            held.paid[bucket] += row.paid[bucket]
            row.owed[bucket] -= row.paid[bucket]
            row.paid[bucket] = 0
        held.advance += row.advance
        row.advance = 0
    if not sum(held.owed):
        return None
    held.update(on)
    return held


def _put(account: Account, new: Row, on: date) -> None:
    """Put a new row in place of the one with its number, or beside one after maturity."""
    old = next((row for row in account.rows if row.number == new.number), None)
    if old is None:
        account.rows.append(new)
        new.update(on)
        return
    if old.additional and old.due > new.due:
        for row in account.rows:
            if row.number >= new.number:
                row.number += 1
        account.rows.append(new)
        new.update(on)
        return
    old.additional, old.reaged = False, True
    old.start, old.due = new.start, new.due
    old.owed[P] = new.owed[P] + old.paid[P]
    old.owed[Bucket.INTEREST] = new.owed[Bucket.INTEREST] + old.paid[Bucket.INTEREST]
    old.owed[Bucket.FEE] += new.owed[Bucket.FEE]
    old.owed[Bucket.PENALTY] += new.owed[Bucket.PENALTY]
    old.update(on)


def _in_line(account: Account) -> None:
    account.renumber()
    for before, row in zip(account.rows, account.rows[1:], strict=False):
        if row.additional or row.reaged:
            row.start = before.due
