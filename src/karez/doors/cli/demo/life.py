"""What becomes of the loans, lived day by day: what comes in, what stays away, each day's end.

Every command carries an id that follows from the seed, the loan and what it is for. So a
demonstration that was stopped anywhere goes on where it stood, and ends as if it never had been.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Sequence
from datetime import date, timedelta
from uuid import UUID

import attrs

from karez.doors.cli.demo.lender import BANK, Lender
from karez.engines.county import Fates, Lent, Shock, draw_fates, payment_delay_days
from karez.engines.servicing.events import Disbursement, Payment, WriteOff
from karez.engines.servicing.table import Line, schedule_table
from karez.kernel.errors import ensure
from karez.services.bookkeeping.naming import derive_id
from karez.services.closing import close_days, closed_through
from karez.services.lending import (
    Command,
    Loan,
    LoanView,
    account_on,
    record,
    standing_on,
    view_loans,
)

WRITTEN_OFF_AFTER_DAYS = 180


@attrs.frozen
class Living:
    """A loan and what will become of it."""

    loan: Loan
    fates: Fates
    pays_on: frozenset[date]


@attrs.define
class Life:
    """All loans so far, and which of them do something on which day."""

    lender: Lender
    seed: int
    shocks: Sequence[Shock]
    loans: dict[int, Living] = attrs.field(factory=dict[int, Living])
    _calendar: dict[date, set[int]] = attrs.field(factory=lambda: defaultdict[date, set[int]](set))

    def take_in(self, loans: Sequence[Loan], pd_year: Sequence[float]) -> None:
        """Let loans that were paid out begin to live."""
        for loan, pd in zip(loans, pd_year, strict=True):
            account = account_on(self.lender.books, loan.loan_number, loan.opened_on)
            dues = [line.due for line in schedule_table(account) if isinstance(line, Line)]
            lent = Lent(loan.loan_number, pd, loan.industry, loan.opened_on, dues[-1])
            fates = draw_fates(self.seed, lent, self.shocks)
            pays_on = frozenset(
                due + timedelta(payment_delay_days(self.seed, loan.loan_number, number))
                for number, due in enumerate(dues, 1)
            )
            self.loans[loan.loan_number] = Living(loan, fates, pays_on)
            parts = (tranche.on for tranche in loan.terms.tranches[1:])
            for day in {*pays_on, *parts, *filter(None, (fates.recovered_on,))}:
                self._calendar[day].add(loan.loan_number)

    def live(self, day: date) -> None:
        """Live a day: take in what is paid, give up what is lost, and end it."""
        numbers = self._calendar.get(day, set())
        if numbers:
            with self.lender.books.transaction() as connection:
                views = view_loans(connection, sorted(numbers), day)
            self._record(day, [self._part(view, day) for view in views.values()])
            self._record(day, [self._command(view, day) for view in views.values()])
        self._give_up(day)
        if (day + timedelta(1)).day == 1:
            self.lender.end_month(day)
        close_days([self.lender.books], day)

    def _part(self, view: LoanView, day: date) -> Command | None:
        """Return the payout of a part that was agreed for a day, if the loan is sound."""
        fates, loan = self.loans[view.loan.loan_number].fates, view.loan
        if fates.fails_on is not None and day >= fates.fails_on:
            return None
        amount = sum(part.amount_minor for part in loan.terms.tranches[1:] if part.on == day)
        if not amount:
            return None
        payout = Disbursement(number=0, on=day, posted_on=day, amount_minor=amount)
        return self._ask(loan.loan_id, payout, "part", day)

    def _command(self, view: LoanView, day: date) -> Command | None:
        """Return what a borrower does on a day that is his: pay what is due, or nothing."""
        living = self.loans[view.loan.loan_number]
        fates = living.fates
        if fates.fails_on is not None and day >= fates.fails_on:
            # Of what was owed on the day it failed: the same however often this day is begun.
            books, number = self.lender.books, view.loan.loan_number
            owed = standing_on(books, number, fates.fails_on).principal_minor
            amount = int(owed * fates.recovered_share) if day == fates.recovered_on else 0
        elif day not in living.pays_on:
            return None
        else:
            amount = view.overdue_minor
            amount += view.next_minor if view.standing.next_due == day else 0
        if amount <= 0:
            return None
        payment = Payment(number=0, on=day, posted_on=day, amount_minor=amount)
        return self._ask(view.loan.loan_id, payment, "payment", day)

    def _give_up(self, day: date) -> None:
        """Write off what has been late for half a year; what still comes is a recovery."""
        if day.day != 1:
            return
        with self.lender.books.transaction() as connection:
            views = view_loans(connection, sorted(self.loans), day)
        lost = [
            view
            for view in views.values()
            if view.standing.status == "active"
            and view.standing.oldest_due is not None
            and (day - view.standing.oldest_due).days > WRITTEN_OFF_AFTER_DAYS
        ]
        self._record(
            day,
            [
                self._ask(
                    view.loan.loan_id, WriteOff(number=0, on=day, posted_on=day), "write-off", day
                )
                for view in lost
            ],
        )

    def _ask(
        self, loan: UUID, event: Disbursement | Payment | WriteOff, what: str, day: date
    ) -> Command:
        return Command(
            loan=loan,
            event=event,
            actor="demo",
            channel=None if isinstance(event, WriteOff) else BANK,
            command_id=derive_id("demo", str(self.seed), what, str(loan), str(day)),
        )

    def _record(self, day: date, commands: Sequence[Command | None]) -> None:
        asked = [command for command in commands if command is not None]
        for outcome in record(self.lender.books, asked, on=day):
            ensure(outcome.error is None, f"loan {outcome.loan_number}: {outcome.error}")


def live_through(
    life: Life,
    through: date,
    before: Callable[[date], object] | None,
    tell: Callable[[int, int], object],
) -> None:
    """Live all days that are missing; ``before`` does what else a day brings."""
    first = closed_through(life.lender.books) + timedelta(1)
    days = (through - first).days + 1
    for ahead in range(days):
        day = first + timedelta(ahead)
        if before is not None:
            before(day)
        life.live(day)
        tell(ahead + 1, days)
