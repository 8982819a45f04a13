"""Ending days of a few loans by their fold, for those whose late charges change with the day."""

from __future__ import annotations

from collections.abc import Collection
from datetime import date
from typing import TYPE_CHECKING

from karez.books.money.transfer import Batch
from karez.kernel.memory import without_collecting
from karez.services.bookkeeping import Books
from karez.services.lending.judging import Case, Changed
from karez.services.lending.ledger import Ledger, Posting
from karez.services.lending.loan import PART_BITS
from karez.services.lending.queries import QUERIES
from karez.services.lending.store import load_kept
from karez.services.lending.writing import write_changes

if TYPE_CHECKING:
    import psycopg


def refold_within(
    books: Books, connection: psycopg.Connection, numbers: Collection[int], through: date
) -> Batch:
    """End the days of these loans through one: write how they stand, return what is to be posted.

    The caller has locked their parts, posts the batch and moves the parts. The batch holds all that
    the days move: interest, what falls due, late charges.

    Raises:
        AccountUnknownError: the chart of accounts lacks an account of a mapping.
    """
    parts = sorted({number >> PART_BITS for number in numbers})
    closed_on = dict(connection.execute(QUERIES["lock_parts"].text, {"parts": parts}).fetchall())
    changes: dict[int, Changed] = {}
    postings: list[Posting] = []
    for number, kept in load_kept(connection, numbers).items():
        with without_collecting():
            case = Case.to_end(kept, closed_on[number >> PART_BITS], through)
            moved = case.close(through)
            changed = changes[number] = case.changed()
        postings.append(Posting(kept.loan, kept.mapping, 0, moved, changed.channels, first=1))
    batch, _ = Ledger.of(connection, through).batch(postings)
    write_changes(books, connection, changes)
    return batch
