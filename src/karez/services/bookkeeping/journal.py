"""Taking the whole book out, for another program or another pair of eyes."""

from __future__ import annotations

from collections.abc import Callable, Generator, Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import datetime
from functools import partial

import attrs

from karez.books.money.account import Account, list_accounts
from karez.books.money.journal import Page, list_kinds, read_pages
from karez.books.money.read import known_boundary
from karez.services.bookkeeping.books import Books


@attrs.frozen
class Journal:
    """Every transfer recorded up to ``known_at``, and what the numbers in it stand for.

    Each call of ``pages`` reads all of them from the beginning.
    """

    known_at: datetime
    accounts: Sequence[Account]
    kinds: Mapping[int, str]
    pages: Callable[[], Iterator[Page]]


@contextmanager
def open_journal(books: Books, *, known_at: datetime | None = None) -> Generator[Journal]:
    """Give the whole book as known at an instant (None: now) while the block runs."""
    with books.transaction() as connection:
        boundary = known_boundary(connection, known_at)
        yield Journal(
            known_at=boundary,
            accounts=list_accounts(connection),
            kinds=list_kinds(connection),
            pages=partial(read_pages, connection, boundary),
        )
