"""The recorder: single facts from many threads, those that wait together under one checkpoint."""

from __future__ import annotations

from collections.abc import Sequence
from concurrent.futures import Future
from typing import TYPE_CHECKING

import attrs

from karez.books.facts.append import FactsBook
from karez.books.facts.batch import Batch
from karez.books.facts.schemas import Fact
from karez.kernel.database.group import GroupCommit
from karez.kernel.errors import KarezError

if TYPE_CHECKING:
    import psycopg


@attrs.define
class Recorder(GroupCommit[tuple[Fact, str], int]):
    """Appends facts of one institution for the threads of one process; use it in a ``with``.

    What was under way when a connection is lost is sent again: a fact is known by its key or its
    content, so it is recorded once whatever happened to the first answer.
    """

    book: FactsBook

    def append(self, fact: Fact, key: str = "") -> int:
        """Record one fact, wait until it is durable, and return its index.

        Raises:
            UnavailableError: the database is out of reach; send the same fact again.

        Else raises what refuses the fact.
        """
        return self.submit(fact, key).result()

    def submit(self, fact: Fact, key: str = "") -> Future[int]:
        """Hand in one fact; the future holds its index once it is committed, or what refused it."""
        return self._submit((fact, key))

    def _write(
        self, connection: psycopg.Connection, requests: Sequence[tuple[Fact, str]]
    ) -> list[int | KarezError]:
        facts, keys = zip(*requests, strict=True)
        done = self.book.append(connection, Batch(list(facts), list(keys)))
        return [done.refused.get(place, int(index)) for place, index in enumerate(done.index)]
