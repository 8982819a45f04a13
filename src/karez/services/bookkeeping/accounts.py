"""The chart of accounts."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date
from typing import Any

from karez.books.money import account as chart
from karez.books.money.account import Account, Opening
from karez.services.bookkeeping.books import Books


def open_accounts(books: Books, openings: Sequence[Opening]) -> list[Account]:
    """Open these accounts, all or none; one that is open with the same content stays.

    Raises as ``books.money.account.open_accounts`` does.
    """
    with books.transaction() as connection:
        return chart.open_accounts(connection, openings)


def list_accounts(books: Books, codes: set[str] | None = None) -> list[Account]:
    """Return the accounts with these codes, or all, in the order of their codes."""
    with books.transaction() as connection:
        return chart.list_accounts(connection, codes)


def find_account(books: Books, code: str) -> Account:
    """Return one account.

    Raises:
        AccountUnknownError: there is none with this code.
    """
    with books.transaction() as connection:
        return chart.find_account(connection, code)


def change_account(books: Books, code: str, changes: Mapping[str, Any]) -> Account:
    """Change ``name``, ``parent``, ``floor_minor`` or ``ceiling_minor`` of an account.

    Raises as ``books.money.account.change_account`` does.
    """
    with books.transaction() as connection:
        return chart.change_account(connection, code, changes)


def close_account(books: Books, code: str, on: date) -> Account:
    """Close an account on which nothing is left.

    Raises:
        AccountUnknownError, AccountClosedError, AccountNotEmptyError.
    """
    with books.transaction() as connection:
        return chart.close_account(connection, code, on)


def reopen_account(books: Books, code: str) -> Account:
    """Open a closed account again; an open one stays as it is.

    Raises:
        AccountUnknownError: there is none with this code.
    """
    with books.transaction() as connection:
        return chart.reopen_account(connection, code)
