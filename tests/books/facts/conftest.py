"""A facts book on the new database of each test."""

from collections.abc import Callable, Sequence

import attrs
import psycopg
import pytest

from karez.books.facts import Appended, Attestation, Batch, Fact, FactsBook, Signer
from karez.kernel.database import Institution, transaction


@attrs.frozen
class Log:
    """A facts book, a connection, and the transaction around each call."""

    connection: psycopg.Connection
    institution_id: int
    book: FactsBook

    def append(
        self,
        facts: Sequence[Fact],
        keys: Sequence[str] = (),
        attestations: dict[int, Attestation] | None = None,
    ) -> Appended:
        with transaction(self.connection, self.institution_id):
            return self.book.append(self.connection, Batch(facts, keys, attestations or {}))

    def within(self, call: Callable, *arguments: object, **named: object):
        """Call something with the connection, in a transaction of its own."""
        with transaction(self.connection, self.institution_id):
            return call(self.connection, *arguments, **named)

    def rows(self, query: str) -> list[tuple]:
        with transaction(self.connection, self.institution_id):
            return self.connection.execute(query.encode()).fetchall()


@pytest.fixture
def log(connection: psycopg.Connection, institution: Institution) -> Log:
    signer = Signer.new("test.example/facts")
    return Log(connection, institution.institution_id, FactsBook(signer))
