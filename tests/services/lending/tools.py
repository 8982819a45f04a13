"""Loans for tests: an institution of its own, and the slow way to end a day."""

from datetime import date, timedelta
from decimal import Decimal
from uuid import UUID

import psycopg

from karez.engines.servicing.terms import Terms
from karez.kernel.database import Institution, open_institution
from karez.services.bookkeeping import Books, trial_balance
from karez.services.lending import (
    Booking,
    Command,
    Loan,
    open_chart,
    refold_within,
)

JAN = date(2026, 1, 1)
ANN = UUID(int=1)
END_DAY = """
    UPDATE lending.part SET closed_on = %(through)s
    WHERE institution_id = current_setting('karez.institution_id')::integer
"""
END_DAYS = END_DAY.replace("part", "day")


def lender(connection: psycopg.Connection, institution: Institution) -> Books:
    """Return the books of an institution with the standard chart."""
    books = Books(connection, institution, may_write=True)
    open_chart(books, "EUR")
    return books


def new_lender(connection: psycopg.Connection, code: str) -> Books:
    """Return the books of a new institution with the standard chart."""
    return lender(connection, open_institution(connection, code, code))


def booking(**changed) -> Booking:
    terms = Terms(rate_pct_year=Decimal(12), instalments=12)
    usual = {"terms": terms, "currency": "EUR", "borrower_id": ANN, "opened_on": JAN}
    return Booking(**usual | changed)


def event(of_kind, on: date, /, **rest):
    return of_kind(number=0, on=on, posted_on=on, **rest)


def command(loan: Loan, happening, **rest) -> Command:
    return Command(loan=loan.loan_id, event=happening, actor="ann", **rest)


def end_days(books: Books, loans: list[Loan], through: date) -> None:
    """End the days of these loans, which are all there are, by folding each."""
    with books.transaction() as connection:
        batch = refold_within(books, connection, [loan.loan_number for loan in loans], through)
        assert not books.money.post(connection, batch).refused
        connection.execute(END_DAY, {"through": through})
        connection.execute(END_DAYS, {"through": through})


def own_balances(books: Books, loan: Loan, on: date) -> dict[str, int]:
    """Return debits less credits of the accounts of a loan, by the code of their parent."""
    return {
        account.code.partition(".")[0]: sums.balance_minor("debit")
        for account, sums in trial_balance(books, on).rows
        if account.code.endswith(f".{loan.loan_number}")
    }


def general_balances(books: Books, on: date) -> dict[str, int]:
    """Return debits less credits of the accounts of the chart, those of loans left out."""
    return {
        account.code: sums.balance_minor("debit")
        for account, sums in trial_balance(books, on).rows
        if "." not in account.code and sums.balance_minor("debit")
    }


def days(first: date, last: date) -> list[date]:
    return [first + timedelta(days=n) for n in range((last - first).days + 1)]
