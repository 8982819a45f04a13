"""Profit and loss, balance sheet and the end of a year, on a real book."""

from datetime import date
from decimal import Decimal

import psycopg
import pytest

from karez.kernel.database import Institution
from karez.kernel.money import Money
from karez.services.accounting import (
    balance_sheet,
    end_year,
    profit_and_loss,
    undo_year_end,
)
from karez.services.accounting.errors import PeriodBackwardsError, YearNotEndedError
from karez.services.bookkeeping import Books, Draft, Movement, balance, post_entry
from services.lending.tools import lender

FIRST, LAST = date(2026, 1, 1), date(2026, 12, 31)


@pytest.fixture
def books(connection: psycopg.Connection, institution: Institution) -> Books:
    books = lender(connection, institution)
    for on, debit, credit, amount in (
        (date(2025, 12, 30), "1020", "4010", 100),
        (date(2026, 3, 1), "1020", "3010", 5_000),
        (date(2026, 3, 2), "1100", "1020", 1_000),
        (date(2026, 6, 30), "1020", "4010", 90),
        (date(2026, 7, 1), "5020", "1191", 40),
    ):
        post(books, on, debit, credit, amount)
    return books


def post(books: Books, on: date, debit: str, credit: str, amount: int) -> None:
    post_entry(books, Draft(on, [Movement(debit, credit, Money.of(Decimal(amount), "EUR"))]))


def test_profit_and_loss__of_any_period(books: Books):
    found = profit_and_loss(books, FIRST, LAST)
    assert [(line.code, line.amount_minor) for line in found.lines] == [
        ("4010", 90_00),
        ("5020", 40_00),
    ]
    assert found.result_minor == {"EUR": 50_00}
    assert profit_and_loss(books, date(2025, 1, 1), LAST).result_minor == {"EUR": 150_00}
    assert profit_and_loss(books, date(2026, 7, 2), LAST).lines == ()


def test_balance_sheet__balances_with_the_result(books: Books):
    sheet = balance_sheet(books, LAST)
    assert sheet.total_minor("asset", "EUR") == 5_150_00
    assert sheet.total_minor("equity", "EUR") == 5_000_00
    assert sheet.result_minor == {"EUR": 150_00}
    allowance = next(line for line in sheet.lines if line.code == "1191")
    assert allowance.amount_minor == -40_00


def test_end_year__carries_once_and_leaves_the_profit(books: Books):
    before = profit_and_loss(books, FIRST, LAST)
    assert end_year(books, LAST).result_minor == {"EUR": 150_00}
    assert end_year(books, LAST).entry_id is None
    assert balance(books, "3020", LAST).balance_minor == 150_00
    assert balance(books, "4010", LAST).balance_minor == 0
    assert profit_and_loss(books, FIRST, LAST).lines == before.lines
    assert balance_sheet(books, LAST).result_minor == {}
    post(books, date(2027, 1, 5), "1020", "4010", 7)
    assert profit_and_loss(books, FIRST, date(2027, 1, 31)).result_minor == {"EUR": 57_00}


def test_end_year__what_came_late_is_carried_too(books: Books):
    end_year(books, LAST)
    post(books, date(2026, 11, 1), "1020", "4010", 3)
    assert end_year(books, LAST).result_minor == {"EUR": 3_00}
    assert profit_and_loss(books, FIRST, LAST).result_minor == {"EUR": 53_00}


def test_undo_year_end__as_if_it_had_never_been(books: Books):
    with pytest.raises(YearNotEndedError):
        undo_year_end(books, LAST)
    before = balance_sheet(books, LAST)
    end_year(books, LAST)
    assert len(undo_year_end(books, LAST)) == 1
    after = balance_sheet(books, LAST)
    assert (after.lines, after.result_minor) == (before.lines, before.result_minor)
    assert profit_and_loss(books, FIRST, LAST).result_minor == {"EUR": 50_00}
    assert end_year(books, LAST).result_minor == {"EUR": 150_00}


def test_profit_and_loss__backwards(books: Books):
    with pytest.raises(PeriodBackwardsError):
        profit_and_loss(books, LAST, FIRST)
