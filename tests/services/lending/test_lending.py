"""A loan through the services and a real database: booked, paid out, repaid, undone, posted."""

from datetime import date

import psycopg
import pytest

from karez.engines.servicing.events import Disbursement, Payment, Undo
from karez.engines.servicing.standing import Status
from karez.kernel.database import Institution
from karez.services.bookkeeping import Books, balance
from karez.services.lending import Loan, book_loans, record, standing_on, verify
from services.lending.tools import JAN, booking, command, event, lender


@pytest.fixture
def books(connection: psycopg.Connection, institution: Institution) -> Books:
    return lender(connection, institution)


@pytest.fixture
def loan(books: Books) -> Loan:
    [loan] = book_loans(books, [booking()])
    return loan


def stands(books: Books, code: str, on: date = date(2030, 1, 1)) -> int:
    return balance(books, code, on).balance_minor


def test_disburse_repay_undo(books: Books, loan: Loan):
    pay_out = command(loan, event(Disbursement, JAN, amount_minor=1_200_00))
    [paid_out] = record(books, [pay_out], on=JAN)
    assert paid_out.error is None
    assert stands(books, "1100.1") == 1_200_00
    assert stands(books, "1020") == -1_200_00
    later = date(2026, 2, 1)
    [paid] = record(books, [command(loan, event(Payment, later, amount_minor=106_62))], on=later)
    assert paid.error is None
    assert verify(books).findings == []
    [undone] = record(books, [command(loan, event(Undo, later, undone=2))], on=later)
    assert undone.error is None
    assert stands(books, "1100.1") == 1_200_00
    assert stands(books, "1020") == -1_200_00
    assert verify(books).findings == []
    assert standing_on(books, 1, later).status is Status.ACTIVE
