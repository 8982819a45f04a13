"""Queries that read a few rows or all of them are planned each time, for what they are given.

Prepared, such a query gets a plan for either case in the end: one that compares every account of
the chart with every number asked for.
"""

from datetime import date

import psycopg

from karez.books.money import Entry, MoneyBook, Transfer
from karez.books.money.account import Opening, find_account, open_accounts, sums_now
from karez.kernel.database import Institution, transaction

OFTEN = 12  # psycopg prepares a query that is asked more than 5 times


def test_queries_of_few_or_all__not_prepared(
    connection: psycopg.Connection, institution: Institution
):
    openings = [
        Opening(f"a{number}", "liability", "EUR", floor_minor=-1000) for number in range(2 * OFTEN)
    ]
    book = MoneyBook()
    with transaction(connection, institution.institution_id):
        open_accounts(connection, openings)
        for number in range(1, 2 * OFTEN, 2):
            book.post_entry(connection, Entry(date(2026, 1, 5), [Transfer(number, number + 1, 5)]))
            account = find_account(connection, f"a{number - 1}")
            assert sums_now(connection, account.number) == (5, 0, 0, 0)
    prepared = connection.execute(
        "SELECT statement FROM pg_prepared_statements WHERE statement LIKE '%IS NULL OR%'"
    ).fetchall()
    assert prepared == []
