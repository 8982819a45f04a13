"""Books of the new database, with a few accounts."""

from pathlib import Path

import psycopg
import pytest

from karez.kernel.database import Institution
from karez.services.bookkeeping import Books, Opening, open_accounts
from karez.services.evidence import Evidence, KeyFolder


@pytest.fixture
def books(connection: psycopg.Connection, institution: Institution) -> Books:
    books = Books(connection, institution, may_write=True)
    open_accounts(
        books,
        [
            Opening("cash", "asset", "EUR"),
            Opening("ann", "liability", "EUR", floor_minor=0),
            Opening("bob", "liability", "EUR", floor_minor=0),
            Opening("dollars", "asset", "USD"),
            Opening("position.eur", "equity", "EUR"),
            Opening("position.usd", "equity", "USD"),
        ],
    )
    return books


@pytest.fixture
def evidence(connection: psycopg.Connection, institution: Institution, tmp_path: Path) -> Evidence:
    """The facts book of the same institution; its log is not open yet."""
    return Evidence(connection, institution, KeyFolder.of(tmp_path, institution.code))
