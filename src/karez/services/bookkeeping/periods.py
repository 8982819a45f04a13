"""Closing the books through a day, and opening them again."""

from __future__ import annotations

from datetime import date

from karez.books.money import period
from karez.books.money.period import PeriodChange
from karez.services.bookkeeping.books import Books


def close_period(books: Books, through: date, *, actor: str, reason: str = "") -> date:
    """Refuse from now on every entry dated on or before ``through``.

    Raises:
        PeriodOrderError: the books are already closed through a later day.
    """
    with books.transaction() as connection:
        return period.close_period(connection, through, actor=actor, reason=reason)


def reopen_period(books: Books, through: date | None, *, actor: str, reason: str) -> date | None:
    """Let entries be dated after ``through`` again (None: on any day).

    Raises:
        PeriodOrderError: those days are open already, or there is no reason.
    """
    with books.transaction() as connection:
        return period.reopen_period(connection, through, actor=actor, reason=reason)


def list_period_changes(books: Books) -> list[PeriodChange]:
    """Return every closing and reopening, in the order they were recorded."""
    with books.transaction() as connection:
        return period.list_period_changes(connection)
