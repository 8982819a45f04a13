"""The teller: single entries from many threads, those that wait together in one batch."""

from __future__ import annotations

from collections.abc import Sequence
from concurrent.futures import Future
from typing import TYPE_CHECKING
from uuid import UUID

import attrs

from karez.books.money.outcome import Outcomes, Posted
from karez.books.money.post import MoneyBook
from karez.books.money.transfer import Batch, Entry, check_entry
from karez.kernel.database.group import GroupCommit
from karez.kernel.errors import KarezError

if TYPE_CHECKING:
    import psycopg


@attrs.define
class Teller(GroupCommit[Entry, Posted]):
    """Posts entries of one institution for the threads of one process; use it in a ``with``.

    What was under way when a connection is lost is sent again under the same ids, so it is posted
    once whatever happened to the first answer.
    """

    book: MoneyBook = attrs.field(factory=MoneyBook)

    def post(self, entry: Entry) -> Posted:
        """Post one entry and wait for it; raise the error that refuses it.

        Raises:
            UnavailableError: the database is out of reach; send the same entry again.
        """
        return self.submit(entry).result()

    def submit(self, entry: Entry) -> Future[Posted]:
        """Hand in one entry; the future holds its answer once it is committed, or refused."""
        check_entry(entry)
        return self._submit(entry)

    def _write(
        self, connection: psycopg.Connection, requests: Sequence[Entry]
    ) -> list[Posted | KarezError]:
        outcomes = self.book.post(connection, Batch.of(requests))
        answers: list[Posted | KarezError] = []
        start = 0
        for entry in requests:
            end = start + len(entry.transfers)
            answers.append(_answer(outcomes, start, end))
            start = end
        return answers

    def _together(self, requests: Sequence[Entry]) -> list[bool]:
        """Keep a second entry with the same id for the next batch, where it is a retry."""
        seen: set[UUID] = set()
        first: list[bool] = []
        for entry in requests:
            first.append(entry.entry_id not in seen)
            seen.add(entry.entry_id)
        return first


def _answer(outcomes: Outcomes, start: int, end: int) -> Posted | KarezError:
    try:
        return outcomes.entry(start, end)
    except KarezError as refusal:
        return refusal
