"""Where a payment goes under rules of twelve parts: past due, due and in advance, by bucket."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date
from itertools import groupby

import attrs

from karez.engines.servicing import paying
from karez.engines.servicing.account import Account, Portions
from karez.engines.servicing.errors import AllocationStuckError
from karez.engines.servicing.figures import Figures
from karez.engines.servicing.period import Period
from karez.engines.servicing.row import Row
from karez.engines.servicing.terms import (
    Allocation,
    AllocationRule,
    Bucket,
    FutureRule,
    Processing,
    Timing,
)

_ROUNDS_A_ROW = 100


class Allocator:
    """Puts one amount on the rows of a loan by one rule."""

    def __init__(self, account: Account, rule: AllocationRule, on: date, amount: int) -> None:
        self.account = account
        self.rule = rule
        self.on = on
        self.left = amount
        self.portions: Portions = [0, 0, 0, 0]
        self.skipped: set[int] = set()
        self.touched: list[Row] = []
        self.rows = sorted(account.rows, key=lambda row: row.number)
        self.pairs: list[tuple[Row, Period]] | None = None
        self.payable: tuple[tuple[int, date, date, date], paying.Open] | None = None

    def run(self) -> int:
        """Pay the rows, and return what is left over.

        Nothing is left over while an instalment is open: what the rule for advances does not reach
        goes to the next instalments in turn.
        """
        self._by_rule()
        reaches_all = self.rule.future is FutureRule.NEXT_INSTALMENT
        if self.left > 0 and not reaches_all and any(row.outstanding for row in self.account.rows):
            self.rule = attrs.evolve(self.rule, future=FutureRule.NEXT_INSTALMENT)
            self._by_rule()
        return self.left

    def _by_rule(self) -> None:
        allocation = self.account.terms.allocation
        if isinstance(allocation, Allocation) and allocation.processing is Processing.VERTICAL:
            before = self.left + 1
            # What was paid may open another row's turn: on pay-off the last one owes no interest.
            while 0 < self.left < before:
                before = self.left
                for timing, bucket in self.rule.order:
                    self._through(timing, bucket)
        else:
            for timing, parts in groupby(self._grouped(), key=lambda part: part[0]):
                if self.left:
                    self._across(timing, [bucket for _, bucket in parts])

    def _grouped(self) -> list[tuple[Timing, Bucket]]:
        order: dict[Timing, list[Bucket]] = {}
        for timing, bucket in self.rule.order:
            order.setdefault(timing, []).append(bucket)
        return [(timing, bucket) for timing, buckets in order.items() for bucket in buckets]

    def _across(self, timing: Timing, buckets: list[Bucket]) -> None:
        """Pay all buckets of a row before the next row of this timing."""
        self.skipped.clear()
        rounds = len(self.rows) * _ROUNDS_A_ROW
        while self.left > 0:
            rows = self._rows(timing, lambda row: not row.met)
            if not rows:
                return
            before = self.left, len(self.skipped)
            for bucket in buckets:
                self._share(timing, bucket, rows)
            # What cannot be paid yet, like interest that has not run, does not hold up the rest.
            if before == (self.left, len(self.skipped)) or all(row.met for row in self.rows):
                return
            rounds -= 1
            if not rounds:
                raise AllocationStuckError(amount_minor=self.left, on=self.on)

    def _through(self, timing: Timing, bucket: Bucket) -> None:
        """Pay one bucket through all rows of this timing."""
        rounds = len(self.account.rows) * _ROUNDS_A_ROW
        while self.left > 0:
            rows = self._rows(timing, lambda row: row.open(bucket) > 0)
            if not rows or not self._share(timing, bucket, rows):
                return
            rounds -= 1
            if not rounds:
                raise AllocationStuckError(amount_minor=self.left, on=self.on)

    def _rows(self, timing: Timing, is_open: Callable[[Row], bool]) -> list[Row]:
        rows = self.rows
        match timing:
            case Timing.PAST_DUE:
                return [row for row in rows if row.due < self.on and is_open(row)][:1]
            case Timing.DUE:
                return [row for row in rows if row.due == self.on and is_open(row)][:1]
            case Timing.IN_ADVANCE:
                return self._future(rows, is_open)

    def _future(self, rows: list[Row], is_open: Callable[[Row], bool]) -> list[Row]:
        later = [row for row in rows if self.on < row.due]
        waiting = [row for row in later if is_open(row)]
        match self.rule.future:
            case FutureRule.REAMORTISE:
                return waiting
            case FutureRule.NEXT_INSTALMENT:
                return waiting[:1]
            case FutureRule.LAST_INSTALMENT:
                return self._last(later, is_open)
            case FutureRule.NEXT_LAST_INSTALMENT:
                running = [row for row in waiting if row.start <= self.on]
                return running or self._last(later, is_open)

    def _last(self, later: list[Row], is_open: Callable[[Row], bool]) -> list[Row]:
        """Return the last row to pay; where interest follows payments, an empty one too."""
        follows = self.account.follows
        return [
            row
            for row in later
            if is_open(row) or (follows and not sum(row.owed) and id(row) not in self.skipped)
        ][-1:]

    def _share(self, timing: Timing, bucket: Bucket, rows: list[Row]) -> int:
        """Pay a bucket of these rows in equal parts, the last taking the remainder."""
        parts = even_parts(self.account.figures, self.left, len(rows))
        last = 0
        for row, part in zip(rows, parts, strict=True):
            taken = self._pay(timing, bucket, row, part)
            if taken and row not in self.touched:
                self.touched.append(row)
            self.left -= taken
            self.portions[bucket] += taken
            last = taken or last
        return last

    def _pay(self, timing: Timing, bucket: Bucket, row: Row, amount: int) -> int:
        account = self.account
        if not amount:
            return 0
        if not account.follows:
            return row.pay(bucket, self.on, amount)
        plan = account.the_plan()
        if row.down_payment or row.due > plan.maturity:
            self.skipped.add(id(row))
            return row.pay(bucket, self.on, amount)
        on = self.on
        if timing is Timing.IN_ADVANCE:
            on = self._counts_on(row)
            self._prepare(row, bucket, on)
        # A row may show what another has taken over: no more is owed in all.
        if bucket is Bucket.INTEREST:
            amount = min(amount, plan.due_interest - plan.paid_interest)
        elif bucket is Bucket.PRINCIPAL:
            amount = min(amount, plan.lent + plan.credited_principal - plan.paid_principal)
        taken = row.pay(bucket, self.on, amount)
        if bucket is Bucket.PRINCIPAL:
            paying.pay_principal(plan, row.start, row.due, on, taken)
            self._follow(row)
        elif bucket is Bucket.INTEREST:
            paying.pay_interest(plan, row.start, row.due, on, taken)
            self._follow(row)
        return taken

    def _follow(self, paid: Row) -> None:
        """Let rows owe what the plan says now: all at first, then those that it has changed."""
        if self.pairs is None:
            self.pairs = list(self.account.pairs())
            self.account.follow_plan(self.on)
            return
        unshown = self.account.the_plan().unshown
        self.account.follow(
            [pair for pair in self.pairs if pair[0] is paid or pair[1].place in unshown], self.on
        )

    def _counts_on(self, row: Row) -> date:
        """Return the day on which a payment in advance counts: if interest runs till due, that."""
        recalculation = self.account.terms.recalculation
        if recalculation is None:
            return self.on
        till_due = paying.till_due(recalculation, pays_off=self.account.pays_off)
        return row.due if till_due and row.start < self.on <= row.due else self.on

    def _prepare(self, row: Row, bucket: Bucket, on: date) -> None:
        """Let a row owe what can be paid of it on a day."""
        plan = self.account.the_plan()
        asked = (plan.changes, row.start, row.due, on)
        if self.payable is None or self.payable[0] != asked:
            self.payable = asked, paying.due_amounts(plan, row.start, row.due, on)
        payable = self.payable[1]
        if not payable.principal and not payable.interest:
            self.skipped.add(id(row))
        if bucket is Bucket.INTEREST:
            row.owed[Bucket.INTEREST] = payable.interest
        elif bucket is Bucket.PRINCIPAL:
            row.owed[Bucket.PRINCIPAL] = payable.principal


def even_parts(figures: Figures, amount: int, count: int) -> list[int]:
    """Return an amount in equal rounded parts; the last takes the remainder.

    If rounding up would leave the last less than nothing, all parts are rounded down.
    """
    part = figures.share(amount, count)
    if part + amount - part * count < 0:
        part = amount // count
    return [part] * (count - 1) + [part + amount - part * count]


def pay_back(account: Account, rule: AllocationRule, on: date, amount: int) -> Portions:
    """Take a cash refund from what was paid, by a rule whose order is that of taking back."""
    portions: Portions = [0, 0, 0, 0]
    left = amount
    rounds = len(account.rows) * _ROUNDS_A_ROW
    for timing, parts in groupby(rule.order, key=lambda part: part[0]):
        buckets = [bucket for _, bucket in parts]
        while left > 0 and rounds:
            rounds -= 1
            rows = _paid_rows(account, rule, timing, on)
            if not rows:
                break
            for bucket in buckets:
                for row, part in zip(
                    rows, even_parts(account.figures, left, len(rows)), strict=True
                ):
                    given = row.pay_back(bucket, on, part)
                    left -= given
                    portions[bucket] += given
    return portions


def _paid_rows(account: Account, rule: AllocationRule, timing: Timing, on: date) -> list[Row]:
    rows = [row for row in sorted(account.rows, key=lambda row: row.number) if sum(row.paid) > 0]
    match timing:
        case Timing.PAST_DUE:
            return [row for row in rows if row.due < on][-1:]
        case Timing.DUE:
            return [row for row in rows if row.due == on][-1:]
        case Timing.IN_ADVANCE:
            later = [row for row in rows if on < row.due]
            match rule.future:
                case FutureRule.REAMORTISE:
                    return later
                case FutureRule.NEXT_INSTALMENT:
                    return later[:1]
                case FutureRule.LAST_INSTALMENT:
                    return later[-1:]
                case FutureRule.NEXT_LAST_INSTALMENT:
                    return [row for row in later if row.start <= on] or later[-1:]
