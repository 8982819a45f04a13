"""Books with the standard chart, and those of another institution like it."""

from collections.abc import Iterator

import psycopg
import pytest

from karez.kernel.database import Database, Institution, open_institution
from karez.services.bookkeeping import Books
from karez.services.lending import open_chart


@pytest.fixture
def books(connection: psycopg.Connection, institution: Institution) -> Books:
    books = Books(connection, institution, may_write=True)
    open_chart(books, "EUR")
    return books


@pytest.fixture
def twin(database: Database) -> Iterator[Books]:
    with database.connect() as connection:
        institution = open_institution(connection, "twin", "Twin")
        books = Books(connection, institution, may_write=True)
        open_chart(books, "EUR")
        yield books
