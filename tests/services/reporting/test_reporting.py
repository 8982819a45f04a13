"""What reports say of a small book of loans, held to a plain count."""

from datetime import date, timedelta
from decimal import Decimal
from uuid import UUID

import psycopg
import pytest

from karez.engines.servicing.events import Disbursement, Payment, WriteOff
from karez.kernel.database import Institution
from karez.services.bookkeeping import Books
from karez.services.lending import Loan, book_loans, record, standing_on
from karez.services.reporting import (
    TAPE_FIELDS,
    at_risk,
    concentrated,
    desks,
    load_portfolio,
    loan_statement,
    losses,
    roll_rates,
    tape,
    vintage_curves,
)
from services.lending.tools import JAN, booking, command, end_days, event, lender

TODAY = date(2026, 8, 20)


@pytest.fixture
def loans(connection: psycopg.Connection, institution: Institution) -> tuple[Books, list[Loan]]:
    """Four loans: paid in time, late since the first and since the fourth due date, given up."""
    books = lender(connection, institution)
    loans = book_loans(
        books,
        [
            booking(
                place=place, officer=officer, industry="farms", pd=0.05, lgd=0.4,
                borrower_id=UUID(int=place_number),
            )
            for place_number, (place, officer) in enumerate(
                [("Anxi", "Li"), ("Anxi", "Li"), ("Yongchun", "Wu"), ("Yongchun", "Wu")], 1
            )
        ],
    )  # fmt: skip
    for loan in loans:
        record(books, [command(loan, event(Disbursement, JAN, amount_minor=1_200_00))], on=JAN)
    dues = [date(2026, month, 1) for month in range(2, 9)]
    paid = {1: dues, 2: [], 3: dues[:3]}
    for loan in loans[:3]:
        for day in paid[loan.loan_number]:
            pay = event(Payment, day, amount_minor=106_62)
            assert record(books, [command(loan, pay)], on=day)[0].error is None
    gone = date(2026, 6, 10)
    record(books, [command(loans[3], event(WriteOff, gone))], on=gone)
    end_days(books, loans, TODAY - timedelta(days=1))
    return books, loans


def test_portfolio__is_what_each_loan_stood_at(loans: tuple[Books, list[Loan]]):
    books, each = loans
    for on in (date(2026, 3, 15), date(2026, 6, 9), TODAY, TODAY + timedelta(days=40)):
        book = load_portfolio(books, on)
        for place, loan in enumerate(each):
            one = standing_on(books, loan.loan_number, on)
            assert book.principal_minor[place] == one.principal_minor
            assert book.amounts["interest_minor"][place] == one.interest_accrued_minor
            assert book.overdue_minor[place] == one.overdue_minor
            assert book.days_past_due[place] == one.days_past_due(on)


def test_at_risk__by_place(loans: tuple[Books, list[Loan]]):
    books, _ = loans
    book = load_portfolio(books, TODAY)
    rows = {row.group: row for row in at_risk(book, "place")}
    assert rows["Anxi"].loans == 2
    assert rows["Anxi"].late_180_minor == 1_200_00  # nothing was ever paid of loan 2
    assert rows["Yongchun"].loans == 1  # what was written off is not at risk any more
    third = standing_on(books, 3, TODAY)
    assert third.days_past_due(TODAY) == (TODAY - date(2026, 5, 1)).days == 111
    assert rows["Yongchun"].late_90_minor == third.principal_minor
    assert rows["Yongchun"].late_180_minor == 0
    whole = rows["all"]
    assert whole.principal_minor == int(book.principal_minor.sum())
    assert whole.late_30_pct == Decimal(100 * (1_200_00 + third.principal_minor)).__truediv__(
        whole.principal_minor
    ).quantize(Decimal("0.01"))


def test_desks_and_concentration__add_up(loans: tuple[Books, list[Loan]]):
    books, _ = loans
    book = load_portfolio(books, TODAY)
    *rows, whole = desks(book, "officer")
    assert [row.group for row in rows] == ["Li", "Wu"]
    assert sum(row.overdue_minor for row in rows) == whole.overdue_minor
    assert whole.borrowers == 3
    shares = concentrated(book, "borrower", most=2)
    assert shares[0].principal_minor == 1_200_00
    assert len(shares) == 2


def test_losses__default_is_no_risk(loans: tuple[Books, list[Loan]]):
    books, _ = loans
    [found] = losses(load_portfolio(books, TODAY), level=0.99)
    assert (found.loans, found.loans_in_default) == (1, 2)
    assert found.expected_loss_minor == round(found.exposure_minor * 0.05 * 0.4)
    assert found.expected_shortfall_minor >= found.value_at_risk_minor


def test_vintages__when_loans_defaulted(loans: tuple[Books, list[Loan]]):
    books, _ = loans
    [row] = vintage_curves(books, TODAY)
    # Two were 90 days late in their fifth month, one in its seventh.
    assert (row.cohort, row.loans) == ("2026-Q1", 4)
    assert (row.by_3_pct, row.by_6_pct, row.by_9_pct) == (Decimal(0), Decimal(50), None)


def test_rolls__states_a_month_later(loans: tuple[Books, list[Loan]]):
    books, _ = loans
    rows = roll_rates(books, date(2026, 7, 31), by="currency", months=6)
    current = next(row for row in rows if row.state == "current")
    names = [name for name in dir(current) if name.startswith("to_")]
    for row in rows:
        assert abs(sum(getattr(row, name) for name in names) - 100) < Decimal("0.05")
    # From the month ends January to June, of loans that are not in default: the first is current
    # on all, the second and the fourth until they are 119 days late in May, the third is not yet.
    assert sum(row.loan_months for row in rows) == 6 + 4 + 6 + 4


def test_tape__says_what_the_standing_says(loans: tuple[Books, list[Loan]]):
    books, _ = loans
    rows = tape(books, TODAY)
    assert all(list(row) == list(TAPE_FIELDS) for row in rows)
    assert [row["CRPL79"] for row in rows] == ["PERF", "DFLT", "DFLT", "DFLT"]
    assert rows[1]["CRPL38"] == rows[1]["CRPL39"] == Decimal("1200.00")
    assert rows[0]["CRPL34"] == date(2027, 1, 1)


def test_statement__of_a_past_day(loans: tuple[Books, list[Loan]]):
    books, _ = loans
    found = loan_statement(books, "1", date(2026, 3, 15))
    assert [one.what for one in found.events] == ["disbursement", "payment", "payment"]
    last = found.events[-1]
    assert last.balance_minor == found.standing.principal_minor
    assert last.principal_minor + last.interest_minor == last.amount_minor == 106_62


def test_reports__of_no_loan_are_empty(connection: psycopg.Connection, institution: Institution):
    books = lender(connection, institution)
    book = load_portfolio(books, TODAY)
    assert at_risk(book, "place") == desks(book, "officer") == losses(book, level=0.99) == []
    assert concentrated(book, "borrower", most=3) == vintage_curves(books, TODAY) == []
    assert roll_rates(books, TODAY, by="product", months=2) == tape(books, TODAY) == []


def test_reports__of_loans_that_are_over_have_nothing_open(
    connection: psycopg.Connection, institution: Institution
):
    books = lender(connection, institution)
    [loan] = book_loans(books, [booking()])
    record(books, [command(loan, event(Disbursement, JAN, amount_minor=1_200_00))], on=JAN)
    record(books, [command(loan, event(WriteOff, JAN))], on=JAN)
    book = load_portfolio(books, JAN)
    [all_of_it] = at_risk(book, "product")
    assert (all_of_it.group, all_of_it.loans, all_of_it.principal_minor) == ("all", 0, 0)
    [answered_for] = desks(book, "product")
    assert (answered_for.group, answered_for.loans) == ("all", 0)
    assert concentrated(book, "product", most=5) == []
