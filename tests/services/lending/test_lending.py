"""A loan through the services and a real database: booked, paid out, repaid, undone, posted."""

from datetime import date, timedelta
from decimal import Decimal
from uuid import UUID

import psycopg
import pytest

from karez.engines.servicing.events import Disbursement, Payment, Undo
from karez.engines.servicing.standing import Status
from karez.engines.servicing.terms import Terms
from karez.kernel.database import Institution
from karez.services.bookkeeping import Books, balance
from karez.services.lending import (
    Booking,
    Command,
    Loan,
    book_loans,
    find_loan,
    open_chart,
    record,
    standing_on,
    verify,
)

JAN = date(2026, 1, 1)
ANN = UUID(int=1)


@pytest.fixture
def books(connection: psycopg.Connection, institution: Institution) -> Books:
    books = Books(connection, institution, may_write=True)
    open_chart(books, "EUR")
    return books


def event(kind, on: date, **rest):
    return kind(number=0, on=on, posted_on=on, **rest)


def booking(**changed) -> Booking:
    terms = Terms(rate_pct_year=Decimal(12), instalments=12)
    return Booking(**{"terms": terms, "currency": "EUR", "borrower_id": ANN, "opened_on": JAN} | changed)


@pytest.fixture
def loan(books: Books) -> Loan:
    [loan] = book_loans(books, [booking()])
    return loan


def command(loan: Loan, event, **rest) -> Command:
    return Command(loan=loan.loan_id, event=event, actor="ann", **rest)


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
    print(paid)
    assert verify(books).findings == []
    [undone] = record(books, [command(loan, event(Undo, later, undone=2))], on=later)
    assert undone.error is None
    assert stands(books, "1100.1") == 1_200_00
    assert stands(books, "1020") == -1_200_00
    assert verify(books).findings == []
    assert standing_on(books, 1, later).status is Status.ACTIVE
    print(standing_on(books, 1, later))
