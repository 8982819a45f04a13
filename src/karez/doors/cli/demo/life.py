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

from karez.doors.cli.demo.bank import Bank, Booking
from karez.doors.cli.demo.clerk import paid_by_the_bank, place_what_waits
from karez.doors.cli.demo.lender import BANK, CASH, Lender
from karez.engines.county import (
    Fates,
    Lent,
    Shock,
    Way,
    draw_fates,
    payment_delay_days,
    payment_way,
    stranger_pays,
)
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
from karez.services.parties import read_parties
from karez.services.payments import payment_reference, set_payee

WRITTEN_OFF_AFTER_DAYS = 180
_FOR_SCHOOL, _SCHOOL = "school-fee-loan", "County School"


@attrs.frozen
class Living:
    """A loan and what will become of it."""

    loan: Loan
    name: str
    fates: Fates
    pays_on: frozenset[date]


@attrs.define
class Life:
    """All loans so far, and which of them do something on which day."""

    lender: Lender
    bank: Bank
    seed: int
    shocks: Sequence[Shock]
    loans: dict[int, Living] = attrs.field(factory=dict[int, Living])
    _named: dict[str, list[int]] = attrs.field(factory=lambda: defaultdict[str, "list[int]"](list))
    _calendar: dict[date, set[int]] = attrs.field(factory=lambda: defaultdict[date, set[int]](set))

    def take_in(self, loans: Sequence[Loan], pd_year: Sequence[float]) -> None:
        """Let loans that were paid out begin to live."""
        with self.lender.books.transaction() as connection:
            known = read_parties(connection, {loan.borrower_id for loan in loans})
        for loan, pd in zip(loans, pd_year, strict=True):
            party = known[loan.borrower_id].party
            name = f"{party.given} {party.name}".strip()
            self._named[name].append(loan.loan_number)
            self._tell_payee(loan, name)
            account = account_on(self.lender.books, loan.loan_number, loan.opened_on)
            dues = [line.due for line in schedule_table(account) if isinstance(line, Line)]
            lent = Lent(loan.loan_number, pd, loan.industry, loan.opened_on, dues[-1])
            fates = draw_fates(self.seed, lent, self.shocks)
            pays_on = frozenset(
                due + timedelta(payment_delay_days(self.seed, loan.loan_number, number))
                for number, due in enumerate(dues, 1)
            )
            self.loans[loan.loan_number] = Living(loan, name, fates, pays_on)
            parts = (tranche.on for tranche in loan.terms.tranches[1:])
            for day in {*pays_on, *parts, *filter(None, (fates.recovered_on,))}:
                self._calendar[day].add(loan.loan_number)

    def _tell_payee(self, loan: Loan, name: str) -> None:
        """Say where the money of a loan goes: to the borrower, or to the school."""
        to_school = loan.sheet is not None and loan.sheet[0] == _FOR_SCHOOL
        name, account = (_SCHOOL if to_school else name), f"62-1-{loan.loan_number}"
        books = self.lender.books
        set_payee(books, str(loan.loan_number), account, actor="demo", name=name)

    def live(self, day: date) -> None:
        """Live a day: take in what is paid, give up what is lost, and end it."""
        place_what_waits(self.bank, day, self._named)
        numbers = self._calendar.get(day, set())
        transfers = paid_by_the_bank(self.bank, day)
        if numbers:
            with self.lender.books.transaction() as connection:
                views = view_loans(connection, sorted(numbers), day)
            self._record(day, [self._part(view, day) for view in views.values()])
            paid = {number: self._amount(view, day) for number, view in views.items()}
            self._record(day, [self._cash(number, amount, day) for number, amount in paid.items()])
            transfers += [self._transfer(number, amount, day) for number, amount in paid.items()]
        if not self.bank.has_told(day):
            transfers.append(_astray(stranger_pays(self.seed, day)))
            self.bank.tell(day, [each for each in transfers if each.amount_minor])
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

    def _amount(self, view: LoanView, day: date) -> int:
        """Return what a borrower pays on a day that is his: what is due, or nothing."""
        living = self.loans[view.loan.loan_number]
        fates = living.fates
        if fates.fails_on is not None and day >= fates.fails_on:
            # Of what was owed on the day it failed: the same however often this day is begun.
            books, number = self.lender.books, view.loan.loan_number
            owed = standing_on(books, number, fates.fails_on).principal_minor
            amount = int(owed * fates.recovered_share) if day == fates.recovered_on else 0
        elif day not in living.pays_on:
            return 0
        else:
            amount = view.overdue_minor
            amount += view.next_minor if view.standing.next_due == day else 0
        return max(amount, 0)

    def _cash(self, number: int, amount: int, day: date) -> Command | None:
        """Return the payment of who comes to the outlet."""
        if not amount or payment_way(self.seed, number, day) is not Way.CASH:
            return None
        payment = Payment(number=0, on=day, posted_on=day, amount_minor=amount)
        return self._ask(self.loans[number].loan.loan_id, payment, "payment", day, CASH)

    def _transfer(self, number: int, amount: int, day: date) -> Booking:
        """Return what the bank books of who sends money: nothing where cash is brought."""
        name, reference = self.loans[number].name, payment_reference(number)
        match payment_way(self.seed, number, day):
            case Way.CASH:
                return Booking(0, name)
            case Way.TRANSFER:
                return Booking(amount, name, reference)
            case Way.SLIP:
                last = (int(reference[-1]) + 1) % 10
                return Booking(amount, name, f"{reference[:-1]}{last}")
            case Way.FROM_ANOTHER:
                return Booking(amount, "Village shop", f"instalment for {name}")

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
        self,
        loan: UUID,
        event: Disbursement | Payment | WriteOff,
        what: str,
        day: date,
        channel: str = BANK,
    ) -> Command:
        return Command(
            loan=loan,
            event=event,
            actor="demo",
            channel=None if isinstance(event, WriteOff) else channel,
            command_id=derive_id("demo", str(self.seed), what, str(loan), str(day)),
        )

    def _record(self, day: date, commands: Sequence[Command | None]) -> None:
        asked = [command for command in commands if command is not None]
        for outcome in record(self.lender.books, asked, on=day):
            ensure(outcome.error is None, f"loan {outcome.loan_number}: {outcome.error}")


def _astray(amount: int) -> Booking:
    return Booking(amount, "Tea house", "rent of the stall", account="62-3000-44")


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
