from collections.abc import Iterator

import psycopg
import pytest

from karez.kernel.database import Institution
from karez.services.bookkeeping import Books
from services.outbox.receiving import Receiver, receiving


@pytest.fixture
def books(connection: psycopg.Connection, institution: Institution) -> Books:
    return Books(connection, institution, may_write=True)


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    with receiving() as found:
        yield found


@pytest.fixture
def other() -> Iterator[Receiver]:
    with receiving() as found:
        yield found
