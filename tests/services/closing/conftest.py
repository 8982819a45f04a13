"""Books with the standard chart."""

import psycopg
import pytest

from karez.kernel.database import Institution
from karez.services.bookkeeping import Books
from karez.services.lending import open_chart


@pytest.fixture
def books(connection: psycopg.Connection, institution: Institution) -> Books:
    books = Books(connection, institution, may_write=True)
    open_chart(books, "EUR")
    return books
