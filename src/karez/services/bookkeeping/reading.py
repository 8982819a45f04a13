"""Asking the books: balances, statements, the trial balance, one entry; and the check of it all."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import date, datetime
from uuid import UUID

import attrs

from karez.books.money import read, seal
from karez.books.money.account import Account, find_codes, list_accounts
from karez.books.money.finding import Verification
from karez.books.money.read import Balance, PostedEntry, Statement, TrialBalance
from karez.books.money.verify import verify as verify_money
from karez.kernel.database import Plans
from karez.services.bookkeeping.books import Books


def _silent(_done: int, _all: int) -> None:
    """Tell nobody."""


@attrs.frozen
class EntryView:
    """An entry and the accounts that its transfers touch, by number."""

    entry: PostedEntry
    accounts: Mapping[int, Account]


def balance(
    books: Books, code: str, valid_on: date, *, known_at: datetime | None = None
) -> Balance:
    """Return what stood on an account at the end of a day, as known at an instant (None: now).

    Raises:
        AccountUnknownError: there is no such account.
    """
    seal_due(books)
    with books.transaction(Plans.KEPT) as connection:
        return read.balance(connection, code, valid_on, known_at=known_at)


def statement(
    books: Books, code: str, first_day: date, last_day: date, *, known_at: datetime | None = None
) -> Statement:
    """Return what happened on an account from one day to another, both included.

    Raises:
        AccountUnknownError: there is no such account.
    """
    seal_due(books)
    with books.transaction() as connection:
        return read.statement(connection, code, first_day, last_day, known_at=known_at)


def trial_balance(
    books: Books, valid_on: date, *, known_at: datetime | None = None
) -> TrialBalance:
    """Return the balances of all accounts at the end of a day, by code."""
    with books.transaction() as connection:
        return read.trial_balance(connection, valid_on, known_at=known_at)


def find_entry(books: Books, entry_id: UUID) -> EntryView:
    """Return one entry with the accounts it touches.

    Raises:
        EntryUnknownError: there is no such entry.
    """
    with books.transaction() as connection:
        entry = read.find_entry(connection, entry_id)
        numbers = {number for line in entry.lines for number in (line.debit, line.credit)}
        codes = set(find_codes(connection, numbers).values())
        accounts = {account.number: account for account in list_accounts(connection, codes)}
        return EntryView(entry, accounts)


def verify(books: Books, progress: Callable[[int, int], None] = _silent) -> Verification:
    """Recompute every balance and invariant from the postings; name each row that disagrees.

    ``progress`` is told how many transfers are done, and of how many.
    """
    with books.transaction() as connection:
        return verify_money(connection, progress)


def seal_due(books: Books, progress: Callable[[int, int], None] = _silent) -> int:
    """Seal what is due, so that the past is quick to ask; return how many transfers were sealed.

    A reader may not, and reads what is unsealed as it lies.
    """
    if not books.may_write:
        return 0
    with books.transaction() as connection:
        due = seal.unsealed_count(connection)
    sealed = 0
    while due - sealed >= seal.SEAL_AFTER:
        with books.transaction() as connection:
            count = seal.seal_next(connection)
        if not count:
            break
        sealed += count
        progress(sealed, due)
    return sealed
