"""An older schedule with interest on the balance, worked out anew as payments come.

The equal instalment comes from the annuity formula with periods by their name; interest of a row is
the balance times the rate of its days. Where interest follows what is paid, three things move it:

- What is paid before it is due lowers the balance from that day, and the row that runs owes it as
  principal. The terms say what then becomes of later rows.
- Principal that is late bears interest until the day up to which the loan is brought.
- A payment that is enough to pay all off ends the row that runs on its day.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from decimal import Decimal
from itertools import pairwise
from typing import TYPE_CHECKING

import attrs

from karez.engines.servicing import older
from karez.engines.servicing.charges import row_after_maturity
from karez.engines.servicing.days import ONE_DAY
from karez.engines.servicing.errors import ScheduleUnfitError
from karez.engines.servicing.events import (
    Disbursement,
    Event,
    Extension,
    InterestPause,
    RateChange,
)
from karez.engines.servicing.figures import ONE, ZERO
from karez.engines.servicing.lending import down_payment_of
from karez.engines.servicing.row import Row
from karez.engines.servicing.terms import (
    Amortisation,
    Bucket,
    FixedOrder,
    Reschedule,
    Rest,
    Unit,
)
from karez.engines.servicing.years import nominal_years, years_between

if TYPE_CHECKING:
    from karez.engines.servicing.account import Account

PRINCIPAL, INTEREST = Bucket.PRINCIPAL, Bucket.INTEREST


@attrs.frozen
class _Entry:
    """What a row takes over from the rows before it."""

    instalment: int
    paid_ahead: int = 0  # principal that later rows owe less
    interest: int = 0  # of rows that need not pay interest yet


@attrs.frozen
class _Taken:
    """What a row took of a payment."""

    event: int
    on: date
    portions: tuple[int, ...]


class Declining:
    """The rows of a loan with interest on the balance, and what was paid out of turn."""

    def __init__(self, account: Account, rows: list[Row], events: Sequence[Event]) -> None:
        self.account = account
        self.rows = rows
        self.terms = account.terms
        self.payouts = [
            (one.on, one.amount_minor) for one in events if isinstance(one, Disbursement)
        ]
        self.extended = min((one.on for one in events if isinstance(one, Extension)), default=None)
        # A day's interest is that of the stretch which ends on it.
        self.rates = sorted(
            (one.on - ONE_DAY, one.number, one.rate_pct_year)
            for one in events
            if isinstance(one, RateChange)
        )
        self.pauses = [
            (one.on - ONE_DAY, one.until) for one in events if isinstance(one, InterestPause)
        ]
        self.early: list[tuple[date, int]] = []
        self.late: list[tuple[date, int]] = []
        self.extra: dict[Row, int] = {}
        self.taken: dict[Row, list[_Taken]] = {}
        self.loose: list[tuple[int, date, int]] = []
        self.ended = False  # whether rows stay as they are for good
        self.until: date | None = None
        self.entries: list[_Entry] = []
        self._begin()

    @property
    def order(self) -> FixedOrder:
        """The order in which rows are paid."""
        order = self.account.terms.allocation
        if not isinstance(order, FixedOrder):
            raise ScheduleUnfitError
        return order

    def _begin(self) -> None:
        """Work out the first instalment, from one down payment of the whole."""
        lent = sum(amount for _, amount in self.payouts)
        terms = self.terms
        spread = lent - down_payment_of(self.account, lent)
        instalment = self._instalment(
            spread, terms.instalments - terms.grace_on_principal, terms.rate_pct_year
        )
        self.entries = [_Entry(instalment)]

    def bring_up(self, on: date) -> None:
        """Let late principal bear interest until a day."""
        if self.is_over or (self.until is not None and on <= self.until):
            return
        since = self.until
        if self._bears_late and self._late_on(on - ONE_DAY, on):
            self.fill(since, on)
            self._charge_after_maturity(on)
        self.until = on

    def _charge_after_maturity(self, on: date) -> None:
        """Let principal that is late at the end bear interest until a day, on a row of its own."""
        maturity = self.rows[-1].due
        if on <= maturity:
            return
        row = row_after_maturity(self.account, on)
        span = Row(0, maturity, on)
        self.owe(row, planned(row), self.account.figures.minor(self.interest(span, on)))

    @property
    def is_over(self) -> bool:
        """Whether rows stay as they are: nothing that is paid changes them any more."""
        account = self.account
        return self.ended or account.charged_off or account.written_off or account.terminated

    @property
    def _bears_late(self) -> bool:
        recalculation = self.terms.recalculation
        return recalculation is not None and recalculation.on_past_due

    def all_rows(self) -> list[Row]:
        """Return all rows but one after maturity."""
        return [row for row in self.account.rows if not row.additional]

    def fill(self, since: date | None = None, today: date | None = None) -> None:
        """Work out the rows that are due on or after a day."""
        first = next(
            (place for place, row in enumerate(self.rows) if since is None or row.due >= since),
            len(self.rows),
        )
        self._fill_from(first, today)

    def _fill_from(self, first: int, today: date | None) -> None:
        del self.entries[first + 1 :]
        for place in range(first, len(self.rows)):
            self.entries.append(self._fill_row(place, self.entries[place], today))
        self.put_loose()

    def begin_anew(self, rows: list[Row], place: int, every: int, unit: Unit) -> None:
        """Spread what is left over rows from a place on: an arrangement without any grace."""
        self.rows = rows
        self.terms = attrs.evolve(
            self.terms,
            every=every,
            unit=unit,
            grace_on_principal=0,
            grace_on_interest=0,
            interest_free=0,
        )
        self.extended = None
        self.early.clear()
        self.late.clear()
        instalment = self.anew(place, self.left(place), 0)
        self.entries = [_Entry(instalment)] * (place + 1)
        self._fill_from(place, self.until)

    def _fill_row(self, place: int, entry: _Entry, today: date | None) -> _Entry:
        terms, row = self.terms, self.rows[place]
        left = self.left(place)
        instalment = self._instalment_from(place, left, entry.instalment)
        interest = entry.interest
        if place >= terms.interest_free:
            interest += self.account.figures.minor(self.interest(row, today))
        due, waiting = (interest, 0) if place >= terms.grace_on_interest else (0, interest)
        if place == len(self.rows) - 1:
            # The last row owes what is left, and interest that waited through grace.
            self.owe(row, left, due + waiting if self.account.recalculates else due)
            return _Entry(instalment)
        usual = min(self._principal(place, due, instalment), left)
        ahead = entry.paid_ahead
        usual, ahead = max(usual - ahead, 0), max(ahead - usual, 0)
        early = sum(amount for on, amount in self.early if self._runs(place, on))
        principal = max(usual, min(early, left))
        principal = min(principal + self.extra.get(row, 0), left)
        self.owe(row, principal, due)
        if principal > usual:
            ahead += principal - usual
            instalment, ahead = self._after_early(place, left - principal, instalment, ahead)
        return _Entry(instalment, ahead, waiting)

    def _runs(self, place: int, on: date) -> bool:
        row = self.rows[place]
        return (row.start < on or not place) and on <= row.due

    def left(self, place: int) -> int:
        """Return the principal that rows before this one do not owe, whenever it goes out."""
        before = sum(planned(row) for row in self.rows[:place])
        before += sum(planned(row) for row in self._downs())
        return sum(amount for _, amount in self.payouts) - before

    def _downs(self) -> list[Row]:
        return [row for row in self.account.rows if row.down_payment]

    def _after_early(self, place: int, left: int, instalment: int, ahead: int) -> tuple[int, int]:
        """Return the instalment, and what later rows owe less, after a payment in advance."""
        terms = self.terms
        recalculation = terms.recalculation
        if recalculation is None or recalculation.reschedule is Reschedule.NEXT_INSTALMENTS:
            return instalment, ahead
        # Where the last rows take it, whether by owing less or by falling away, none owes less now.
        if recalculation.reschedule is Reschedule.REDUCE_INSTALMENT:
            instalment = self.anew(place + 1, left, instalment)
        return instalment, 0

    def _instalment_from(self, place: int, left: int, instalment: int) -> int:
        """Return the instalment from a row on: another one where a change of terms begins."""
        row = self.rows[place]
        before = self.rows[place - 1].due if place else date.min
        if self.extended is not None and before < self.extended <= row.due:
            return self.anew(place, left, instalment)
        if any(row.start <= since < row.due for since, _, _ in self.rates):
            return self.anew(place, left, instalment)
        return instalment

    def anew(self, place: int, left: int, instalment: int) -> int:
        """Return the instalment that pays off what is left from a row on."""
        terms = self.terms
        count = len(self.rows) - place - max(terms.grace_on_principal - place, 0)
        if count <= 0 or left <= 0 or terms.fixed_principal_pct is not None:
            return instalment
        return self._instalment(left, count, self._rate(self.rows[place].due - ONE_DAY))

    def _principal(self, place: int, interest: int, instalment: int) -> int:
        """Return the planned principal of a row that is not the last."""
        terms = self.terms
        if place < terms.grace_on_principal:
            return 0
        equal = terms.amortisation is Amortisation.EQUAL_PRINCIPAL
        if equal or terms.fixed_principal_pct is not None:
            return instalment
        return max(instalment - interest, 0)

    def _instalment(self, balance: int, count: int, rate_pct_year: Decimal) -> int:
        """Return the equal instalment, or the equal principal, that pays a balance off."""
        terms, figures = self.terms, self.account.figures
        if terms.fixed_principal_pct is not None:
            return figures.percent(balance, terms.fixed_principal_pct)
        rate = ZERO
        if terms.amortisation is Amortisation.EQUAL_INSTALMENTS:
            yearly = figures.divide(rate_pct_year, Decimal(100))
            rate = figures.multiply(yearly, nominal_years(terms))
        if not rate:
            exact = figures.divide(Decimal(balance), Decimal(count))
        else:
            grown = figures.wide.power(figures.wide.add(ONE, rate), -count)
            part = figures.wide.subtract(ONE, grown)
            exact = figures.divide(figures.multiply(Decimal(balance), rate), part)
        if terms.amortisation is Amortisation.EQUAL_PRINCIPAL:
            return figures.minor(exact)
        return figures.to_multiple(figures.minor(exact), terms.multiple_minor)

    def _rate(self, since: date) -> Decimal:
        """Return the yearly rate of the stretch that begins on a day."""
        rates = [rate for day, _, rate in self.rates if day <= since]
        return rates[-1] if rates else self.terms.rate_pct_year

    def interest(self, row: Row, today: date | None, until: date | None = None) -> Decimal:
        """Return the interest of a row, unrounded: of each stretch in which nothing changes."""
        figures = self.account.figures
        end = until or row.due
        cuts = {row.start, end, self.rest(today) if today is not None else end}
        cuts.update(on for moves in (self.payouts, self.early, self.late) for on, _ in moves)
        cuts.update(since for since, _, _ in self.rates)
        cuts.update(day for pause in self.pauses for day in pause)
        before = sum(planned(one) for one in self.rows if one.due <= row.start and one is not row)
        interest = ZERO
        for begin, finish in pairwise(sorted(cut for cut in cuts if row.start <= cut <= end)):
            if any(start <= begin and finish <= last for start, last in self.pauses):
                continue
            balance = sum(amount for on, amount in self.payouts if on <= begin) - before
            balance -= sum(planned(down) for down in self._downs() if down.due <= begin)
            balance -= sum(amount for on, amount in self.early if row.start <= on <= begin)
            balance += self._late_on(begin, today)
            rate = figures.divide(self._rate(begin), Decimal(100))
            years = figures.multiply(rate, years_between(self.terms, begin, finish))
            interest += figures.multiply(Decimal(balance), years)
        return interest

    def _late_on(self, day: date, today: date | None) -> int:
        """Return the principal that is late on a day and bears interest on it."""
        if today is None or not self._bears_late or day >= self.rest(today):
            return 0
        late = sum(row.open(PRINCIPAL) for row in self.all_rows() if row.due <= day)
        return late + sum(amount for on, amount in self.late if on > day)

    def rest(self, day: date) -> date:
        """Return the day from which a payment of a day counts."""
        recalculation = self.terms.recalculation
        if recalculation is not None and recalculation.rest is Rest.SAME_AS_REPAYMENT:
            return next((row.due for row in self.rows if row.due >= day), day)
        return day

    def owe(self, row: Row, principal: int, interest: int) -> None:
        """Let a row owe these amounts, what was credited back beside them."""
        principal += row.credited[PRINCIPAL]
        if row.owed[PRINCIPAL] == principal and row.owed[INTEREST] == interest:
            return
        row.owed[PRINCIPAL], row.owed[INTEREST] = principal, interest
        self._take_again(row)

    def _take_again(self, row: Row) -> None:
        """Put what a row took of payments on its buckets anew, since it owes other amounts."""
        taken = self.taken.pop(row, [])
        for one in taken:
            for bucket in Bucket:
                row.paid[bucket] -= one.portions[bucket]
            row.advance -= sum(one.portions) if one.on < row.due else 0
            row.late -= sum(one.portions) if one.on > row.due else 0
        row.judge(row.met_on)
        for one in taken:
            portions = [0, 0, 0, 0]
            left = older.pay_row(row, self.order, one.on, sum(one.portions), portions)
            if left:
                self.loose.append((one.event, one.on, left))
            sums = self.account.portions[one.event]
            for bucket in Bucket:
                sums[bucket] += portions[bucket] - one.portions[bucket]
            self.taken.setdefault(row, []).append(_Taken(one.event, one.on, tuple(portions)))

    def put(self, event: int, on: date, amount: int) -> tuple[int, int]:
        """Pay rows in turn; return what is left over, and the late principal that was paid."""
        before = [(row, tuple(row.paid)) for row in self.account.rows]
        left, taken = older.pay(self.account, self.order, on, amount)
        sums = self.account.portions.setdefault(event, [0, 0, 0, 0])
        for bucket in Bucket:
            sums[bucket] += taken[bucket]
        late = 0
        for row, paid in before:
            portions = tuple(now - then for now, then in zip(row.paid, paid, strict=True))
            if any(portions):
                self.taken.setdefault(row, []).append(_Taken(event, on, portions))
            if row.due < on and not row.additional:
                late += portions[PRINCIPAL]
        return left, late

    def put_loose(self) -> None:
        """Put what rows took and no longer owe on other rows; what is left over is overpaid."""
        loose, self.loose = self.loose, []
        for event, on, amount in loose:
            left, _ = self.put(event, on, amount)
            self.account.overpaid += left


def planned(row: Row) -> int:
    """Return the principal that a row owes by the schedule, without what was credited back."""
    return row.owed[PRINCIPAL] - row.credited[PRINCIPAL]
