"""A lender with loans that are paid out, and what its books say."""

from collections.abc import Sequence
from datetime import date
from decimal import Decimal
from uuid import UUID

import attrs

from doors.statements.making import statement
from karez.engines.servicing.events import Charge, Disbursement
from karez.engines.servicing.terms import Terms
from karez.services.bookkeeping import Books, balance
from karez.services.lending import Booking, Command, Loan, book_loans, open_chart, record
from karez.services.lending import verify as verify_lending
from karez.services.payments import Clerk, Taken, list_queue, take_statement, verify
from karez.services.payments.statement import StatementEntry

OPENED = date(2026, 1, 1)
ANN, BOB = UUID(int=1), UUID(int=2)
CLERK = Clerk("ann", OPENED)
FAR = date(2030, 1, 1)


@attrs.define
class Lender:
    """The books and the statements that the bank has sent so far."""

    books: Books
    sent: int = 0
    closing_minor: int = 0

    def lend(
        self,
        borrower: UUID = ANN,
        amount_minor: int = 1_200_00,
        on: date = OPENED,
        charges: tuple[Charge, ...] = (),
    ) -> Loan:
        """Book a loan and pay it out."""
        terms = Terms(rate_pct_year=Decimal(12), instalments=12)
        booking = Booking(
            terms=terms, currency="EUR", borrower_id=borrower, opened_on=OPENED, charges=charges
        )
        [loan] = book_loans(self.books, [booking])
        event = Disbursement(number=0, on=on, posted_on=on, amount_minor=amount_minor)
        [outcome] = record(self.books, [Command(loan=loan.loan_id, event=event, actor="x")], on=on)
        assert outcome.error is None
        return loan

    def send(self, entries: Sequence[StatementEntry], **changes) -> Taken:
        """Take the next statement of the bank, which goes on where the last one closed."""
        self.sent += 1
        made = statement(entries, self.closing_minor, number=str(self.sent))
        made = attrs.evolve(made, **changes)
        assert made.closing is not None
        self.closing_minor = made.closing.amount_minor
        return take_statement(self.books, made, CLERK, file=f"{self.sent}.xml")

    def stands(self, code: str) -> int:
        """Return the balance of an account, positive on its normal side."""
        return balance(self.books, code, FAR).balance_minor

    def queued(self) -> dict[int, tuple[int, str]]:
        """Return what lies on suspense, and why, by payment."""
        return {
            view.entry_number: (view.open_minor, view.reason) for view in list_queue(self.books)
        }

    def check(self) -> None:
        """Hold payments, loans and money to one another."""
        assert not verify(self.books).findings
        assert not verify_lending(self.books).findings


def lender(books: Books) -> Lender:
    """Return a lender with the standard chart."""
    open_chart(books, "EUR")
    return Lender(books)
