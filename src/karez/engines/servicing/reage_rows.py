"""Re-ageing on rows alone, for a loan whose interest does not follow payments."""

from __future__ import annotations

from datetime import date

import attrs

from karez.engines.servicing import days
from karez.engines.servicing.account import Account
from karez.engines.servicing.charges import place_charges
from karez.engines.servicing.events import Charge, ReAge
from karez.engines.servicing.figures import Figures
from karez.engines.servicing.row import Row
from karez.engines.servicing.terms import Bucket

P = Bucket.PRINCIPAL


def re_age_rows(account: Account, event: ReAge, *, with_interest: bool) -> None:
    """Spread what rows still owe over new rows in equal parts; the last takes the remainder.

    The row that runs on the day ends on it and keeps what was paid early. A charge that is due
    later goes to the new row in whose time it falls.
    """
    buckets = tuple(Bucket) if with_interest else (P,)
    open_ = _lift(account, event.on, buckets, skip_down_payments=with_interest)
    if not sum(open_):
        return
    parts = _parts(account, open_, event.instalments)
    start, credited = _end_rows(account, event.on, keeps_charges=not with_interest)
    new: list[Row] = []
    due = event.first_due
    for place in range(event.instalments):
        row = Row(len(account.rows) + place + 1, start, due)
        row.reaged = True
        for bucket in Bucket:
            row.owed[bucket] = parts[bucket][place]
        new.append(row)
        start = due
        due = days.after(due, event.unit, event.every)
    new[0].credited = credited
    _take_in_additional(account, new, event.on)
    account.rows += new
    if not with_interest:
        later = [one for one in account.done if isinstance(one, Charge) and one.on > event.on]
        place_charges(account, later, new)
    for row in new:
        row.update(event.on)
    in_line(account)


def _lift(
    account: Account, on: date, buckets: tuple[Bucket, ...], *, skip_down_payments: bool
) -> list[int]:
    """Take what is open from all rows."""
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


def equal_parts(figures: Figures, total: int, count: int) -> list[int]:
    """Return an amount in equal rounded parts; the last takes what is left, none more than that."""
    value = figures.share(total, count)
    parts: list[int] = []
    for _ in range(count - 1):
        parts.append(min(value, total - sum(parts)))
    return [*parts, total - sum(parts)]


def _parts(account: Account, open_: list[int], count: int) -> list[list[int]]:
    """Return the parts of each bucket; principal evens out their sum."""
    figures = account.figures
    parts = [equal_parts(figures, amount, count) for amount in open_]
    whole = figures.to_multiple(figures.share(sum(open_), count), account.terms.multiple_minor)
    principal: list[int] = []
    for place in range(count - 1):
        others = parts[Bucket.INTEREST][place] + parts[Bucket.FEE][place]
        planned = whole - others - parts[Bucket.PENALTY][place]
        principal.append(min(planned, open_[P] - sum(principal)))
    parts[P] = [*principal, open_[P] - sum(principal)]
    return parts


@attrs.define
class Early:
    """What was paid of rows that a re-age takes away, and what is known of the running one."""

    start: date | None
    number: int
    paid: list[int]
    credited: list[int]
    advance: int
    late: int
    met_on: date | None

    def hold(self, row: Row) -> None:
        """Let a row keep what was paid; if it was met before, it was so since that day."""
        row.paid = list(self.paid)
        row.advance, row.late = self.advance, self.late
        if self.met_on is not None:
            row.met, row.met_on = True, self.met_on


def take_early(account: Account, on: date) -> Early:
    """Take away the rows that are due on or after a day, and return what was paid of them."""
    gone = [
        row for row in account.rows if not row.down_payment and not row.additional and row.due >= on
    ]
    first = min(gone, key=lambda row: row.due) if gone else None
    early = Early(
        start=first.start if first else None,
        number=first.number if first else 0,
        paid=[sum(row.paid[bucket] for row in gone) for bucket in Bucket],
        credited=[sum(row.credited[bucket] for row in gone) for bucket in Bucket],
        advance=sum(row.advance for row in gone),
        late=sum(row.late for row in gone),
        met_on=first.met_on if first and first.reaged else None,
    )
    account.rows = [row for row in account.rows if row not in gone]
    return early


def _end_rows(account: Account, on: date, *, keeps_charges: bool) -> tuple[date, list[int]]:
    """Let the running row end on a day and later ones be no more.

    Returns where new rows begin, and what was credited to rows that are no more.
    """
    early = take_early(account, on)
    if early.start is None:
        return max(row.due for row in account.rows if row.due < on), early.credited
    start = early.start
    for row in [row for row in account.rows if row.reaged and row.due == start]:
        if not sum(row.owed):
            # One row is enough to show that nothing was due since an earlier re-age.
            start = row.start
            account.rows.remove(row)
    held = Row(early.number, start, on)
    held.reaged = True
    early.hold(held)
    held.owed = list(held.paid)
    if keeps_charges:
        _keep_charges(account, held, is_first=held.start == account.started)
    held.met, held.met_on = False, None
    held.update(on)
    account.rows.append(held)
    return on, early.credited


def _keep_charges(account: Account, held: Row, *, is_first: bool) -> None:
    """Let charges that are due by the day of the re-age stay on the row that ends on it."""
    paid = {bucket: held.owed[bucket] for bucket in (Bucket.FEE, Bucket.PENALTY)}
    for bucket in paid:
        held.owed[bucket] = 0
    charges = [one for one in account.done if isinstance(one, Charge)]
    place_charges(account, charges, [held], first=is_first)
    for bucket, amount in paid.items():
        held.owed[bucket] = max(held.owed[bucket], amount)


def _take_in_additional(account: Account, new: list[Row], on: date) -> None:
    """Let new rows take over a row after maturity that falls in their time."""
    for old in [row for row in account.rows if row.additional and row.due >= on]:
        row = next((row for row in new if old.due <= row.due), None)
        if row is None:
            continue
        for bucket in Bucket:
            charge = bucket in {Bucket.FEE, Bucket.PENALTY}
            row.owed[bucket] += old.paid[bucket] if charge else old.owed[bucket]
            row.paid[bucket] += old.paid[bucket]
            row.waived[bucket] += old.waived[bucket]
            row.credited[bucket] += old.credited[bucket]
        row.advance += old.advance
        row.late += old.late
        account.rows.remove(old)


def in_line(account: Account) -> None:
    """Number rows by due date; those that a re-age made begin where the one before ends."""
    account.renumber()
    for before, row in zip(account.rows, account.rows[1:], strict=False):
        if row.additional or row.reaged:
            row.start = before.due


def move_row(account: Account, due: date, to: date, aged: ReAge) -> None:
    """Move the due date of a re-aged row; the rows after it follow in the steps of the re-age."""
    rows = [row for row in account.rows if row.due >= due and not row.down_payment]
    if not rows or rows[0].due != due:
        return
    for place, row in enumerate(rows):
        row.start = rows[place - 1].due if place else row.start
        row.due = days.after(to, aged.unit, aged.every * place)
